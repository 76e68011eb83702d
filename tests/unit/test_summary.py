"""What was captured, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Outcome
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._summary import MOST_ROWS, Row, line, markdown, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection, Message


def test_only_tests_in_which_anything_happened_are_counted(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    message, connection = make_message(), make_connection(25, Outcome.QUIT, "all is said")
    captured = [
        Captured("test_a", "passed", (message, message), (connection,), (message,)),
        Captured("test_b", "passed", (), ()),
        Captured("test_c", "failed", (), (connection,)),
    ]

    assert rows(captured) == [Row("test_a", "passed", 3, 1), Row("test_c", "failed", 0, 1)]


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ([], "0 messages and 0 connections in 0 tests"),
        ([Row("test_a", "passed", 1, 1)], "1 message and 1 connection in 1 test"),
        ([Row("test_a", "passed", 2, 0), Row("test_b", "passed", 1, 3)], "3 messages and 3 connections in 2 tests"),
    ],
)
def test_a_line_says_how_much_there_is(counted: list[Row], expected: str) -> None:
    assert line(counted) == expected


def test_the_summary_has_the_tests_that_failed_first() -> None:
    counted = [Row("a.py::test", "passed", 1, 2), Row("b.py::test", "failed", 0, 1), Row("c.py::test", "error", 0, 1)]

    assert markdown(counted, ["build/mail", "page.html"]).splitlines() == [
        "### Mail of the tests",
        "",
        "1 message and 4 connections in 3 tests. More in build/mail, page.html.",
        "",
        "| test | outcome | messages | connections |",
        "|---|---|--:|--:|",
        "| b.py::test | failed | 0 | 1 |",
        "| c.py::test | error | 0 | 1 |",
        "| a.py::test | passed | 1 | 2 |",
    ]


def test_a_name_means_nothing_to_markdown() -> None:
    name = "test[|<b>*_`x`\n## y]"

    told = markdown([Row(name, "passed", 1, 1)], [])

    assert told.splitlines()[-1].startswith("| test&#91;&#124;&#60;b&#62;&#42;&#95;&#96;x&#96;&#92;n&#35;&#35; y")
    assert not set("<>*_`#[") & set(told.splitlines()[-1].replace("&#", ""))


def test_the_summary_is_bounded() -> None:
    told = markdown([Row("\x00" * 10_000, "passed", 1, 1)] * 10_000, [])

    assert told.endswith(f"\n\nand {10_000 - MOST_ROWS} tests more\n")
    assert len(told.encode()) < 1024 * 1024
