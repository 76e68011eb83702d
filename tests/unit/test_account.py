"""What a failing test tells of its mail and its connections, as whole texts."""

from __future__ import annotations

import datetime
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Line, Location, Outcome
from pytest_smtpports._mail._account import account, told_late, told_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection, Message


def test_it_tells_what_came_who_came_and_what_was_in_the_way(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection], noon: datetime.datetime
) -> None:
    refused = Line("C", 0.1, "RCPT TO:<x>"), Line("S", 0.1, "550 No")
    connections = [
        make_connection(587, Outcome.BLOCKED, "the SYN was not answered", block="drop", location=Location("app.py", 3)),
        make_connection(25, Outcome.DELIVERED, "1 message taken"),
        make_connection(2525, Outcome.REFUSED, "RCPT got 550 No", dialogue=refused),
    ]

    told = account(
        [make_message()],
        connections,
        blocks=[("587", "drop")],
        faults=[("rcpt: 550 No", 1), ("data: Hang()", 0)],
        now=noon + datetime.timedelta(seconds=2),
        said="assert 1 == 2",
    )

    assert told == dedent("""\
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome', 2 s ago
        3 connections:
          587: blocked (drop): the SYN was not answered [app.py:3]
          25: delivered: 1 message taken
          2525: refused: RCPT got 550 No
        the last lines on port 2525:
            0.100 C: RCPT TO:<x>
            0.100 S: 550 No
        blocked: 587 (drop)
        fault at rcpt: 550 No (it fired 1 time)
        fault at data: Hang() (it never fired)""")


def test_where_nobody_came_it_says_what_to_do(noon: datetime.datetime) -> None:
    told = account([], [], blocks=[], faults=[], now=noon, said="assert 0")

    assert told.startswith("no message came\nno connection came either: ")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("E       no message came", "(the last 2 of them came too late: by then the assertion had failed)"),
        ("E       1 message came:\nE       more", "(the last of them came too late: by then the assertion had failed)"),
        ("E       3 messages came:", None),
        ("E       assert no message came == 1", None),
    ],
)
def test_what_came_once_the_assertion_had_failed_came_too_late(
    make_message: Callable[..., Message], noon: datetime.datetime, said: str, told: str | None
) -> None:
    lines = account([make_message()] * 2, [], blocks=[], faults=[], now=noon, said=said).splitlines()

    assert [line.strip() for line in lines[3:]] == [told] * (told is not None)


def test_of_several_ports_nobody_knows_of_which_the_assertion_spoke(
    make_message: Callable[..., Message], noon: datetime.datetime
) -> None:
    said = "E       no message came"

    told = account([make_message()], [], blocks=[], faults=[], now=noon, said=said, alone=False)

    assert "too late" not in told


def test_what_the_failure_has_said_itself_is_not_said_again(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection], noon: datetime.datetime
) -> None:
    said = "E  AssertionError: no message matches\nE  1 message came:\nE  fault at data: Hang() (it never fired)"

    told = account(
        [make_message()],
        [make_connection(25, Outcome.DELIVERED, "1 message taken")],
        blocks=[("587", "drop")],
        faults=[("data: Hang()", 0), ("rcpt: 550 No", 0)],
        now=noon,
        said=said,
    )

    assert told == "fault at rcpt: 550 No (it never fired)"


def test_many_connections_are_counted(make_connection: Callable[..., Connection], noon: datetime.datetime) -> None:
    connections = [make_connection(25, Outcome.QUIT, f"number {number}") for number in range(1_000)]

    told = account([], connections, blocks=[], faults=[], now=noon, said="").splitlines()

    assert told[1] == "1000 connections:"
    assert told[-2:] == ["  25: nothing sent: number 999", "  (the latest 10; 990 came before them)"]
    assert len(told) == 13
    assert told_open(connections)[-1] == "and 990 more"


def test_late_messages_are_told_a_line_each(make_message: Callable[..., Message]) -> None:
    assert told_late([make_message()]) == ["  1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome'"]
