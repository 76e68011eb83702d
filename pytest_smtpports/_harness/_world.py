"""What the ports and routes of one `SMTPPorts` hold in common: its numbers, its network, what happened."""

from __future__ import annotations

import os
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .._errors import ClosedError, ConfigurationError, NoTimeoutWarning, ServerError, UnknownPort, is_ours
from .._mail._mailbox import Mailbox
from .._mail._remedies import TIMEOUTS, in_a_line
from .._network._network import Network
from .._ports._blocks import Block, Layer
from .._ports._kinds import KINDS
from .._server._accounts import Accounts
from .._server._journal import Journal
from .._server._server import Server
from ._handle import Handle

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Mapping

    from .._mail._connection import Connection
    from .._mail._message import Message
    from .._ports._catalogue import Catalogue
    from .._ports._profile import Profile
    from .._ports._rules import Rule
    from .._server._faults import Faults
    from .._server._journal import Entry
    from ._hooks import Hooks
    from ._surroundings import Surroundings

__tracebackhide__ = is_ours


class World:
    """The inside of an `SMTPPorts`; `Port` and `Route` hold on to it and not to each other."""

    def __init__(
        self,
        profiles: Mapping[int, Profile],
        *,
        host: str,
        username: str,
        password: str,
        surroundings: Surroundings,
        hooks: Hooks,
        catalogue: Callable[[], Catalogue],
        memory_limit: int,
        real_time: bool,
        local_ports: Mapping[int, int],
    ) -> None:
        if not profiles:
            raise ConfigurationError("There is no profile: at least one port has to be emulated.")
        self.profiles = profiles
        self.host = host
        self.username = username
        self.password = password
        self.surroundings = surroundings
        self.catalogue = catalogue
        self.journal = Journal(memory_limit)
        self.accounts = Accounts(username, password)
        self._server = Server(surroundings.engine, self.journal, hooks)
        self._network = Network(
            host,
            profiles,
            self.accounts,
            self._server.listen,
            self.journal,
            lambda: surroundings.children,
            local_ports,
        )
        if real_time:
            self._network.take_real_time()
        self._handles: list[Handle] = []
        self._lent = ExitStack()
        self._lends_trust = False
        self.closed = False
        self._pid = os.getpid()
        surroundings.users += 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """The emulated numbers, in ascending order."""
        return tuple(sorted(self.profiles))

    @property
    def known_numbers(self) -> frozenset[int]:
        """Every number that leads here, or has led here."""
        return self._network.numbers.union(self.numbers, self.journal.numbers)

    @property
    def network(self) -> Network:
        """The network, while there is one.

        Raises:
            ClosedError: it is closed.
        """
        if self.closed:
            raise ClosedError
        return self._network

    def block(self, number: int, scope: object) -> Block | None:
        """The block that holds for a port on one way to it."""
        return self._network.block(number, scope)

    @property
    def open_surroundings(self) -> Surroundings:
        """What is shared, while it can be used.

        Raises:
            ClosedError: it is closed.
        """
        if self.closed:
            raise ClosedError
        return self.surroundings

    def blocks(self) -> list[tuple[str, str]]:
        """The active blocks as (port, kind); none any more after `close()`."""
        return [] if self.closed else [(name, block.kind) for name, block in self._network.blocks()]

    def checked(self, number: object, numbers: Collection[int] | None = None) -> int:
        """The number, if it is emulated, or among these.

        Raises:
            UnknownPort: it is not.
        """
        if isinstance(number, (list, tuple, set)):
            raise ConfigurationError(f"Ports are said one by one, as in block(25, 587), not as {number!r}.")
        known = self.numbers if numbers is None else numbers
        if isinstance(number, int) and number in known:
            return number
        if isinstance(number, Block) or number in tuple(KINDS):
            raise ConfigurationError(f"What is done to a port is said by name, as in block(587, how={number!r}).")
        raise UnknownPort(number, tuple(sorted(known)), self._network.local_port_of(number))

    def mailbox(self) -> Mailbox:
        """Everything that has come."""
        return Mailbox(self.journal.messages)

    def connections(self) -> tuple[Connection, ...]:
        """Every connection and attempt, as they stand once everything that clients did up to now is dealt with."""
        self.catch_up()
        return self.journal.connections

    def catch_up(self) -> None:
        """Have everything dealt with that clients did up to now."""
        if not self.closed:
            try:
                self.surroundings.engine.catch_up()
            except ServerError as error:
                # A hook blocks. What is known is told all the same, and the reason at the end of the test.
                self.journal.fail(error)

    def left_open(self) -> tuple[Connection, ...]:
        """The connections that go on."""
        if not self.journal.has_open:
            return ()
        return tuple(connection for connection in self.connections() if connection.closed_at is None)

    def lay(self, blocks: Mapping[int, Block | None], scope: object, others: Block | None = None) -> Handle:
        """Block or open ports on one way to them, or on all, until it is taken back, by `reset()` at last."""
        return self.keep(Handle(self.network.lay(Layer(blocks, scope, others))))

    def lay_network(self, blocks: Mapping[int, Block]) -> Handle:
        """Put every port behind a network, in the place of an earlier one."""
        return self.keep(Handle(self.network.lay(Layer(blocks, is_network=True))))

    def lay_network_for_good(self, blocks: Mapping[int, Block]) -> None:
        """The same below all else, also after a `reset()`."""
        self.network.lay(Layer(blocks, is_network=True))

    @property
    def faults(self) -> Faults:
        """What goes wrong in sessions, and the clock that it goes by."""
        return self._server.faults

    def faults_told(self) -> list[tuple[str, int]]:
        """The faults that are set, the latest first, and how often each has fired."""
        return [(str(rule), rule.fired) for rule, _, _ in self.faults.laid]

    def faults_in_vain(self) -> list[str]:
        """The latest faults that were taken back and had never fired, as they are told of."""
        return list(self.faults.in_vain)

    def lay_rule(self, rule: Rule, numbers: Collection[int], scope: object) -> Handle:
        """Have something go wrong at ports until it is taken back, by `reset()` at last.

        Raises:
            ClosedError: it is closed.
        """
        if self.closed:
            raise ClosedError
        return self.keep(Handle(self.faults.lay(rule, numbers, scope)))

    def keep(self, handle: Handle) -> Handle:
        """Have a change taken back by `reset()`."""
        self._handles.append(handle)
        return handle

    def client_context(self, certificate_for: str | None = None) -> ssl.SSLContext:
        """A context that trusts our authority and nobody else, and shows a certificate of it if it is to."""
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority = self.open_surroundings.engine.authority
        authority.configure_trust(context)
        if certificate_for is not None:
            authority.identify(context, certificate_for)
        return context

    def lend_trust(self) -> None:
        """Have default contexts of this process, and its children, trust our authority until `close()`."""
        if not self._lends_trust:
            self._lent.callback(self.open_surroundings.trust.lend())
            self._lends_trust = True

    def reset(self) -> tuple[Message, ...]:
        """Take every change back and forget what happened; the messages that there were. The ports stay open."""
        self._take_back()
        self.faults.reset()
        self._network.renew()
        forgotten = self._server.begin_anew()
        self.accounts.reset()
        return forgotten

    def close(self) -> None:
        """End everything, whoever is connected."""
        if self.closed:
            return
        self.closed = True
        if self._is_copy:
            return
        with ExitStack() as closing:
            closing.callback(self._leave)
            closing.callback(self._network.close)
            closing.callback(self._server.abort)
            closing.callback(self._lent.close)
            closing.callback(self._take_back)

    def raise_failures(self) -> None:
        """Raise what went wrong on the server's thread, if anything did.

        Raises:
            ServerError: its cause is the first exception.
        """
        if self._is_copy:
            return
        self._server.note_errors()
        failures = self.journal.take_failures()
        try:
            self._warn()
        finally:
            # Where a warning is an error, this is the weightier one.
            if failures:
                raise ServerError(_account_of(failures)) from failures[0]

    def take_real_time(self) -> Handle:
        """Have clients wait as long as they would in the world, until it is taken back."""
        return self.keep(Handle(self.network.take_real_time()))

    def _warn(self) -> None:
        with ExitStack() as each_is_told:
            for entry in reversed(self.journal.take_waits()):
                each_is_told.callback(_warn_of, entry, entry.host or self.host)

    @property
    def _is_copy(self) -> bool:
        """Whether this is a forked child, to which none of it belongs."""
        return os.getpid() != self._pid

    def _leave(self) -> None:
        self.surroundings.users -= 1

    def _take_back(self) -> None:
        while self._handles:
            self._handles.pop().remove()


def _account_of(failures: tuple[BaseException, ...]) -> str:
    told = "; ".join(f"{type(failure).__name__}: {failure}" for failure in failures)
    what = "An exception was" if len(failures) == 1 else f"{len(failures)} exceptions were"
    return f"{what} raised on the server's thread, in a hook or in the server itself: {told}"


def _warn_of(entry: Entry, host: str) -> None:
    told = NoTimeoutWarning(
        f"The connect to {host}:{entry.port} had no timeout. At a port that drops SYNs it waits for about two minutes; "
        f"give it one. {in_a_line(TIMEOUTS)}."
    )
    if entry.location is None:
        warnings.warn(told, stacklevel=2)
    else:
        warnings.warn_explicit(told, NoTimeoutWarning, entry.location.file, entry.location.line)
