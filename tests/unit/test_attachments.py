"""What hangs on a message beside its text."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Attachment, NotAttached

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message

PICTURE = {"maintype": "image", "subtype": "png"}
FILE = {"maintype": "application", "subtype": "pdf"}


def crlf(mail: EmailMessage) -> bytes:
    return mail.as_bytes().replace(b"\n", b"\r\n")


def with_parts(*parts: bytes) -> bytes:
    """A message of these parts."""
    body = b"".join(b"--b\r\n%b\r\n" % part for part in parts)
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n%b--b--\r\n" % body


def test_files_are_found_by_their_names(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail.set_content("text\n")
    mail.add_alternative("<p>text</p>\n", subtype="html")
    mail.add_attachment(b"%PDF", filename="a.pdf", **FILE)
    mail.add_attachment("plain\n", filename="ü.txt")
    mail.add_attachment(b"\x00", maintype="application", subtype="octet-stream")

    attachments = make_message(crlf(mail)).attachments

    assert list(attachments) == ["a.pdf", "ü.txt", "unnamed-3"]
    assert attachments["a.pdf"] == Attachment("a.pdf", "application/pdf", b"%PDF")
    assert attachments["ü.txt"].content.strip() == b"plain"
    assert attachments["unnamed-3"] == Attachment("unnamed-3", "application/octet-stream", b"\x00")


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["a.pdf", "a.pdf", "a.pdf"], ["a.pdf", "a (2).pdf", "a (3).pdf"]),
        (["a.pdf", "a.pdf", "a (2).pdf"], ["a.pdf", "a (3).pdf", "a (2).pdf"]),
        (["a (2).pdf", "a.pdf", "a.pdf"], ["a (2).pdf", "a.pdf", "a (3).pdf"]),
        (["README", "README"], ["README", "README (2)"]),
        ([".env", ".env"], [".env", ".env (2)"]),
    ],
)
def test_of_several_with_one_name_none_is_lost(
    make_message: Callable[..., Message], names: list[str], keys: list[str]
) -> None:
    mail = EmailMessage()
    for number, name in enumerate(names):
        mail.add_attachment(b"%d" % number, filename=name, **FILE)

    attachments = make_message(crlf(mail)).attachments

    assert list(attachments) == keys
    assert [each.filename for each in attachments.values()] == names
    assert [each.content for each in attachments.values()] == [b"0", b"1", b"2"][: len(names)]


def test_an_inline_picture_is_one_and_says_what_the_html_calls_it(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail.set_content("text\n")
    mail.add_alternative('<img src="cid:logo@example.com">\n', subtype="html")
    html = mail.get_body(("html",))
    assert html is not None
    html.add_related(b"\x89PNG", cid="<logo@example.com>", **PICTURE)

    message = make_message(crlf(mail))

    assert dict(message.attachments) == {
        "unnamed-1": Attachment("unnamed-1", "image/png", b"\x89PNG", "logo@example.com")
    }
    assert message.html == '<img src="cid:logo@example.com">\n'


def test_a_calendar_beside_the_texts_is_one(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail.set_content("text\n")
    mail.add_alternative("BEGIN:VCALENDAR\n", subtype="calendar")

    (attachment,) = make_message(crlf(mail)).attachments.values()

    assert attachment.content_type == "text/calendar"


def test_an_attached_message_is_one_with_all_that_is_in_it(make_message: Callable[..., Message]) -> None:
    inner = (
        b"Subject: Inner\r\nX-Long: " + b"word " * 30 + b"\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
        b"--i\r\nContent-Type: text/html\r\n\r\n<p>Gr\xfc\xdfe\r\n"
        b"--i\r\nContent-Disposition: attachment; filename=inner.txt\r\n\r\nFrom here\r\n--i--\r\n"
    )
    outer = b'Content-Type: message/rfc822; name="forwarded.eml"\r\n\r\n' + inner

    message = make_message(with_parts(b"\r\nouter", outer))

    assert (message.text, message.html) == ("outer", "")
    assert list(message.attachments) == ["forwarded.eml"]
    attached = message.attachments["forwarded.eml"]
    assert (attached.content_type, attached.content) == ("message/rfc822", inner)
    assert message_from_bytes(attached.content, policy=policy.default)["subject"] == "Inner"


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [(b"base64", b"U3ViamVjdDogSW5uZXINCg0KSGVsbG8="), (b"quoted-printable", b"Subject: Inne=72\r\n\r\nHel=\r\nlo")],
)
def test_an_attached_message_may_be_encoded_though_it_must_not(
    make_message: Callable[..., Message], encoding: bytes, encoded: bytes
) -> None:
    raw = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (encoding, encoded)

    (attachment,) = make_message(with_parts(raw)).attachments.values()

    assert attachment.content.replace(b"\r\n", b"\n").strip() == b"Subject: Inner\n\nHello"


def test_a_delivery_report_is_one(make_message: Callable[..., Message]) -> None:
    status = b"Reporting-MTA: dns; mx.example.org\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    message = make_message(with_parts(b"\r\nIt failed.", b"Content-Type: message/delivery-status\r\n\r\n" + status))

    (attachment,) = message.attachments.values()

    assert attachment.content_type == "message/delivery-status"
    assert b"Status: 5.1.1" in attachment.content


def test_an_attached_message_that_is_too_deep_is_empty_and_a_defect(make_message: Callable[..., Message]) -> None:
    deep = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    raw = b"Content-Type: message/rfc822\r\n\r\n" + b"".join(deep % (number, number) for number in range(300))

    message = make_message(with_parts(b"\r\nouter", raw))

    (attachment,) = message.attachments.values()
    assert attachment.content == b""
    assert message.defects[-1].startswith(
        "message/rfc822: the attached message can't be written again: RecursionError: "
    )


def test_what_outlook_packs_is_one(make_message: Callable[..., Message]) -> None:
    raw = b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+Ig=="

    message = make_message(with_parts(b"\r\nouter", raw))

    assert message.attachments["winmail.dat"].content == b"\x78\x9f\x3e\x22"
    assert message.defects == ("application/ms-tnef: what it packs is not unpacked; it is kept as it came",)


def test_a_text_with_a_name_is_the_text_only_where_there_is_no_other(make_message: Callable[..., Message]) -> None:
    named = b"Content-Type: text/plain; name=log.txt\r\n\r\nlog"

    both = make_message(with_parts(named, b"\r\nHello"))
    alone = make_message(with_parts(named))

    assert (both.text, list(both.attachments)) == ("Hello", ["log.txt"])
    assert (alone.text, list(alone.attachments)) == ("log", ["log.txt"])


def test_a_container_without_parts_is_the_text_only_where_there_is_no_other(
    make_message: Callable[..., Message],
) -> None:
    broken = b"Content-Type: multipart/alternative; boundary=x\r\n\r\nno part"

    assert make_message(with_parts(broken, b"\r\nHello")).text == "Hello"
    assert make_message(with_parts(broken)).text == "no part\n"
    assert make_message(with_parts(broken)).attachments == {}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'Content-Disposition: attachment; filename="../../etc/passwd"', "../../etc/passwd"),
        (b"Content-Disposition: attachment; filename*=utf-8''%C3%BC.txt", "ü.txt"),
        (b"Content-Disposition: attachment; filename*0=long; filename*1=er.txt", "longer.txt"),
        (b'Content-Disposition: attachment; filename="=?utf-8?q?=C3=BC.txt?="', "ü.txt"),
        (b"Content-Disposition: attachment; filename=\xc3\xbc.txt", "ü.txt"),
        (b'Content-Type: application/pdf; name="a b.pdf"', "a b.pdf"),
    ],
)
def test_a_name_is_read_however_it_is_written(make_message: Callable[..., Message], field: bytes, name: str) -> None:
    (attachment,) = make_message(with_parts(field + b"\r\n\r\nx")).attachments.values()

    assert attachment.filename == name


def test_a_name_that_is_not_there_is_told_with_those_that_are(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail.add_attachment(b"", filename="invoice.pdf", **FILE)
    attachments = make_message(crlf(mail)).attachments

    with pytest.raises(NotAttached) as caught:
        attachments["invoce.pdf"]

    assert str(caught.value) == "'invoce.pdf' is not attached; did you mean 'invoice.pdf'? Attached: 'invoice.pdf'."
    assert "invoce.pdf" not in attachments
    assert attachments.get("invoce.pdf") is None


def test_they_show_their_names(make_message: Callable[..., Message]) -> None:
    mail = EmailMessage()
    mail.add_attachment(b"", filename="a.pdf", **FILE)

    assert repr(make_message(crlf(mail)).attachments) == "<attachments 'a.pdf'>"
    assert repr(make_message().attachments) == "<attachments none>"
