"""One emulated port, as a user holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload
from urllib.parse import quote

from .._errors import ConfigurationError, is_ours
from .._mail._mailbox import Mailbox
from .._ports._faults import BadTLS
from .._ports._kinds import block_of
from .._ports._profile import AuthPolicy, Profile, Role, TLSMode
from ._client_settings import TRUSTING_BY_ENVIRONMENT, Access, settings_for
from ._laying import Terms, lay_fault

if TYPE_CHECKING:
    import smtplib
    from collections.abc import Iterator

    from .._mail._connection import Connection
    from .._network._door import Door
    from .._network._site import Site
    from .._ports._blocks import Block
    from .._ports._faults import Action, Condition
    from .._ports._known_fault import Fault
    from .._ports._reply import Reply
    from ._handle import Handle
    from ._world import World

# How long `connect()` gives a port that is on this machine, in seconds.
CONNECT_TIMEOUT = 10.0
# The mechanisms by which smtplib logs in with a password.
_WITH_PASSWORD = frozenset({"PLAIN", "LOGIN", "CRAM-MD5"})
# For all that is not SMTP.
_SCHEMES = {Role.LMTP: "lmtp"}

__tracebackhide__ = is_ours


class Port:
    """One emulated port: of the bind address, or of a routed host.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     port = smtpports.ports[587]
        ...     with port.connect() as client:
        ...         _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
        ...     print(port.number, port.messages.only.subject)
        587 Hello
    """

    __module__ = "pytest_smtpports"

    def __init__(self, world: World, number: int, site: Site | None = None) -> None:
        self._world = world
        self._site = site
        self._number = number

    def __repr__(self) -> str:
        name = f"{self._site.host}:{self._number}" if self._site else str(self._number)
        block = self._world.block(self._number, self._scope)
        state = f" blocked ({block.kind})" if block else ""
        return f"<Port {name} {self.profile.role.value}, TLS {self.profile.tls.value}{state}>"

    @property
    def number(self) -> int:
        """The emulated number, such as 587."""
        return self._number

    @property
    def profile(self) -> Profile:
        """What the port is."""
        return self._world.profiles[self._number] if self._site is None else self._site.profiles[self._number]

    @property
    def host(self) -> str:
        """The address to dial, such as "127.0.0.1"."""
        return self._door.address[0]

    @property
    def port(self) -> int:
        """The local port to dial; an ephemeral number."""
        return self._door.address[1]

    @property
    def address(self) -> tuple[str, int]:
        """`(host, port)`, as `smtplib.SMTP(*port.address)` takes it."""
        return self._door.address

    @property
    def url(self) -> str:
        """A URL, of smtp, for implicit TLS smtps, for LMTP lmtp; with user and password where clients can log in."""
        scheme = _SCHEMES.get(self.profile.role, "smtps" if self.profile.tls is TLSMode.IMPLICIT else "smtp")
        login = ""
        if self.profile.auth is not AuthPolicy.FORBIDDEN:
            login = ":".join(quote(word, safe="") for word in self._login) + "@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{login}{host}:{self.port}"

    def settings(self, style: str) -> dict[str, Any]:
        """What a client is configured with, for verified TLS where the port has TLS, and a login where it has logins.

        A route's port is told as the application knows it, by the routed name and the emulated number. Django trusts
        whom the environment trusts: for a port without a route that is lent to these ports, until `close()`. A repr of
        what is returned shows no password.

        Args:
            style: "django": settings. "flask-mail": configuration values. "fastapi-mail": keywords of
                `ConnectionConfig`, to which `MAIL_FROM` has to be added. "aiosmtplib": keywords of `SMTP` and `send`.
                "smtplib": by the name of each call that is wanted, in order, its keywords: `SMTP`, `SMTP_SSL` or
                `LMTP`, then `starttls`, then `login`. "nodemailer": the options of a transport; JSON can hold them.

        Raises:
            UnknownName: a style that does not exist.
            ConfigurationError: the client does not speak LMTP, or a pattern's names are not known.

        Example:
            >>> from pytest_smtpports import SMTPPorts
            >>> with SMTPPorts() as smtpports:
            ...     settings = smtpports.route("smtp.example.com")[465].settings("flask-mail")
            >>> {name: settings[name] for name in ("MAIL_SERVER", "MAIL_PORT", "MAIL_USE_SSL")}
            {'MAIL_SERVER': 'smtp.example.com', 'MAIL_PORT': 465, 'MAIL_USE_SSL': True}
        """
        settings = settings_for(style, access_to(self))
        if style in TRUSTING_BY_ENVIRONMENT and self._site is None:
            self._world.lend_trust()
        return settings

    @property
    def messages(self) -> Mailbox:
        """What this port has taken."""
        return Mailbox(each for each in self._world.mailbox() if self._is_mine(each.port, each.host))

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections to this port, and the attempts."""
        return tuple(each for each in self._world.connections() if self._is_mine(each.port, each.host))

    @property
    def blocked(self) -> Block | None:
        """The block that holds now, or None."""
        return self._world.network.block(self._number, self._scope)

    def block(self, how: str | Block = "drop") -> Handle:
        """Block this port for new connections: "drop", "refuse", any other kind, or a `Block`.

        Raises:
            UnknownName: a kind that does not exist.
        """
        return self._world.lay({self._number: block_of(how)}, self._scope)

    def unblock(self) -> Handle:
        """Let new connections to this port through."""
        return self._world.lay({self._number: None}, self._scope)

    @overload
    def fail(
        self,
        fault: str | Fault,
        /,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        connection: int | None = None,
    ) -> Handle: ...

    @overload
    def fail(
        self,
        stage: str,
        action: str | Reply | Action,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        connection: int | None = None,
    ) -> Handle: ...

    def fail(
        self,
        stage: str | Fault,
        action: str | Reply | Action | None = None,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        connection: int | None = None,
    ) -> Handle:
        """Have something go wrong at this port; the arguments are those of `SMTPPorts.fail()`.

        Raises:
            UnknownName: a stage that does not exist.
            UnknownFault: a fault that does not exist.
            ConfigurationError: an action that has no place there, or something that can never happen.
        """
        return lay_fault(
            self._world,
            {self._number: self.profile},
            self._scope,
            stage,
            action,
            Terms(times, after, mail_from, recipient, connection),
        )

    def fail_tls(self, kind: str, *, times: int | None = None, after: int = 0, connection: int | None = None) -> Handle:
        """Show a bad certificate, or speak TLS that a good client refuses; the arguments are `SMTPPorts.fail_tls()`'s.

        Raises:
            UnknownName: a kind that does not exist.
            ConfigurationError: the port has no TLS, or a number can't be meant.
        """
        return self.fail("handshake", BadTLS(kind), times=times, after=after, connection=connection)

    def connect(self) -> smtplib.SMTP:
        """An `smtplib` client, as the port wants it: over verified TLS where it has TLS, logged in where it has logins.

        Raises:
            OSError: the port is blocked; smtplib's own exceptions are among these.
            ConfigurationError: the port offers no mechanism with a password.
        """
        import smtplib

        wants_login = self.profile.auth is not AuthPolicy.FORBIDDEN
        if wants_login and not _WITH_PASSWORD.intersection(self.profile.mechanisms):
            raise ConfigurationError(
                f"connect() logs in by {', '.join(sorted(_WITH_PASSWORD))}; port {self.number} offers only "
                f"{', '.join(self.profile.mechanisms)}. Connect with a client of your own."
            )

        context = None if self.profile.tls is TLSMode.NONE else self._world.client_context()
        if self.profile.tls is TLSMode.IMPLICIT:
            client: smtplib.SMTP = smtplib.SMTP_SSL(*self.address, timeout=CONNECT_TIMEOUT, context=context)
        else:
            kind = smtplib.LMTP if self.profile.role is Role.LMTP else smtplib.SMTP
            client = kind(*self.address, timeout=CONNECT_TIMEOUT)
        try:
            if self.profile.tls is TLSMode.STARTTLS:
                client.starttls(context=context)
            if wants_login:
                client.login(*self._login)
        except BaseException:
            client.close()
            raise
        return client

    @property
    def _door(self) -> Door:
        return self._world.network.door(self._number, self._site)

    @property
    def _login(self) -> tuple[str, str]:
        scope = self._scope
        lent: Any = self._world if scope is None else scope
        return lent.username, lent.password

    @property
    def _scope(self) -> object:
        return self._site.scope if self._site else None

    def _is_mine(self, port: int, host: str | None) -> bool:
        return port == self._number and (self._site is None or self._site.covers(host))


