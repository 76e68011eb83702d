"""Everything that answers for one `SMTPPorts`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from .._mail._message import unacknowledged
from .._ports._situations import Situation
from ._faults import Faults

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .._mail._connection import Connection
    from .._mail._message import Message
    from .._ports._blocks import Block
    from .._ports._profile import Profile
    from .._ports._reply import Reply
    from ._accounts import Accounts, Convention
    from ._engine import Engine
    from ._journal import Entry, Journal
    from ._listener import Listener


# What a port calls itself that nobody has given a name.
_LOCALHOST = "localhost"


class Hooks(Protocol):
    """Who is told of what clients do, on the server's thread."""

    def listen_to(self, what: str) -> bool:
        """Whether anybody wants to hear of it: "connection", "command", "message"."""
        ...

    def connection(self, connection: Connection) -> None:
        """A client has connected."""
        ...

    def command(self, connection: Connection, verb: str, argument: str) -> Reply | None:
        """A client has sent a command; the reply to it, or None."""
        ...

    def message(self, message: Message) -> None:
        """A message has come."""
        ...


class Server:
    """Opens listeners, and ends them and all their connections at once."""

    def __init__(self, engine: Engine, journal: Journal, hooks: Hooks) -> None:
        self._engine = engine
        self._journal = journal
        self._hooks = hooks
        self._listeners: list[Listener] = []
        self.faults = Faults()

    def listen(
        self,
        bound: socket.socket,
        profile: Profile,
        host: str | None,
        accounts: Accounts | Convention,
        block: Block | None,
        scope: object = None,
    ) -> Listener:
        """Answer at a bound socket as the profile says, or as a block has it, under a routed name or the local ones."""
        address: str = bound.getsockname()[0]
        # asyncio and aiosmtpd are not loaded before a port is used.
        from .._ports._kinds import Intercept, served, starttls_of
        from .._ports._precedents import precedents
        from ._listener import Listener
        from ._service import Service

        elsewhere = block.host if isinstance(block, Intercept) else None
        names = (host or _LOCALHOST, address) if elsewhere is None else (elsewhere,)
        # Behind a pattern nobody knows which of its names was dialled.
        called = names[0].removeprefix("*.")
        # Nobody is asked for a certificate who can't make use of it (RFC 8314 §4.2).
        asks = "EXTERNAL" in profile.mechanisms
        service = Service(
            precedents=precedents(served(profile, block), called, starttls_of(block)),
            host=host,
            block=block,
            context=lambda flaw: self._engine.authority.server_context(
                *names, is_local=elsewhere is None, asks_for_certificate=asks, flaw=flaw
            ),
            describe_failure=partial(self._engine.describe_failure, is_ours=elsewhere is None),
            identities=self._engine.identities,
            accounts=accounts,
            faults=self.faults.at(profile.number, scope),
            journal=self._journal,
            greet=self._greet,
            hears=self._hooks.listen_to,
            intercept=self._intercept,
            deliver=self._deliver,
        )
        listener = Listener(bound, service, self._engine.background)
        # Those of earlier blocks may have clients yet.
        self._listeners = [*filter(_may_be_busy, self._listeners), listener]
        return listener

    def begin_anew(self) -> tuple[Message, ...]:
        """End every connection now, and forget what happened; the messages that there were. The ports stay open."""
        forgotten: list[Message] = []

        def forget() -> None:
            forgotten.extend(self._journal.clear())

        # Whoever connects in between would be in neither record.
        self._drop_clients(forget)
        return tuple(forgotten)

    def note_errors(self) -> None:
        """Keep for the test what went wrong in the loop, if it was ever used."""
        if self._listeners:
            for error in self._engine.background.take_errors():
                self._journal.fail(error)

    def abort(self) -> None:
        """End every connection and listener now; afterwards nothing of them is left in the loop."""
        if not self._listeners:
            return
        for listener in self._listeners:
            listener.shut()
        self._drop_clients(_nothing)
        self._listeners.clear()

    def _drop_clients(self, then: Callable[[], None]) -> None:
        """End every connection now, and do something before the next one can begin."""
        if busy := list(filter(_may_be_busy, self._listeners)):
            self._engine.background.finish(_drop_clients, busy, then)
        else:
            then()
        self.note_errors()

    def _greet(self, entry: Entry) -> None:
        """Tell the hooks of a client."""
        try:
            self._hooks.connection(entry.snapshot())
        except BaseException as error:  # as below
            self._journal.fail(error)

    def _intercept(self, entry: Entry, verb: str, argument: str) -> Reply | None:
        """The reply that a hook has to a command; what is secret is masked before it gets here."""
        try:
            return self._hooks.command(entry.snapshot(), verb, argument)
        except BaseException as error:  # as below
            self._journal.fail(error)
            return Situation.LOCAL_ERROR.value

    def _deliver(self, message: Message) -> bool:
        """Put a message where the test sees it, the hooks' word first; whether the client may have its 250."""
        generation = self._journal.generation
        try:
            if self._hooks.listen_to("message"):
                self._hooks.message(message)
        except BaseException as error:  # pytest.fail() in a hook raises one of these
            self._journal.fail(error)
            self._journal.add(unacknowledged(message))
            return False
        if self._journal.generation != generation:
            # The hook has begun anew: this message, and its connection, are forgotten.
            return False
        self._journal.add(message)
        return True


def _may_be_busy(listener: Listener) -> bool:
    return listener.is_open or listener.has_clients


def _drop_clients(listeners: list[Listener], then: Callable[[], None]) -> None:
    for listener in listeners:
        listener.drop_clients()
    then()


def _nothing() -> None:
    """Nothing more is to be done."""
