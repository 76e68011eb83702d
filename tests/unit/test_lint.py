"""What is wrong with a mail that was delivered all the same."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Envelope, Finding, Mailbox, Message, UnknownName
from pytest_smtpports._mail._lint import RULES
from tests.unit.conftest import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD = {
    "From": "App <app@example.com>",
    "To": "ada@example.org",
    "Subject": "Welcome",
    "Date": "Fri, 17 May 2024 12:00:00 +0200",
    "Message-ID": "<1@example.com>",
    "Received": "from app.example.com\r\n\tby mx.example.org; Fri, 17 May 2024 12:00:00 +0200",
    "DKIM-Signature": "v=1; d=example.com; h=from:\r\n\tto:subject; b=x",
}


def mail(
    body: bytes = b"Hello\r\n", *, mail_from: str = "app@example.com", said: tuple[str, ...] = (), **fields: str | None
) -> Message:
    """A mail that has nothing wrong with it but what is told; a field's blanks stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    header = "".join(f"{name}: {value}\r\n" for name, value in {**GOOD, **named}.items() if value is not None)
    raw = header.encode("utf-8", "surrogateescape") + b"\r\n" + body
    return Message(raw, Envelope(mail_from, ("ada@example.org",), said), 25, NOON)


def html(body: bytes = b"<p>Hello\r\n") -> Message:
    return mail(body, Content_Type="text/html")


BULK = {"List_Unsubscribe": "<https://example.com/u>", "List_Unsubscribe_Post": "List-Unsubscribe=One-Click"}
BOTH = b"--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n--b--\r\n"
EIGHT = "Grüße\r\n".encode()

