"""Markdown from values: tables, code, exceptions, links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what is empty stays empty."""
    lines = [headings, ["---"] * len(headings), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def code(value: object) -> str:
    """A value as code, also where it has backticks or blanks at its ends; nothing for nothing."""
    text = str(value)
    if not text:
        return ""
    return f"`` {text} ``" if "`" in text or text != text.strip() else f"`{text}`"


def codes(values: Iterable[object]) -> str:
    """Several values, one after the other."""
    return ", ".join(map(code, values))


def linked(text: str) -> str:
    """A text whose addresses can be clicked."""
    return re.sub(r"https?://[^\s;,)]+", lambda found: f"<{found[0]}>", text)


def unbroken(sources: str) -> str:
    """Sections of RFCs, a line each."""
    return sources.replace(", ", "\n").replace(" ", "\u00a0")


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a dot."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
