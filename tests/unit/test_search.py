"""Looking for messages while more of them come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._mail._criteria import Criteria
from pytest_smtpports._mail._search import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message


def test_a_message_is_looked_at_once_however_often_it_is_asked(make_message: Callable[..., Message]) -> None:
    looked_at: list[str] = []
    came = [make_message(b"Subject: one\r\n\r\n")]
    search = Search(Criteria({"subject": lambda subject: looked_at.append(subject) is None}), lambda n: (0, came[n:]))

    assert [search.count(), search.count()] == [1, 1]
    came.append(make_message(b"Subject: two\r\n\r\n"))
    assert search.count() == 2
    assert looked_at == ["one", "two"]


def test_it_keeps_what_it_has_seen_and_what_it_has_found(make_message: Callable[..., Message]) -> None:
    came = [make_message(b"Subject: one\r\n\r\n"), make_message(b"Subject: two\r\n\r\n")]
    search = Search(Criteria({"subject": "two"}), lambda n: (0, came[n:]))

    assert search.count() == 1
    assert search.seen == came
    assert search.found == came[1:]


def test_what_a_function_raises_is_not_met_twice(make_message: Callable[..., Message]) -> None:
    came = [make_message(b"Subject: one\r\n\r\n")]

    def fail(_: str) -> bool:
        raise LookupError

    search = Search(Criteria({"subject": fail}), lambda n: (0, came[n:]))
    with pytest.raises(LookupError):
        search.count()

    assert search.count() == 0


def test_what_is_forgotten_meanwhile_is_not_found_and_what_comes_behind_it_is(
    make_message: Callable[..., Message],
) -> None:
    old, new = make_message(b"Subject: old\r\n\r\n"), make_message(b"Subject: new\r\n\r\n")
    batches = iter([(0, [old, old]), (2, [new])])
    asked: list[int] = []

    def behind(number: int) -> tuple[int, list[Message]]:
        asked.append(number)
        return next(batches)

    search = Search(Criteria({}), behind)

    assert [search.count(), search.count()] == [2, 1]
    assert search.seen == search.found == [new]
    assert asked == [0, 2]
