"""A command line as text, and as its two parts."""

from __future__ import annotations

import pytest

from pytest_smtpports._ports._command import Command, Commands, command, folded
from pytest_smtpports._ports._framing import without_end
from pytest_smtpports._ports._masking import written
from pytest_smtpports._ports._situations import Situation


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"NOOP", "NOOP", ""),
        (b"noop", "NOOP", ""),
        (b"", "", ""),
        (b" NOOP", "", "NOOP"),
        (b"MAIL FROM:<ada@example.org>", "MAIL", "FROM:<ada@example.org>"),
        (b"mail  from:<ada@example.org>  ", "MAIL", "from:<ada@example.org>"),
        ("VRFY J\u00fcrgen".encode(), "VRFY", "J\u00fcrgen"),
        ("R\u017fET".encode(), "R\u017fET", ""),
        ("RCPT TO:<\u0645\u06cc\u200c@example.com>".encode(), "RCPT", "TO:<\u0645\u06cc\u200c@example.com>"),
        ("NOOP \ufffd\u3000".encode(), "NOOP", "\ufffd\u3000"),
    ],
)
def test_a_line_is_a_verb_and_an_argument(line: bytes, verb: str, argument: str) -> None:
    assert command(line + b"\r\n") == Command(verb, argument, written(line), is_login=False, complaint=None)


@pytest.mark.parametrize(
    "octet", [b"\x00", b"\t", b"\r", b"\x1b", b"\x7f", b"\xc2\x85", b"\xff", b"\xe9", b"\xed\xb2\x80"]
)
def test_a_line_with_a_control_character_or_broken_utf8_is_no_text(octet: bytes) -> None:
    assert command(b"NOOP " + octet + b"\r\n").complaint is Situation.NOT_TEXT


@pytest.mark.parametrize("line", [b"NOOP\n", b"\n", b"NOOP \x00\n"])
def test_a_line_that_ends_with_lf_alone_is_no_command(line: bytes) -> None:
    # RFC 5321 §2.3.8
    assert command(line).complaint is Situation.BARE_LF


def test_a_login_is_told_without_its_secret() -> None:
    read = command(b"AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n")

    assert (read.verb, read.told, read.is_login) == ("AUTH", "AUTH PLAIN ***", True)


@pytest.mark.parametrize("line", [b"MAIL FROM:<ada@example.org>\r\n", b"data\r\n"])
def test_what_comes_with_every_mail_is_read_once(line: bytes) -> None:
    commands = Commands()

    assert commands[line] is commands[line]
    assert commands[line] == command(line)


@pytest.mark.parametrize(
    "line",
    [
        b"AUTH PLAIN AHVzZXI=\r\n",
        b"RSET AUTH PLAIN AHVzZXI=\r\n",
        b"cGFzc3dvcmQ=\r\n",
        b"datapassword\r\n",
        b"NOOP " + b"x" * 512,
    ],
)
def test_what_may_hold_a_secret_is_not_kept(line: bytes) -> None:
    commands = Commands()

    assert commands[line] == command(line)
    assert not commands


def test_not_more_is_kept_than_comes_with_every_mail() -> None:
    commands = Commands()
    for number in range(2_000):
        assert commands[b"RCPT TO:<%d>\r\n" % number].argument == f"TO:<{number}>"

    assert 0 < len(commands) <= 512
    assert b"RCPT TO:<1999>\r\n" in commands


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (b"NOOP\r\n", b"NOOP"),
        (b"NOOP\n", b"NOOP"),
        (b"NOOP\r\r\n", b"NOOP\r"),
        (b"\r\n", b""),
        (b"NOOP \n\n", b"NOOP \n"),
    ],
)
def test_a_line_loses_one_end(line: bytes, left: bytes) -> None:
    assert without_end(line) == left


@pytest.mark.parametrize(("word", "upper"), [("size", "SIZE"), ("\u017fize", "\u017fize"), ("s\u0131ze", "s\u0131ze")])
def test_letter_case_is_an_affair_of_ascii(word: str, upper: str) -> None:
    assert folded(word) == upper
