"""The documentation of the command line says what the parser and the lines of JSON have, and nothing else."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from pytest_smtpports import SMTPPorts, _cli
from pytest_smtpports._cli._json import JSONLines
from pytest_smtpports._cli._opened import Opened
from pytest_smtpports._cli._ports_file import PortsFile
from pytest_smtpports._cli._totals import Totals
from tests.unit.test_cli_lines import CONNECTION, MESSAGE

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
BOTH = "Options of `serve` and `run`"


def section(heading: str) -> str:
    return next(part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(heading + "\n"))


def options_in(text: str) -> set[str]:
    return set(re.findall(r"^\| `(--[^`]*)` \|", text, flags=re.MULTILINE))


def options_of(command: str) -> set[str]:
    (commands,) = (each for each in _cli.parser()._actions if isinstance(each, argparse._SubParsersAction))
    found = set()
    for action in commands.choices[command]._actions:
        if action.option_strings and action.dest != "help":
            metavar = action.metavar or action.dest.upper()
            values = {0: "", "+": f" {metavar} [{metavar} ...]"}.get(action.nargs, f" {metavar}")  # type: ignore[call-overload]
            found.add(action.option_strings[-1] + values)
    return found


@pytest.mark.parametrize("command", ["serve", "run"])
def test_the_page_has_every_option_and_no_other(command: str) -> None:
    assert options_in(section(BOTH)) | options_in(section(f"`{command}`")) == options_of(command)


def test_the_page_has_the_options_of_describe() -> None:
    assert options_in(section("`describe`")) == options_of("describe")


@pytest.mark.parametrize(("command", "codes"), [("serve", {0, 1, 2}), ("run", {127, 126, 1, 2})])
def test_the_page_and_the_help_have_the_exit_codes(command: str, codes: set[int]) -> None:
    (commands,) = (each for each in _cli.parser()._actions if isinstance(each, argparse._SubParsersAction))
    epilog = commands.choices[command].epilog.partition("exit codes: ")[2]

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section(f"`{command}`"), flags=re.MULTILINE)} == codes
    assert all(re.search(rf"\b{code}\b", epilog) for code in codes)
    assert f"  smtpports {command} " in epilog


def test_the_page_has_every_field_of_the_json_and_no_other(tmp_path: Path) -> None:
    lines = JSONLines()
    files = tuple((name, "there") for name in ("save", "report", "ports_file"))
    with SMTPPorts() as smtpports:
        (ready,) = lines.ready(Opened(smtpports, files))
        PortsFile(tmp_path / "ports.json", smtpports)
    told = [ready, *lines.message(MESSAGE), *lines.connection(CONNECTION), *lines.end(Totals())]

    for line in map(json.loads, told):
        event = line.pop("event")
        (row,) = re.findall(rf"^\| `{event}` \|.*\|(.*)\|$", section("`serve`"), flags=re.MULTILINE)
        # Within brackets, and behind the sentence, stand values and what is within.
        names = re.findall("`([a-z_]+)`", re.sub(r"\([^)]*\)", "", row.split(". ")[0]))
        assert sorted(names) == sorted(line), event
        for port in line.get("ports", {}).values() if event == "ready" else ():
            assert all(f"`{name}`" in row for name in port)
    written = json.loads((tmp_path / "ports.json").read_text())
    assert all(f"`{name}`" in section("`serve`") for name in (*written, *written["ports"]["587"]))
