"""What is written down of a line: what may be told of it, in characters that can be read."""

from __future__ import annotations

import re

from .._texts import MASK, visible
from ._framing import without_end
from ._sasl import EXCHANGES


def written(line: bytes) -> str:
    """A command line as text: what AUTH carries is masked, control characters and broken UTF-8 are escapes."""
    return legible(_masked(without_end(line)))


def legible(line: bytes) -> str:
    """Bytes as text: control characters and broken UTF-8 are escapes."""
    return visible(line.decode("utf-8", "backslashreplace"))


# A login, also one with something before it that does not belong there, such as a byte order mark; " AUTH=" is a
# parameter of MAIL (RFC 4954 §5). The mechanism may be told, if it is one; what follows it may not.
_LOGIN = re.compile(
    rb"(?:[^a-z]*(AUTH)|(.*?AUTH)(?=[\x00-\x20]|\Z))(?:\s+(%b)(?!\S))?(.*)" % "|".join(EXCHANGES).encode(),
    re.IGNORECASE | re.DOTALL,
)


def is_login(line: bytes) -> bool:
    """Whether a line, or its beginning, looks like a login, so that it may hold a secret, and those behind it too."""
    return _login(line) is not None


def _login(line: bytes) -> re.Match[bytes] | None:
    # Nearly every line is told by this alone.
    return _LOGIN.fullmatch(line) if b"AUTH" in line.upper() else None


def _masked(line: bytes) -> bytes:
    if (login := _login(line)) is None:
        return line
    *told, rest = login.groups(default=b"")
    return b" ".join(filter(None, (*told, MASK.encode() if rest.strip() else b"")))
