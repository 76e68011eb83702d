"""What the command line tells of mail and connections, as lines for a person and as JSON for a program."""

from __future__ import annotations

import datetime
import io
import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import TLS, Connection, Message, Outcome, SMTPPorts
from pytest_smtpports._cli._json import JSONLines
from pytest_smtpports._cli._lines import Lines, in_all, size
from pytest_smtpports._cli._opened import Opened
from pytest_smtpports._cli._output import Output
from pytest_smtpports._cli._totals import Totals
from pytest_smtpports._mail._message import Envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

AT = datetime.datetime(2026, 5, 17, 12, 0, tzinfo=datetime.timezone.utc)
CLOCK = f"{AT.astimezone():%H:%M:%S}"
MESSAGE = Message(
    raw=b"Subject: Welcome\r\n\r\nHello\r\n",
    envelope=Envelope("app@example.com", ("ada@example.org", "grace@example.org"), (), ((), ())),
    port=587,
    host=None,
    tls=TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", None),
    user="user",
    acknowledged=True,
    connection=1,
    received_at=AT,
)
CONNECTION = Connection(
    id=2,
    port=25,
    host=None,
    peer=("127.0.0.1", 40000),
    outcome=Outcome.REFUSED,
    reason="RCPT got 550 5.1.1 No such user",
    block=None,
    tls=None,
    logins=(),
    dialogue=(),
    timeout=None,
    location=None,
    opened_at=AT,
    closed_at=AT,
)
LINES = Lines(lambda text, colour: f"<{colour} {text}>" if colour != "plain" else text, None, "Ctrl-C ends it.")


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_a_mail_is_a_line() -> None:
    assert list(LINES.message(MESSAGE)) == [
        f"<faint {CLOCK}>  587    TLSv1.3   app@example.com to ada@example.org, grace@example.org  'Welcome'  27 B"
    ]


def test_a_mail_without_sender_by_a_routed_name_that_was_never_acknowledged_is_told_as_that() -> None:
    envelope = replace(MESSAGE.envelope, mail_from="")
    message = replace(MESSAGE, host="smtp.example.com", tls=None, acknowledged=False, envelope=envelope)

    (line,) = LINES.message(message)

    assert "  smtp.example.com:587  in clear  <> to " in line
    assert line.endswith("27 B  (never acknowledged)")


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\r", "\u2028", "\x9b", "\x07"])
def test_what_a_stranger_writes_stays_on_its_line_and_moves_nothing(hostile: str) -> None:
    address = f"a{hostile}b@example.com"
    envelope = replace(MESSAGE.envelope, mail_from=address, recipients=(address,))
    raw = f"Subject: =?utf-8?q?{hostile.encode().hex('=')}?=".replace("q?", "q?=").encode() + b"\r\n\r\n"
    message = replace(MESSAGE, raw=raw, envelope=envelope)
    connection = replace(CONNECTION, reason=f"the login of '{hostile}' was refused")

    told = [*LINES.message(message), *LINES.connection(connection), *JSONLines().message(message)]

    assert len(told) == 3
    assert all(line.isprintable() for line in told)


def test_a_long_subject_is_cut() -> None:
    message = replace(MESSAGE, raw=b"Subject: " + b"x" * 5000 + b"\r\n\r\n")

    (line,) = LINES.message(message)

    assert len(line) < 500
    assert line.endswith("  5 kB")


def test_of_many_recipients_the_first_are_told() -> None:
    recipients = tuple(f"{name}@example.org" for name in "abcde")
    message = replace(MESSAGE, envelope=replace(MESSAGE.envelope, recipients=recipients))

    (line,) = LINES.message(message)

    assert " to a@example.org, b@example.org, c@example.org and 2 more  'Welcome'  27 B" in line


@pytest.mark.parametrize(
    ("outcome", "block", "told"),
    [
        (Outcome.REFUSED, None, "<bad refused: because>"),
        (Outcome.TLS_FAILED, None, "<bad TLS failed: because>"),
        (Outcome.AUTH_FAILED, None, "<bad login failed: because>"),
        (Outcome.BLOCKED, "close", "<bad blocked (close): because>"),
        (Outcome.ABANDONED, None, "<bad nothing sent: because>"),
        (Outcome.QUIT, None, "<faint nothing sent: because>"),
        (Outcome.OPEN, None, "<faint open: because>"),
    ],
)
def test_a_connection_that_brought_no_mail_is_a_line_with_its_reason(
    outcome: Outcome, block: str | None, told: str
) -> None:
    connection = replace(CONNECTION, outcome=outcome, reason="because", block=block)

    assert list(LINES.connection(connection)) == [f"<faint {CLOCK}>  25     in clear  {told}"]


def test_a_connection_that_brought_mail_is_told_by_its_mail_alone() -> None:
    assert list(LINES.connection(replace(CONNECTION, outcome=Outcome.DELIVERED))) == []


