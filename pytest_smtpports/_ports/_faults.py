"""What can go wrong in a session: at which stage, and what the port does there instead. Values, and what fits what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Union

from .._errors import ConfigurationError, UnknownName, is_ours
from .._texts import folded
from ._flaws import FLAWS
from ._numbers import check_count, check_positive
from ._profile import AuthPolicy, TLSMode
from ._reply import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._profile import Profile

__tracebackhide__ = is_ours


class Stage(str, Enum):
    """Where in a session a fault has its place, in the order in which a client comes by."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"
    QUIT = "quit"


# The commands by which a client comes to a stage (RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3207, RFC 4954). BDAT has no
# reply of its own before the message is there (RFC 3030 §2).
STAGES: Mapping[str, Stage] = {
    "EHLO": Stage.EHLO,
    "HELO": Stage.EHLO,
    "LHLO": Stage.EHLO,
    "STARTTLS": Stage.STARTTLS,
    "AUTH": Stage.AUTH,
    "MAIL": Stage.MAIL,
    "RCPT": Stage.RCPT,
    "DATA": Stage.DATA,
    "QUIT": Stage.QUIT,
}
# Where nothing is said, no reply has a place.
_WORDLESS = frozenset({Stage.CONNECT, Stage.HANDSHAKE})
# Where the sender, and where a recipient, is known.
_WITH_SENDER = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE})
_WITH_RECIPIENT = frozenset({Stage.RCPT, Stage.DATA, Stage.MESSAGE})
# Where one reply ends what a client waits for.
_WITH_ONE_REPLY = frozenset({Stage.BANNER, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.MESSAGE, Stage.QUIT})


class Action:
    """What a port does at a stage, in the place of what it should do, or before it.

    Example:
        >>> from pytest_smtpports import Action, Hang
        >>> isinstance(Hang(), Action)
        True
    """

    __module__ = "pytest_smtpports"

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Disconnect(Action):
    """The connection ends, without a word: by the time that the client has said what the stage is about.

    Attributes:
        how: "fin", as a server that closes its side, or "reset", as one that is gone (RFC 9293 §3.10.5).
        after_bytes: at the stage "data": not upon the command, but when so many octets of the message have come, or all
            of them.

    Raises:
        UnknownName: another way.
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Disconnect
        >>> Disconnect("reset")
        Disconnect(how='reset')
    """

    __module__ = "pytest_smtpports"

    how: str = "fin"
    after_bytes: int = 0

    def __post_init__(self) -> None:
        if self.how not in ("fin", "reset"):
            raise UnknownName("way to disconnect", self.how, ("fin", "reset"))
        if self.after_bytes != 0:
            check_count("after_bytes", self.after_bytes)

    def __repr__(self) -> str:
        after = f", after_bytes={self.after_bytes}" if self.after_bytes else ""
        return f"Disconnect(how={self.how!r}{after})"


@dataclass(frozen=True, slots=True)
class Delay(Action):
    """The port takes its time, and goes on as if nothing had been.

    Attributes:
        seconds: how long, by the real clock; above 0.

    Raises:
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Delay
        >>> Delay(0.5).seconds
        0.5
    """

    __module__ = "pytest_smtpports"

    seconds: float

    def __post_init__(self) -> None:
        check_positive("seconds", self.seconds)


@dataclass(frozen=True, slots=True)
class Drip(Action):
    """The reply comes a few bytes at a time.

    Attributes:
        bytes_per_second: how many, above 0.

    Raises:
        ConfigurationError: no such number.

    Example:
        >>> from pytest_smtpports import Drip
        >>> Drip(bytes_per_second=20)
        Drip(bytes_per_second=20)
    """

    __module__ = "pytest_smtpports"

    bytes_per_second: float

    def __post_init__(self) -> None:
        check_positive("bytes_per_second", self.bytes_per_second)


