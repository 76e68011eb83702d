"""The messages of a test as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Mailbox, UnknownCriterion

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message


@pytest.fixture
def three(make_message: Callable[..., Message]) -> tuple[Message, ...]:
    """Messages one, two and three, on 25, 587 and 25."""
    return tuple(
        make_message(b"Subject: %b\r\n\r\n" % subject, port=port)
        for subject, port in [(b"one", 25), (b"two", 587), (b"three", 25)]
    )


def test_it_is_a_sequence_in_order_of_arrival(three: tuple[Message, ...]) -> None:
    mailbox = Mailbox(three)

    assert list(mailbox) == list(three)
    assert (len(mailbox), mailbox[0], mailbox[-1]) == (3, three[0], three[2])
    assert three[1] in mailbox
    assert mailbox.index(three[1]) == 1


def test_there_is_nothing_behind_its_end(three: tuple[Message, ...]) -> None:
    with pytest.raises(IndexError):
        Mailbox(three)[3]


def test_a_slice_of_it_is_a_mailbox(three: tuple[Message, ...]) -> None:
    assert Mailbox(three)[1:] == Mailbox(three[1:])
    assert isinstance(Mailbox(three)[:0], Mailbox)


def test_it_does_not_change_with_what_it_was_made_of(three: tuple[Message, ...]) -> None:
    messages = list(three)
    mailbox = Mailbox(messages)

    messages.clear()

    assert len(mailbox) == 3


def test_an_empty_one_is_false() -> None:
    assert not Mailbox()


def test_two_of_the_same_messages_are_equal(three: tuple[Message, ...]) -> None:
    assert Mailbox(three) == Mailbox(three)
    assert hash(Mailbox(three)) == hash(Mailbox(three))


def test_it_equals_nothing_else(three: tuple[Message, ...]) -> None:
    assert Mailbox(three) != Mailbox(three[:2])
    assert Mailbox(three) != three


def test_it_shows_three_messages_at_most(three: tuple[Message, ...]) -> None:
    one = "<Message 'one' from 'app@example.com' to 'ada@example.org' on 25>"
    two = "<Message 'two' from 'app@example.com' to 'ada@example.org' on 587>"
    last = "<Message 'three' from 'app@example.com' to 'ada@example.org' on 25>"

    assert repr(Mailbox()) == "<Mailbox of 0: >"
    assert repr(Mailbox(three[:1])) == f"<Mailbox of 1: {one}>"
    assert repr(Mailbox(three)) == f"<Mailbox of 3: {one}, {two}, {last}>"
    assert repr(Mailbox(three * 2)) == f"<Mailbox of 6: {one}, {two}, {last}, …>"


def test_those_that_meet_every_criterion_are_picked_in_order(three: tuple[Message, ...]) -> None:
    mailbox = Mailbox(three)

    assert mailbox.matching(port=25) == Mailbox([three[0], three[2]])
    assert mailbox.matching(port=25, subject="three") == Mailbox([three[2]])
    assert mailbox.matching(port=465) == Mailbox()
    assert mailbox.matching() == mailbox


def test_matching_consumes_nothing(three: tuple[Message, ...]) -> None:
    mailbox = Mailbox(three)

    assert mailbox.matching(port=587) == mailbox.matching(port=587)
    assert len(mailbox) == 3


def test_an_unknown_criterion_is_refused_even_where_there_is_no_message() -> None:
    with pytest.raises(UnknownCriterion, match="did you mean 'subject'"):
        Mailbox().matching(subjekt="x")


def test_the_only_message_is_given(three: tuple[Message, ...]) -> None:
    assert Mailbox(three[:1]).only is three[0]


def test_the_only_one_of_none_is_an_explanation() -> None:
    with pytest.raises(AssertionError, match=r"^0 messages here, 1 expected$"):
        _ = Mailbox().only


def test_the_only_one_of_several_is_an_explanation(three: tuple[Message, ...]) -> None:
    with pytest.raises(AssertionError) as caught:
        _ = Mailbox(three[:2]).only

    assert str(caught.value).splitlines() == [
        "2 messages here, 1 expected",
        "  1. 25 in clear from 'app@example.com' to 'ada@example.org' 'one'",
        "  2. 587 in clear from 'app@example.com' to 'ada@example.org' 'two'",
    ]
