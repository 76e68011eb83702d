"""The object that the fixture yields."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, is_ours
from .._ports._named import named
from .._ports._networks import Network
from .._ports._profile import PROFILES, Profile, by_number
from .._ports._providers import Provider
from .._server._journal import MEMORY_LIMIT
from ._assertions import Assertions
from ._audits import Audits
from ._blockable import Blockable
from ._client_settings import variables_for
from ._hooks import Hooks, hooked_profiles, known_faults, known_networks, known_providers, relay_to
from ._port import Ports, access_to
from ._route import Route
from ._surroundings import Surroundings
from ._world import World

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    import pluggy
    from typing_extensions import Self

    from .._mail._connection import Connection
    from .._mail._mailbox import Mailbox
    from .._ports._blocks import Block
    from ._handle import Handle

__tracebackhide__ = is_ours


class SMTPPorts(Blockable, Audits, Assertions):
    """A mail provider on this machine: SMTP ports as they behave in the world, each on an ephemeral loopback port.

    The fixture `smtpports` yields one; without pytest it is a context manager.

    Args:
        profiles: what the ports are; the four of `PROFILES` unless told.
        host: the address to bind, a loopback one unless told.
        username: who may log in.
        password: the password of that user.
        plugins: objects with hooks, as a conftest.py has them.
        network: the name of the network that these ports are behind, or None; a reset does not end that.
        memory_limit: how many bytes of messages stay in memory, 67,108,864 unless told; those beyond it are read from a
            temporary file, which is gone with the last of them.

    Raises:
        ConfigurationError: profiles or host can't be meant.
        UnknownName: a network that does not exist.

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
        network: str | None = None,
        plugins: Iterable[object] = (),
        memory_limit: int = MEMORY_LIMIT,
        _surroundings: Surroundings | None = None,
        _hook: Callable[[], pluggy.HookRelay] | None = None,
        _real_time: bool = False,
        _local_ports: Mapping[int, int] = MappingProxyType({}),
        _config: object = None,
    ) -> None:
        chosen = by_number(profiles)
        if _hook is None:
            relay = relay_to(plugins)
            chosen.update(hooked_profiles(relay, None))
            _hook = _always(relay)
        self._owns_surroundings = _surroundings is None
        self._world = World(
            chosen,
            host=_bindable(host),
            username=username,
            password=password,
            surroundings=_surroundings or Surroundings(),
            hooks=Hooks(_hook),
            catalogue=lambda: known_faults(_hook(), _config),
            memory_limit=_size(memory_limit),
            real_time=_real_time,
            local_ports=_local_ports,
        )
        self.ports = Ports(self._world)
        self._hook, self._config = _hook, _config
        if network is not None:
            self._world.lay_network_for_good(self._blocks_of(network))

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

    def client_context(self, *, certificate_for: str | None = None) -> ssl.SSLContext:
        """A new verifying TLS context that trusts the authority of these ports, and nobody else.

        Args:
            certificate_for: the user in whose name the client shows a certificate, for a port with the mechanism
                EXTERNAL; None for no certificate.

        Raises:
            ConfigurationError: a name that no certificate can hold.
        """
        return self._world.client_context(certificate_for)

    def configure_trust(self, context: ssl.SSLContext) -> None:
        """Have a context of the user's own trust the authority of these ports as well."""
        self._world.open_surroundings.engine.authority.configure_trust(context)

    def env(self, number: int = 587) -> dict[str, str]:
        """The environment variables by which a child process finds a port, and trusts it; to be laid over its own.

        `SMTP_HOST`, `SMTP_PORT`, `SMTP_USERNAME`, `SMTP_PASSWORD`, `SMTP_TLS` (none, starttls or implicit) and
        `SMTP_CA_FILE` tell of the port; a port without logins has the two of these empty. `SSL_CERT_FILE`,
        `NODE_EXTRA_CA_CERTS` and, where they are set, `CURL_CA_BUNDLE` and `REQUESTS_CA_BUNDLE` name what was trusted
        before and the authority of these ports. The files stay until `close()`. A repr shows no password.

        Args:
            number: the emulated port.

        Raises:
            UnknownPort: a number that is not emulated.

        Example:
            >>> import os, subprocess, sys
            >>> from pytest_smtpports import SMTPPorts
            >>> program = "import os; print(os.environ['SMTP_TLS'])"
            >>> with SMTPPorts() as smtpports:
            ...     environment = os.environ | smtpports.env(465)
            ...     subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True).stdout.split()
            [b'implicit']
        """
        return variables_for(access_to(self.ports[number]), self._world.open_surroundings.trust.variables())

    def left_open(self) -> tuple[Connection, ...]:
        """The connections that go on now."""
        return self._world.left_open()

    # What can be changed

    def add_user(self, name: str, password: str) -> None:
        """Let one more user log in, until `reset()`."""
        self._world.accounts.add(name, password)

    def add_token(self, name: str, token: str) -> None:
        """Let a user log in by an OAuth token, with the mechanisms XOAUTH2 and OAUTHBEARER, until `reset()`."""
        self._world.accounts.add_token(name, token)

    def route(self, *hosts: str, ports: Iterable[int] | None = None, trust: str | None = "environment") -> Route:
        """Lead host names here, in this process, for code that is not changed.

        Args:
            hosts: names such as "smtp.example.com", or `*.example.com` for every name below that one; of two routes of
                a name the later one holds.
            ports: the emulated numbers that lead here; all of them unless told. Every other number is refused.
            trust: "environment" has new default TLS contexts, and child processes, trust the authority of these ports
                for the time of the route; "all" has contexts do so besides that were made before, or with another
                bundle of certificates, and these do so from then on; None nobody.

        Raises:
            ConfigurationError: no host name, or something that is none.
            UnknownPort: a number that is not emulated.
            UnknownName: a trust that does not exist.
        """
        route = Route(self._world, hosts, ports, trust)
        self._world.keep(route)
        return route

    def network(self, name: str) -> Handle:
        """Block what a network blocks, for new connections, on every way to the ports, until it is taken back.

        It takes the place of another network; what `block()`, `unblock()` and `only()` said before holds on where the
        network says nothing.

        Args:
            name: one that is shipped, such as "digitalocean", or of the hook `pytest_smtpports_networks`.

        Raises:
            UnknownName: a network that does not exist.
        """
        return self._world.lay_network(self._blocks_of(name))

    def real_time(self) -> Handle:
        """Have clients of this process wait as long as they would in the world, until it is taken back.

        Otherwise who dials a port that drops its SYNs gets at once what it would get at its timeout, and the record
        tells which that is.
        """
        return self._world.take_real_time()

    def _blocks_of(self, network: str) -> Mapping[int, Block]:
        # Those of ports that are not emulated wait for a provider that has them.
        return named(Network, network, known_networks(self._hook(), self._config)).blocks

    def provider(self, name: str, *, trust: str | None = "environment") -> Route:
        """Lead the hosts of a mail provider here, with its ports, its words and its convention for logins.

        Args:
            name: one that is shipped, such as "sendgrid", or of the hook `pytest_smtpports_providers`.
            trust: as in `route()`.

        Raises:
            UnknownName: a provider, or a trust, that does not exist.
        """
        provider = named(Provider, name, known_providers(self._hook(), self._config))
        route = Route(self._world, provider.hosts, None, trust, provider)
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

        Warns:
            NoTimeoutWarning: of each dial that would have waited for minutes.

        Raises:
            ServerError: its cause is the first exception.
        """
        self._world.raise_failures()


def _always(relay: pluggy.HookRelay) -> Callable[[], pluggy.HookRelay]:
    return lambda: relay


def _size(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ConfigurationError(f"memory_limit is a number of bytes from 0, not {number!r}.")
    return number


@lru_cache(maxsize=16)
def _bindable(host: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ConfigurationError(
            f"host is the address to bind, such as '127.0.0.1' or '::1', not {host!r}; "
            "a host name is led here with route()."
        ) from None
