"""Header fields: as they stand in a message, and as they read. Nothing here raises, whoever wrote them.

The time that email takes for a structured field grows with the square of its length: beyond a length, a field is
taken as it stands.
"""

from __future__ import annotations

import re
from email import policy
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.utils import getaddresses
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from ._safely import safely, trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from email.errors import MessageDefect

# Bytes of a header beyond which it is left to email.
_LONGEST_PLAIN = 65_536
_LONGEST_REMEMBERED = 256
# The fields whose values email does not give as they stand.
_STRUCTURED = frozenset(HeaderRegistry().registry) - {"subject"}
# Characters of a field beyond which it is taken as it stands.
_LONGEST_TEXT = 16_384
_LONGEST_STRUCTURED = 2_048
# Comments in comments (RFC 5322 §3.2.2), for each of which email calls itself.
_MOST_COMMENTS = 50
# What RFC 6532 §3.2 allows: characters beyond ASCII, as long as they are UTF-8.
_NO_COMPLAINTS = frozenset({"NonASCIILocalPartDefect", "UndecodableBytesDefect"})


@lru_cache(maxsize=256)
def _remembered(name: str, value: str) -> Any:  # a class that email makes up
    return policy.default.header_factory(name, value)


def _strict(name: str, value: str) -> Any:  # as above
    """A header field as email reads it, which takes longer than all else, and is the same in many messages."""
    return (_remembered if len(value) < _LONGEST_REMEMBERED else _remembered.__wrapped__)(name, value)


def _lenient(name: str, value: str) -> Any:  # as above
    """The same; of what email can't read, or not in time, what stands before its parameters, or nothing."""
    for readable in (value, value.partition(";")[0]):
        read = None if _is_too_much(name, readable) else _read(name, readable)
        if read is not None:
            return read
    return _strict(name, "")


def _read(name: str, value: str) -> Any:  # as above
    try:
        return _strict(name, value)
    except RecursionError:  # of parts within parts: whoever follows them has to stop
        raise
    except Exception:
        return None


_STRICT = policy.default.clone(header_factory=_strict)
POLICY = policy.default.clone(header_factory=_lenient)

# A header field of printable ASCII, folded or not (RFC 5322 §2.2, §2.2.3): its name, blanks, its value.
_FIELD = re.compile(r"([!-9;-~]+):([ \t]*)((?:[!-~][\t -~]*(?:\r\n[\t ][\t -~]*)*)?)\r\n")
_ADDRESS = r"[\w+-]+(?:\.[\w+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_MAILBOX = rf"(?:[\w '+-]*<{_ADDRESS}>|{_ADDRESS})"
_PLAIN_ADDRESSES = re.compile(rf"{_MAILBOX}(?:, *{_MAILBOX})* *", re.ASCII)
_PLAIN_ADDRESS = re.compile(_ADDRESS, re.ASCII)


def plain_fields(raw: bytes) -> tuple[tuple[str, str], ...] | None:
    """The header fields where they are plain, or None; the same as email finds, in a tenth of the time."""
    end = raw.find(b"\r\n\r\n")
    header = raw[: end + 2]
    if not 0 < end < _LONGEST_PLAIN or not header.isascii():
        return None
    found = _FIELD.findall(header.decode("ascii"))
    covered = sum(map(len, chain.from_iterable(found))) + len(found) * len(":\r\n")
    return tuple([(name, value) for name, _, value in found]) if covered == len(header) else None


def decoded(name: str, value: str) -> str:
    """A field's value, unfolded and decoded."""
    if _is_too_much(name, value):
        return _legible("".join(value.splitlines()))
    if _is_read_as_it_stands(name, value):
        return unfolded(value)
    read = safely(lambda: str(_STRICT.header_fetch_parse(name, value)), None)
    return _legible(unfolded(value)) if read is None else read


def complaints(name: str, value: str) -> Iterator[str]:
    """What is wrong with a field, a sentence each."""
    if _is_too_much(name, value):
        yield f"{name}: its {len(value)} characters are too many, or too deep, to be decoded"
        return
    if _is_read_as_it_stands(name, value):
        return
    if "\N{REPLACEMENT CHARACTER}" in _legible(value):
        yield f"{name}: its bytes are no UTF-8"
    choked = trouble(lambda: _defects(name, value))
    if choked is not None:
        yield f"{name}: it can't be decoded: {choked}"
        return
    for defect in _defects(name, value):
        if type(defect).__name__ not in _NO_COMPLAINTS:
            yield f"{type(defect).__name__}: {name}: {defect}".rstrip(": ")


def _defects(name: str, value: str) -> Iterable[MessageDefect]:
    if name.lower() in _STRUCTURED:
        return tuple(_STRICT.header_fetch_parse(name, value).defects)
    # Those of a text email finds, and forgets.
    return tuple(UnstructuredHeader.value_parser(unfolded(value)).all_defects)


def addresses(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """The addresses, without their names, of all fields of a name."""
    lines = [unfolded(value) for value in values]
    if all(map(_PLAIN_ADDRESSES.fullmatch, lines)):
        return tuple([address for line in lines for address in _PLAIN_ADDRESS.findall(line)])
    return tuple(address for value in values for address in _addresses_in(decoded(name, value)))


def _addresses_in(value: str) -> list[str]:
    nothing: list[str] = []
    # It calls itself for each parenthesis in a parenthesis.
    return safely(lambda: [address for _, address in getaddresses([value]) if address], nothing)


def unfolded(value: str) -> str:
    """A field's value in one line."""
    return value.replace("\r\n", "") if "\r" in value else value


def _is_too_much(name: str, value: str) -> bool:
    longest = _LONGEST_STRUCTURED if name.lower() in _STRUCTURED else _LONGEST_TEXT
    return len(value) > longest or value.count("(") > _MOST_COMMENTS


def _is_read_as_it_stands(name: str, value: str) -> bool:
    return name.lower() not in _STRUCTURED and value.isascii() and "=?" not in value


def _legible(value: str) -> str:
    """The same; the bytes that were no ASCII, which email keeps as surrogates, read as UTF-8 (RFC 6532 §3.2)."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
