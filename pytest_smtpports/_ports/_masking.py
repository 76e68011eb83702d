"""What may be written down of a line that a client sends."""

from __future__ import annotations

MASK = "***"


def written(line: bytes) -> str:
    """A command line as text: what AUTH carries is masked, control characters and broken UTF-8 are escapes."""
    text = _masked(line.rstrip(b"\r\n")).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _masked(line: bytes) -> bytes:
    words = line.split(None, 2)
    if len(words) == 3 and words[0].upper() == b"AUTH":
        return b" ".join((*words[:2], MASK.encode()))
    return line
