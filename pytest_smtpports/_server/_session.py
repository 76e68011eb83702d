"""The SMTP session of one connection: the only code that knows aiosmtpd.

It drives aiosmtpd's commands from its own reading of the wire, asks the policy before each, and writes down what
is said. What a port allows is not decided here.
"""

from __future__ import annotations

import asyncio
import socket
import warnings
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import _clock
from .._mail._connection import Login
from .._mail._message import TLS, Envelope, Message
from .._ports import _reply
from .._ports._framing import Framing, LineTooLong
from .._ports._masking import MASK, written
from .._ports._policy import COMMAND_LINE_LIMIT, State, ehlo_keywords, recipient_refusal, refusal
from .._ports._profile import MECHANISMS

with warnings.catch_warnings():
    # aiosmtpd 1.4.6 imports typing.ByteString, which Python 3.15 warns of; the warning is aiosmtpd's own.
    warnings.filterwarnings("ignore", ".*ByteString", DeprecationWarning)
    from aiosmtpd import smtp

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from .._ports._profile import Profile
    from .._ports._reply import Reply
    from ._accounts import Accounts
    from ._journal import Entry, Journal

# Linux has the option, and the need for it.
_QUICK_ACKNOWLEDGEMENT: tuple[int, ...] = (socket.TCP_QUICKACK,) if hasattr(socket, "TCP_QUICKACK") else ()
# RFC 8314 §4 leaves it open; long enough for a slow machine, short enough for a test that waits for the end of it.
HANDSHAKE_TIMEOUT = 60.0
_TEST_ENDED = "the test ended with the connection open"
_ENDED_IN_HANDSHAKE = "the test ended in the middle of the TLS handshake"
# A refusal of one of these keeps a message from being sent.
_ON_THE_WAY = frozenset({"EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA"})


@dataclass(frozen=True, slots=True)
class Service:
    """What a session must know of the port that it serves.

    Attributes:
        profile: what the port is.
        host: the routed name by which it was dialled, or None.
        context: gives the TLS context, which is not made before a client asks for TLS.
        describe_failure: tells why a handshake failed.
        accounts: who may log in.
        journal: takes what goes wrong inside.
        deliver: takes a message before its reply leaves; whether it was taken.
    """

    profile: Profile
    host: str | None
    context: Callable[[], ssl.SSLContext]
    describe_failure: Callable[[BaseException], str]
    accounts: Accounts
    journal: Journal
    deliver: Callable[[Message], bool]

    @property
    def hostname(self) -> str:
        """What the port calls itself."""
        return self.host or "localhost"


class _QuietSession(smtp.Session):
    """aiosmtpd's session state, without the warning that it logs on each login."""

    login_data: object = None


class _Hooks:
    """The answers that aiosmtpd asks a handler for."""

    async def handle_RCPT(  # noqa: N802 # aiosmtpd looks for this name
        self, session: Session, _state: smtp.Session, envelope: smtp.Envelope, address: str, options: list[str]
    ) -> str:
        if address == "<>":
            return str(_reply.NO_RECIPIENT)
        if (refused := recipient_refusal(session.service.profile, session.state(), address)) is not None:
            return str(refused)
        envelope.rcpt_tos.append(address)
        session.recipient_parameters.append(tuple(options))
        return "250 2.1.5 Ok"


class _ClientLeft(Exception):
    """The client has closed its side and everything that it said has been answered."""


