"""Host names that lead to the emulated ports, as a user holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import ConfigurationError, UnknownName, is_ours
from .._mail._mailbox import Mailbox
from .._network._names import routable
from .._network._site import Site
from .._ports._profile import by_number
from .._server._accounts import Convention
from ._blockable import Blockable
from ._faulty import Fallible
from ._handle import Handle
from ._port import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .._mail._connection import Connection
    from .._ports._profile import Profile
    from .._ports._providers import Provider
    from .._server._accounts import Accounts
    from ._port import Port
    from ._world import World

# Who is lent trust in our authority for the time of a route.
TRUST = ("environment", "all", None)

__tracebackhide__ = is_ours


class Route(Handle, Blockable, Fallible):
    """Host names that lead here, until `remove()` or the end of a `with` block.

    Each name has local ports of its own, so that the name that was dialled is known; so has each name that a pattern
    such as `*.example.org` means. What is blocked here is blocked for these names; what is blocked on the `SMTPPorts`
    is blocked for them too. So it is with what goes wrong in sessions.

    Attributes:
        hosts: the names, in their normal form.
        username: who may log in.

    Example:
        >>> import smtplib
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.route("smtp.example.com") as route:
        ...         with smtplib.SMTP("smtp.example.com", 25, timeout=5) as client:
        ...             _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Hi\\r\\n\\r\\n")
        ...         route[25].messages.only.host
        'smtp.example.com'
    """

    __module__ = "pytest_smtpports"

    def __init__(
        self,
        world: World,
        hosts: tuple[str, ...],
        ports: Iterable[int] | None,
        trust: str | None,
        provider: Provider | None = None,
    ) -> None:
        if trust not in TRUST:
            raise UnknownName("trust", trust, TRUST)
        if not hosts:
            raise ConfigurationError("route() takes the host names to lead here, such as route('smtp.example.com').")
        self._world = world
        self._scope = self
        self.hosts: tuple[str, ...] = tuple(dict.fromkeys(map(routable, hosts)))
        if isinstance(ports, int):
            raise ConfigurationError(f"ports= takes a list of ports, such as [{ports}].")
        profiles = world.profiles if provider is None else by_number(provider.profiles)
        if ports is not None:
            profiles = {number: profiles[number] for number in map(world.checked, ports)}
        self.username, self._password, accounts = _convention(world, provider)
        self._sites = tuple(Site(host, profiles, accounts, self) for host in self.hosts)
        end = world.network.route(self._sites)
        take_back = _lent(world, trust)

        def undo() -> None:
            take_back()
            end()

        super().__init__(undo)

    def __getitem__(self, number: int) -> Port:
        """The port of that number under the route's (first) name.

        Raises:
            UnknownPort: the number does not lead here.
        """
        return Ports(self._world, self._sites[0])[number]

    def __iter__(self) -> Iterator[Port]:
        return (port for site in self._sites for port in Ports(self._world, site))

    def __repr__(self) -> str:
        return f"<Route {', '.join(self.hosts)}>"

    @property
    def password(self) -> str:
        """The password of `username`."""
        return self._password

    @property
    def messages(self) -> Mailbox:
        """What came by these names."""
        return Mailbox(message for message in self._world.mailbox() if self._covers(message.host))

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections by these names, and the attempts."""
        return tuple(each for each in self._world.connections() if self._covers(each.host))

    def _covers(self, host: str | None) -> bool:
        return any(site.covers(host) for site in self._sites)

    def _numbers(self) -> tuple[int, ...]:
        return tuple(sorted(self._sites[0].numbers))

    def _profiles(self) -> Mapping[int, Profile]:
        return self._sites[0].profiles


def _convention(world: World, provider: Provider | None) -> tuple[str, str, Accounts | Convention]:
    """Who may log in, and who else."""
    if provider is None or not (provider.username or provider.password_is_username):
        return world.username, world.password, world.accounts
    username = world.password if provider.password_is_username else provider.username or world.username
    return username, world.password, Convention(world.accounts, username, world.password)


def _lent(world: World, trust: str | None) -> Callable[[], None]:
    if trust is None:
        return _nothing
    lender = world.surroundings.trust
    return lender.lend_to_all() if trust == "all" else lender.lend()


def _nothing() -> None:
    """Nothing was lent, and nothing has to be taken back."""
