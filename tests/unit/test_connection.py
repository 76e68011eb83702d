"""One connection, and the words for how it ended."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Line, Location, Login, Outcome
from pytest_smtpports._mail._connection import Facts, outcome_of, went_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection

REFUSED_LOGIN = Login("ada", "PLAIN", succeeded=False)
LOGIN = Login("user", "LOGIN", succeeded=True)


@pytest.mark.parametrize(
    ("facts", "outcome", "reason"),
    [
        (Facts(blocked="drop: the SYN was not answered"), Outcome.BLOCKED, "drop: the SYN was not answered"),
        (
            Facts(not_emulated=True),
            Outcome.REFUSED,
            "the connection was refused: this number is not an emulated port",
        ),
        (Facts(tls_error="the client does not know our CA"), Outcome.TLS_FAILED, "the client does not know our CA"),
        (Facts(delivered=1), Outcome.DELIVERED, "1 message taken"),
        (Facts(delivered=2), Outcome.DELIVERED, "2 messages taken"),
        (Facts(delivered=1, unacknowledged=1), Outcome.DELIVERED, "1 message taken, never acknowledged"),
        (Facts(delivered=2, unacknowledged=1), Outcome.DELIVERED, "2 messages taken, 1 of them never acknowledged"),
        (Facts(logins=(REFUSED_LOGIN,)), Outcome.AUTH_FAILED, "the login of 'ada' was refused"),
        (
            Facts(logins=(REFUSED_LOGIN,), refusal="AUTH got 454 4.7.0 Backend down"),
            Outcome.AUTH_FAILED,
            "the login of 'ada' was refused; AUTH got 454 4.7.0 Backend down",
        ),
        (Facts(refusal="RCPT got 550"), Outcome.REFUSED, "RCPT got 550"),
        (Facts(), Outcome.OPEN, "the client has not closed it yet; it has said nothing"),
        (
            Facts(last_line="EHLO client"),
            Outcome.OPEN,
            "the client has not closed it yet; the last it said was 'EHLO client'",
        ),
        (Facts(awaited="it has not logged in"), Outcome.OPEN, "the client has not closed it yet; it has not logged in"),
        (Facts(closed=True, said_quit=True), Outcome.QUIT, "the client said QUIT without sending a message"),
        (
            Facts(closed=True, said_quit=True, fault="mail: Garbage(data=b'x')"),
            Outcome.QUIT,
            "the client said QUIT without sending a message, after a fault (mail: Garbage(data=b'x'))",
        ),
        (Facts(closed=True), Outcome.ABANDONED, "the client went away before it said anything"),
        (
            Facts(closed=True, last_line="EHLO client"),
            Outcome.ABANDONED,
            "the client went away after 'EHLO client'",
        ),
        (
            Facts(closed=True, ending="idle for too long", last_line="NOOP"),
            Outcome.ABANDONED,
            "idle for too long after 'NOOP'",
        ),
        (
            Facts(closed=True, waited=0.25),
            Outcome.ABANDONED,
            "the client gave up after 0.25 s; it said nothing",
        ),
        (
            Facts(closed=True, waited=12.04, last_line="EHLO client"),
            Outcome.ABANDONED,
            "the client gave up after 12 s; the last it said was 'EHLO client'",
        ),
        (
            Facts(closed=True, waited=0.25, ending="the test ended", last_line="NOOP"),
            Outcome.ABANDONED,
            "the test ended after 'NOOP'",
        ),
    ],
)
def test_an_outcome_follows_from_the_facts(facts: Facts, outcome: Outcome, reason: str) -> None:
    assert outcome_of(facts) == (outcome, reason)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (Facts(delivered=1, logins=(REFUSED_LOGIN,), refusal="550"), Outcome.DELIVERED),
        (Facts(delivered=1, closed=True, said_quit=True), Outcome.DELIVERED),
        (Facts(logins=(REFUSED_LOGIN,), refusal="530"), Outcome.AUTH_FAILED),
        (Facts(logins=(REFUSED_LOGIN, LOGIN), closed=True, said_quit=True), Outcome.QUIT),
        (Facts(logins=(REFUSED_LOGIN, LOGIN), refusal="550"), Outcome.REFUSED),
        (Facts(refusal="550", closed=True, said_quit=True), Outcome.REFUSED),
        (Facts(tls_error="handshake", closed=True), Outcome.TLS_FAILED),
        (Facts(logins=(LOGIN,)), Outcome.OPEN),
    ],
)
def test_what_lets_a_message_through_or_stops_it_weighs_most(facts: Facts, outcome: Outcome) -> None:
    assert outcome_of(facts)[0] is outcome


@pytest.mark.parametrize(
    ("facts", "outcome", "reason"),
    [
        (Facts(refusal="MAIL got 530"), Outcome.REFUSED, "a wall; MAIL got 530"),
        (Facts(delivered=1), Outcome.DELIVERED, "a wall; 1 message taken, in clear"),
        (Facts(delivered=1, encrypted=True), Outcome.DELIVERED, "a wall; 1 message taken"),
    ],
)
def test_what_was_in_the_way_and_did_not_stop_it_is_told_first(facts: Facts, outcome: Outcome, reason: str) -> None:
    assert outcome_of(replace(facts, hindrance="a wall")) == (outcome, reason)


@pytest.mark.parametrize(
    ("facts", "outcome", "reason"),
    [
        (Facts(left="gone", closed=True), Outcome.TLS_FAILED, "gone"),
        (Facts(left="gone"), Outcome.OPEN, "the client has not closed it yet; "),
        (Facts(left="gone", closed=True, ending="the test ended"), Outcome.ABANDONED, "the test ended before "),
        (Facts(left="gone", closed=True, fault="banner: Hang()"), Outcome.ABANDONED, "a fault ended it "),
    ],
)
def test_a_client_that_leaves_behind_a_bad_handshake_has_refused_it(
    facts: Facts, outcome: Outcome, reason: str
) -> None:
    ended = outcome_of(facts)

    assert ended[0] is outcome
    assert ended[1].startswith(reason)


@pytest.mark.parametrize(
    "facts", [Facts(delivered=1), Facts(closed=True, said_quit=True), Facts(refusal="RCPT got 550")]
)
def test_what_a_client_should_not_have_accepted_is_told_behind_how_it_ended(facts: Facts) -> None:
    outcome, reason = outcome_of(facts)

    assert outcome_of(replace(facts, accepted="the client accepted it")) == (
        outcome,
        f"{reason}; the client accepted it",
    )


@pytest.mark.parametrize(
    ("dialogue", "is_accepted"),
    [
        ("", False),
        ("S220 mail", False),
        ("S220 mail,CEHLO x", True),
        ("S220 mail,CEHLO x,S250 Hi,CSTARTTLS,S220 Go", False),
        ("S220 mail,CEHLO x,S250 Hi,Cstarttls ,S220 Go,CQUIT", True),
        ("CSTARTTLS,S454 No,CQUIT", True),
        ("CSTARTTLS,S503 No", True),
    ],
)
def test_a_client_accepts_what_it_was_shown_by_what_it_says_then(dialogue: str, *, is_accepted: bool) -> None:
    lines = [Line(line[0], 0.0, line[1:]) for line in dialogue.split(",") if line]

    assert went_on(lines) is is_accepted


def test_the_last_refused_login_is_named() -> None:
    facts = Facts(logins=(REFUSED_LOGIN, Login("bob", "LOGIN", succeeded=False)))

    assert outcome_of(facts)[1] == "the login of 'bob' was refused"


def test_the_outcomes_are_these() -> None:
    assert [outcome.value for outcome in Outcome] == [
        "delivered",
        "blocked",
        "tls-failed",
        "auth-failed",
        "refused",
        "quit",
        "abandoned",
        "open",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Line("S", 0.0, "220 ready"), "  0.000 S: 220 ready"),
        (Line("C", 12.3456, "QUIT"), " 12.346 C: QUIT"),
        (Line("C", 4321.5, "QUIT"), "4321.500 C: QUIT"),
    ],
)
def test_a_line_of_the_dialogue_shows_when_and_who(line: Line, text: str) -> None:
    assert str(line) == text


def test_a_location_is_written_as_editors_take_it() -> None:
    assert str(Location("app/mail.py", 12)) == "app/mail.py:12"


def test_a_connection_cannot_be_changed(make_connection: Callable[..., Connection]) -> None:
    with pytest.raises(FrozenInstanceError):
        make_connection(25, Outcome.QUIT, "nothing").port = 26  # type: ignore[misc] # that it is refused is the point


def test_a_connection_survives_pickling(make_connection: Callable[..., Connection]) -> None:
    connection = make_connection(
        587,
        Outcome.BLOCKED,
        "the SYN was not answered",
        block="drop",
        dialogue=(Line("S", 0.0, "220 ready"),),
        location=Location("app/mail.py", 12),
    )

    assert pickle.loads(pickle.dumps(connection)) == connection  # noqa: S301 # our own bytes
