"""Header fields that are read from the bytes alone: the same as the email package finds."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser
from email.utils import getaddresses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_smtpports import Envelope, Message
from pytest_smtpports._mail._headers import plain_fields
from tests.unit.conftest import NOON

PLAIN = (
    b"Received: from a by b;\r\n\tWed, 25 Nov 2026 10:00:00 +0000\r\n"
    b"From: Ada Lovelace <ada@example.org>\r\n"
    b"To: grace@example.com, Bob <bob.b@example.net>\r\n"
    b"Subject: Welcome to  the\r\n  machine \r\n"
    b"X-Empty:\r\nX-Blank: \r\nx-tag:news\r\n"
    b"Message-ID: <1@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n"
)
NOT_PLAIN = [
    b"Subject: Gr\xc3\xbc\xc3\x9fe\r\n",
    b"Subject:\r\n folded at once\r\n",
    b"Subject: one\nTo: ada@example.org\r\n",
    b"Subject: one\rTo: ada@example.org\r\n",
    b"Subject: \x00\r\n",
    b"no field\r\nSubject: one\r\n",
    b" begins folded\r\nSubject: one\r\n",
    b"From ada Wed Nov 25\r\nSubject: one\r\n",
    b": no name\r\nSubject: one\r\n",
    b"Subject : blank before the colon\r\n",
    b"X: " + b"long " * 20_000 + b"\r\n",
]


def read_by_email(name: str, value: str) -> str:
    try:
        return str(policy.default.header_fetch_parse(name, value))
    except Exception:  # it chokes on some strangers' words, which are taken as they stand
        return value


def message_of(raw: bytes) -> Message:
    return Message(raw, Envelope("app@example.com", ("ada@example.org",)), 25, NOON)


def found_by_email(raw: bytes) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in BytesParser(policy=policy.default).parsebytes(raw).raw_items())


def test_a_plain_header_is_read_from_the_bytes() -> None:
    raw = PLAIN + b"\r\nbody: no field\r\n"

    assert plain_fields(raw) == found_by_email(raw)


@pytest.mark.parametrize("header", NOT_PLAIN)
def test_any_other_header_is_left_to_email(header: bytes) -> None:
    raw = header + b"\r\nbody\r\n"

    assert plain_fields(raw) is None
    assert message_of(raw)._fields == found_by_email(raw)


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\r\nbody\r\n", b"Subject: no body\r\n", b"Subject: cut off"])
def test_a_message_without_an_end_of_its_header_is_left_to_email(raw: bytes) -> None:
    assert message_of(raw)._fields == found_by_email(raw)


NAMES = st.sampled_from(["Subject", "To", "cc", "From", "X-Tag", "x-tag", "Comments", "Received", "Content-Type"])
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.just("\t"), max_size=30)
VALUES = st.lists(PRINTABLE, min_size=1, max_size=3).map("\r\n ".join)
HEADERS = st.lists(st.tuples(NAMES, st.sampled_from(["", " ", "\t "]), VALUES), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(HEADERS)
def test_every_header_is_read_as_email_reads_it(fields: list[tuple[str, str, str]]) -> None:
    raw = "".join(f"{name}:{blanks}{value}\r\n" for name, blanks, value in fields).encode() + b"\r\nbody\r\n"
    read = plain_fields(raw)

    assert read is None or read == found_by_email(raw)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_text_is_unfolded_and_decoded_as_email_does_it(value: str) -> None:
    message = message_of(f"Subject: {value}\r\nX-Tag: {value}\r\n\r\n".encode())
    (_, came), _ = message._fields

    assert message.header_values("subject") == (read_by_email("Subject", came),)
    assert message.header_values("X-Tag") == (read_by_email("X-Tag", came),)


LOCALS = st.text(st.sampled_from("ab1_+-.\"' \\"), min_size=1, max_size=6)
MAILBOXES = st.builds(
    lambda phrase, local, domain, angle: f"{phrase}<{local}@{domain}>" if angle else f"{local}@{domain}",
    st.sampled_from(["", "Ada ", "Ada L. ", '"Ada, L" ', "O'Neil ", "a: ", "=?utf-8?q?Gr=C3=BC?= ", "(c) "]),
    LOCALS,
    st.sampled_from(["example.org", "EXAMPLE.com", "localhost", "a..b", "[127.0.0.1]", "-x.y"]),
    st.booleans(),
)


# What email chokes on, in every version.
@example("<a@[")
@settings(max_examples=500, deadline=None)
@given(st.lists(MAILBOXES | PRINTABLE, max_size=3).map(", ".join))
def test_addresses_are_those_that_email_finds(value: str) -> None:
    message = message_of(f"To: {value}\r\n\r\n".encode())
    named = getaddresses([read_by_email("To", each) for _, each in message._fields])

    assert message.to == tuple(address for _, address in named if address)
