"""What a port is: its role, its TLS mode, who may send through it. Nothing here listens or speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from .._errors import ConfigurationError, UnknownName, is_ours

MAX_PORT = 65535

# The SASL mechanisms that the session implements.
MECHANISMS = ("PLAIN", "LOGIN")

# The EHLO keywords that a profile may switch, in the order in which they are advertised.
# SIZE, STARTTLS and AUTH follow from size_limit, tls and auth.
EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "HELP")

_PRINTABLE_ASCII = re.compile(r"[ -~]+")

__tracebackhide__ = is_ours


class Role(str, Enum):
    """Who a port serves.

    `MTA` receives mail for its domains from other servers (RFC 5321), `SUBMISSION` takes new mail from clients
    that log in (RFC 6409), `SUBMISSIONS` is the same over implicit TLS (RFC 8314), and `ALTERNATE` is the
    unregistered port that mail providers run beside them.

    Example:
        >>> from pytest_smtpports import PROFILES, Role
        >>> PROFILES[465].role is Role.SUBMISSIONS
        True
    """

    __module__ = "pytest_smtpports"

    MTA = "mta"
    SUBMISSION = "submission"
    SUBMISSIONS = "submissions"
    ALTERNATE = "alternate"


class TLSMode(str, Enum):
    """When TLS begins: never, on the STARTTLS command (RFC 3207), or with the first byte (RFC 8314 §3).

    Example:
        >>> from pytest_smtpports import PROFILES, TLSMode
        >>> PROFILES[587].tls is TLSMode.STARTTLS
        True
    """

    __module__ = "pytest_smtpports"

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class AuthPolicy(str, Enum):
    """Whether a client may, must or must not log in before it sends (RFC 4954, RFC 6409 §4.3).

    Example:
        >>> from pytest_smtpports import PROFILES, AuthPolicy
        >>> PROFILES[25].auth is AuthPolicy.FORBIDDEN
        True
    """

    __module__ = "pytest_smtpports"

    FORBIDDEN = "forbidden"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a port is. Make a variant with `dataclasses.replace`.

    Attributes:
        number: the emulated port number, 1 to 65535.
        role: who the port serves.
        tls: when TLS begins.
        starttls_required: every command but EHLO, STARTTLS, NOOP and QUIT gets 530 until TLS is on (RFC 3207 §4).
        auth: whether a client logs in before MAIL.
        auth_in_clear: AUTH is offered before TLS too.
        mechanisms: the SASL mechanisms on offer, in the order in which EHLO names them.
        local_domains: the domains that a port without login takes mail for; empty means every domain.
        size_limit: the largest message in bytes, advertised with SIZE (RFC 1870), or None for no limit.
        extensions: the further EHLO keywords on offer.
        greeting: the text behind the host name in the 220 greeting.
        idle_timeout: seconds without a byte after which the port says 421 and closes (RFC 5321 §4.5.3.2.7).

    Raises:
        ConfigurationError: the fields contradict each other, or one is out of range.
        UnknownName: a mechanism or extension that does not exist.

    Example:
        >>> from dataclasses import replace
        >>> from pytest_smtpports import PROFILES
        >>> strict = replace(PROFILES[2525], starttls_required=True, auth_in_clear=False)
        >>> strict.number
        2525
    """

    __module__ = "pytest_smtpports"

    number: int
    role: Role
    tls: TLSMode = TLSMode.NONE
    starttls_required: bool = False
    auth: AuthPolicy = AuthPolicy.FORBIDDEN
    auth_in_clear: bool = False
    mechanisms: tuple[str, ...] = MECHANISMS
    local_domains: tuple[str, ...] = ()
    size_limit: int | None = 35_882_577
    extensions: tuple[str, ...] = EXTENSIONS
    greeting: str = "ESMTP ready"
    idle_timeout: float = 300.0

    def __post_init__(self) -> None:
        _check_number(self.number)
        _check_choice("role", self.role, Role)
        _check_choice("TLS mode", self.tls, TLSMode)
        _check_choice("auth policy", self.auth, AuthPolicy)
        _check_names("SASL mechanism", self.mechanisms, MECHANISMS)
        _check_names("EHLO keyword", self.extensions, EXTENSIONS)
        _check_tuple("domain", self.local_domains)
        _check_ranges(self)
        _check_contradictions(self)


