"""The SMTP session of one connection: the only code that knows aiosmtpd.

aiosmtpd has the frame: the protocol, its commands by name, session and envelope. What a port allows and what it says is
decided elsewhere, in pure code; here it is done.
"""

from __future__ import annotations

import asyncio
import socket
import warnings
from typing import TYPE_CHECKING

from .. import _clock
from .._mail._connection import Login
from .._mail._message import TLS, Message
from .._ports._command import LINE_END, command, folded, without_end
from .._ports._framing import LineTooLong
from .._ports._masking import MASK, is_login, written
from .._ports._policy import COMMAND_LINE_LIMIT, State, offered
from .._ports._reply import Reply
from .._ports._sasl import EXCHANGES, NO_INITIAL_RESPONSE, Circumstances
from .._ports._situations import Refused, Situation
from ._conversation import ClientLeft, Conversation
from ._login import exchanged
from ._transaction import Transaction
from ._voice import Voice

with warnings.catch_warnings():
    # aiosmtpd 1.4.6 imports typing.ByteString, which Python 3.15 warns of; the warning is aiosmtpd's own.
    warnings.filterwarnings("ignore", ".*ByteString", DeprecationWarning)
    from aiosmtpd import smtp

if TYPE_CHECKING:
    import ssl

    from .._mail._message import Envelope
    from ._journal import Entry
    from ._service import Service

# The frames of these functions hold what clients log in with, which a traceback with local variables would show.
__tracebackhide__ = True

# Linux has these options, and the need for them.
_QUICK_ACKNOWLEDGEMENT: int | None = getattr(socket, "TCP_QUICKACK", None)
_HOLD_BACK: int | None = getattr(socket, "TCP_CORK", None)
# RFC 8314 §4 leaves it open; long enough for a slow machine, short enough for a test that waits for the end of it.
HANDSHAKE_TIMEOUT = 60.0
# How long a client has to read its last reply.
LINGER = 5.0
_TEST_ENDED = "the test ended with the connection open"
_ENDED_IN_HANDSHAKE = "the test ended in the middle of the TLS handshake"


