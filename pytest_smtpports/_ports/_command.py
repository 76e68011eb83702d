"""A command line as what it says (RFC 5321 §2.3.8, §4.1.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

from ._framing import LINE_END, without_end
from ._masking import is_login, written
from ._situations import Situation

# RFC 5321 §4.1.2 and RFC 6531 §3.3 have no control character anywhere; the last range is what was no UTF-8.
_NO_TEXT = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\udc80-\\udcff]")
# How many different lines are kept, and how long one may be in octets (RFC 5321 §4.5.3.1.4).
_MOST_KEPT = 512
_LONGEST_KEPT = 512
# How the commands begin that come with every mail, and hold no secret.
_USUAL = frozenset({"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"})


class Command(NamedTuple):
    """What a client asks for.

    Attributes:
        verb: in upper case.
        argument: what came behind it, without blanks around.
        told: what may be written down of the line.
        is_login: it may hold a secret, and so may the lines behind it.
        complaint: why it is no command, or None.
    """

    verb: str
    argument: str
    told: str
    is_login: bool
    complaint: Situation | None


def command(line: bytes) -> Command:
    """Read a line, and split it at its first blank."""
    text = without_end(line).decode("utf-8", "surrogateescape")
    verb, _, argument = text.partition(" ")
    return Command(folded(verb), argument.strip(" "), written(line), is_login(line), _complaint(line, text))


class Commands(dict[bytes, Command]):
    """Lines, and what they say: the same few come with every mail, and are read once. A secret is not kept."""

    def __missing__(self, line: bytes) -> Command:
        read = command(line)
        if read.verb in _USUAL and not read.is_login and len(line) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[line] = read
        return read


def _complaint(line: bytes, text: str) -> Situation | None:
    if not line.endswith(LINE_END):
        return Situation.BARE_LF
    return Situation.NOT_TEXT if _NO_TEXT.search(text) else None


def folded(word: str) -> str:
    """A word in upper case, if it is ASCII: letter case is an affair of ASCII alone (RFC 5321 §2.4)."""
    return word.upper() if word.isascii() else word
