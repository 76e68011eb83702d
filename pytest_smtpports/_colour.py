"""Colour for what a failure explains, put on where a terminal shows it: in no report, and in no file.

Only a run whose terminal has colour, and in which a test failed, loads this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._closing import EXPLAINS, OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _pytest._io import TerminalWriter

# pytest puts this before each line of a failure, and prints the whole of it red.
_FAILURE = "E  "
_HEADLINE = {"red": True, "bold": True}
# How an explanation's lines begin, and how they are shown; all others are plain.
_PAINTS: tuple[tuple[re.Pattern[str], Mapping[str, bool]], ...] = (
    (re.compile(r" +✓ "), {"green": True}),
    (re.compile(r" +✗ "), _HEADLINE),
    (re.compile(r" +wanted "), {"green": True}),
    (re.compile(r" +(came   |\^$)"), {"red": True}),
    (re.compile(r" *(blocked: |fault at )"), {"yellow": True}),
    (re.compile(r" *\S*\d+: (blocked|TLS failed|login failed|refused|failed)\b"), {"yellow": True}),
)


class _Painter:
    """A terminal's writer, which shows the lines of a failure as this module has it, and all else as it would."""

    def __init__(self, writer: TerminalWriter) -> None:
        self._writer = writer
        self._is_first = True

    def __getattr__(self, name: str) -> Any:  # whatever a writer has
        return getattr(self._writer, name)

    def line(self, text: str = "", **markup: bool) -> None:
        if not text.startswith(_FAILURE):
            self._is_first = True
            self._writer.line(text, **markup)
            return
        mark, said = text[: len(_FAILURE)], text[len(_FAILURE) :]
        self._writer.write(mark, **markup)
        self._writer.line(said, **(markup if self._is_first else _paint(said)))
        self._is_first = False


def colour(writer: TerminalWriter, reports: Iterable[Any]) -> None:
    """Have the terminal show our explanations, and our sections of a report, in colour.

    Args:
        writer: the terminal's.
        reports: all that it keeps, of tests and others, after every other plugin has had them.
    """
    for report in reports:
        if not getattr(report, "failed", False):
            continue
        if hasattr(report, EXPLAINS):
            report.toterminal = _in_colour(report.toterminal)
        report.sections = [
            (heading, _coloured(writer, text) if heading.startswith(OURS) else text)
            for heading, text in report.sections
        ]


def _in_colour(show: Callable[[Any], None]) -> Callable[[TerminalWriter], None]:
    return lambda writer: show(_Painter(writer))


def _coloured(writer: TerminalWriter, text: str) -> str:
    return "\n".join(writer.markup(line, **_paint(line)) for line in text.split("\n"))


def _paint(line: str) -> Mapping[str, bool]:
    return next((markup for beginning, markup in _PAINTS if beginning.match(line)), {})