def _check_number(number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MAX_PORT:
        raise ConfigurationError(f"A port number is an int from 1 to {MAX_PORT}, not {number!r}.")


def _check_choice(what: str, value: object, choices: type[Enum]) -> None:
    if not isinstance(value, choices):
        raise UnknownName(what, value, (f"{choices.__name__}.{choice.name}" for choice in choices))


def _check_tuple(what: str, names: object) -> None:
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"A tuple of {what}s is expected, such as ('x', 'y') or ('x',), not {names!r}.")


def _check_names(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    _check_tuple(what, names)
    for name in names:
        if name not in known:
            raise UnknownName(what, name, known)


def _check_ranges(profile: Profile) -> None:
    if profile.size_limit is not None and not (_is_number(profile.size_limit, int) and profile.size_limit >= 1):
        raise ConfigurationError(
            f"size_limit is a number of bytes from 1, or None for no limit, not {profile.size_limit!r}."
        )
    if not (_is_number(profile.idle_timeout, (int, float)) and profile.idle_timeout > 0):
        raise ConfigurationError(f"idle_timeout is a number of seconds above 0, not {profile.idle_timeout!r}.")
    if not _is_greeting(profile.greeting):
        raise ConfigurationError(f"greeting is one line of printable ASCII (RFC 5321 §4.2), not {profile.greeting!r}.")


def _is_greeting(value: object) -> bool:
    return isinstance(value, str) and _PRINTABLE_ASCII.fullmatch(value) is not None


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _check_contradictions(profile: Profile) -> None:
    if profile.starttls_required and profile.tls is not TLSMode.STARTTLS:
        raise ConfigurationError(
            f"starttls_required needs tls=TLSMode.STARTTLS; port {profile.number} has TLS mode {profile.tls.value!r}."
        )
    if profile.auth is AuthPolicy.FORBIDDEN:
        return
    if not profile.mechanisms:
        raise ConfigurationError(
            f"Port {profile.number} lets clients log in but offers no mechanism; name one of {MECHANISMS}."
        )
    if profile.tls is TLSMode.NONE and not profile.auth_in_clear:
        raise ConfigurationError(
            f"Nobody could ever log in at port {profile.number}: it has no TLS and auth_in_clear is False."
        )


# As the four ports are run in the world: RFC 5321 and RFC 3207 §4 (25), RFC 8314 §3.3 (465),
# RFC 6409 §4.3 with STARTTLS by policy (587); 2525 as mail providers document it.
PROFILES: Mapping[int, Profile] = MappingProxyType(
    {
        profile.number: profile
        for profile in (
            Profile(25, Role.MTA),
            Profile(465, Role.SUBMISSIONS, tls=TLSMode.IMPLICIT, auth=AuthPolicy.REQUIRED),
            Profile(587, Role.SUBMISSION, tls=TLSMode.STARTTLS, starttls_required=True, auth=AuthPolicy.REQUIRED),
            Profile(2525, Role.ALTERNATE, tls=TLSMode.STARTTLS, auth=AuthPolicy.REQUIRED, auth_in_clear=True),
        )
    }
)


def by_number(profiles: object) -> dict[int, Profile]:
    """Profiles, or a mapping that has them for its values, by their number.

    Raises:
        ConfigurationError: something that is no profile, or two of one number.
    """
    values = profiles.values() if isinstance(profiles, Mapping) else profiles
    if not isinstance(values, Iterable):
        raise ConfigurationError(f"Profiles are expected, such as [PROFILES[25]], not {profiles!r}.")
    found: dict[int, Profile] = {}
    for profile in values:
        if not isinstance(profile, Profile):
            raise ConfigurationError(f"A Profile is expected, such as PROFILES[25], not {profile!r}.")
        if profile.number in found:
            raise ConfigurationError(f"Two profiles have the number {profile.number}; a port can be one of them.")
        found[profile.number] = profile
    return found
