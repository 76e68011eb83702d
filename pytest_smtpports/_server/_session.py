"""The SMTP session of one connection: the only code that knows aiosmtpd.

aiosmtpd has the frame: the commands by their names, and what it keeps of a session. What a port allows and what it says
is decided elsewhere, in pure code; here it is done.
"""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING

from .. import _clock
from .._mail._connection import Login
from .._mail._message import Message
from .._ports._command import folded
from .._ports._faults import STAGES, Action, BadTLS, Disconnect, Drip, Stage, told
from .._ports._framing import LineTooLong
from .._ports._masking import is_login
from .._ports._misunderstandings import CLIENT_HELLO, tls_in_clear
from .._ports._path import path
from .._ports._policy import COMMAND_LINE_LIMIT, State
from .._ports._profile import TLSMode
from .._ports._reply import Reply
from .._ports._sasl import EXCHANGES, NO_INITIAL_RESPONSE, Circumstances
from .._ports._situations import Refused, Situation
from .._texts import MASK
from ._conversation import ClientLeft, Conversation, SpokeTLS
from ._hindrance import wire_at
from ._login import exchanged
from ._mishaps import Mishaps
from ._protection import Protection
from ._transaction import Transaction
from ._voice import Voice

with warnings.catch_warnings():
    # aiosmtpd 1.4.6 imports typing.ByteString, which Python 3.15 warns of; the warning is aiosmtpd's own.
    warnings.filterwarnings("ignore", ".*ByteString", DeprecationWarning)
    from aiosmtpd import smtp

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Mapping

    from .._mail._message import Envelope
    from .._ports._policy import Standing
    from ._journal import Entry
    from ._loop import BackgroundLoop
    from ._service import Service

# The frames of these functions hold what clients log in with, which a traceback with local variables would show.
__tracebackhide__ = True

_TEST_ENDED = "the test ended with the connection open"


