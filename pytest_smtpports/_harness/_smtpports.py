"""The object that the fixture yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _clock
from .._errors import ConfigurationError, is_ours
from .._mail._criteria import Criteria
from .._mail._explain import explain, told
from .._mail._mailbox import Mailbox
from .._ports._profile import PROFILES, Profile, by_number
from ._blockable import Blockable
from ._hooks import hooked_profiles, relay_to
from ._port import Ports
from ._route import Route
from ._surroundings import Surroundings
from ._waiting import until, until_async
from ._world import World

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    import pluggy
    from typing_extensions import Self

    from .._mail._connection import Connection
    from .._mail._message import Message

__tracebackhide__ = is_ours


class SMTPPorts(Blockable):
    """A mail provider on this machine: SMTP ports as they behave in the world, each on an ephemeral loopback port.

    The fixture `smtpports` yields one; without pytest it is a context manager.

    Args:
        profiles: what the ports are; the four of `PROFILES` unless told.
        host: the address to bind, a loopback one unless told.
        username: who may log in.
        password: the password of that user.
        plugins: objects with hooks, as a conftest.py has them.

    Raises:
        ConfigurationError: profiles or host can't be meant.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.ports[587].connect() as client:
        ...         _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\nHello")
        ...     message = smtpports.assert_sent(recipients="ada@example.org", port=587, tls=True)
        >>> message.subject
        'Welcome'
    """

    __module__ = "pytest_smtpports"

    def __init__(
        self,
        profiles: Iterable[Profile] | Mapping[int, Profile] = PROFILES,
        *,
        host: str = "127.0.0.1",
        username: str = "user",
        password: str = "password",  # noqa: S107 # a made-up user of a made-up provider
        plugins: Iterable[object] = (),
        _surroundings: Surroundings | None = None,
        _hook: Callable[[], pluggy.HookRelay] | None = None,
    ) -> None:
        chosen = by_number(profiles)
        if _hook is None:
            relay = relay_to(plugins)
            chosen.update(hooked_profiles(relay, None))
            _hook = _always(relay)
        hook = _hook
        self._owns_surroundings = _surroundings is None
        self._world = World(
            chosen,
            host=_bindable(host),
            username=username,
            password=password,
            surroundings=_surroundings or Surroundings(),
            on_message=lambda message: hook().pytest_smtpports_message(message=message),
        )
        self.ports = Ports(self._world)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        numbers = ", ".join(map(str, self._world.numbers))
        return f"<SMTPPorts {numbers} on {self.host}{' (closed)' * self._world.closed}>"

    # What there is

    @property
    def host(self) -> str:
        """The address that the ports are bound to."""
        return self._world.host

    @property
    def username(self) -> str:
        """Who may log in."""
        return self._world.username

    @property
    def password(self) -> str:
        """The password of `username`."""
        return self._world.password

    @property
    def messages(self) -> Mailbox:
        """Every message, in order of arrival, as it stands now."""
        return self._world.mailbox()

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection, and every attempt that was seen, in order of opening."""
        return self._world.connections()

    @property
    def ca_file(self) -> str:
        """The path of a PEM file with the certificate of the authority that signs the ports' certificates."""
        return str(self._world.open_surroundings.ca_file)

    def client_context(self) -> ssl.SSLContext:
        """A new verifying TLS context that trusts the authority of these ports, and nobody else."""
        return self._world.client_context()

    def configure_trust(self, context: ssl.SSLContext) -> None:
        """Have a context of the user's own trust the authority of these ports as well."""
        self._world.open_surroundings.engine.authority.configure_trust(context)

    def left_open(self) -> tuple[Connection, ...]:
        """The connections that go on now."""
        return self._world.left_open()

    # What can be changed

    def add_user(self, name: str, password: str) -> None:
        """Let one more user log in, until `reset()`."""
        self._world.accounts.add(name, password)

    def route(self, *hosts: str, ports: Iterable[int] | None = None, trust: str | None = "environment") -> Route:
        """Lead host names here, in this process, for code that is not changed.

        Args:
            hosts: names such as "smtp.example.com".
            ports: the emulated numbers that lead here; all of them unless told. Every other number is refused.
            trust: "environment" has new default TLS contexts, and child processes, trust the authority of these ports
                for the time of the route; None nobody.

        Raises:
            ConfigurationError: no host name, or something that is none.
            UnknownPort: a number that is not emulated.
            UnknownName: a trust that does not exist.
        """
        route = Route(self._world, hosts, ports, trust)
        self._world.keep(route)
        return route

    def reset(self) -> None:
        """Back to the beginning: no mail, connections, added users, blocks or routes; the local ports stay the same."""
        self._world.reset()

    def close(self) -> None:
        """End every connection now, close every port, undo every change.

        Raises:
            ServerError: a hook, or the server itself, raised on the server's thread.
        """
        try:
            self._world.close()
        finally:
            if self._owns_surroundings:
                self._world.surroundings.rest()
        self.raise_failures()

    def raise_failures(self) -> None:
        """Raise what a hook, or the server itself, raised on the server's thread so far; `close()` does it too.

        Raises:
            ServerError: its cause is the first exception.
        """
        self._world.raise_failures()

    # What is asserted of messages

    def assert_sent(self, *, within: float = 0.0, **criteria: object) -> Message:
        """Exactly one message meets the criteria.

        Args:
            within: seconds to wait for it.
            criteria: `to`, `subject`, `port`, `tls` and so on.

        Returns:
            the message.

        Raises:
            AssertionError: there is none, or more than one; the text says what came, what was nearest, and why.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: with `within`, in a running event loop; await `assert_sent_async`.
        """
        __tracebackhide__ = True
        return self._sent("assert_sent", 1, within, criteria)[0]

    def assert_sent_times(self, n: int, *, within: float = 0.0, **criteria: object) -> Mailbox:
        """Exactly `n` messages meet the criteria; as `assert_sent`."""
        __tracebackhide__ = True
        return self._sent("assert_sent_times", n, within, criteria)

    def assert_not_sent(self, *, settle: float = 0.0, **criteria: object) -> None:
        """No message meets the criteria, now and for `settle` seconds.

        Raises:
            AssertionError: one does.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: with `settle`, in a running event loop; await `assert_not_sent_async`.
        """
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        self._until(self._some(wanted, 1), settle, "assert_not_sent", "assert_not_sent_async")
        self._require(wanted, 0)

    def wait_for(self, *, timeout: float = 5.0, **criteria: object) -> Message:
        """The first message that meets the criteria, as soon as it is there.

        Args:
            timeout: seconds to wait for it.
            criteria: as for `assert_sent`.

        Raises:
            AssertionError: none came in time.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: in a running event loop; await `wait_for_async`.
        """
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        self._until(self._some(wanted, 1), timeout, "wait_for", "wait_for_async")
        return self._first(wanted)

    async def assert_sent_async(self, *, within: float = 0.0, **criteria: object) -> Message:
        """`assert_sent`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        await self._until_async(self._some(wanted, 1), within)
        return self._require(wanted, 1)[0]

    async def assert_not_sent_async(self, *, settle: float = 0.0, **criteria: object) -> None:
        """`assert_not_sent`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        await self._until_async(self._some(wanted, 1), settle)
        self._require(wanted, 0)

    async def wait_for_async(self, *, timeout: float = 5.0, **criteria: object) -> Message:
        """`wait_for`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        await self._until_async(self._some(wanted, 1), timeout)
        return self._first(wanted)

    # What is asserted of connections

    def assert_attempted(self, numbers: Sequence[int]) -> None:
        """These ports were dialled, in this order, each as often as it stands here.

        Counted is one entry for each connect call of this process while a route or block is active, and each connection
        that a port accepted.

        Raises:
            AssertionError: others were dialled, or in another order.
            UnknownPort: a number that is not emulated.
        """
        __tracebackhide__ = True
        if isinstance(numbers, int):
            raise ConfigurationError(f"assert_attempted() takes a list of ports, such as [{numbers}].")
        expected = [self._checked(number) for number in numbers]
        attempted = [connection.port for connection in self.connections]
        if attempted != expected:
            raise AssertionError(self._attempts(f"attempted {attempted}, expected {expected}"))

    def assert_not_attempted(self, *numbers: int) -> None:
        """None of these ports was dialled.

        Raises:
            AssertionError: one was.
            UnknownPort: a number that is not emulated.
        """
        __tracebackhide__ = True
        refused = [self._checked(number) for number in numbers]
        attempted = [connection.port for connection in self.connections if connection.port in refused]
        if attempted:
            raise AssertionError(self._attempts(f"attempted {attempted}, expected none of {refused}"))

    # The inside

    def _criteria(self, wanted: Mapping[str, object]) -> Criteria:
        port = wanted.get("port")
        if isinstance(port, (int, str)) and not isinstance(port, bool):
            self._checked(port)
        return Criteria(wanted)

    def _some(self, wanted: Criteria, n: int) -> Callable[[], bool]:
        return lambda: sum(map(wanted.match, self._world.journal.messages)) >= n

    def _until(self, found: Callable[[], bool], seconds: float, called: str, twin: str) -> None:
        until(self._world.journal, found, self._patience(seconds), called, twin)

    async def _until_async(self, found: Callable[[], bool], seconds: float) -> None:
        await until_async(self._world.journal, self._world.surroundings.engine, found, self._patience(seconds))

    def _patience(self, seconds: float) -> float:
        # Nothing comes any more after close().
        return 0.0 if self._world.closed else seconds

    def _sent(self, called: str, n: int, within: float, criteria: Mapping[str, object]) -> Mailbox:
        __tracebackhide__ = True
        wanted = self._criteria(criteria)
        self._until(self._some(wanted, n), within, called, "assert_sent_async")
        return self._require(wanted, n)

    def _require(self, wanted: Criteria, n: int) -> Mailbox:
        __tracebackhide__ = True
        messages = self.messages
        matching = Mailbox(filter(wanted.match, messages))
        if len(matching) != n:
            raise AssertionError(self._explanation(wanted, messages, n))
        return matching

    def _first(self, wanted: Criteria) -> Message:
        __tracebackhide__ = True
        messages = self.messages
        for message in filter(wanted.match, messages):
            return message
        raise AssertionError(self._explanation(wanted, messages, 1))

    def _explanation(self, wanted: Criteria, messages: Mailbox, expected: int) -> str:
        return explain(
            wanted, messages, self.connections, expected=expected, blocks=self._world.blocks(), now=_clock.now()
        )

    def _attempts(self, headline: str) -> str:
        lines = [headline, *(f"  {told(connection)}" for connection in self.connections)]
        lines.append(
            "A dial of another process that was refused or dropped can't be seen; a dial of this process is seen "
            "when the port accepts it, and otherwise while a route or a block is active."
        )
        return "\n".join(lines)


def _always(relay: pluggy.HookRelay) -> Callable[[], pluggy.HookRelay]:
    return lambda: relay


def _bindable(host: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ConfigurationError(
            f"host is the address to bind, such as '127.0.0.1' or '::1', not {host!r}; "
            "a host name is led here with route()."
        ) from None