@dataclass(frozen=True, slots=True)
class Garbage(Action):
    """Bytes that are no reply, in the place of one; at the handshake, before TLS begins. The port goes on listening.

    Attributes:
        data: the bytes, one at least.

    Raises:
        ConfigurationError: something else.

    Example:
        >>> from pytest_smtpports import Garbage
        >>> Garbage(b"\\x00\\xff").data
        b'\\x00\\xff'
    """

    __module__ = "pytest_smtpports"

    data: bytes

    def __post_init__(self) -> None:
        data: object = self.data
        if not isinstance(data, bytes) or not data:
            raise ConfigurationError(f"Garbage takes bytes, such as b'\\x00\\xff', not {data!r}.")


@dataclass(frozen=True, slots=True)
class Hang(Action):
    """Nothing comes any more, until the client gives up or the test ends.

    Example:
        >>> from pytest_smtpports import Hang
        >>> Hang()
        Hang()
    """

    __module__ = "pytest_smtpports"


@dataclass(frozen=True, slots=True)
class BadTLS(Action):
    """A bad certificate, or TLS that a good client refuses; one that goes along with it goes on, and that is recorded.

    Attributes:
        kind: by badssl's names: "expired", "not-yet-valid", "wrong-host", "self-signed", "untrusted-root",
            "incomplete-chain", "weak-key", "wrong-usage", "tls1.0", "tls1.1", "no-shared-cipher" or
            "client-certificate-required".

    Raises:
        UnknownName: another kind.

    Example:
        >>> from pytest_smtpports import BadTLS
        >>> BadTLS("expired")
        BadTLS(kind='expired')
    """

    __module__ = "pytest_smtpports"

    kind: str

    def __post_init__(self) -> None:
        kind: object = self.kind
        if not isinstance(kind, str) or kind not in FLAWS:
            raise UnknownName("kind of bad TLS", kind, FLAWS)


@dataclass(frozen=True, slots=True)
class AcceptThen(Action):
    """The message is stored, and the client never learns of it: the ambiguous delivery (RFC 5321 §6.1).

    It is in the mailbox with `acknowledged=False`.

    Attributes:
        action: what happens then: `Disconnect`, `Hang`, `Garbage`, or a `Reply` with 4yz or 5yz.

    Raises:
        ConfigurationError: anything else.

    Example:
        >>> from pytest_smtpports import AcceptThen, Disconnect
        >>> AcceptThen(Disconnect()).action
        Disconnect(how='fin')
    """

    __module__ = "pytest_smtpports"

    action: Reply | Action

    def __post_init__(self) -> None:
        is_refusal = isinstance(self.action, Reply) and self.action.code >= 400
        if not is_refusal and not isinstance(self.action, (Disconnect, Hang, Garbage)):
            raise ConfigurationError(
                "accept_then() takes what keeps the client from its 250: Disconnect(), Hang(), Garbage(...), or a "
                f"reply with 4yz or 5yz, not {self.action!r}."
            )


def accept_then(action: str | Reply | Action) -> AcceptThen:
    """Store the message, and then do something else than acknowledge it.

    Args:
        action: `Disconnect()`, `Hang()`, `Garbage(...)`, or a reply with 4yz or 5yz.

    Raises:
        ConfigurationError: anything else.

    Example:
        >>> from pytest_smtpports import accept_then
        >>> accept_then("451 4.3.0 Try again").action.code
        451
    """
    return AcceptThen(Reply.parse(action) if isinstance(action, str) else action)


accept_then.__module__ = "pytest_smtpports"


# A string is the address, a pattern is searched for in it, a function decides.
Condition = Union[str, "re.Pattern[str]", Callable[[str], object]]


# As an envelope has it; and what is no address, and has a place there all the same (RFC 5321 §4.5.1, §4.5.5).
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>@]+")
_SPECIAL: Mapping[str, tuple[str, ...]] = {"mail_from": ("", "<>"), "recipient": ("postmaster", "Postmaster")}


def stage_of(name: str) -> Stage:
    """The stage of that name.

    Raises:
        UnknownName: there is none.
    """
    try:
        return Stage(name)
    except ValueError:
        raise UnknownName("stage", name, [stage.value for stage in Stage]) from None