class Session(smtp.SMTP):
    """One client at one port."""

    def __init__(self, service: Service, entry: Entry, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(None, hostname=service.hostname, loop=loop)
        self.service = service
        self.begun = False
        self._policy = service.policy
        self._profile = service.policy.profile
        self._entry = entry
        self._conversation = Conversation(
            loop, self._profile.idle_timeout, write=self._write, idle=self._be_idle, over=self._be_over
        )
        self._voice = Voice(self._policy, self._entry, self._conversation, self._circumstances)
        self._login_tried = False
        self._offered: frozenset[str] = frozenset()
        self._transaction = Transaction(self._policy, self._conversation, self._voice, self._take)
        self._tls: TLS | None = None
        self._identities: tuple[str, ...] = ()
        self._user: str | None = None
        self._test_ended = False
        self._socket: socket.socket | None = None
        self._last_chance: asyncio.TimerHandle | None = None
        self._talked: asyncio.Future[None] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()

    # A method, because aiosmtpd reads every property while it is constructed.
    def state(self) -> State:
        """How far the client has come."""
        assert self.session is not None
        transaction = self._transaction
        return State(
            greeted=self.session.host_name is not None,
            extended=self.session.extended_smtp,
            encrypted=self._tls is not None,
            certified=bool(self._identities),
            authenticated=self._user is not None,
            sender_given=transaction.sender is not None,
            recipients=len(transaction.recipients),
            chunked=transaction.chunks is not None,
            binary=transaction.is_binary,
            utf8=transaction.is_utf8,
        )

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there, with TLS already on where it is implicit."""
        self.begun = True
        self.transport = transport
        self._socket = transport.get_extra_info("socket")
        self._note_tls(transport)
        self._transaction.forget()
        self.session = self._create_session()
        if self._test_ended:
            self.abort()
        else:
            self._conversation.start(self._converse())

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        self._conversation.hear(data)

    def eof_received(self) -> bool:
        """The client will send no more; what it has sent is still answered, where the transport allows it."""
        self._conversation.hear_no_more()
        return self._tls is None

    def pause_writing(self) -> None:
        """The client does not read: neither is it read any further."""
        self._conversation.hold()
        self._wire().pause_reading()

    def resume_writing(self) -> None:
        """It does again."""
        self._wire().resume_reading()
        self._conversation.release()

    def connection_lost(self, _error: Exception | None) -> None:
        """The connection is over."""
        self._entry.closed()
        if self._last_chance is not None:
            self._last_chance.cancel()
        # Python 3.10's TLS transport holds itself for open until it is told.
        self._wire().close()
        self._conversation.end()
        _settle(self._lost)

    # What the listener calls

    def abort(self) -> None:
        """End the connection now, or as soon as there is one: the test that it belongs to has ended."""
        self._test_ended = True
        self._entry.closed(_TEST_ENDED)
        if self.transport is not None:
            self._wire().abort()
            self._conversation.end()

    async def over(self) -> None:
        """Wait until the connection, if it ever came to be, is gone and everything about it has been settled."""
        if self.begun:
            await asyncio.wait([self._talked, self._lost], return_when=asyncio.ALL_COMPLETED)

    # What the conversation calls

    def _write(self, data: bytes) -> None:
        if self._voice.has_said_goodbye and self._tls is not None:
            # The end of TLS travels with the last reply, so that a client that waits for the latter alone has both.
            _set(self._socket, _HOLD_BACK, 1)
        self._wire().write(data)

    def _be_idle(self) -> None:
        self._entry.closed(f"the client was idle for {self._profile.idle_timeout:g} s")
        self._voice.say(Situation.IDLE)
        self._conversation.end()

    def _be_over(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, ClientLeft):
            self.service.journal.fail(error)
        self._entry.closed()
        wire = self._wire()
        if not wire.is_closing():
            # A client that never reads its last reply, or never ends TLS, would keep the connection for ever.
            self._last_chance = self.loop.call_later(LINGER, wire.abort)
        wire.close()
        _set(self._socket, _HOLD_BACK, 0)
        _settle(self._talked)

    # The conversation

    async def _converse(self) -> None:
        self._greet()
        while not (self._voice.has_said_goodbye or self._wire().is_closing()):
            await self._answer_next()

    def _greet(self) -> None:
        self.service.greet(self._entry)
        refusal = self._profile.turns_away
        if refusal is not None:
            self._voice.answer(refusal)
            self._entry.refused(f"the greeting was {refusal}")
            return
        own = self._profile.greeting
        if own is not None:
            self._voice.reply(Reply(220, None, f"{self.service.hostname} {own}"))
        else:
            self._voice.reply(self._voice.filled(Reply(220, None, self._policy.voice.greeting)))

    async def _answer_next(self) -> None:
        self._voice.verb = ""
        try:
            await self._answer(await self._conversation.line(COMMAND_LINE_LIMIT))
        except LineTooLong as line:
            self._entry.heard(f"(a line of more than {COMMAND_LINE_LIMIT} octets)")
            tried = is_login(line.beginning)
            self._login_tried = self._login_tried or tried
            self._voice.say(Situation.AUTH_TOO_LONG if tried else Situation.LINE_TOO_LONG)
        except Refused as refused:
            self._voice.say(refused.situation, **refused.facts)
        except ClientLeft:
            raise
        except Exception as error:
            # It fails the test that caused it, and the client learns nothing of it.
            self.service.journal.fail(error)
            self._voice.say(Situation.LOCAL_ERROR)

    async def _answer(self, line: bytes) -> None:
        verb, argument, is_text = command(without_end(line))
        self._voice.verb = verb
        refused = self._policy.refusal(self.state(), verb)
        login = is_login(line)
        # A client that goes on with a login that was refused sends its secrets as if they were commands.
        astray = self._login_tried and not login and verb not in self._policy.commands
        self._login_tried = self._login_tried or login
        told = MASK if astray else written(line)
        self._entry.heard(told)
        if not line.endswith(LINE_END):
            raise Refused(Situation.BARE_LF)
        if not is_text:
            raise Refused(Situation.NOT_TEXT)
        # No frame of a hook's traceback may hold a secret.
        public = told[len(verb) :].strip() if login else argument
        reply = None if astray else self.service.intercept(self._entry, verb, public)
        if refused is Situation.TURNED_AWAY:
            reply = reply or self._policy.only_reply
        if verb == "BDAT" and verb in self._policy.commands and (reply or refused):
            await self._transaction.refuse_chunk(argument, reply)
        if reply is not None:
            self._voice.answer(reply)
            return
        if refused is not None:
            raise Refused(refused)
        await self._smtp_methods[verb](argument)

    # Who is there (RFC 5321 §4.1.1.1, RFC 2033 §4.1)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 # aiosmtpd looks for these names
        """RFC 5321 §4.1.1.1; a second one is a RSET as well (§4.1.4)."""
        self._be_greeted(hostname, extended=True)
        keywords = self._policy.ehlo_keywords(self.state())
        # RFC 4954 §5: AUTH= may come from whoever can, or could, log in.
        may_log_in = {"AUTH"} if self._policy.offers_auth(self.state()) else set()
        self._offered = offered(keywords) | may_log_in
        # RFC 2034 §4: no enhanced code in the reply to EHLO.
        hello = self._voice.filled(Reply(250, None, self._policy.voice.hello))
        self._voice.reply(Reply(250, None, "\n".join((hello.text, *keywords))))

    smtp_LHLO = smtp_EHLO  # noqa: N815 # as above

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """RFC 5321 §3.2: no list of extensions, and so no extensions."""
        self._be_greeted(hostname, extended=False)
        self._offered = frozenset()
        self._voice.say(Situation.HELO)

    def _be_greeted(self, hostname: str, *, extended: bool) -> None:
        if not hostname:
            raise Refused(Situation.HELLO_SYNTAX)
        self._transaction.forget()
        assert self.session is not None
        self.session.extended_smtp = extended
        self.session.host_name = hostname

    async def smtp_STARTTLS(self, argument: str) -> None:  # noqa: N802
        """RFC 3207 §4: what was sent in clear behind the command is discarded, and all state is forgotten."""
        self._takes_no(argument)
        context = self.service.context()
        self._voice.say(Situation.TLS_READY)
        await self._conversation.apart(self._secure(context))
        self._transaction.forget()
        self._offered = frozenset()
        self.session = self._create_session()
        self._user = None

    async def _secure(self, context: ssl.SSLContext) -> None:
        plain = self._wire()
        plain.pause_reading()
        self._conversation.forget_input()
        try:
            secured = await self.loop.start_tls(
                plain, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except (OSError, asyncio.CancelledError) as error:
            ended = isinstance(error, asyncio.CancelledError)
            self._entry.tls_failed(_ENDED_IN_HANDSHAKE if ended else self.service.describe_failure(error))
            plain.abort()
            # A handshake that fails does not lead to connection_lost on every version of Python.
            _settle(self._lost)
            raise ClientLeft from None
        assert secured is not None
        # Nothing of ours follows a TLS 1.3 handshake, no session ticket either; a client with Nagle's algorithm on
        # would hold its EHLO back for the 40 ms after which Linux acknowledges by itself.
        _set(self._socket, _QUICK_ACKNOWLEDGEMENT, 1)
        self.transport = secured
        self._note_tls(secured)

    # Logins (RFC 4954)

    async def smtp_AUTH(self, argument: str) -> None:  # noqa: N802
        """RFC 4954 §4; mechanism names in any letter case."""
        words = list(filter(None, argument.split(" ")))
        if not 1 <= len(words) <= 2:
            raise Refused(Situation.AUTH_SYNTAX)
        mechanism = folded(words[0])
        if mechanism not in self._policy.mechanisms(self.state()):
            # A secret that went astray is not said back.
            raise Refused(Situation.AUTH_UNKNOWN, mechanism=mechanism if mechanism in EXCHANGES else "")
        if words[1:] and mechanism in NO_INITIAL_RESPONSE:
            raise Refused(Situation.AUTH_NO_INITIAL)
        circumstances = Circumstances(self.service.accounts, self.service.hostname, self._identities)
        verdict = await exchanged(
            EXCHANGES[mechanism](circumstances),
            words[1:],
            self._conversation,
            self._voice,
            lambda verdict: self._entry.logged_in(Login(verdict.username, mechanism, succeeded=verdict.succeeded)),
        )
        if not verdict.succeeded:
            raise Refused(Situation.AUTH_FAILED)
        self._user = verdict.username
        self._voice.say(Situation.AUTH_SUCCEEDED)

    # Mail (RFC 5321 §3.3)

    async def smtp_MAIL(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.2."""
        self._transaction.begin(argument, self._offered)

    async def smtp_RCPT(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.3."""
        self._transaction.add(argument, self._offered, self.state())

    async def smtp_DATA(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.4."""
        self._takes_no(argument)
        await self._transaction.message()

    async def smtp_BDAT(self, argument: str) -> None:  # noqa: N802
        """RFC 3030 §2."""
        await self._transaction.chunk(argument)

    def _take(self, raw: bytes, envelope: Envelope) -> bool:
        taken = self.service.deliver(
            Message(
                raw=raw,
                envelope=envelope,
                port=self._profile.number,
                received_at=_clock.now(),
                host=self.service.host,
                tls=self._tls,
                user=self._user,
                connection=self._entry.number,
            )
        )
        if taken:
            self._entry.delivered()
        return taken

    # The other commands (RFC 5321 §4.1.1.5 to §4.1.1.10)

    async def smtp_RSET(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.5."""
        self._takes_no(argument)
        self._transaction.forget()
        self._voice.say(Situation.RESET)

    async def smtp_NOOP(self, _argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.9: with an argument or without."""
        self._voice.say(Situation.NOOP)

    async def smtp_VRFY(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §3.5.3."""
        if not argument:
            raise Refused(Situation.VERIFY_SYNTAX)
        self._voice.say(Situation.CANNOT_VERIFY, argument=argument)

    async def smtp_ETRN(self, argument: str) -> None:  # noqa: N802
        """RFC 1985, as a server without a queue answers it."""
        self._voice.say(Situation.QUEUE_REFUSED, argument=argument)

    async def smtp_HELP(self, _argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.8."""
        self._voice.say(Situation.HELP, commands=" ".join(self._policy.help))

    async def smtp_QUIT(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.10."""
        self._takes_no(argument)
        # For the record this is the end: with TLS the client's own goodbye may be a long time coming.
        self._entry.said_quit()
        self._voice.say(Situation.GOODBYE)

    def _circumstances(self) -> dict[str, str]:
        assert self.session is not None
        peer = self._wire().get_extra_info("peername")
        return {
            "host": self.service.hostname,
            "hello": " or ".join(self._policy.hellos),
            "client": self.session.host_name or "",
            "peer": str(peer[0]) if peer else "",
            "id": f"{self._entry.number:06X}{self._transaction.number:04X}",
        }

    def _takes_no(self, argument: str) -> None:
        if argument:
            raise Refused(Situation.NO_ARGUMENT)

    # State

    def _wire(self) -> asyncio.Transport:
        assert isinstance(self.transport, asyncio.Transport)
        return self.transport

    def _create_session(self) -> smtp.Session:
        return smtp.Session(self.loop)

    def _note_tls(self, transport: asyncio.BaseTransport) -> None:
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self._tls = TLS(secured.version(), secured.cipher()[0], getattr(secured, "requested_name", None))
            self._entry.tls = self._tls
            self._identities = self.service.identities(secured)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _set(wire: socket.socket | None, option: int | None, value: int) -> None:
    """Set an option of TCP, where the system has it and the socket is open."""
    if option is not None and wire is not None and wire.fileno() >= 0:
        wire.setsockopt(socket.IPPROTO_TCP, option, value)
