"""The kinds of block, from a SYN that is dropped to a server that is another one."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from .._errors import ConfigurationError, UnknownName, is_ours
from ._blocks import Block
from ._numbers import check_count, check_positive
from ._policy import STARTTLS
from ._profile import AuthPolicy, Profile, Role, TLSMode

if TYPE_CHECKING:
    from collections.abc import Mapping

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True)
class Drop(Block):
    """The SYN is dropped: a connect waits until its timeout, as most hosts and clouds do it.

    Example:
        >>> from pytest_smtpports import Drop
        >>> Drop().reason
        'the SYN was not answered'
    """

    __module__ = "pytest_smtpports"

    kind = "drop"
    reason = "the SYN was not answered"
    answers = False


@dataclass(frozen=True, slots=True)
class Refuse(Block):
    """The SYN is answered with RST: a connect fails at once with `ConnectionRefusedError`.

    Example:
        >>> from pytest_smtpports import Refuse
        >>> Refuse().reason
        'the connection was refused'
    """

    __module__ = "pytest_smtpports"

    kind = "refuse"
    reason = "the connection was refused"
    answers = False


class _Unreachable(Block):
    """A router tells by ICMP that the packet does not get through; a client of this process gets the error."""

    __slots__ = ()

    answers = False
    error: ClassVar[int]


@dataclass(frozen=True, slots=True)
class NetUnreachable(_Unreachable):
    """No route to the network: a connect fails at once with `OSError`, ENETUNREACH.

    By the patched socket module alone: another process is refused.

    Example:
        >>> from pytest_smtpports import NetUnreachable
        >>> NetUnreachable().reason
        'there is no route to the network'
    """

    __module__ = "pytest_smtpports"

    kind = "net-unreachable"
    reason = "there is no route to the network"
    error = errno.ENETUNREACH


@dataclass(frozen=True, slots=True)
class HostUnreachable(_Unreachable):
    """No route to the host: a connect fails at once with `OSError`, EHOSTUNREACH, as a firewall's ICMP has it on IPv4.

    By the patched socket module alone: another process is refused.

    Example:
        >>> from pytest_smtpports import HostUnreachable
        >>> HostUnreachable().reason
        'there is no route to the host'
    """

    __module__ = "pytest_smtpports"

    kind = "host-unreachable"
    reason = "there is no route to the host"
    error = errno.EHOSTUNREACH


@dataclass(frozen=True, slots=True)
class Prohibited(_Unreachable):
    """A router forbids it: a connect fails at once with `PermissionError`, EACCES, as ICMPv6 has it.

    By the patched socket module alone: another process is refused.

    Example:
        >>> from pytest_smtpports import Prohibited
        >>> Prohibited().reason
        'a router forbade the connection'
    """

    __module__ = "pytest_smtpports"

    kind = "prohibited"
    reason = "a router forbade the connection"
    error = errno.EACCES


@dataclass(frozen=True, slots=True)
class Reset(Block):
    """The connection comes about, and is reset before the greeting.

    Example:
        >>> from pytest_smtpports import Reset
        >>> Reset().reason
        'the connection was reset before the greeting'
    """

    __module__ = "pytest_smtpports"

    kind = "reset"
    reason = "the connection was reset before the greeting"


@dataclass(frozen=True, slots=True)
class Close(Block):
    """The connection comes about, and is closed before the greeting.

    Example:
        >>> from pytest_smtpports import Close
        >>> Close().reason
        'the connection was closed before the greeting'
    """

    __module__ = "pytest_smtpports"

    kind = "close"
    reason = "the connection was closed before the greeting"


@dataclass(frozen=True, slots=True)
class Silent(Block):
    """The connection comes about, and nothing is ever said.

    Example:
        >>> from pytest_smtpports import Silent
        >>> Silent().reason
        'no greeting came'
    """

    __module__ = "pytest_smtpports"

    kind = "silent"
    reason = "no greeting came"


@dataclass(frozen=True, slots=True)
class Tarpit(Block):
    """The port answers, but its bytes come one after the other.

    A timeout for each read is never reached, one for the whole connection is.

    Attributes:
        bytes_per_second: how many, above 0.

    Raises:
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Tarpit
        >>> Tarpit(bytes_per_second=5).bytes_per_second
        5
    """

    __module__ = "pytest_smtpports"

    kind = "tarpit"
    reason = "every reply came a few bytes at a time"
    stops = False

    bytes_per_second: float = 1.0

    def __post_init__(self) -> None:
        check_positive("bytes_per_second", self.bytes_per_second)


@dataclass(frozen=True, slots=True)
class Banner(Block):
    """The greeting refuses to serve (RFC 5321 §3.1): 554, 521 or 421.

    Attributes:
        text: the whole of it.

    Raises:
        ConfigurationError: a reply that is no such greeting.

    Example:
        >>> from pytest_smtpports import Banner
        >>> Banner("554 5.7.1 Not from a dial-up address").text
        '554 5.7.1 Not from a dial-up address'
    """

    __module__ = "pytest_smtpports"

    kind = "banner"
    reason = "the greeting was a refusal"

    text: str = "554 5.7.1 Your network may not connect here"

    def __post_init__(self) -> None:
        # A profile knows what refuses to serve.
        if Profile(25, Role.MTA, greeting=self.text).turns_away is None:
            raise ConfigurationError(
                f"A banner turns clients away, as '554 5.7.1 No' does, or one with 521 or 421; {self.text!r} does not."
            )


@dataclass(frozen=True, slots=True)
class Intercept(Block):
    """Another server answers, such as a provider's relay: with its own name and certificate, and without logins.

    A certificate that is checked does not fit the name that was dialled.

    Attributes:
        host: what it calls itself.
        starttls: whether it offers STARTTLS, where TLS does not begin at once.

    Raises:
        ConfigurationError: no host name.

    Example:
        >>> from pytest_smtpports import Intercept
        >>> Intercept(starttls=False).host
        'relay.isp.example'
    """

    __module__ = "pytest_smtpports"

    kind = "intercept"
    reason = "another server answered"
    stops = False

    host: str = "relay.isp.example"
    starttls: bool = True

    def __post_init__(self) -> None:
        _check_host(self.host)


@dataclass(frozen=True, slots=True)
class StripSTARTTLS(Block):
    """STARTTLS is taken out of the reply to EHLO, and out of what the client says.

    A port whose TLS begins at once has nothing of the kind, and is let through.

    Attributes:
        masked: the keyword is overwritten with X instead of taken out, as some firewalls do it.

    Example:
        >>> from pytest_smtpports import StripSTARTTLS
        >>> StripSTARTTLS(masked=True).keyword
        'XXXXXXXA'
    """

    __module__ = "pytest_smtpports"

    kind = "strip-starttls"
    reason = "STARTTLS was taken out of the reply to EHLO"
    stops = False

    masked: bool = False

    @property
    def keyword(self) -> str | None:
        """What stands in the place of STARTTLS, or None."""
        return "XXXXXXXA" if self.masked else None


@dataclass(frozen=True, slots=True)
class HTTP(Block):
    """What answers speaks HTTP, as a captive portal does.

    Example:
        >>> from pytest_smtpports import HTTP
        >>> HTTP().reason
        'what answered spoke HTTP'
    """

    __module__ = "pytest_smtpports"

    kind = "http"
    reason = "what answered spoke HTTP"


@dataclass(frozen=True, slots=True)
class DNS(Block):
    """Routed names stop resolving: a look-up fails with `socket.gaierror`.

    By the patched socket module alone. A port that is dialled by its address is let through.

    Example:
        >>> from pytest_smtpports import DNS
        >>> DNS().reason
        'the name was not resolved'
    """

    __module__ = "pytest_smtpports"

    kind = "dns"
    reason = "the name was not resolved"
    stops = False


@dataclass(frozen=True, slots=True)
class Throttle(Block):
    """So many connections are let through, and every further SYN is dropped.

    Attributes:
        connections: how many, from 1.

    Raises:
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Throttle
        >>> Throttle(connections=3)
        Throttle(connections=3)
    """

    __module__ = "pytest_smtpports"

    kind = "throttle"
    reason = "the SYN was not answered: no more connections are let through"
    stops = False

    connections: int = 1

    def __post_init__(self) -> None:
        check_count("connections", self.connections)


@dataclass(frozen=True, slots=True)
class Stall(Block):
    """So many replies come through, and then nothing any more, either way.

    Attributes:
        replies: how many, the greeting among them, from 1.

    Raises:
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Stall
        >>> Stall(replies=2)
        Stall(replies=2)
    """

    __module__ = "pytest_smtpports"

    kind = "stall"
    reason = "nothing came any more in the middle of the session"
    stops = False

    replies: int = 1

    def __post_init__(self) -> None:
        check_count("replies", self.replies)


_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def _check_host(host: object) -> None:
    if not isinstance(host, str) or _HOST_NAME.fullmatch(host) is None:
        raise ConfigurationError(f"host is a name such as 'relay.isp.example', not {host!r}.")


_ALL: tuple[type[Block], ...] = (
    Drop,
    Refuse,
    NetUnreachable,
    HostUnreachable,
    Prohibited,
    Reset,
    Close,
    Silent,
    Tarpit,
    Banner,
    Intercept,
    StripSTARTTLS,
    HTTP,
    DNS,
    Throttle,
    Stall,
)
KINDS: Mapping[str, type[Block]] = {block.kind: block for block in _ALL}


def block_of(how: str | Block) -> Block:
    """The block that `how=` means.

    Raises:
        UnknownName: no kind of that name.
    """
    if isinstance(how, Block):
        return how
    said: object = how
    if isinstance(said, type) and issubclass(said, Block):
        raise ConfigurationError(f"how= takes a block, such as {said.__name__}(), not the class itself.")
    if how not in tuple(KINDS):
        raise UnknownName("block kind", how, KINDS)
    return KINDS[how]()


def error_of(block: Block | None) -> int | None:
    """The error number that a connect of this process fails with before anything is sent, or None."""
    return block.error if isinstance(block, _Unreachable) else None


def served(profile: Profile, block: Block | None) -> Profile:
    """What a client meets in the place of a port."""
    if isinstance(block, Banner):
        # What answers is no submission server, to which 521 is forbidden (RFC 6409 §7).
        role = Role.LMTP if profile.role is Role.LMTP else Role.MTA
        return replace(profile, role=role, greeting=block.text)
    if isinstance(block, Intercept):
        clear = TLSMode.STARTTLS if block.starttls else TLSMode.NONE
        implicit = profile.tls is TLSMode.IMPLICIT
        return Profile(profile.number, Role.MTA, tls=TLSMode.IMPLICIT if implicit else clear, auth=AuthPolicy.FORBIDDEN)
    return profile


def hindrance(block: Block, profile: Profile) -> str | None:
    """What a client is up against that gets through all the same, as a sentence, or None.

    Args:
        block: what the network has put in its way.
        profile: what it meets.
    """
    if isinstance(block, Tarpit):
        rate = block.bytes_per_second
        return f"the tarpit let {rate:g} byte{'s' * (rate != 1)} per second through"
    if isinstance(block, Intercept):
        own = "" if profile.tls is TLSMode.NONE else ", with a certificate of its own"
        return f"another server answered, {block.host}{own}"
    if isinstance(block, StripSTARTTLS) and profile.tls is TLSMode.STARTTLS:
        return "STARTTLS was taken out of every reply to EHLO"
    return None


def starttls_of(block: Block | None) -> str | None:
    """What a client sees in the place of the keyword STARTTLS."""
    return block.keyword if isinstance(block, StripSTARTTLS) else STARTTLS
