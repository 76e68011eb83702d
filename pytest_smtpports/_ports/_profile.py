"""What a port is: its role, its TLS mode, who may send through it. Nothing here listens or speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from .._errors import ConfigurationError, UnknownName, is_ours
from ._numbers import check_seconds
from ._personality import DEFAULT, personality, personality_names
from ._reply import Reply
from ._sasl import EXCHANGES

MAX_PORT = 65535

# The SASL mechanisms that there are.
MECHANISMS = tuple(EXCHANGES)

# The EHLO keywords that a profile may switch; in which order they are named is the personality's.
# SIZE, STARTTLS and AUTH follow from size_limit, tls and auth.
EXTENSIONS = (
    "PIPELINING",
    "8BITMIME",
    "SMTPUTF8",
    "DSN",
    "CHUNKING",
    "BINARYMIME",
    "ENHANCEDSTATUSCODES",
    "VRFY",
    "HELP",
)

# RFC 5321 §3.1, RFC 7504 §3, RFC 5321 §4.3.2: how a port may turn away whoever connects.
_REFUSING_GREETINGS = frozenset({554, 521, 421})
_PRINTABLE_ASCII = re.compile(r"[ -~]+")

__tracebackhide__ = is_ours


class Role(str, Enum):
    """Who a port serves.

    `MTA` receives mail for its domains from other servers (RFC 5321), `SUBMISSION` takes new mail from clients
    that log in (RFC 6409), `SUBMISSIONS` is the same over implicit TLS (RFC 8314), `ALTERNATE` is the
    unregistered port that mail providers run beside them, and `LMTP` hands mail over to its last station, one reply
    for each recipient (RFC 2033).

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
    LMTP = "lmtp"


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
        mechanisms: the SASL mechanisms on offer, in the order in which EHLO names them, if the personality has none of
            its own.
        local_domains: the domains that a port without login takes mail for; empty means every domain.
        size_limit: the largest message in bytes, advertised with SIZE (RFC 1870), or None for no limit.
        extensions: the further EHLO keywords on offer, where the personality knows them.
        greeting: the text behind the host name in the 220 greeting, or None for the personality's; or a refusal to
            serve, such as "554 No mail here" (RFC 5321 §3.1), "521 ..." (RFC 7504) or "421 ...".
        idle_timeout: seconds without a byte after which the port says 421 and closes (RFC 5321 §4.5.3.2.7);
            a TLS handshake has 60 seconds of its own.
        text_line_limit: the longest line of a message in octets, its CRLF counted; RFC 5321 §4.5.3.1.6 lets a server
            refuse more than 1,000. None, because real clients send longer ones and real servers take them.
        personality: whose words the port speaks, and whose deviations from the RFCs it has: "rfc", "postfix", "exim",
            "gmail", "microsoft365", "ses", "sendgrid", "mailgun". The deviations go before the other fields:
            "sendgrid" and "mailgun" take logins and mail in clear whatever starttls_required and auth_in_clear say.

    Raises:
        ConfigurationError: the fields contradict each other, or one is out of range.
        UnknownName: a mechanism, extension or personality that does not exist.

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
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    local_domains: tuple[str, ...] = ()
    size_limit: int | None = 35_882_577
    extensions: tuple[str, ...] = EXTENSIONS
    greeting: str | None = None
    idle_timeout: float = 300.0
    text_line_limit: int | None = None
    personality: str = DEFAULT

    def __post_init__(self) -> None:
        _check_number(self.number)
        _check_choice("role", self.role, Role)
        _check_choice("TLS mode", self.tls, TLSMode)
        _check_choice("auth policy", self.auth, AuthPolicy)
        _check_names("SASL mechanism", self.mechanisms, MECHANISMS)
        _check_names("EHLO keyword", self.extensions, EXTENSIONS)
        _check_tuple("domain", self.local_domains)
        if self.personality != DEFAULT and self.personality not in personality_names():
            raise UnknownName("personality", self.personality, personality_names())
        _check_ranges(self)
        _check_contradictions(self)

    @property
    def turns_away(self) -> Reply | None:
        """The greeting by which the port refuses to serve anybody, or None."""
        return _refusal_in(self.greeting)


# RFC 2033 §5
LMTP_NEVER_ON = 25
_FOR_CLIENTS = frozenset({Role.SUBMISSION, Role.SUBMISSIONS, Role.ALTERNATE})


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
    if len(set(names)) < len(names):
        raise ConfigurationError(f"Each {what} is named once, not as in {names!r}.")


