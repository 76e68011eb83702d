"""Rows as they are laid out for a terminal of some width, and for a pipe."""

from __future__ import annotations

from pytest_smtpports._layout import NARROWEST, record, table

ROWS = [{"name": "drop", "is": "the SYN is dropped"}, {"name": "reset", "is": "it is reset"}]


def test_a_table_has_a_line_for_each_row_where_width_does_not_matter() -> None:
    assert list(table(ROWS, ("name", "is"), None)) == [
        "NAME   IS",
        "drop   the SYN is dropped",
        "reset  it is reset",
    ]


def test_the_widest_cells_have_several_lines_where_there_is_no_room() -> None:
    assert list(table(ROWS, ("name", "is"), 18)) == [
        "NAME   IS",
        "drop   the SYN is",
        "       dropped",
        "reset  it is reset",
    ]


def test_no_column_is_narrower_than_a_word_needs() -> None:
    lines = list(table(ROWS, ("name", "is"), 3))

    assert max(map(len, lines)) <= len("reset") + len("  ") + NARROWEST
    assert lines[1:4] == ["drop   the SYN", "       is", "       dropped"]


def test_a_column_that_a_row_has_not_is_empty() -> None:
    assert list(table([{"name": "drop"}, *ROWS[:1]], ("name", "is"), None))[1] == "drop"


def test_a_record_has_a_line_for_each_heading() -> None:
    assert list(record(ROWS[0], None)) == ["name  drop", "is    the SYN is dropped"]


def test_a_long_text_of_a_record_goes_on_below() -> None:
    assert list(record(ROWS[0], 16)) == ["name  drop", "is    the SYN is", "      dropped"]
