"""What `serve` and `run` are asked for: what can be meant, and what is said of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import _cli
from pytest_smtpports._cli._asked import asked_by
from pytest_smtpports._cli._run import split

if TYPE_CHECKING:
    import argparse


def read(*words: str) -> argparse.Namespace:
    return _cli.parser().parse_args(["serve", *words])


def test_nothing_said_is_the_four_ports_on_loopback() -> None:
    asked = asked_by(read())

    assert [profile.number for profile in asked.profiles] == [25, 465, 587, 2525]
    assert (asked.host, asked.username, asked.local_ports, asked.blocks) == ("127.0.0.1", "user", {}, {})
    assert "password" not in repr(asked).replace("password=", "")


def test_everything_said_is_meant() -> None:
    words = "--ports 25 588 --bind 25=2525 --bind 588=588 --host ::1 --network aws --block 25 --block 588=close"
    faults = ("--fail", "mailbox-full", "--fail", "spam=2")

    asked = asked_by(read(*words.split(), *faults, "--username", "ada", "--password", "correct horse"))

    assert [profile.number for profile in asked.profiles] == [25, 588]
    assert asked.local_ports == {25: 2525, 588: 588}
    assert asked.blocks == {25: "drop", 588: "close"}
    assert asked.faults == (("mailbox-full", None), ("spam", 2))
    assert (asked.host, asked.network, asked.username, asked.password) == ("::1", "aws", "ada", "correct horse")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--ports 26 586", "586 is not an emulated port; did you mean 588? The emulated ports are 24, 25, 26, "),
        ("--ports 25 587 25", "--ports: 25 is said twice."),
        ("--ports smtp", "'smtp' is not a port number; those are 1 to 65535"),
        ("--ports 0", "'0' is not a port number"),
        ("--bind 25", "'25' is not of the form NUMBER=PORT, such as 25=2525"),
        ("--bind 25=65536", "'65536' is not a port number"),
        ("--bind 25=1025 --bind 25=1026", "--bind: 25 is said twice."),
        ("--bind 25=1025 --bind 587=1025", "--bind: 1025 is said twice."),
        ("--bind 588=1025", "--bind: 588 is not an emulated port"),
        ("--host localhost", "'localhost' is not an address to bind, such as 127.0.0.1 or ::1"),
        ("--network asw", "'asw' is not a network; did you mean 'aws'?"),
        ("--block 588", "--block: 588 is not an emulated port"),
        ("--block 25=drip", "'drip' is not a block kind; did you mean 'drop'?"),
        ("--block 25=dns", "--block: 'dns' hides names that lead here, and none does."),
        ("--fail mailbox-ful", "'mailbox-ful' is not a fault; did you mean 'mailbox-full'?"),
        ("--fail mailbox-full=0", "'0' is not how many times a fault may happen, such as mailbox-full=2"),
        ("--fail syn-dropped=2", "times= can't be met by 'syn-dropped'"),
        ("--ports 25 --fail bad-credentials", "so that this fault could never fire"),
        ("--save=", "no path is given"),
        ("--username=", "this takes a word of characters that can be printed"),
        ("--password=\x07", "this takes a word of characters that can be printed"),
    ],
)
def test_what_can_not_be_meant_is_told_and_the_code_is_2(
    capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        _cli.main(["serve", *words.split(" ")])

    assert caught.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("npm test", "unrecognized arguments: npm test"),
        ("--", "the command stands behind --, as in: smtpports run -- npm test"),
        ("--ports 25 --port 587 -- true", "--port: 587 is not an emulated port"),
        ("--route not_a.host/name -- true", "A route takes host names such as"),
    ],
)
def test_a_command_that_can_not_be_meant_is_told_and_the_code_is_2(
    capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        _cli.main(["run", *words.split()])

    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_only_the_first_dashes_end_what_is_ours() -> None:
    assert split(["run", "--port", "25", "--", "npm", "test", "--", "-x"]) == (
        ["run", "--port", "25"],
        ["npm", "test", "--", "-x"],
    )
    assert split(["describe", "--", "faults"]) == (["describe", "--", "faults"], ())