def test_a_connection_that_goes_on_is_told_by_when_it_began() -> None:
    connection = replace(CONNECTION, outcome=Outcome.OPEN, closed_at=None)

    (line,) = LINES.connection(connection)
    (told,) = JSONLines().connection(connection)

    assert line.startswith(f"<faint {CLOCK}>")
    assert json.loads(told)["closed_at"] is None


@pytest.mark.parametrize(
    ("totals", "told"),
    [
        (Totals(seconds=2.0), "no connection came in 2 s"),
        (Totals(1, 1, 0, 2.0), "1 message came by 1 connection in 2 s"),
        (Totals(2, 3, 1, 61.25), "2 messages came by 3 connections in 61.2 s; 1 of them brought none"),
    ],
)
def test_it_is_counted_in_all(totals: Totals, told: str) -> None:
    assert in_all(totals) == told
    assert list(LINES.end(totals)) == [told]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.2 kB"),
        (25_000_000, "25 MB"),
        (5 * 10**12, "5000 GB"),
    ],
)
def test_a_size_is_told_as_exactly_as_it_matters(number: int, told: str) -> None:
    assert size(number) == told


def test_the_ports_are_a_table() -> None:
    with SMTPPorts(username="ada") as smtpports:
        smtpports.block(25, how="refuse")
        addresses = {port.number: "{}:{}".format(*port.address) for port in smtpports.ports}
        heading, *rows, gap, user, ca, mail, again, ending = LINES.ready(Opened(smtpports, (("save", "build\n/mail"),)))

        assert heading.split() == ["<strong", "PORT", "ROLE", "TLS", "ADDRESS", "LOGIN", "BLOCKED>"]
        assert [row.split()[0] for row in rows] == ["25", "465", "587", "2525"]
        assert all(addresses[number] in row for number, row in zip(addresses, rows, strict=True))
        assert rows[0].endswith("forbidden                refuse")
        assert (gap, again, ending) == ("", "", "<faint Ctrl-C ends it.>")
        assert [user, ca] == ["user   ada", f"CA     {smtpports.ca_file}"]
        assert mail == r"mail   build\n/mail"


def test_an_address_of_ipv6_has_brackets() -> None:
    with SMTPPorts(host="::1") as smtpports:
        told = "\n".join(LINES.ready(Opened(smtpports, ())))

        assert f"[::1]:{smtpports.ports[25].port}" in told
        assert "BLOCKED" not in told


def test_a_password_is_nowhere() -> None:
    with SMTPPorts(password="correct horse") as smtpports:
        opened = Opened(smtpports, ())

        assert "correct horse" not in "\n".join([*LINES.ready(opened), *JSONLines().ready(opened)])


@pytest.mark.parametrize(
    ("environment", "has_colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_a_terminal_has_colour_unless_the_environment_says_otherwise(
    environment: Mapping[str, str], has_colour: bool
) -> None:
    output = Output(Terminal(io.BytesIO()), environment)

    assert output.paint("refused", "bad") == ("\x1b[31mrefused\x1b[0m" if has_colour else "refused")
    assert output.paint("refused", "plain") == "refused"
    assert output.width is not None


def test_what_is_no_terminal_has_no_colour_and_no_width() -> None:
    output = Output(io.StringIO(), {"TERM": "xterm"})

    assert output.paint("refused", "bad") == "refused"
    assert output.width is None
    assert not output.is_unread


def test_a_pipe_whose_reader_has_gone_is_known_and_what_is_written_there_is_dropped() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as stream:
        output = Output(stream)
        assert not output.is_unread
        os.close(reading)

        assert output.is_unread
        output.write("one")
        output.write("two")

        assert output.is_broken


def test_a_write_is_given_up_only_when_it_takes_long() -> None:
    output = Output(io.StringIO())
    output.give_up()
    output._since = float("-inf")

    with pytest.raises(BrokenPipeError):
        output.give_up()


def test_a_system_without_poll_learns_of_it_by_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("select.poll", raising=False)

    assert not Output(io.StringIO()).is_unread


def test_a_program_is_told_the_same_by_names() -> None:
    (message,) = map(json.loads, JSONLines().message(MESSAGE))
    (connection,) = map(json.loads, JSONLines().connection(CONNECTION))
    (end,) = map(json.loads, JSONLines().end(Totals(1, 2, 1, 0.5)))

    assert message["event"] == "message"
    assert message["recipients"] == ["ada@example.org", "grace@example.org"]
    assert (message["tls"], message["bytes"], message["acknowledged"]) == ("TLSv1.3", 27, True)
    assert (connection["event"], connection["outcome"]) == ("connection", "refused")
    assert connection["reason"] == "RCPT got 550 5.1.1 No such user"
    assert end == {"event": "end", "messages": 1, "connections": 2, "without_mail": 1, "seconds": 0.5}


def test_every_line_for_a_program_is_ascii() -> None:
    message = replace(MESSAGE, raw="Subject: Grüße\udce9\r\n\r\n".encode("utf-8", "surrogateescape"))

    (line,) = JSONLines().message(message)

    assert line.isascii()
    assert re.search(r"\\u00fc", line)
