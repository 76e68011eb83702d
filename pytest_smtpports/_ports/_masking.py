"""What may be written down of a line that a client sends."""

from __future__ import annotations

import re

from ._command import without_end
from ._sasl import EXCHANGES

MASK = "***"


def written(line: bytes) -> str:
    """A command line as text: what AUTH carries is masked, control characters and broken UTF-8 are escapes."""
    text = _masked(without_end(line)).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


# RFC 4954 §4: the mechanism may be told, if it is one; what follows it may not.
_AUTH = re.compile(
    rb"\s*(AUTH\b)(?:\s+(%b)(?!\S))?(.*)" % "|".join(EXCHANGES).encode(),
    re.IGNORECASE | re.DOTALL,
)


def _masked(line: bytes) -> bytes:
    if (auth := _AUTH.fullmatch(line)) is None:
        return line
    command, mechanism, rest = auth.groups(default=b"")
    return b" ".join(filter(None, (command, mechanism, MASK.encode() if rest.strip() else b"")))
