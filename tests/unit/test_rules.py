"""Rules: when a fault fires, and how it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_smtpports import ConfigurationError, Hang, Reply
from pytest_smtpports._ports._faults import Stage
from pytest_smtpports._ports._numbers import check_count, check_seconds
from pytest_smtpports._ports._rules import (
    ConnectionLimit,
    FaultRule,
    Greylist,
    Occasion,
    RateLimit,
    RecipientLimit,
    Rule,
)

AT_RCPT = Occasion(Stage.RCPT, 1, "127.0.0.1", "app@example.com", ("ada@example.org",))
REPLY = Reply(450, None, "later")


def met(rule: Rule, *occasions: Occasion) -> list[bool]:
    return [rule.meet(occasion) is not None for occasion in occasions]


def test_a_fault_fires_each_time_unless_told() -> None:
    rule = FaultRule(Stage.RCPT, REPLY)

    assert met(rule, *[AT_RCPT] * 3) == [True] * 3
    assert rule.fired == 3


def test_a_fault_lets_some_pass_then_fires_so_often_and_then_no_more() -> None:
    rule = FaultRule(Stage.RCPT, REPLY, times=2, after=1)

    assert met(rule, *[AT_RCPT] * 5) == [False, True, True, False, False]
    assert rule.fired == 2


def test_who_is_not_meant_does_not_count() -> None:
    rule = FaultRule(Stage.RCPT, REPLY, times=1, after=1, recipient="ada@example.org", mail_from="app@example.com")
    bob, other = replace(AT_RCPT, recipients=("bob@example.org",)), replace(AT_RCPT, mail_from="x@example.com")

    assert met(rule, bob, other, AT_RCPT, bob, AT_RCPT, AT_RCPT) == [False, False, False, False, True, False]


def test_one_connection_alone_can_be_meant_counted_from_the_time_when_it_was_said() -> None:
    rule = FaultRule(Stage.RCPT, REPLY, connection=2)
    seen = []
    for number in (4, 7, 9):
        rule.begin(number)
        seen.append(met(rule, replace(AT_RCPT, connection=number)))

    assert seen == [[False], [True], [False]]
    assert met(rule, replace(AT_RCPT, connection=7), replace(AT_RCPT, connection=1)) == [True, False]


@pytest.mark.parametrize("wrong", [{"times": 0}, {"times": True}, {"after": -1}, {"connection": 0}, {"times": "2"}])
def test_a_number_that_can_not_be_meant_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(wrong))} is a number from "):
        FaultRule(Stage.RCPT, Hang(), **wrong)  # type: ignore[arg-type] # as given


def test_a_greylist_puts_off_each_triple_until_it_comes_late_enough() -> None:
    rule = Greylist(300)
    first = [replace(AT_RCPT, now=now) for now in (0.0, 299.0, 300.0, 301.0)]
    bob = replace(AT_RCPT, recipients=("bob@example.org",), now=301.0)

    assert met(rule, *first, bob) == [True, True, False, False, True]
    assert str(rule.meet(replace(bob, now=302.0))) == "450 4.7.1 Greylisted, try again in 299 seconds"
    rule.begin(1)
    assert (rule.fired, str(rule)) == (4, "rcpt: greylisted for 300 s")


def test_a_rate_limit_goes_by_the_time_that_has_passed() -> None:
    rule = RateLimit(2, 60.0)
    at_mail = [Occasion(Stage.MAIL, 1, now=now) for now in (0.0, 1.0, 2.0, 59.0, 60.0, 61.0, 62.0)]

    assert met(rule, *at_mail) == [False, False, True, True, False, False, True]
    rule.begin(1)
    assert (rule.fired, str(rule)) == (3, "mail: 2 messages in 60 s")


def test_a_limit_of_recipients_counts_those_that_were_taken() -> None:
    rule = RecipientLimit(2)

    assert met(rule, *[replace(AT_RCPT, taken=taken) for taken in (0, 1, 2, 3)]) == [False, False, True, True]
    rule.begin(1)
    assert (rule.fired, str(rule)) == (2, "rcpt: 2 recipients of a message")


def test_a_limit_of_connections_counts_those_that_go_on() -> None:
    rule = ConnectionLimit(2)

    assert met(rule, *[Occasion(Stage.BANNER, 1, open=number) for number in (1, 2, 3)]) == [False, False, True]
    rule.begin(1)
    assert (rule.fired, str(rule)) == (1, "banner: 2 connections at a time")


def test_numbers_and_times_that_can_not_be_meant_are_refused() -> None:
    check_count("n", 1)
    check_seconds("t", 0.5)
    for number in (0, True, "1", 1.5):
        with pytest.raises(ConfigurationError, match="n is a number from 1"):
            check_count("n", number)
    for seconds in (0, -1, True, "1"):
        with pytest.raises(ConfigurationError, match="t is a number of seconds above 0"):
            check_seconds("t", seconds)


def test_a_fault_is_told_of() -> None:
    assert str(FaultRule(Stage.RCPT, REPLY)) == "rcpt: 450 later"


def test_a_greylist_knows_a_domain_in_any_letter_case() -> None:
    rule = Greylist(300)
    first = Occasion(Stage.RCPT, 1, "127.0.0.1", "a@E.com", ("b@E.org",), now=0)
    again = Occasion(Stage.RCPT, 2, "127.0.0.1", "a@e.COM", ("b@e.ORG",), now=300)

    assert rule.meet(first) is not None
    assert rule.meet(again) is None
