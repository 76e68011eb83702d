"""What the report shows of a mail and of a connection, in its list and when it is opened."""

from __future__ import annotations

import base64
import datetime
import json
from dataclasses import replace
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import TLS, Line, Location, Login, Outcome
from pytest_smtpports._report import _contents
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._chunks import chunks
from pytest_smtpports._report._plain import lines
from pytest_smtpports._report._rows import (
    LONGEST,
    LONGEST_PREVIEW,
    preview,
    row_of_connection,
    row_of_mail,
    row_of_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection, Message

TLS13 = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", None)


def test_a_test_s_row_counts_what_it_captured(make_message: Callable[..., Message]) -> None:
    assert row_of_test(Captured("test_it", "failed", (make_message(),), ())) == {
        "kind": "test",
        "test": "test_it",
        "outcome": "failed",
        "mails": 1,
        "connections": 0,
    }


def test_a_mail_s_row_tells_who_to_whom_and_which_way(make_message: Callable[..., Message]) -> None:
    message = make_message(port=587, tls=TLS13, host="smtp.example.com", recipients=("a@b", "c@d", "e@f", "g@h"))

    assert row_of_mail(message) == {
        "kind": "mail",
        "subject": "Welcome",
        "from": "app@example.com",
        "to": ["a@b", "c@d", "e@f"],
        "others": 1,
        "preview": "Hello Ada",
        "port": 587,
        "host": "smtp.example.com",
        "tls": "TLSv1.3",
        "acknowledged": True,
        "late": False,
        "connection": 0,
        "at": "2024-05-17T12:00:00+00:00",
        "bytes": 31,
    }


def test_a_row_is_cut_where_it_is_long(make_message: Callable[..., Message]) -> None:
    row = row_of_mail(make_message(b"Subject: " + b"x" * 1000 + b"\r\n\r\n" + b"y" * 1000))

    assert row["subject"] == "x" * LONGEST
    assert row["preview"] == "y" * LONGEST_PREVIEW


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<style>p { }</style><p>Hello&nbsp;<b>Ada</b></p>", "Hello Ada"),
        (b"<STYLE>p { }</STYLE ><title>x</title>a &lt; b", "a < b"),
        (b"<" * 10_000, "<" * LONGEST_PREVIEW),
        (b"", ""),
    ],
)
def test_a_mail_of_html_alone_is_previewed_without_its_tags(
    make_message: Callable[..., Message], body: bytes, shown: str
) -> None:
    assert preview(make_message(b"Content-Type: text/html\r\n\r\n" + body)) == shown


def test_a_connection_s_row_tells_how_it_ended(make_connection: Callable[..., Connection]) -> None:
    connection = make_connection(587, Outcome.BLOCKED, "the SYN was not answered", block="drop")

    assert row_of_connection(connection) == {
        "kind": "connection",
        "id": 1,
        "port": 587,
        "host": None,
        "tls": None,
        "outcome": "blocked",
        "reason": "the SYN was not answered",
        "block": "drop",
        "at": "2024-05-17T12:00:00+00:00",
    }
    assert row_of_connection(replace(connection, tls=TLS13))["tls"] == "TLSv1.3"


def test_a_mail_is_shown_whole(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail["From"] = "App <app@example.com>"
    mail["To"] = "ada@example.org"
    mail["Message-ID"] = "<1@example.com>"
    mail.set_content("Hello")
    mail.add_alternative('<img src="cid:logo">', subtype="html")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    raw = mail.as_bytes().replace(b"\n", b"\r\n")

    content = _contents.mail(make_message(raw, tls=TLS13, user="user"))

    assert (content["from"], content["to"], content["bcc"]) == (("app@example.com",), ("ada@example.org",), ())
    assert (content["text"], content["html"]) == ("Hello\n", '<img src="cid:logo">\n')
    assert content["headers"][0] == ["From", "App <app@example.com>"]
    assert content["source"] == {"text": raw.decode(), "encoding": "utf-8", "left_out": 0}
    assert content["tls"] == {
        "version": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "sni": None,
        "client": (),
        "fault": None,
    }
    assert content["files"] == [
        {
            "name": "unnamed-1",
            "type": "image/png",
            "bytes": 4,
            "content": base64.b64encode(b"\x89PNG").decode(),
            "id": "logo",
        }
    ]
    json.dumps(content)


def test_what_is_not_utf_8_is_kept_as_a_character_per_byte(make_message: Callable[..., Message]) -> None:
    raw = bytes(range(256))

    source = _contents.mail(make_message(raw))["source"]

    assert source["encoding"] == "latin-1"
    assert source["text"].encode("latin-1") == raw


def test_what_is_too_long_for_a_page_is_cut(
    make_message: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_contents, "LONGEST_TEXT", 40)
    monkeypatch.setattr(_contents, "MOST_HEADERS", 1)
    monkeypatch.setattr(_contents, "LONGEST_HEADER", 5)
    text = make_message(b"Subject: long enough\r\nX-A: b\r\n\r\n" + b"x" * 50)
    markup = make_message(b"Content-Type: text/html\r\n\r\n" + b"x" * 50)

    content = _contents.mail(text)
    assert content["headers"] == [["Subject", "long … (6 more characters)"]]
    assert content["more_headers"] == 1
    assert content["text"] == "x" * 40 + "… (10 more characters)"
    assert content["source"]["left_out"] == 42
    assert (_contents.mail(markup)["html"], _contents.mail(markup)["html_length"]) == ("", 50)


def test_a_file_that_is_too_large_for_a_page_is_named_alone(
    make_message: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_contents, "LARGEST_FILE", 3)
    raw = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nlong"

    (file,) = _contents.mail(make_message(raw))["files"]

    assert file == {"name": "a.pdf", "type": "application/pdf", "bytes": 4, "content": None, "id": ""}


def test_a_connection_is_shown_with_all_that_was_said(make_connection: Callable[..., Connection]) -> None:
    connection = make_connection(
        25,
        Outcome.QUIT,
        "said QUIT",
        dialogue=(Line("S", 0.12345678, "220 hello"),),
        location=Location("app.py", 3),
    )
    connection = replace(
        connection,
        peer=("127.0.0.1", 4),
        tls=TLS13,
        logins=(Login("ada", "PLAIN", succeeded=False),),
        closed_at=connection.opened_at + datetime.timedelta(seconds=1.5),
    )

    assert _contents.connection(connection) == {
        "peer": ("127.0.0.1", 4),
        "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "sni": None, "client": (), "fault": None},
        "logins": [{"username": "ada", "mechanism": "PLAIN", "succeeded": False}],
        "timeout": None,
        "location": "app.py:3",
        "reason": "said QUIT",
        "closed_at": "2024-05-17T12:00:01.500000+00:00",
        "lasted": 1.5,
        "dialogue": [("S", 0.123457, "220 hello")],
    }


def test_a_connection_that_is_open_has_not_lasted_yet(make_connection: Callable[..., Connection]) -> None:
    content = _contents.connection(replace(make_connection(25, Outcome.OPEN, "open"), closed_at=None))

    assert (content["closed_at"], content["lasted"]) == (None, None)


def test_a_mail_that_came_late_is_shown_behind_the_others_as_one(make_message: Callable[..., Message]) -> None:
    captured = [Captured("test_mail", "passed", (make_message(),), (), (make_message(b"Subject: Late\r\n\r\n"),))]

    (chunk,) = chunks(captured)

    assert [row.get("late") for row in json.loads(chunk.rows)] == [None, False, True]
    assert json.loads(chunk.rows)[0]["mails"] == 2
    assert len(list(lines(captured))) == 3
