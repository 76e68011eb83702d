"""One message as it came, and what is read from it."""

from __future__ import annotations

import datetime
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports import TLS, Attachment, Envelope, Message
from pytest_smtpports._mail._message import in_memory

if TYPE_CHECKING:
    from collections.abc import Callable

WHAT_CAN_BE_READ: dict[str, type | tuple[type, ...]] = {
    "email": EmailMessage,
    "headers": tuple,
    "subject": str,
    "from_": tuple,
    "to": tuple,
    "cc": tuple,
    "bcc": tuple,
    "text": str,
    "html": str,
    "body": str,
    "attachments": Mapping,
    "links": tuple,
    "message_id": str,
    "date": (datetime.datetime, type(None)),
    "defects": tuple,
}


@pytest.fixture
def newsletter() -> bytes:
    """A message as the standard library makes it: text, HTML and three attachments."""
    mail = EmailMessage()
    mail["From"] = "App <app@example.com>"
    mail["To"] = "Ada Lovelace <ada@example.org>, bob@example.net"
    mail["Cc"] = "carol@example.org"
    mail["Subject"] = "Grüße aus Zürich"
    mail["Message-ID"] = "<1@example.com>"
    mail["Date"] = "Fri, 17 May 2024 12:00:00 +0200"
    mail["X-Tag"] = "one"
    mail["X-Tag"] = "two"
    mail.set_content("Hällo\nAda\n")
    mail.add_alternative("<p>Hällo <b>Ada</b></p>\n", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    mail.add_attachment("plain\n", filename="ü.txt")
    mail.add_attachment(b"\x00", maintype="application", subtype="octet-stream")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def test_the_bytes_stay_as_they_came(make_message: Callable[..., Message], newsletter: bytes) -> None:
    assert make_message(newsletter).raw == newsletter


def test_the_headers_are_read(make_message: Callable[..., Message], newsletter: bytes) -> None:
    message = make_message(newsletter)

    assert message.subject == "Grüße aus Zürich"
    assert message.from_ == ("app@example.com",)
    assert message.to == ("ada@example.org", "bob@example.net")
    assert message.cc == ("carol@example.org",)
    assert message.message_id == "<1@example.com>"
    assert message.date == datetime.datetime(2024, 5, 17, 10, tzinfo=datetime.timezone.utc)
    assert ("X-Tag", "one") in message.headers
    assert message.email["subject"] == "Grüße aus Zürich"


def test_a_header_may_stand_there_twice_and_is_found_in_any_letter_case(
    make_message: Callable[..., Message], newsletter: bytes
) -> None:
    assert make_message(newsletter).header_values("x-tAg") == ("one", "two")


def test_the_headers_stand_in_order() -> None:
    message = Message(
        b"B: 1\r\nA: 2\r\nb: 3\r\n folded\r\n\r\n",
        Envelope("", ()),
        25,
        datetime.datetime.now(datetime.timezone.utc),
    )

    assert message.headers == (("B", "1"), ("A", "2"), ("b", "3 folded"))


def test_both_bodies_are_read_with_plain_line_ends(make_message: Callable[..., Message], newsletter: bytes) -> None:
    message = make_message(newsletter)

    assert message.text == "Hällo\nAda\n"
    assert message.html == "<p>Hällo <b>Ada</b></p>\n"


def test_a_message_without_attachments_has_none(make_message: Callable[..., Message]) -> None:
    assert make_message().attachments == {}


@pytest.mark.parametrize(
    ("raw", "text", "html", "body"),
    [
        (b"Subject: x\r\n\r\nHello\r\n", "Hello\n", "", "Hello\n"),
        (b"Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n", "", "<p>Hello</p>\n", "<p>Hello</p>\n"),
        (b"Content-Type: application/pdf\r\n\r\n%PDF", "", "", ""),
        (b"Subject: x\r\n\r\n", "", "", ""),
        (b"Subject: x", "", "", ""),
        (b"", "", "", ""),
        (b"Subject: x\r\n\r\none\rtwo\nthree\r\n", "one\ntwo\nthree\n", "", "one\ntwo\nthree\n"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe", "Grüße", "", "Grüße"),
        (b"Content-Type: text/plain; charset=latin-1\r\n\r\nGr\xfc\xdfe", "Grüße", "", "Grüße"),
        (b"Content-Type: text/plain; charset=unheard-of\r\n\r\nGr\xc3\xbc\xc3\x9fe", "Grüße", "", "Grüße"),
        (b"Content-Type: text/plain; charset=unheard-of\r\n\r\n\xff", "\ufffd", "", "\ufffd"),
        (
            b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8NCg==\r\n",
            "Hello\n",
            "",
            "Hello\n",
        ),
        (
            b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: x-own\r\n\r\nSGVsbG8NCg==\r\n",
            "SGVsbG8NCg==\n",
            "",
            "SGVsbG8NCg==\n",
        ),
        (b"Content-Type: text/plain; charset=us-ascii\r\n\r\nGr\xc3\xbc\xc3\x9fe", "Grüße", "", "Grüße"),
        (b"Content-Type: text/plain; charset=us-ascii\r\n\r\nGr\xfc", "Gr\ufffd", "", "Gr\ufffd"),
        (b"Content-Type: text/plain; charset=hex\r\n\r\nff", "ff", "", "ff"),
        (b"Content-Type: text/plain; charset=punycode\r\n\r\nff-", "ff-", "", "ff-"),
        (b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-", "?", "", "?"),
        (b"Content-Type: text/plain;x*\r\n\r\nGr\xc3\xbc\xff", "Grü\ufffd", "", "Grü\ufffd"),
        # What says that it has parts, and has none that can be found.
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno part\r\n", "no part\n", "", "no part\n"),
        (b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\npart\r\n", "--b\n\npart\n", "", "--b\n\npart\n"),
    ],
)
def test_the_body_is_the_text_or_else_the_html(
    make_message: Callable[..., Message], raw: bytes, text: str, html: str, body: str
) -> None:
    message = make_message(raw)

    assert (message.text, message.html, message.body) == (text, html, body)


def test_headers_in_utf_8_are_read(make_message: Callable[..., Message]) -> None:
    message = make_message("Subject: Grüße\r\nTo: Jörg <jörg@bücher.example>\r\n\r\n".encode())

    assert (message.subject, message.to) == ("Grüße", ("jörg@bücher.example",))


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        (b"To: ada@example.org", ("ada@example.org",)),
        (b'To: "Lovelace, Ada" <ada@example.org>', ("ada@example.org",)),
        (b"To: =?utf-8?q?Lovelace=2C_Ada?= <ada@example.org>", ("ada@example.org",)),
        (b'To: "eve@example.net" <ada@example.org>', ("ada@example.org",)),
        (b"To: ada@example.org (the countess, of Lovelace)", ("ada@example.org",)),
        (b"To: Team: ada@example.org, bob@example.net;", ("ada@example.org", "bob@example.net")),
        (b"To: undisclosed-recipients:;", ()),
        (b"To: ada@example.org,", ("ada@example.org",)),
        (b"To: ada@example.org\r\nTo: bob@example.net", ("ada@example.org", "bob@example.net")),
        (b"To: <>", ()),
        (b"To: ", ()),
        (b"Subject: nobody", ()),
    ],
)
def test_addresses_are_read_without_their_names(
    make_message: Callable[..., Message], header: bytes, addresses: tuple[str, ...]
) -> None:
    assert make_message(header + b"\r\n\r\n").to == addresses


def test_what_the_envelope_names_and_no_header_does_is_bcc(make_message: Callable[..., Message]) -> None:
    message = make_message(
        b"To: Ada@Example.org\r\nCc: bob@example.net\r\n\r\n",
        recipients=("ada@example.org", "bob@example.net", "carol@example.org"),
    )

    assert message.bcc == ("carol@example.org",)


def test_the_envelope_is_what_mail_and_rcpt_said(make_message: Callable[..., Message]) -> None:
    message = make_message(
        b"From: app@example.com\r\n\r\n", mail_from="bounce@example.com", recipients=("a@example.org", "b@example.org")
    )

    assert message.mail_from == "bounce@example.com"
    assert message.recipients == ("a@example.org", "b@example.org")
    assert message.envelope == Envelope("bounce@example.com", ("a@example.org", "b@example.org"))


@pytest.mark.parametrize("raw", [b"", b"Subject: x\r\n\r\n", b"Date: yesterday\r\n\r\n", b"Date: \r\n\r\n"])
def test_a_date_that_is_missing_or_cannot_be_read_is_none(make_message: Callable[..., Message], raw: bytes) -> None:
    assert make_message(raw).date is None


def test_what_is_missing_is_empty(make_message: Callable[..., Message]) -> None:
    message = make_message(b"\r\n", recipients=())

    assert (message.subject, message.message_id) == ("", "")
    assert (message.from_, message.to, message.cc, message.bcc) == ((), (), (), ())
    assert (message.headers, message.defects) == ((), ())


@pytest.mark.parametrize("field", ["Resent-To", "Resent-Cc"])
def test_who_gets_a_mail_that_was_resent_to_all_eyes_is_not_bcc(
    make_message: Callable[..., Message], field: str
) -> None:
    message = make_message(f"To: bob@example.net\r\n{field}: ada@example.org\r\n\r\n".encode())

    assert message.bcc == ()


def test_a_message_id_comes_without_the_blanks_around_it(make_message: Callable[..., Message]) -> None:
    assert make_message(b"Message-ID:   <1@example.com>  \r\n\r\n").message_id == "<1@example.com>"


def test_defects_say_what_is_wrong(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno part\r\n")

    assert [defect.partition(":")[0] for defect in message.defects] == [
        "StartBoundaryNotFoundDefect",
        "MultipartInvariantViolationDefect",
    ]


def test_a_defect_of_one_part_is_told_too(make_message: Callable[..., Message]) -> None:
    message = make_message(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnot a header\r\n\r\ntext\r\n--b--\r\n",
    )

    assert [defect.partition(":")[0] for defect in message.defects] == ["MissingHeaderBodySeparatorDefect"]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"Subject: =?utf-8?b?SGVs!bG8=?=\r\n\r\n", "InvalidBase64CharactersDefect: Subject"),
        (b"To: ada\r\n\r\n", "InvalidHeaderDefect: To: "),
        (b"Subject: \xff\r\n\r\n", "Subject: its bytes are no UTF-8"),
        (b"To: " + b"a@b.c, " * 500 + b"\r\n\r\n", "To: its 3500 characters are too many"),
        (b"To: <a@[\r\n\r\n", "To: it can't be decoded: "),
        (b"Content-Type: text/plain; charset=x-own\r\n\r\nx", "text/plain: the charset 'x-own' is unknown"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff", "text/plain: its bytes are no utf-8: UnicodeDecodeE"),
        (b"Content-Type: text/html\r\n\r\n\xff", "text/html: its bytes are no utf-8: UnicodeDecodeError: "),
        (
            b"Content-Transfer-Encoding: x-own\r\n\r\nx",
            "text/plain: the transfer encoding 'x-own' is unknown; it is",
        ),
        (b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8", "InvalidBase64PaddingDefect"),
        (b"Content-Type: application/ms-tnef\r\n\r\nx", "application/ms-tnef: what it packs is not unpacked; it"),
    ],
)
def test_what_could_not_be_decoded_is_told(make_message: Callable[..., Message], raw: bytes, told: str) -> None:
    message = make_message(raw)

    (defect,) = message.defects
    assert defect.startswith(told)
    # Whatever was read before.
    again = make_message(raw)
    assert (again.text, again.attachments) == (message.text, message.attachments)
    assert again.defects == message.defects


@pytest.mark.parametrize(
    "raw",
    [
        "Subject: Grüße\r\nTo: jörg@bücher.example\r\n\r\n".encode(),
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Fri, 17 May 2024 12:00:00 +0200\r\n\r\nHello\r\n",
    ],
)
def test_a_mail_as_it_should_be_has_no_defects(make_message: Callable[..., Message], raw: bytes) -> None:
    assert make_message(raw).defects == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\xfe",
        b"\xff: \xff\r\n\r\n\xff",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\n",
        b"Subject: =?\xff?q?x?=\r\n\r\n",
        b"To: <@\r\nFrom: @\r\nCc: [\r\n\r\n",
        b'From: "\r\n\r\n',
        b"Message-ID: [\r\n\r\n",
        b"Date: Mon, 99 Jan 2024 99:99:99 +9999\r\n\r\n",
        b"Content-Type: ;\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n--b",
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nx",
        b"Content-Type: text/plain; charset=hex\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=idna\r\n\r\n\xff",
        b"Content-Type: text/plain; charset*=utf-8''%\r\n\r\nx",
        b"Content-Type: text/plain; name*0*=x; name*0*=y\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\n!",
        b"Content-Disposition: attachment; filename*=\xff''%ff\r\n\r\nx",
        b"Content-Disposition: \r\n\r\nx",
        b"MIME-Version: \r\n\r\n",
        b"Content-Type: text/plain;x*\r\n\r\nbody",
        b"Content-Type: text/plain;x*",
        b"Content-Type: text/plain;x*\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=b; x*\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n",
        b"Content-Disposition: attachment;filename*\r\n\r\nx",
        b"To: " + b"(" * 10_000 + b"\r\n\r\n",
        b"From: " + b"(" * 1_000 + b"\r\n\r\n",
        b"Content-Type: " + b"(" * 10_000 + b"\r\n\r\n",
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<a href='\xff\x00\r\n'",
        b"Message-ID: <\r\nTo: <\r\n\r\n",
        b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\N{x}\\q",
    ],
)
def test_no_attribute_raises_however_broken_the_bytes(make_message: Callable[..., Message], raw: bytes) -> None:
    message = make_message(raw)

    assert all(isinstance(getattr(message, name), kind) for name, kind in WHAT_CAN_BE_READ.items())
    assert repr(message).startswith("<Message ")


