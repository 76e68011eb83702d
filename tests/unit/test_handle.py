"""What every change of the world gives back."""

from __future__ import annotations

import pytest

from pytest_smtpports import Handle


def test_nothing_is_taken_back_before_it_is_asked_for() -> None:
    undone: list[str] = []

    Handle(lambda: undone.append("undone"))

    assert undone == []


def test_a_change_is_taken_back_by_remove() -> None:
    undone: list[str] = []

    Handle(lambda: undone.append("undone")).remove()

    assert undone == ["undone"]


def test_taking_back_twice_does_nothing_more() -> None:
    undone: list[str] = []
    handle = Handle(lambda: undone.append("undone"))

    handle.remove()
    handle.remove()

    assert undone == ["undone"]


def test_the_end_of_a_with_block_takes_the_change_back() -> None:
    undone: list[str] = []

    with Handle(lambda: undone.append("undone")) as handle:
        assert undone == []

    assert undone == ["undone"]
    assert isinstance(handle, Handle)


def test_a_change_that_was_taken_back_inside_its_with_block_is_taken_back_once() -> None:
    undone: list[str] = []

    with Handle(lambda: undone.append("undone")) as handle:
        handle.remove()

    assert undone == ["undone"]


def test_an_error_in_the_with_block_takes_the_change_back_and_goes_on() -> None:
    undone: list[str] = []

    with pytest.raises(LookupError, match="of the test"), Handle(lambda: undone.append("undone")):
        raise LookupError("of the test")

    assert undone == ["undone"]


def test_handles_are_taken_back_in_any_order() -> None:
    undone: list[int] = []
    handles = [Handle(lambda number=number: undone.append(number)) for number in (1, 2, 3)]  # type: ignore[misc] # a default argument keeps the number

    for place in (1, 0, 2):
        handles[place].remove()

    assert undone == [2, 1, 3]


def test_an_error_of_the_taking_back_is_shown_and_not_met_again() -> None:
    def fail() -> None:
        raise OSError("the world does not want to go back")

    handle = Handle(fail)

    with pytest.raises(OSError, match="does not want"):
        handle.remove()
    handle.remove()