class Session(smtp.SMTP):
    """One client at one port."""

    def __init__(self, service: Service, entry: Entry, loop: asyncio.AbstractEventLoop) -> None:
        profile = service.profile
        super().__init__(
            _Hooks(),
            data_size_limit=profile.size_limit,
            enable_SMTPUTF8="SMTPUTF8" in profile.extensions,
            hostname=service.hostname,
            timeout=profile.idle_timeout,
            # Whether TLS and a login are due is the policy's word, not aiosmtpd's: it can't know of implicit TLS.
            auth_require_tls=False,
            auth_exclude_mechanism=sorted(set(MECHANISMS) - set(profile.mechanisms)),
            authenticator=self._authenticated,
            loop=loop,
        )
        self.service = service
        self.recipient_parameters: list[tuple[str, ...]] = []
        self._entry = entry
        self._framing = Framing()
        self._more: asyncio.Future[None] | None = None
        self.begun = False
        self._ended = False
        self._at_eof = False
        self._verb = ""
        self._login_tried = False
        self._tls: TLS | None = None
        self._user: str | None = None
        self._lost: asyncio.Future[None] = loop.create_future()

    # A method, because aiosmtpd reads every property while it is constructed.
    def state(self) -> State:
        """How far the client has come."""
        assert self.session is not None
        assert self.envelope is not None
        return State(
            greeted=self.session.host_name is not None,
            extended=self.session.extended_smtp,
            encrypted=self._tls is not None,
            authenticated=self._user is not None,
            sender_given=self.envelope.mail_from is not None,
            recipients=len(self.envelope.rcpt_tos),
        )

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there, with TLS already on where it is implicit."""
        self.begun = True
        self._note_tls(transport)
        super().connection_made(transport)
        if self._ended:
            self.abort()

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        self._reset_timeout()
        self._framing.feed(data)
        self._wake()

    def eof_received(self) -> bool:
        """The client will send no more; what it has sent is still answered, where the transport allows it."""
        self._at_eof = True
        self._wake()
        return self._tls is None

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over."""
        self._entry.closed()
        # Python 3.10's TLS transport holds itself for open until it is told.
        self._wire().close()
        super().connection_lost(error)
        self._be_lost()

    # What the listener calls

    def abort(self) -> None:
        """End the connection now, or as soon as there is one: the test that it belongs to has ended."""
        self._ended = True
        self._entry.closed(_TEST_ENDED)
        if self.transport is not None:
            self._wire().abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    async def over(self) -> None:
        """Wait until the connection, if it ever came to be, is gone and everything about it has been settled."""
        if self._handler_coroutine is not None:
            await self._lost
            await asyncio.wait([self._handler_coroutine])

    def _be_lost(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    # The conversation

    async def _handle_client(self) -> None:
        try:
            self._say(f"220 {self.service.hostname} {self.service.profile.greeting}")
            while not self._wire().is_closing():
                await self._answer_next()
        except _ClientLeft:
            pass
        finally:
            self._entry.closed()
            if self.transport is not None:
                self.transport.close()

    async def _answer_next(self) -> None:
        self._verb = ""
        try:
            await self._answer(await self._line())
        except LineTooLong:
            self._say(_reply.LINE_TOO_LONG)
        except _ClientLeft:
            raise
        except Exception as error:
            # It fails the test that caused it, and the client learns nothing of it.
            self.service.journal.fail(error)
            self._say(_reply.LOCAL_ERROR)

    async def _answer(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n").decode("utf-8", "replace")
        verb, _, argument = text.partition(" ")
        self._verb = verb.upper()
        command = self._smtp_methods.get(self._verb)
        # A client that goes on with a login that was refused sends its secrets as if they were commands.
        self._login_tried = self._login_tried or self._verb.startswith("AUTH")
        self._entry.heard(MASK if command is None and self._login_tried else written(line))
        if not line.endswith(b"\r\n"):
            self._say(_reply.BARE_LF)
            return
        if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
            self._say(_reply.NOT_TEXT)
            return
        if command is None:
            self._say(_reply.UNKNOWN_COMMAND)
        elif (refused := refusal(self.service.profile, self.state(), self._verb)) is not None:
            self._say(refused)
        else:
            await command(argument.strip() or None)

    async def _line(self, limit: int = COMMAND_LINE_LIMIT) -> bytes:
        while (line := self._framing.line(limit)) is None:
            await self._wait_for_more()
        return line

    async def _message(self) -> bytes:
        while (raw := self._framing.message()) is None:
            await self._wait_for_more()
        return raw

    async def _wait_for_more(self) -> None:
        if self._at_eof:
            raise _ClientLeft
        self._more = self.loop.create_future()
        try:
            await self._more
        finally:
            self._more = None

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    def _say(self, *lines: Reply | str) -> None:
        """Write one reply, however many lines it has, at once."""
        for line in lines:
            self._entry.said(str(line))
        code = int(str(lines[-1])[:3])
        if code >= 400 and self._verb in _ON_THE_WAY:
            self._entry.refused(f"{self._verb} got {lines[-1]}")
        self._wire().write(b"".join(str(line).encode() + b"\r\n" for line in lines))

    async def push(self, status: str | bytes) -> None:
        """Where aiosmtpd's own commands say something."""
        self._say(status if isinstance(status, str) else status.decode())

    def _timeout_cb(self) -> None:
        self._entry.closed(f"the client was idle for {self.service.profile.idle_timeout:g} s")
        self._say(_reply.IDLE)
        self._wire().close()

    # Commands that aiosmtpd has not, or has in a way that is not ours

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802 # aiosmtpd looks for these names
        """RFC 5321 §4.1.1.1; a second one is a RSET as well (§4.1.4)."""
        if not hostname:
            self._say("501 5.5.4 Syntax: EHLO hostname")
            return
        self._set_rset_state()
        assert self.session is not None
        self.session.extended_smtp = True
        self.session.host_name = hostname
        offered = (self.service.hostname, *ehlo_keywords(self.service.profile, self.state()))
        self._say(*(f"250-{line}" for line in offered[:-1]), f"250 {offered[-1]}")

    async def smtp_STARTTLS(self, argument: str | None) -> None:  # noqa: N802
        """RFC 3207 §4: what was sent in clear behind the command is discarded, and all state is forgotten."""
        if argument:
            self._say(_reply.NO_ARGUMENT)
            return
        context = self.service.context()
        self._say(_reply.TLS_READY)
        plain = self._wire()
        plain.pause_reading()
        self._framing.clear()
        assert self._timeout_handle is not None
        # A handshake has a time-out of its own, and nothing may be said in clear in the middle of it.
        self._timeout_handle.cancel()
        try:
            secured = await self.loop.start_tls(
                plain, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except (OSError, asyncio.CancelledError) as error:
            ended = isinstance(error, asyncio.CancelledError)
            self._entry.tls_failed(_ENDED_IN_HANDSHAKE if ended else self.service.describe_failure(error))
            plain.abort()
            # A handshake that fails does not lead to connection_lost on every version of Python.
            self._be_lost()
            raise _ClientLeft from None
        assert secured is not None
        _acknowledge(plain)
        self._reset_timeout()
        self.transport = secured
        self._note_tls(secured)
        self._set_rset_state()
        self.session = self._create_session()
        self._user = None

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802
        """RFC 4954 §4; mechanism names in any letter case."""
        mechanism, _, rest = (arg or "").partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {rest}".strip())

    async def challenge_auth(
        self,
        challenge: str | bytes,
        encode_to_b64: bool = True,  # noqa: FBT001 # aiosmtpd's signature, as below
        log_client_response: bool = False,  # noqa: FBT001
    ) -> smtp._Missing | bytes:
        """Ask the client for its part of a login; what it says is never written down."""
        asked = challenge.encode() if isinstance(challenge, str) else challenge
        self._say(f"334 {b64encode(asked).decode()}")
        try:
            answer = (await self._line()).strip()
        except LineTooLong:
            self._say(_reply.AUTH_TOO_LONG)
            return smtp.MISSING
        self._entry.heard("*" if answer == b"*" else MASK)
        if answer == b"*":
            self._say(_reply.AUTH_CANCELLED)
            return smtp.MISSING
        try:
            return b64decode(answer, validate=True)
        except ValueError:
            self._say(_reply.AUTH_NO_BASE64)
            return smtp.MISSING

    async def smtp_DATA(self, argument: str | None) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.4: all or nothing."""
        if argument:
            self._say(_reply.NO_ARGUMENT)
            return
        self._say(_reply.SEND_DATA)
        raw = await self._message()
        self._entry.heard(f"(a message of {len(raw)} bytes)")
        self._say(self._take(raw))
        self._set_rset_state()

    async def smtp_QUIT(self, argument: str | None) -> None:  # noqa: N802
        """RFC 5321 §4.1.1.10."""
        if argument:
            self._say(_reply.NO_ARGUMENT)
            return
        # For the record this is the end: with TLS the client's own goodbye may be a long time coming.
        self._entry.said_quit()
        self._say(_reply.GOODBYE)
        self._wire().close()

    def _take(self, raw: bytes) -> Reply:
        limit = self.service.profile.size_limit
        if limit is not None and len(raw) > limit:
            return _reply.TOO_BIG
        if not self.service.deliver(self._captured(raw)):
            return _reply.LOCAL_ERROR
        self._entry.delivered()
        return _reply.TAKEN

    def _captured(self, raw: bytes) -> Message:
        envelope = self.envelope
        assert envelope is not None
        sender = envelope.mail_from or ""
        return Message(
            raw=raw,
            envelope=Envelope(
                mail_from="" if sender == "<>" else sender,
                recipients=tuple(envelope.rcpt_tos),
                mail_parameters=tuple(envelope.mail_options),
                recipient_parameters=tuple(self.recipient_parameters),
            ),
            port=self.service.profile.number,
            received_at=_clock.now(),
            host=self.service.host,
            tls=self._tls,
            user=self._user,
            connection=self._entry.number,
        )

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            return super()._getaddr(arg)
        except Exception:
            # email's address parser, which aiosmtpd asks, breaks down on some that are malformed.
            return None, None

    # State

    def _wire(self) -> asyncio.Transport:
        assert isinstance(self.transport, asyncio.Transport)
        return self.transport

    def _create_session(self) -> smtp.Session:
        return _QuietSession(self.loop)

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call] # aiosmtpd's has no annotations
        self.recipient_parameters = []

    def _authenticated(
        self, _server: smtp.SMTP, _session: smtp.Session, _envelope: smtp.Envelope, mechanism: str, data: object
    ) -> smtp.AuthResult:
        assert isinstance(data, smtp.LoginPassword)
        name = data.login.decode("utf-8", "replace")
        succeeded = self.service.accounts.admits(name, data.password.decode("utf-8", "replace"))
        self._entry.logged_in(Login(name, mechanism, succeeded=succeeded))
        if succeeded:
            self._user = name
        return smtp.AuthResult(success=succeeded, handled=False)

    def _note_tls(self, transport: asyncio.BaseTransport) -> None:
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self._tls = TLS(secured.version(), secured.cipher()[0], getattr(secured, "requested_name", None))
            self._entry.tls = self._tls


def _acknowledge(transport: asyncio.Transport) -> None:
    """Have the kernel acknowledge the end of a handshake now.

    Nothing of ours follows a TLS 1.3 handshake, no session ticket either; a client with Nagle's algorithm on would hold
    its EHLO back for the 40 ms after which Linux acknowledges by itself.
    """
    for option in _QUICK_ACKNOWLEDGEMENT:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, 1)
