"""Values, lines and numbers as a person reads them in the text of a failure."""

from __future__ import annotations

from .._texts import visible

LONGEST_VALUE = 200
LONGEST_LINE = 400


def counted(number: int, one: str, several: str) -> str:
    """A number of things: "1 message", "2 messages"."""
    return f"{number} {one if number == 1 else several}"


def shown(value: object) -> str:
    """A value as a test would write it, cut where it is long, control characters made visible."""
    pattern = getattr(value, "pattern", None)
    text = repr(value) if pattern is None else f"/{pattern}/"
    return _cut(str(getattr(value, "__qualname__", text)), LONGEST_VALUE)


def shown_line(text: str) -> str:
    """A line for a terminal: cut where it is long, control characters made visible."""
    return _cut(text, LONGEST_LINE)


def _cut(text: str, longest: int) -> str:
    whole = visible(text)
    if len(whole) <= longest:
        return whole
    return f"{whole[:longest]}… ({counted(len(whole) - longest, 'character', 'characters')} more)"