class Session(smtp.SMTP):
    """One client at one port.

    Args:
        service: what the port lends.
        entry: where the connection is written down.
        background: where it is served.
        gone: called when the socket is closed.
    """

    def __init__(
        self, service: Service, entry: Entry, background: BackgroundLoop, gone: Callable[[Session], object]
    ) -> None:
        # What aiosmtpd prepares for a session is the same for all, and takes longer than a mail.
        self.__dict__.update(_FRAME)
        self.loop = background.loop
        self._background = background
        self.service = service
        self._precedents = service.precedents
        self._policy = service.precedents.policy
        self._profile = self._policy.profile
        self.entry = entry
        self._gone = gone
        self._conversation = Conversation(self.loop, self._be_over)
        is_implicit = self._profile.tls is TLSMode.IMPLICIT
        self._protection = Protection(service, entry, self._conversation, lambda: self._wire, is_implicit=is_implicit)
        self._voice = Voice(self._precedents, self.entry, self._conversation, self._circumstances)
        # Asked for every command.
        self._faults = service.faults.all
        self._mishaps = Mishaps(service.faults, entry, service.journal, self._conversation, lambda: self._wire)
        self._transaction = Transaction(self._policy, self._conversation, self._voice, self._take, self._mishaps)
        self._hears_commands = service.hears("command")
        self._standing: Standing = (False, False, False, False, False)
        self._login_tried = False
        self._offered: frozenset[str] = frozenset()
        self._user: str | None = None

    # What the listener calls

    def begin(self, client: socket.socket) -> None:
        """Serve a client, behind a TLS handshake where that comes first."""
        self.session = self._create_session()
        is_implicit = self._profile.tls is TLSMode.IMPLICIT
        connect = wire_at(self.service.block, self.entry)
        self._wire = connect(client, self._background, self._conversation, lambda: self._gone(self))
        try:
            if self._mishaps:
                self._conversation.start(self._begin_badly(is_implicit=is_implicit), self._wire)
            elif is_implicit:
                self._protection.begin(None, self._begin_secured)
            else:
                self._conversation.start(self._converse(), self._wire)
        except BaseException:
            # The listener knows the socket, but not who watches it.
            self._wire.abort()
            raise

    def abort(self) -> None:
        """End the connection now: the test that it belongs to has ended."""
        self._protection.end()
        self.entry.closed(_TEST_ENDED)
        self._wire.abort()
        self._conversation.end()

    def release(self) -> None:
        """Let go of everything that holds on to the session in turn, so that no collector has to find it."""
        del self._conversation, self._voice, self._transaction, self._mishaps, self._protection, self._wire
        del self.service

    @property
    def silent_since(self) -> float | None:
        """Since when the client has said nothing, where it is its turn."""
        return self._conversation.silent_since

    def be_idle(self) -> None:
        """End the connection of a client that has been silent for too long."""
        self.entry.closed(f"the client was idle for {self._profile.idle_timeout:g} s")
        self._voice.say(Situation.IDLE)
        self._conversation.end()

    # What the conversation calls

    def _be_over(self, error: BaseException | None) -> None:
        if isinstance(error, SpokeTLS):
            at_once = not self.entry.has_heard_client
            self.entry.heard(CLIENT_HELLO)
            self.entry.tls_failed(tls_in_clear(self._profile, at_once=at_once))
        elif error is not None and not isinstance(error, ClientLeft):
            self.service.journal.fail(error)
        self.entry.closed()

    # TLS

    def _begin_secured(self) -> None:
        self._stand()
        self._conversation.start(self._converse(), self._wire)

    def _go_on_secured(self) -> None:
        self._stand()
        self._conversation.come_back()

    @property
    def _identities(self) -> tuple[str, ...]:
        """Whom the client's certificate names."""
        return self._protection.tls.client if self._protection.tls else ()

    # The conversation

    async def _begin_badly(self, *, is_implicit: bool) -> None:
        """Begin where something may go wrong before the first command."""
        mishaps = self._mishaps
        mishaps.begin()
        if isinstance(action := mishaps.meet(Stage.CONNECT), Action):
            await mishaps.connect(action)
        if is_implicit:
            await self._shake_hands()
        await self._greet_badly()
        await self._converse(greeted=True)

    async def _greet_badly(self) -> None:
        mishaps, voice = self._mishaps, self._voice
        action = mishaps.meet(Stage.BANNER)
        if isinstance(action, Reply):
            self._tell_of_greeting()
            voice.answer(action)
            if action.code >= 400:
                self.entry.refused(f"the greeting was {action}")
                await self._be_left()
        elif isinstance(action, Drip):
            self._greet()
            await self._conversation.drip(action.bytes_per_second)
        elif action is None or await mishaps.undergo(Stage.BANNER, action):
            self._greet()

    async def _be_left(self) -> None:
        """After a greeting that refuses to serve, wait for QUIT (RFC 5321 §3.1).

        Raises:
            ClientLeft: it came, or the client has gone without it; or nobody waits for it.
        """
        while not self._voice.has_said_goodbye:
            verb, _, told, _, _ = self._precedents.commands[await self._conversation.line(COMMAND_LINE_LIMIT)]
            self.entry.heard(told)
            self._voice.say(Situation.GOODBYE if verb == "QUIT" else Situation.TURNED_AWAY)
        raise ClientLeft

    async def _shake_hands(self) -> None:
        """Say what is to be said in clear, and begin TLS."""
        action = self._mishaps.meet(Stage.HANDSHAKE) if self._mishaps else None
        flaw = action.kind if isinstance(action, BadTLS) else None
        if isinstance(action, Action) and flaw is None:
            await self._mishaps.shake_hands(action)
            self._protection.disturbed_by = told(Stage.HANDSHAKE, action)

        def begin() -> None:
            self._protection.begin(flaw, self._go_on_secured)
            self._wire.resume_reading()

        await self._conversation.elsewhere(begin)

    async def _converse(self, *, greeted: bool = False) -> None:
        if not greeted:
            self._greet()
        conversation, voice = self._conversation, self._voice
        while not (voice.has_said_goodbye or self._wire.is_closing):
            voice.verb = ""
            try:
                more = self._answer(await conversation.line(COMMAND_LINE_LIMIT))
                if more is not None:
                    await more
            except LineTooLong as line:
                self.entry.heard(f"(a line of more than {COMMAND_LINE_LIMIT} octets)")
                self._login_tried = is_login(line.beginning)
                voice.say(Situation.AUTH_TOO_LONG if self._login_tried else Situation.LINE_TOO_LONG)
            except Refused as refused:
                voice.say(refused.situation, **refused.facts)
            except ClientLeft:
                raise
            except Exception as error:
                # It fails the test that caused it, and the client learns nothing of it.
                self.service.journal.fail(error)
                voice.say(Situation.LOCAL_ERROR)

    def _tell_of_greeting(self) -> None:
        if self.service.hears("connection"):
            self.service.greet(self.entry)

    def _greet(self) -> None:
        self._tell_of_greeting()
        self._voice.greet()
        if (refusal := self._profile.turns_away) is not None:
            self.entry.refused(f"the greeting was {refusal}")

    def _answer(self, line: bytes) -> Coroutine[None, None, None] | None:
        """Answer a command; or return what does, where more has to come for it."""
        verb, argument, told, is_login, complaint = self._precedents.commands[line]
        self._voice.verb = verb
        known = verb in self._policy.commands
        # A client that goes on with a login that was refused sends its secrets as if they were commands.
        astray = self._login_tried and not is_login and not known
        if is_login or known:
            self._login_tried = is_login
        self.entry.heard(MASK if astray else told)
        refused = complaint or self._precedents.refusals[self._standing, self._transaction.progress, verb]
        reply = None
        if self._hears_commands and not astray and complaint is None:
            # No frame of a hook's traceback may hold a secret.
            public = told[len(verb) :].strip() if is_login else argument
            reply = self.service.intercept(self.entry, verb, public)
        if refused is Situation.TURNED_AWAY:
            reply = reply or self._policy.only_reply
        if verb == "BDAT" and known and (reply or refused):
            return self._refuse_chunk(argument, reply, refused)
        if reply is not None:
            self._voice.answer(reply)
            return None
        if refused is not None:
            raise Refused(refused)
        if self._faults.laid and (stage := STAGES.get(verb)) is not None:
            action = self._meet(stage, verb, argument)
            if action is not None:
                return self._go_wrong(stage, verb, argument, action)
        return _COMMANDS[verb](self, argument)

    def _meet(self, stage: Stage, verb: str, argument: str) -> Reply | Action | None:
        """What goes wrong with a command that is allowed, and that can be understood."""
        transaction = self._transaction
        mail_from = transaction.sender.address if transaction.sender else ""
        recipients = tuple([recipient.address for recipient in transaction.recipients])
        if stage in (Stage.MAIL, Stage.RCPT):
            try:
                address = path(verb, argument, self._offered).address
            except Refused:
                return None
            if stage is Stage.MAIL:
                return self._mishaps.meet(stage, address)
            return self._mishaps.meet(stage, mail_from, (address,), len(recipients))
        return self._mishaps.meet(stage, mail_from, recipients, len(recipients))

    async def _go_wrong(self, stage: Stage, verb: str, argument: str, action: Reply | Action) -> None:
        if stage is Stage.QUIT:
            self.entry.said_quit()
        if isinstance(action, Reply):
            if stage is Stage.AUTH:
                await self.smtp_AUTH(argument, action)
                return
            self._voice.answer(action)
            self._voice.has_said_goodbye |= stage is Stage.QUIT
        elif isinstance(action, Drip):
            try:
                await self._carry_out(verb, argument)
            except Refused as refused:
                self._voice.say(refused.situation, **refused.facts)
            await self._conversation.drip(action.bytes_per_second)
        else:
            if isinstance(action, Disconnect) and action.after_bytes:
                self._voice.say(Situation.SEND_DATA)
                taken = await self._mishaps.take_some(action.after_bytes)
                self._voice.heard(f"(the first {taken} bytes of a message)")
            if await self._mishaps.undergo(stage, action):
                await self._carry_out(verb, argument)

    async def _carry_out(self, verb: str, argument: str) -> None:
        more = _COMMANDS[verb](self, argument)
        if more is not None:
            await more

    async def _refuse_chunk(self, argument: str, reply: Reply | None, refused: Situation | None) -> None:
        await self._transaction.refuse_chunk(argument, reply)
        if reply is None:
            assert refused is not None
            raise Refused(refused)
        self._voice.answer(reply)

    # Who is there (RFC 5321 §4.1.1.1, RFC 2033 §4.1)

    def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 # aiosmtpd looks for these names
        """RFC 5321 §4.1.1.1; a second one is a RSET as well (§4.1.4)."""
        self._be_greeted(hostname, extended=True)
        hello = self._precedents.hello(self._standing)
        self._offered = hello.offered
        self._voice.hello(hello)

    smtp_LHLO = smtp_EHLO  # noqa: N815 # as above

    def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
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
        self._stand()

    async def smtp_STARTTLS(self, argument: str) -> None:  # noqa: N802
        """RFC 3207 §4: what was sent in clear behind the command is discarded, and all state is forgotten."""
        self._takes_no(argument)
        if self._conversation.has_more and Situation.TLS_PIPELINED in self._policy.voice.replies:
            raise Refused(Situation.TLS_PIPELINED)
        # What can't be made is told before the client begins.
        self.service.context(None)
        self._voice.say(Situation.TLS_READY)
        self._conversation.forget_input()
        await self._shake_hands()
        self._transaction.forget()
        self._offered = frozenset()
        self.session = self._create_session()
        self._user = None
        self._stand()

    # Logins (RFC 4954)

    async def smtp_AUTH(self, argument: str, refusal: Reply | None = None) -> None:  # noqa: N802
        """RFC 4954 §4; mechanism names in any letter case.

        Where there is a refusal, it is the reply to whatever the client logs in with.
        """
        words = list(filter(None, argument.split(" ")))
        if not 1 <= len(words) <= 2:
            raise Refused(Situation.AUTH_SYNTAX)
        mechanism = folded(words[0])
        if mechanism not in self._policy.mechanisms(State(*self._standing)):
            # A secret that went astray is not said back.
            raise Refused(Situation.AUTH_UNKNOWN, mechanism=mechanism if mechanism in EXCHANGES else "")
        if words[1:] and mechanism in NO_INITIAL_RESPONSE:
            raise Refused(Situation.AUTH_NO_INITIAL)
        circumstances = Circumstances(self.service.accounts, self._precedents.host, self._identities)
        verdict = await exchanged(
            EXCHANGES[mechanism](circumstances),
            words[1:],
            self._conversation,
            self._voice,
            lambda verdict: self.entry.logged_in(
                Login(verdict.username, mechanism, succeeded=verdict.succeeded and refusal is None)
            ),
        )
        if refusal is not None:
            self._voice.answer(refusal)
            return
        if not verdict.succeeded:
            raise Refused(Situation.AUTH_FAILED)
        self._user = verdict.username
        self._login_tried = False
        self._stand()
        self._voice.say(Situation.AUTH_SUCCEEDED)
        # What was refused before the login counts no more.
        self.entry.refused(None)

    # Mail (RFC 5321 §3.3)

    def smtp_MAIL(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.2."""
        self._transaction.begin(argument, self._offered)

    def smtp_RCPT(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.3."""
        self._transaction.add(argument, self._offered, self._standing)

    async def smtp_DATA(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.4."""
        self._takes_no(argument)
        await self._transaction.message()

    async def smtp_BDAT(self, argument: str) -> None:  # noqa: N802
        """RFC 3030 §2."""
        await self._transaction.chunk(argument)

    def _take(self, raw: bytes, envelope: Envelope, *, acknowledged: bool = True) -> bool:
        try:
            kept = self.service.journal.keep(raw)
        except OSError as error:
            # There is no room for it: that fails the test, and the transaction.
            self.service.journal.fail(error)
            return False
        acknowledged = acknowledged and self._wire.lets_through(self._conversation.unsent)
        taken = self.service.deliver(
            Message(
                raw=kept,  # type: ignore[arg-type] # the field knows how to read it
                envelope=envelope,
                port=self._profile.number,
                received_at=_clock.now(),
                host=self.service.host,
                tls=self._protection.tls,
                user=self._user,
                acknowledged=acknowledged,
                connection=self.entry.number,
            )
        )
        if taken:
            self.entry.delivered(acknowledged=acknowledged)
        return taken

    # The other commands (RFC 5321 §4.1.1.5 to §4.1.1.10)

    def smtp_RSET(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.5."""
        self._takes_no(argument)
        self._transaction.forget()
        self._voice.say(Situation.RESET)

    def smtp_NOOP(self, _argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.9: with an argument or without."""
        self._voice.say(Situation.NOOP)

    def smtp_VRFY(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §3.5.3."""
        if not argument:
            raise Refused(Situation.VERIFY_SYNTAX)
        self._voice.say(Situation.CANNOT_VERIFY, argument=argument)

    def smtp_ETRN(self, argument: str) -> None:  # noqa: N802
        """RFC 1985, as a server without a queue answers it."""
        self._voice.say(Situation.QUEUE_REFUSED, argument=argument)

    def smtp_HELP(self, _argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.8."""
        self._voice.say(Situation.HELP, commands=" ".join(self._policy.help))

    def smtp_QUIT(self, argument: str) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.10."""
        self._takes_no(argument)
        # For the record this is the end: with TLS the client's own goodbye may be a long time coming.
        self.entry.said_quit()
        self._voice.say(Situation.GOODBYE)

    def _circumstances(self) -> dict[str, str]:
        assert self.session is not None
        return {
            "host": self._precedents.host,
            "hello": " or ".join(self._policy.hellos),
            "client": self.session.host_name or "",
            "peer": self.entry.peer[0] if self.entry.peer else "",
            "id": f"{self.entry.number:06X}{self._transaction.number:04X}",
        }

    def _takes_no(self, argument: str) -> None:
        if argument:
            raise Refused(Situation.NO_ARGUMENT)

    def _stand(self) -> None:
        """Note how far the client has come; to be called when that has changed."""
        session = self.session
        assert session is not None
        self._standing = (
            session.host_name is not None,
            session.extended_smtp,
            self._protection.tls is not None,
            bool(self._identities),
            self._user is not None,
        )

    def _create_session(self) -> smtp.Session:
        return smtp.Session(self.loop)


def _frame() -> Mapping[str, object]:
    """What aiosmtpd prepares for a session."""
    loop = asyncio.new_event_loop()
    # It would tell of mechanisms that are none of ours.
    was_disabled, smtp.log.disabled = smtp.log.disabled, True
    try:
        return vars(smtp.SMTP(None, hostname="localhost", loop=loop))
    finally:
        smtp.log.disabled = was_disabled
        loop.close()


_FRAME = _frame()
# aiosmtpd finds the commands by their names.
_COMMANDS: Mapping[str, Callable[[Session, str], Coroutine[None, None, None] | None]] = {
    name.removeprefix("smtp_"): getattr(Session, name) for name in dir(Session) if name.startswith("smtp_")
}