def _check_ranges(profile: Profile) -> None:
    for name in ("size_limit", "text_line_limit"):
        limit = getattr(profile, name)
        if limit is not None and not (isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1):
            raise ConfigurationError(f"{name} is a number of bytes from 1, or None for no limit, not {limit!r}.")
    check_seconds("idle_timeout", profile.idle_timeout)
    if not _is_greeting(profile.greeting):
        raise ConfigurationError(f"greeting is one line of printable ASCII (RFC 5321 §4.2), not {profile.greeting!r}.")


def _is_greeting(value: object) -> bool:
    return value is None or (isinstance(value, str) and _PRINTABLE_ASCII.fullmatch(value) is not None)


def _refusal_in(greeting: str | None) -> Reply | None:
    if greeting is None or re.match(r"\d{3}(?: |$)", greeting, re.ASCII) is None:
        return None
    reply = Reply.parse(greeting)
    if reply.code not in _REFUSING_GREETINGS:
        raise ConfigurationError(
            f"A greeting with a code of its own turns clients away: 554, 521 or 421, not {greeting!r}. "
            "The text behind 220 is given without its code."
        )
    return reply


def _check_contradictions(profile: Profile) -> None:
    if profile.starttls_required and profile.tls is not TLSMode.STARTTLS:
        raise ConfigurationError(
            f"starttls_required needs tls=TLSMode.STARTTLS; port {profile.number} has TLS mode {profile.tls.value!r}."
        )
    if profile.role is Role.LMTP and profile.number == LMTP_NEVER_ON:
        raise ConfigurationError("LMTP must not be spoken on port 25 (RFC 2033 §5); its usual number is 24.")
    if profile.role is Role.LMTP and profile.tls is TLSMode.IMPLICIT:
        raise ConfigurationError("LMTP begins in clear; TLS comes with STARTTLS, or not at all.")
    refusal = profile.turns_away
    if refusal is not None and refusal.code == 521 and profile.role in _FOR_CLIENTS:
        raise ConfigurationError(
            "521 is for hosts that never take mail; a submission port says 554 or 421 (RFC 6409 §7)."
        )
    if profile.auth is AuthPolicy.FORBIDDEN:
        return
    if not profile.mechanisms:
        raise ConfigurationError(
            f"Port {profile.number} lets clients log in but offers no mechanism; name one of {MECHANISMS}."
        )
    in_clear = profile.auth_in_clear or personality(profile.personality).auth_in_clear
    if profile.tls is TLSMode.NONE and not in_clear:
        raise ConfigurationError(
            f"Nobody could ever log in at port {profile.number}: it has no TLS and auth_in_clear is False."
        )


def _numbered(*profiles: Profile) -> Mapping[int, Profile]:
    return MappingProxyType({profile.number: profile for profile in profiles})


_SUBMISSION = Profile(587, Role.SUBMISSION, tls=TLSMode.STARTTLS, starttls_required=True, auth=AuthPolicy.REQUIRED)
_SUBMISSIONS = Profile(465, Role.SUBMISSIONS, tls=TLSMode.IMPLICIT, auth=AuthPolicy.REQUIRED)
_ALTERNATE = Profile(2525, Role.ALTERNATE, tls=TLSMode.STARTTLS, auth=AuthPolicy.REQUIRED, auth_in_clear=True)

# As the four ports are run in the world: RFC 5321 and RFC 3207 §4 (25), RFC 8314 §3.3 (465),
# RFC 6409 §4.3 with STARTTLS by policy (587); 2525 as mail providers document it.
PROFILES: Mapping[int, Profile] = _numbered(Profile(25, Role.MTA), _SUBMISSIONS, _SUBMISSION, _ALTERNATE)

# The kindred ports, for whoever names them: LMTP by convention (24), the way around a blocked 25 of shared hosting (26)
# and of providers (588, 2465, 2587, 8025, 8465), and the sink of development tools (1025).
KINDRED: Mapping[int, Profile] = _numbered(
    Profile(24, Role.LMTP),
    replace(_ALTERNATE, number=26),
    replace(_ALTERNATE, number=588),
    Profile(1025, Role.ALTERNATE),
    replace(_SUBMISSIONS, number=2465),
    replace(_SUBMISSION, number=2587),
    replace(_ALTERNATE, number=8025),
    replace(_SUBMISSIONS, number=8465),
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
