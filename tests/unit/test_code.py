"""The code that a mail brings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message

BOTH = (
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\n\r\nYour code is %b.\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<style>a{width:12345}</style><p>Your code is <b>48</b>2913</p>\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"Your code is 482913.", "482913"),
        (b"0042", "0042"),
        (b"Order 123 of 12345678, not 123456789", "12345678"),
        (b"First 1111, then 2222", "1111"),
        (b"x123456 A1234", None),
    ],
)
def test_a_code_has_four_to_eight_digits_and_the_first_one_counts(
    make_message: Callable[..., Message], text: bytes, code: str | None
) -> None:
    message = make_message(b"Subject: 99999\r\n\r\n" + text + b"\r\nor 7777\r\n")

    assert message.code() == (code or "7777")


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        (r"\b[A-Z]\d{3}\b", "B456"),
        (r"PIN: (\w+)", "B456"),
        (re.compile(r"pin: (\w+)", re.IGNORECASE), "B456"),
        (r"PIN|(code)", "PIN"),
    ],
)
def test_a_test_says_what_a_code_is(
    make_message: Callable[..., Message], pattern: str | re.Pattern[str], code: str
) -> None:
    assert make_message(b"Subject: x\r\n\r\n12345 PIN: B456 code\r\n").code(pattern) == code


def test_what_is_no_pattern_is_told(make_message: Callable[..., Message]) -> None:
    with pytest.raises(ConfigurationError, match=r"'\(' is none: missing \), .*; re\.escape\(\) makes one of words"):
        make_message().code("(")


def test_the_html_is_asked_where_the_text_has_none(make_message: Callable[..., Message]) -> None:
    assert make_message(BOTH % b"below").code() == "482913"
    assert make_message(BOTH % b"1234").code() == "1234"


def test_where_there_is_none_the_failure_shows_how_the_texts_begin(make_message: Callable[..., Message]) -> None:
    message = make_message(BOTH % b"below")

    with pytest.raises(AssertionError) as caught:
        message.code("PIN")

    assert str(caught.value).splitlines() == [
        "no /PIN/ in <Message '' from 'app@example.com' to 'ada@example.org' on 25>",
        "  its text begins 'Your code is below.'",
        "  its HTML begins 'Your code is 482913'",
        'What is a code here? For one of another kind: code("PIN: (.+)")',
    ]


def test_an_empty_message_has_no_code(make_message: Callable[..., Message]) -> None:
    with pytest.raises(AssertionError, match=r"(?s)its text is empty.*its HTML is empty"):
        make_message(b"").code()


def test_the_failure_is_bounded(make_message: Callable[..., Message]) -> None:
    with pytest.raises(AssertionError) as caught:
        make_message(b"Subject: x\r\n\r\n" + b"word " * 100_000).code()

    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("pattern", [b"PIN", re.compile(b"PIN"), 6, None])
def test_a_pattern_is_of_text(make_message: Callable[..., Message], pattern: object) -> None:
    with pytest.raises(ConfigurationError, match=r"code\(\) takes a pattern of text"):
        make_message().code(pattern)  # type: ignore[arg-type] # that it is refused is the point