def action_of(stage: Stage, action: object) -> Reply | Action:
    """What is to be done at a stage.

    Raises:
        ConfigurationError: it has no place there, or is nothing of the kind.
    """
    if isinstance(action, str):
        action = Reply.parse(action)
    if not isinstance(action, (Reply, Action)):
        raise ConfigurationError(
            "A fault does something: a reply such as '450 4.7.1 Greylisted', Disconnect('fin' | 'reset'), "
            f"Delay(seconds), Drip(bytes_per_second), Garbage(bytes), Hang(), BadTLS(kind) or accept_then(...), not "
            f"{action!r}."
        )
    if isinstance(action, Disconnect) and action.after_bytes and stage is not Stage.DATA:
        raise ConfigurationError(
            "after_bytes= counts the octets of a message, and "
            f"has no place at the stage {stage.value!r}, but at 'data'."
        )
    valid = _PLACES.get(type(action), frozenset(Stage))
    if stage not in valid:
        raise ConfigurationError(
            f"{type(action).__name__} has no place at the stage {stage.value!r}; it has one at "
            f"{', '.join(each.value for each in Stage if each in valid)}."
        )
    return action


_PLACES: Mapping[type, frozenset[Stage]] = {
    Reply: frozenset(Stage) - _WORDLESS,
    Drip: _WITH_ONE_REPLY,
    BadTLS: frozenset({Stage.HANDSHAKE}),
    AcceptThen: frozenset({Stage.MESSAGE}),
}


def check_conditions(stage: Stage, mail_from: Condition | None, recipient: Condition | None) -> None:
    """Whether there is a sender, or a recipient, to speak of at a stage.

    Raises:
        ConfigurationError: the fault could never fire.
    """
    for name, condition, stages in (
        ("mail_from", mail_from, _WITH_SENDER),
        ("recipient", recipient, _WITH_RECIPIENT),
    ):
        if condition is None:
            continue
        if stage not in stages:
            raise ConfigurationError(
                f"{name}= can't be met at the stage {stage.value!r}: it is known at "
                f"{', '.join(each.value for each in Stage if each in stages)}."
            )
        if not (isinstance(condition, (str, re.Pattern)) or callable(condition)):
            raise ConfigurationError(
                f"{name}= takes an address, a compiled pattern, or a function of the address, not {condition!r}."
            )
        if isinstance(condition, str) and not (_ADDRESS.fullmatch(condition) or condition in _SPECIAL[name]):
            raise ConfigurationError(
                f"{name}= takes an address such as 'app@example.com', without a name and without brackets, not "
                f"{condition!r}; for some part of one give a compiled pattern."
                + (" '' is the null sender." if name == "mail_from" else "")
            )


def has_stage(profile: Profile, stage: Stage) -> bool:
    """Whether clients of a port come by a stage."""
    if stage is Stage.STARTTLS:
        return profile.tls is TLSMode.STARTTLS
    if stage is Stage.HANDSHAKE:
        return profile.tls is not TLSMode.NONE
    if stage is Stage.AUTH:
        return profile.auth is not AuthPolicy.FORBIDDEN
    return True


def stages_of(profile: Profile) -> tuple[str, ...]:
    """The names of the stages of a port, in order."""
    return tuple(stage.value for stage in Stage if has_stage(profile, stage))


def is_met(condition: Condition | None, addresses: tuple[str, ...]) -> bool:
    """Whether one of these addresses is meant."""
    if condition is None:
        return True
    if isinstance(condition, str):
        wanted = folded("" if condition == "<>" else condition)
        return any(folded(address) == wanted for address in addresses)
    if isinstance(condition, re.Pattern):
        return any(condition.search(address) for address in addresses)
    return any(condition(address) for address in addresses)


# How much of an action is told; the bytes of Garbage may be many.
_MOST_TOLD = 120


def told(stage: Stage, action: Reply | Action) -> str:
    """A fault as it is told of."""
    what = str(action).splitlines()[0] if isinstance(action, Reply) else repr(action)
    return f"{stage.value}: {what if len(what) <= _MOST_TOLD else what[:_MOST_TOLD] + '…'}"
