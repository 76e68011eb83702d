"""Mail as strangers send it: no attribute raises, ever, and the time grows with the length alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports import Envelope, Mailbox, Message
from tests.unit.conftest import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

WHAT_CAN_BE_READ = [name for name, value in vars(Message).items() if name[0] != "_" and not callable(value)]


def cpythons_mails() -> dict[str, bytes]:
    """The mails with which CPython tests its own email package, where they are installed with it."""
    spec = importlib.util.find_spec("test")
    folders = spec.submodule_search_locations if spec else None
    found = [path for folder in folders or () for path in Path(folder, "test_email", "data").glob("msg_*.txt")]
    return {path.name: path.read_bytes() for path in sorted(found)}


MADE_HERE = {
    "text": b"From: a@example.com\r\nTo: b@example.org\r\nSubject: x\r\n\r\nThe code is 4711: https://example.com/\r\n",
    "html": b"Subject: =?utf-8?q?Gr=C3=BC=C3=9F?=\r\nContent-Type: text/html\r\n\r\n<p><a href='x'>y</a><!-- z -->\r\n",
    "parts": (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=latin-1\r\n\r\n\xfc\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\r\n\r\nJVBERg==\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext\r\n--b--\r\n"
    ),
}
MAILS = {**MADE_HERE, **cpythons_mails()}


def message_of(raw: bytes) -> Message:
    return Message(raw, Envelope("app@example.com", ("ada@example.org",)), 25, NOON)


def read_all_of(message: Message) -> str:
    """Everything that a test can ask of a message, as text that can be printed."""
    read = [getattr(message, name) for name in WHAT_CAN_BE_READ]
    findings = Mailbox([message]).check()
    told = f"{message!r} {read} {[*map(str, findings)]} {findings} {message.header_values('subject')}"
    told.encode()
    return told


def test_where_pyenv_has_installed_python_its_mails_are_found() -> None:
    assert len(MAILS) > 40 or "pyenv" not in sys.base_prefix


def test_every_attribute_is_asked_for() -> None:
    assert {"email", "text", "attachments", "links", "defects", "bcc", "date"} <= set(WHAT_CAN_BE_READ)


@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_every_mail_can_be_read(name: str, line_end: bytes) -> None:
    raw = MAILS[name].replace(b"\r\n", b"\n").replace(b"\n", line_end)

    assert read_all_of(message_of(raw))


PIECES = st.sampled_from(
    [
        *(b"\xff", b"\x00", b"\r", b"\n", b"\r\n\r\n", b'"', b"(", b"<", b"@", b";", b":", b"=?utf-8?b?", b"?=", b"--"),
        *(b";x*", b"filename*0*=", b"charset=punycode", b"charset=", b"multipart/", b"message/rfc822", b"text/html"),
        *(b"\r\nContent-Transfer-Encoding: base64\r\n", b"\r\nContent-Type: multipart/mixed; boundary=b\r\n"),
        *(b"<a href='", b"<!--", b"&#x", b"https://"),
    ]
) | st.binary(max_size=4)
PLACES = st.floats(0, 1)


def replaced(raw: bytes, place: float, piece: bytes) -> bytes:
    start = int(place * len(raw))
    return raw[:start] + piece + raw[start + len(piece) :]


def inserted(raw: bytes, place: float, piece: bytes) -> bytes:
    start = int(place * len(raw))
    return raw[:start] + piece + raw[start:]


def cut_off(raw: bytes, place: float, piece: bytes) -> bytes:
    return raw[: int(place * len(raw))] + piece


def cut_out(raw: bytes, place: float, piece: bytes) -> bytes:
    start = int(place * len(raw))
    return raw[:start] + raw[start + 5 * len(piece) :]


CHANGES = st.tuples(st.sampled_from([replaced, inserted, cut_off, cut_out]), PLACES, PIECES)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(MAILS)), st.lists(CHANGES, min_size=1, max_size=6))
def test_a_mail_with_other_bytes_in_it_can_be_read(
    name: str, changes: list[tuple[Callable[[bytes, float, bytes], bytes], float, bytes]]
) -> None:
    raw = MAILS[name]
    for change, place, piece in changes:
        raw = change(raw, place, piece)

    assert read_all_of(message_of(raw))


def nested(depth: int, inside: bytes) -> bytes:
    """Parts within parts."""
    begin = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    heads = b"".join(begin % (level, level) for level in range(depth))
    tails = b"".join(b"\r\n--b%d--\r\n" % level for level in reversed(range(depth)))
    return heads + b"\r\n" + inside + tails


def test_parts_a_hundred_deep_are_read() -> None:
    message = message_of(nested(100, b"Your code is 4711."))

    assert (message.text, message.code(), message.defects) == ("Your code is 4711.", "4711", ())


# Of each, what takes the square of the time would take minutes or hours.
LARGE = {
    "a line of 10 MB": b"Subject: x\r\n\r\n" + b"x" * 10_000_000,
    "a subject of 1 MB": b"Subject: " + b"x " * 500_000 + b"\r\n\r\n",
    "parameters of 1 MB": b"Content-Type: multipart/mixed; " + b"a=b;" * 250_000 + b"\r\n\r\n",
    "100 000 header lines": b"X-Tag: one\r\n" * 100_000 + b"\r\n",
    "a header of 100 000 lines": b"X-Tag: one\r\n" + b"\ttwo\r\n" * 100_000 + b"\r\n",
    "100 000 lines that are no header": b"Subject: x\r\n" + b"no header\r\n" * 100_000,
    "20 000 recipients": b"To: " + b"ada@example.org, " * 20_000 + b"\r\n\r\n",
    "quotes": b"To: " + b'"' * 200_000 + b"\r\n\r\n",
    "comments": b"To: " + b"(" * 200_000 + b"\r\n\r\n",
    "brackets": b"To: a@" + b"[" * 200_000 + b"\r\n\r\n",
    "parts within parts": nested(3_000, b"x"),
    "messages within messages": b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "3 000 files of one name": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\n" * 3_000,
    "an unending comment": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 200_000,
    "a charset that is none": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"\xffa-zzzz" * 100_000,
    "bare line ends": b"Subject: x\r\n\r\n" + b"\n" * 300_000 + b"\r" * 300_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_read_in_a_time_that_grows_with_its_length(name: str) -> None:
    message = message_of(LARGE[name])

    assert all(getattr(message, name) is not NotImplemented for name in WHAT_CAN_BE_READ)
    assert Mailbox([message]).check()
