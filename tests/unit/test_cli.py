"""The command line: what it tells, to a terminal, a pipe and a program, and what it says of mistakes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import FAULTS, KINDRED, PROFILES, _cli
from pytest_smtpports._data import load
from pytest_smtpports._ports._description import TOPICS, described

if TYPE_CHECKING:
    from collections.abc import Callable

each_topic = pytest.mark.parametrize("topic", TOPICS)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], io.TextIOWrapper]:
    """A terminal of some width, in the place of standard output."""

    def open_terminal(width: int) -> io.TextIOWrapper:
        class Terminal(io.TextIOWrapper):
            def isatty(self) -> bool:
                return True

        opened = Terminal(io.BytesIO(), encoding="ascii", newline="\n")
        monkeypatch.setattr(sys, "stdout", opened)
        monkeypatch.setenv("COLUMNS", str(width))
        return opened

    return open_terminal


def told_by(output: io.TextIOWrapper) -> str:
    buffer = output.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@each_topic
def test_a_pipe_gets_a_line_with_everything_for_each(capsys: pytest.CaptureFixture[str], topic: str) -> None:
    assert _cli.main(["describe", topic]) == 0

    heading, *lines = capsys.readouterr().out.splitlines()
    rows = described(topic).rows
    assert [line.split()[0] for line in lines] == list(rows)
    assert all(text in line for line, row in zip(lines, rows.values(), strict=True) for text in row.values())
    assert heading == heading.upper()


@each_topic
def test_a_terminal_gets_an_overview_that_fits(terminal: Callable[[int], io.TextIOWrapper], topic: str) -> None:
    output = terminal(80)

    assert _cli.main(["describe", topic]) == 0

    lines = told_by(output).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[0] == topic.removesuffix("s").upper() or topic == "profiles"
    assert lines[-1] == f"smtpports describe {topic} NAME tells everything about one."


def test_what_the_terminal_can_not_write_is_replaced(terminal: Callable[[int], io.TextIOWrapper]) -> None:
    output = terminal(60)

    assert _cli.main(["describe", "faults", "mailbox-full"]) == 0

    assert "RFC 3463 ?3.3" in told_by(output)


def test_names_get_everything_about_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert _cli.main(["describe", "faults", "mailbox-full", "syn-dropped", "mailbox-full"]) == 0

    first, second = capsys.readouterr().out.split("\n\n")
    assert first.splitlines()[:3] == [
        "fault         mailbox-full",
        "at            rcpt",
        "what happens  452 4.2.2 Mailbox full",
    ]
    assert "at            network\n" in second


@each_topic
def test_a_program_gets_json(capsys: pytest.CaptureFixture[str], topic: str) -> None:
    assert _cli.main(["describe", topic, "--json"]) == 0

    assert list(json.loads(capsys.readouterr().out)) == list(described(topic).rows)


def test_the_json_of_some_has_these_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert _cli.main(["describe", "faults", "spam", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"spam": load("faults")["spam"]}


def test_the_rows_are_what_the_objects_are() -> None:
    assert list(described("faults").rows) == list(FAULTS)
    assert list(described("profiles").rows) == [str(number) for number in (*PROFILES, *KINDRED)]
    assert described("networks").rows["azure"]["blocks"] == "25 drop (told?)"
    assert described("providers").rows["gmail"]["ports"] == "465 implicit, 587 starttls"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["describe", "fault"], "'fault' is not a topic; did you mean 'faults'? Valid: 'faults', 'networks', "),
        (["describe", "faults", "mailbox-ful"], "'mailbox-ful' is not a fault; did you mean 'mailbox-full'?"),
        (["describe", "networks", "asw"], "'asw' is not a network; did you mean 'aws'? Valid: 'aws', "),
        (["describe", "profiles", "26", "2526"], "'2526' is not a profile; did you mean '2525'?"),
        (["describe"], "required: TOPIC"),
        ([], "required: COMMAND"),
    ],
)
def test_a_mistake_is_told_and_the_code_is_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        _cli.main(arguments)

    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_the_package_is_a_command() -> None:
    command = [sys.executable, "-m", "pytest_smtpports", "describe", "faults", "spam"]

    ran = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603 # this very interpreter

    assert ran.stdout.decode(errors="replace").splitlines()[0] == "fault         spam"


def test_nobody_has_to_read_to_the_end() -> None:
    command = [sys.executable, "-m", "pytest_smtpports", "describe", "faults", "--json"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:  # noqa: S603 # as above
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        told = child.stderr.read()

    assert (child.returncode, told) == (1, b"")


def test_who_merely_imports_the_command_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module("pytest_smtpports.__main__").main is _cli.main

    assert capsys.readouterr() == ("", "")


def test_without_a_topic_only_the_topic_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        _cli.main(["describe"])

    assert capsys.readouterr().err.endswith("the following arguments are required: TOPIC\n")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _cli.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pytest-smtpports {version('pytest-smtpports')}\n"


def test_a_port_without_logins_has_no_mechanisms() -> None:
    profiles = described("profiles").rows

    assert profiles["25"]["mechanisms"] == "none"
    assert profiles["587"]["mechanisms"] == "PLAIN, LOGIN"