FINE = [
    pytest.param(mail(), id="a plain mail"),
    pytest.param(mail(b""), id="no body"),
    pytest.param(mail(b"x" * 998 + b"\r\n"), id="a line as long as may be"),
    pytest.param(mail(EIGHT, said=("BODY=8BITMIME",)), id="8bit that was declared"),
    pytest.param(mail(EIGHT, said=("size=7", "body=8bitmime")), id="in small letters"),
    pytest.param(
        mail(b"\n\r" + b"\xff" * 2000, Content_Type="image/png", said=("BODY=BINARYMIME",)),
        id="binary that was declared",
    ),
    pytest.param(mail(Subject="Grüße", said=("SMTPUTF8",)), id="UTF-8 that was declared"),
    pytest.param(mail(Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?="), id="an encoded word"),
    pytest.param(mail(Bcc=""), id="an empty Bcc"),
    pytest.param(mail(BOTH, Content_Type="multipart/alternative; boundary=b"), id="text and HTML"),
    pytest.param(mail(Content_Type="text/html", body=b" "), id="no HTML in the HTML"),
    pytest.param(mail(**BULK, Precedence="bulk"), id="bulk mail with one click"),
    pytest.param(mail(Precedence="first-class"), id="no bulk mail"),
    pytest.param(mail(mail_from=""), id="a bounce"),
    pytest.param(mail(mail_from="b@EXAMPLE.com."), id="the same domain in other letters"),
    pytest.param(mail(mail_from="b@bounce.example.com"), id="a subdomain"),
    pytest.param(mail(mail_from="b@b.example.co.uk", From="a@n.example.co.uk"), id="a sibling under co.uk"),
    pytest.param(mail(mail_from="b@b.example.com", From="a@n.example.com"), id="a sibling"),
    pytest.param(mail(mail_from="b@localhost", From="a@localhost"), id="one label"),
    pytest.param(mail(b"Hello\r\n\r\nTo: be or not to be\r\n"), id="words like a field further down"),
    pytest.param(mail(b"To:be\r\n"), id="words not quite like a field"),
    pytest.param(mail(b"From: Bob <bob@example.net>\r\n"), id="what a contact form was told"),
    pytest.param(mail(Subject="x" * 68 + "\r\n Date: 5 May"), id="words like a field where a line is full"),
    pytest.param(mail(mail_from="b@mail.t.co", From="a@t.co"), id="a subdomain of a short domain"),
    pytest.param(mail(mail_from="b@ab.de", From="a@news.ab.de"), id="a short domain"),
]

WRONG = [
    ("bare-lf", mail(b"one\ntwo\n"), "2 LF without CR before it, first in line 11"),
    ("bare-cr", mail(b"one\r\ntwo\rthree"), "1 CR without LF behind it, first in line 12"),
    ("long-line", mail(b"x" * 999 + b"\r\n"), "1 line of more than 998 octets, first line 11 with 999"),
    ("long-line", mail(b"x" * 999 + b"\r\n" + b"y" * 1000), "2 lines of more than 998 octets, first line 11 with 999"),
    ("missing-from", mail(From=None), "there is no From"),
    ("missing-from", mail(From=" "), "there is no From"),
    ("missing-date", mail(Date=None), "there is no Date"),
    ("missing-message-id", mail(Message_ID=None), "there is no Message-ID"),
    ("repeated-header", mail(to="bob@example.net"), "To stands there 2 times"),
    ("undeclared-8bit", mail(EIGHT), "the body has octets beyond ASCII, and MAIL did not say BODY=8BITMIME"),
    (
        "undeclared-8bit",
        mail(EIGHT, said=("BODY=7BIT",)),
        "the body has octets beyond ASCII, and MAIL did not say BODY=8B",
    ),
    ("undeclared-utf8", mail(Subject="Grüße"), "the header has octets beyond ASCII, and MAIL did not say SMTPUTF8"),
    ("bcc-header", mail(Bcc="eve@example.net"), "a Bcc header tells every recipient of 'eve@example.net'"),
    (
        "header-injection",
        mail(Subject="Hi\r\n Bcc: eve@example.net"),
        "a folded line reads like a field of its own: 'Bcc: eve@example.net'",
    ),
    (
        "header-injection",
        mail(Subject="x" * 63 + "\r\n Date: 5 May"),
        "a folded line reads like a field of its own: 'Date: 5 May'",
    ),
    (
        "header-injection",
        mail(b"Reply-To: eve@example.net\r\n\r\nHello"),
        "the body begins like a header: 'Reply-To: eve@example.net'",
    ),
    (
        "header-injection",
        mail(b"\r\n\r\ncontent-type: text/html\r\n\r\nHello"),
        "the body begins like a header: 'content-type: text/html'",
    ),
    ("html-without-text", html(), "there is HTML, and no text for those who read no HTML"),
    (
        "no-one-click-unsubscribe",
        mail(Precedence="Bulk"),
        "it is bulk mail, and no List-Unsubscribe has an https URL",
    ),
    (
        "no-one-click-unsubscribe",
        mail(List_Id="<news.example.com>", List_Unsubscribe="<mailto:u@example.com>"),
        "it is bulk mail, and no List-Unsubscribe has an https URL",
    ),
    (
        "no-one-click-unsubscribe",
        mail(List_Unsubscribe="<https://example.com/u>"),
        "it is bulk mail, and no List-Unsubscribe-Post says List-Unsubscribe=One-Click",
    ),
    (
        "unaligned-sender",
        mail(mail_from="b@bounces.example.net"),
        "the envelope's sender is of 'bounces.example.net', the From header of 'example.com'",
    ),
    (
        "unaligned-sender",
        mail(mail_from="b@other.co.uk", From="a@example.co.uk"),
        "the envelope's sender is of 'other.co.uk', the From header of 'example.co.uk'",
    ),
    (
        "unaligned-sender",
        mail(mail_from="b@other.com", From="a@example.com"),
        "the envelope's sender is of 'other.com', the From header of 'example.com'",
    ),
    ("defect", mail(To="ada"), "InvalidHeaderDefect: To: addr-spec local part with no domain"),
    (
        "defect",
        mail(Content_Type="multipart/mixed; boundary=b", body=b"x"),
        "StartBoundaryNotFoundDefect, and 1 more",
    ),
]


def check(message: Message, ignore: str | Iterable[str] = ()) -> tuple[Finding, ...]:
    return Mailbox([message]).check(ignore=ignore)


@pytest.mark.parametrize("message", FINE)
def test_nothing_is_found_where_nothing_is_wrong(message: Message) -> None:
    assert check(message) == ()


@pytest.mark.parametrize(("rule", "message", "what"), WRONG)
def test_what_is_wrong_is_found_and_nothing_else(rule: str, message: Message, what: str) -> None:
    (finding,) = check(message)

    assert (finding.rule, finding.message) == (rule, message)
    assert finding.what.startswith(what)


def test_every_rule_finds_something_here() -> None:
    assert {rule for rule, _, _ in WRONG} == set(RULES)


@pytest.mark.parametrize("bare", [b"\n", b"\r"])
def test_a_line_end_of_its_own_in_the_header_may_have_been_smuggled(bare: bytes) -> None:
    message = replace(mail(), raw=mail().raw.replace(b"Welcome", b"Hi" + bare + b"Reply-To: eve@example.net"))

    found = {finding.rule: finding.what for finding in check(message)}

    assert found["header-injection"] == "a header field holds a CR or LF of its own"


def test_lines_that_all_end_in_lf_are_not_called_an_injection() -> None:
    # smtplib adds the last one.
    message = replace(mail(), raw=mail().raw.replace(b"\r\n", b"\n") + b"\r\n")

    assert [finding.rule for finding in check(message)] == ["bare-lf"]


def test_a_header_without_a_body_is_looked_at() -> None:
    message = replace(mail(), raw="Subject: Grüße".encode())

    assert "undeclared-utf8" in {finding.rule for finding in check(message)}


def test_messages_are_looked_at_one_by_one() -> None:
    one, two = mail(Date=None, Message_ID=None), mail(From=None)

    findings = Mailbox([one, mail(), two]).check()

    assert [(finding.rule, finding.message) for finding in findings] == [
        ("missing-date", one),
        ("missing-message-id", one),
        ("missing-from", two),
    ]


@pytest.mark.parametrize("ignore", ["missing-date", ("missing-date",), ["missing-date", "bare-lf"], {"missing-date"}])
def test_a_rule_can_be_left_out(ignore: str | Iterable[str]) -> None:
    assert check(mail(Date=None), ignore) == ()


@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox([mail()])])
def test_an_unknown_rule_is_told_with_the_nearest(mailbox: Mailbox) -> None:
    with pytest.raises(UnknownName, match="'missing-dat' is not a lint rule; did you mean 'missing-date'"):
        mailbox.check(ignore=("missing-dat",))


def test_a_finding_reads_well() -> None:
    (finding,) = check(mail(Date=None))

    assert repr(finding) == "<missing-date in 'Welcome': there is no Date>"
    assert str(finding) == (
        'missing-date: there is no Date (RFC 5322 §3.6). Set mail["Date"] = email.utils.localtime().\n'
        "  in <Message 'Welcome' from 'app@example.com' to 'ada@example.org' on 25>"
    )


def test_a_finding_stays_short_and_in_one_line_whatever_the_mail_says() -> None:
    (finding,) = check(
        mail(Subject="word " * 2000 + "\x1b[2J", Bcc="e" * 500 + "@example.net"), ["long-line", "defect"]
    )

    assert len(repr(finding)) < 600
    assert repr(finding).isprintable()


@pytest.mark.parametrize("again", [copy.copy, lambda finding: pickle.loads(pickle.dumps(finding))])  # noqa: S301 # ours
def test_a_finding_is_a_value(again: object) -> None:
    (finding,) = check(mail(Date=None))

    assert callable(again)
    assert repr(again(finding)) == repr(finding)
