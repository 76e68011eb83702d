"""What a test asks of a message: a table of criteria, and how a wanted value is compared with the one that came."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .._errors import ConfigurationError, UnknownCriterion, is_ours
from .._texts import folded
from ._parts import normal_line_ends

if TYPE_CHECKING:
    from ._message import TLS, Message

# The criteria of which a string is a part.
CONTAINED = ("text", "html", "body")
# Those of which a string is one address.
ADDRESSES = ("to", "cc", "bcc", "from_", "mail_from", "recipients")

Compare = Callable[[object, object], bool]

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True)
class Verdict:
    """One criterion held against one message."""

    name: str
    wanted: object
    came: object
    met: bool


def _equals(wanted: object, came: object) -> bool:
    return bool(came == wanted)


def _contains(wanted: object, came: object) -> bool:
    return normal_line_ends(str(wanted)) in str(came)


def same_address(one: object, other: object) -> bool:
    """Whether two addresses are one: the domain in any letter case (RFC 5321 §2.4)."""
    return folded(str(one)) == folded(str(other))


def _names(wanted: object, came: object) -> bool:
    sought = folded(str(wanted))
    return any(sought == folded(str(address)) for address in several(came))


def _among(wanted: object, came: object) -> bool:
    return wanted in several(came)


def _protected(wanted: object, came: TLS | None) -> bool:
    if isinstance(wanted, bool):
        return (came is not None) is wanted
    return came is not None and came.version == wanted


def several(came: object) -> tuple[object, ...]:
    """What came as a tuple, also where it is one thing."""
    return came if isinstance(came, tuple) else (came,)


@dataclass(frozen=True, slots=True)
class _Criterion:
    read: Callable[[Message], object]
    compare: Compare = _equals


def _attribute(name: str, compare: Compare) -> _Criterion:
    return _Criterion(attrgetter(name), compare)


CRITERIA: Mapping[str, _Criterion] = {
    **{name: _attribute(name, _names) for name in ADDRESSES},
    "subject": _attribute("subject", _equals),
    **{name: _attribute(name, _contains) for name in CONTAINED},
    "header": _Criterion(lambda message: message),
    "attachment": _Criterion(lambda message: tuple(message.attachments), _among),
    **{name: _attribute(name, _equals) for name in ("port", "host", "user")},
    "tls": _Criterion(lambda message: message.tls, _protected),  # type: ignore[arg-type] # it reads TLS | None
}


_ORDER = (
    *("port", "host", "tls", "user", "mail_from", "recipients"),
    *("subject", "header", "to", "cc", "from_", "bcc"),
    *("text", "html", "body", "attachment"),
)


def _meets(wanted: object, came: object, compare: Compare) -> bool:
    if isinstance(wanted, list):
        return all(_meets(each, came, compare) for each in wanted)
    if isinstance(wanted, re.Pattern):
        return any(wanted.search(str(value)) for value in several(came) if value is not None)
    if isinstance(wanted, (str, bool)):
        return compare(wanted, came)
    if callable(wanted) and not isinstance(wanted, type):
        return bool(wanted(came))
    return bool(came == wanted)


def meets(name: str, wanted: object, came: object) -> bool:
    """Whether what came is what a criterion wants; of a header see `is_header_met`."""
    return _meets(wanted, came, CRITERIA[name].compare)


def is_header_met(wanted: object, came: tuple[str, ...]) -> bool:
    """Whether the values of a header are what is wanted of it."""
    wishes = wanted if isinstance(wanted, list) else [wanted]
    return all(any(_meets(one, each, _equals) for each in came) for one in wishes)


class Criteria:
    """What is asked of a message.

    Raises:
        UnknownCriterion: a keyword that is not a criterion.
        ConfigurationError: `header` is not a mapping.
    """

    def __init__(self, wanted: Mapping[str, object]) -> None:
        for name, value in wanted.items():
            if name not in CRITERIA:
                raise UnknownCriterion(name, CRITERIA)
            if name == "header" and not _is_header(value):
                raise ConfigurationError(
                    f'header= takes a dict of header names and values, such as {{"X-Tag": "news"}}, not {value!r}.'
                )
            for pattern in _patterns(value):
                if isinstance(pattern.pattern, bytes):
                    raise ConfigurationError(f"{name}= takes a pattern of text, not of bytes such as {pattern!r}.")
        self.wanted = dict(wanted)
        # What is quickly told first: the envelope, then headers, then bodies.
        self._quick_first = sorted(wanted, key=_ORDER.index)

    def match(self, message: Message) -> bool:
        """Whether the message meets every criterion."""
        return all(self._is_met(name, message) for name in self._quick_first)

    def count(self, message: Message) -> int:
        """How many criteria the message meets."""
        return sum(self._is_met(name, message) for name in self.wanted)

    def verdicts(self, message: Message) -> tuple[Verdict, ...]:
        """Each criterion held against the message, in the order in which they were asked."""
        return tuple(self._verdict(name, message) for name in self.wanted)

    def _is_met(self, name: str, message: Message) -> bool:
        wanted = self.wanted[name]
        if name == "header":
            return _header_verdict(wanted, message).met
        criterion = CRITERIA[name]
        return _meets(wanted, criterion.read(message), criterion.compare)

    def _verdict(self, name: str, message: Message) -> Verdict:
        wanted = self.wanted[name]
        if name == "header":
            return _header_verdict(wanted, message)
        criterion = CRITERIA[name]
        came = criterion.read(message)
        return Verdict(name, wanted, came, _meets(wanted, came, criterion.compare))


def _is_header(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _patterns(wanted: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(wanted, re.Pattern):
        yield wanted
    elif isinstance(wanted, (list, Mapping)):
        for each in wanted.values() if isinstance(wanted, Mapping) else wanted:
            yield from _patterns(each)


def _header_verdict(wanted: object, message: Message) -> Verdict:
    assert isinstance(wanted, Mapping)  # Criteria has checked it
    came = {name: message.header_values(name) for name in wanted}
    met = all(is_header_met(value, came[name]) for name, value in wanted.items())
    return Verdict("header", wanted, came, met)
