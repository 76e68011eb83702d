"""Rows of texts under headings, laid out for a terminal or a pipe."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

# What stands between two columns, and what a column is not narrowed beyond, in characters.
GAP = "  "
NARROWEST = 8


def table(rows: Collection[Mapping[str, str]], columns: Sequence[str], width: int | None) -> Iterator[str]:
    """A line for each row below one of headings; where it is not wide enough for them, cells have several lines.

    Args:
        rows: texts by heading.
        columns: the headings.
        width: of a line, or None where it does not matter.
    """
    widths = {column: max(len(column), *(len(row.get(column, "")) for row in rows)) for column in columns}
    if width is not None:
        _narrow(widths, width - len(GAP) * (len(columns) - 1))
    for row in ({column: column.upper() for column in columns}, *rows):
        cells = [wrap(row.get(column, ""), widths[column]) for column in columns]
        for line in range(max(map(len, cells))):
            texts = [cell[line] if line < len(cell) else "" for cell in cells]
            yield GAP.join(f"{text:{widths[column]}}" for text, column in zip(texts, columns, strict=True)).rstrip()


def record(row: Mapping[str, str], width: int | None) -> Iterator[str]:
    """A line for each heading, the texts below each other."""
    indent = max(map(len, row)) + len(GAP)
    for heading, text in row.items():
        beside = [text] if width is None else wrap(text, max(width - indent, NARROWEST))
        for line, part in enumerate(beside):
            yield f"{'' if line else heading:{indent}}{part}"


def _narrow(widths: dict[str, int], room: int) -> None:
    """Take from the widest column until there is room for all, or none can give any more."""
    while sum(widths.values()) > room:
        widest = max(widths, key=lambda column: widths[column])
        if widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1
