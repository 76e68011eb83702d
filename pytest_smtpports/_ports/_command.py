"""A command line as text, and as its two parts (RFC 5321 §2.3.8, §4.1.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

LINE_END = b"\r\n"
# RFC 5321 §4.1.2 and RFC 6531 §3.3 have no control character anywhere; the last range is what was no UTF-8.
_NO_TEXT = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\udc80-\\udcff]")


class Command(NamedTuple):
    """What a client asks for.

    Attributes:
        verb: in upper case.
        argument: what came behind it, without blanks around.
        is_text: whether the line was UTF-8 without control characters.
    """

    verb: str
    argument: str
    is_text: bool


def command(line: bytes) -> Command:
    """Split a line, which has lost its end, at its first blank."""
    text = line.decode("utf-8", "surrogateescape")
    verb, _, argument = text.partition(" ")
    is_text = _NO_TEXT.search(text) is None
    return Command(folded(verb), argument.strip(" "), is_text)


def without_end(line: bytes) -> bytes:
    """A line without the CRLF, or the LF alone, that ended it."""
    return line.removesuffix(LINE_END) if line.endswith(LINE_END) else line.removesuffix(b"\n")


def folded(word: str) -> str:
    """A word in upper case, if it is ASCII: letter case is an affair of ASCII alone (RFC 5321 §2.4)."""
    return word.upper() if word.isascii() else word
