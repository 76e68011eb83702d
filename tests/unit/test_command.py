"""A command line as text, and as its two parts."""

from __future__ import annotations

import pytest

from pytest_smtpports._ports._command import Command, command, folded, without_end


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
    assert command(line) == Command(verb, argument, is_text=True)


@pytest.mark.parametrize(
    "octet", [b"\x00", b"\t", b"\r", b"\x1b", b"\x7f", b"\xc2\x85", b"\xff", b"\xe9", b"\xed\xb2\x80"]
)
def test_a_line_with_a_control_character_or_broken_utf8_is_no_text(octet: bytes) -> None:
    assert not command(b"NOOP " + octet).is_text


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