def access_to(port: Port) -> Access:
    """What a client needs to know of a port, which is open from now on.

    Raises:
        ConfigurationError: it is that of a pattern.
    """
    host, number = port.address
    if port._site is not None:
        if port._site.is_pattern:
            raise ConfigurationError(
                f"A client is told one name, and {port._site.host} stands for many. "
                "Route the name that it dials as well."
            )
        host, number = port._site.host or host, port.number
    return Access(
        host,
        number,
        port.profile.tls,
        None if port.profile.auth is AuthPolicy.FORBIDDEN else port._login,
        str(port._world.open_surroundings.ca_file),
        lmtp=port.profile.role is Role.LMTP,
    )


class Ports:
    """The emulated ports: `ports[587]` is one, iterating gives each, in ascending order.

    Raises:
        UnknownPort: from `ports[number]`, for a number that is not emulated.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     [port.number for port in smtpports.ports], 588 in smtpports.ports
        ([25, 465, 587, 2525], False)
    """

    __module__ = "pytest_smtpports"

    def __init__(self, world: World, site: Site | None = None) -> None:
        self._world = world
        self._site = site
        self._numbers = tuple(sorted(site.numbers)) if site else world.numbers

    def __getitem__(self, number: int) -> Port:
        return Port(self._world, self._world.checked(number, self._numbers), self._site)

    def __iter__(self) -> Iterator[Port]:
        return (Port(self._world, number, self._site) for number in self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, number: object) -> bool:
        return number in self._numbers

    def __repr__(self) -> str:
        return f"<Ports {', '.join(map(str, self._numbers))}>"
