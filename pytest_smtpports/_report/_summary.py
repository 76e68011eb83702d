"""What was captured, counted: a line for the terminal, and a section of Markdown for who runs the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._mail._shown import counted, shown_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._captured import Captured

MOST_ROWS = 50
_FAILED = ("failed", "error")
# What means nothing in a cell of a table.
_PLAIN = frozenset(" /.,:;=-()")


class Row(NamedTuple):
    """A test, counted."""

    test: str
    outcome: str
    messages: int
    connections: int

    @property
    def has_failed(self) -> bool:
        """Whether somebody has to look at it."""
        return self.outcome in _FAILED


def rows(captured: Iterable[Captured]) -> list[Row]:
    """The tests in which anything happened, in order."""
    counted_tests = (
        Row(each.test, each.outcome, len(each.messages) + len(each.late), len(each.connections)) for each in captured
    )
    return [row for row in counted_tests if row.messages or row.connections]


def line(counted_tests: list[Row]) -> str:
    """All of them in a few words."""
    messages = counted(sum(row.messages for row in counted_tests), "message", "messages")
    connections = counted(sum(row.connections for row in counted_tests), "connection", "connections")
    return f"{messages} and {connections} in {counted(len(counted_tests), 'test', 'tests')}"


def markdown(counted_tests: list[Row], places: list[str]) -> str:
    """A section for a CI provider's summary, those tests first that failed; its length is bounded.

    Args:
        counted_tests: the tests.
        places: where more is to be found.
    """
    return "\n".join((*_lines(counted_tests, places), ""))


def _lines(counted_tests: list[Row], places: list[str]) -> Iterator[str]:
    yield "### Mail of the tests"
    yield ""
    where = f" More in {', '.join(map(_cell, places))}." if places else ""
    yield f"{line(counted_tests)}.{where}"
    yield ""
    yield "| test | outcome | messages | connections |"
    yield "|---|---|--:|--:|"
    for row in sorted(counted_tests, key=lambda row: not row.has_failed)[:MOST_ROWS]:
        yield f"| {_cell(row.test)} | {row.outcome} | {row.messages} | {row.connections} |"
    if len(counted_tests) > MOST_ROWS:
        yield ""
        yield f"and {counted(len(counted_tests) - MOST_ROWS, 'test', 'tests')} more"


def _cell(text: str) -> str:
    """A stranger's text that Markdown and HTML take as it stands."""
    return "".join(char if char.isalnum() or char in _PLAIN else f"&#{ord(char)};" for char in shown_line(text))