def test_a_header_field_that_cannot_be_decoded_leaves_the_rest_of_the_mail_readable(
    make_message: Callable[..., Message],
) -> None:
    message = make_message(
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html;x*\r\n\r\nHello\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx\r\n--b--\r\n"
    )

    assert (message.html, list(message.attachments)) == ("Hello", ["a.png"])
    (defect,) = message.defects
    assert defect.startswith("Content-Type: it can't be decoded: IndexError: ")


# Each is in the one before it, beyond what Python can follow.
ONE_IN_ANOTHER = b"Content-Type: message/rfc822\r\n\r\n" * 2000


def test_what_cannot_be_parsed_is_salvaged(make_message: Callable[..., Message]) -> None:
    message = make_message(
        "Subject: Grüße\r\nFrom: app@example.com\r\nTo: ada@example.org\r\nX-Tag: one\r\nX-Tag: two\r\n"
        "MIME-Version: 1.0\r\ncontent-transfer-encoding: 7bit\r\nMessage-ID: <1@example.com>\r\n".encode()
        + ONE_IN_ANOTHER
    )

    assert message.headers == (
        ("Subject", "Grüße"),
        ("From", "app@example.com"),
        ("To", "ada@example.org"),
        ("X-Tag", "one"),
        ("X-Tag", "two"),
        ("MIME-Version", "1.0"),
        ("Message-ID", "<1@example.com>"),
    )
    assert (message.subject, message.from_, message.to) == ("Grüße", ("app@example.com",), ("ada@example.org",))
    assert message.text.startswith("Content-Type: message/rfc822\n\n")
    assert (message.html, message.attachments) == ("", {})


def test_what_was_salvaged_says_so(make_message: Callable[..., Message]) -> None:
    (defect,) = make_message(ONE_IN_ANOTHER).defects

    assert defect.startswith("MessageDefect: the message can't be parsed: RecursionError: ")


def test_a_salvaged_message_can_be_written_again(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: Hi\r\n" + ONE_IN_ANOTHER + b"Gr\xc3\xbc\xff")

    assert bytes(message.email).startswith(b"Subject: Hi\n\nContent-Type: message/rfc822\n")
    assert bytes(message.email).endswith(b"Gr\xc3\xbc\xff")


def test_an_attachment_whose_disposition_cannot_be_read_is_kept(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Content-Disposition: attachment;filename*\r\n\r\nx")

    assert message.attachments == {"unnamed-1": Attachment("unnamed-1", "text/plain", b"x")}


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_make_a_body(body: bytes) -> None:
    received = datetime.datetime(2024, 5, 17, tzinfo=datetime.timezone.utc)
    message = Message(b"Subject: x\r\n\r\n" + body, Envelope("", ()), 25, received)

    assert message.subject == "x"
    assert "\r" not in message.text


def test_a_message_shows_what_one_looks_for_first(make_message: Callable[..., Message]) -> None:
    message = make_message(recipients=("ada@example.org", "bob@example.net"), port=587)

    assert repr(message) == ("<Message 'Welcome' from 'app@example.com' to 'ada@example.org, bob@example.net' on 587>")


def test_a_message_cannot_be_changed(make_message: Callable[..., Message]) -> None:
    with pytest.raises(FrozenInstanceError):
        make_message().port = 26  # type: ignore[misc] # that it is refused is the point


def test_two_messages_of_the_same_bytes_are_two(make_message: Callable[..., Message]) -> None:
    assert make_message() != make_message()


def test_a_message_survives_pickling(make_message: Callable[..., Message], newsletter: bytes) -> None:
    message = make_message(newsletter, port=465, tls=TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", None))

    again = pickle.loads(pickle.dumps(message))  # noqa: S301 # our own bytes

    assert (again.raw, again.port, again.tls, again.text) == (newsletter, 465, message.tls, "Hällo\nAda\n")


def test_a_message_survives_pickling_after_all_of_it_was_read(
    make_message: Callable[..., Message], newsletter: bytes
) -> None:
    message = make_message(newsletter)
    read = {name: getattr(message, name) for name in WHAT_CAN_BE_READ if name != "email"}

    again = pickle.loads(pickle.dumps(message))  # noqa: S301 # our own bytes

    assert {name: getattr(again, name) for name in read} == read


def test_a_message_that_nothing_is_known_of_but_the_envelope_has_its_defaults() -> None:
    received = datetime.datetime(2024, 5, 17, tzinfo=datetime.timezone.utc)
    message = Message(b"", Envelope("", ("ada@example.org",)), 25, received)

    assert (message.host, message.tls, message.user, message.acknowledged) == (None, None, None, True)
    assert (message.envelope.mail_parameters, message.envelope.recipient_parameters) == ((), ())


def test_a_header_of_great_length_is_taken_as_it_stands(make_message: Callable[..., Message]) -> None:
    words = "word " * 4000
    message = make_message(f"Subject: {words}\r\n\tand more\r\nTo: ada@example.org\r\n\r\n".encode())

    assert message.subject.split() == [*words.split(), "and", "more"]
    assert message.to == ("ada@example.org",)


def test_a_message_in_memory_keeps_what_is_read_of_it_to_itself(make_message: Callable[..., Message]) -> None:
    message = make_message()

    other = in_memory(message)

    assert (other, other.raw) == (other, message.raw)
    assert other.text == "Hello Ada\n"
    assert "text" not in vars(message)
