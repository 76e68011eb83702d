"""What a test asks of a message, and how it is compared with what came."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import TYPE_CHECKING
from unittest.mock import ANY

import pytest

from pytest_smtpports import TLS, ConfigurationError, UnknownCriterion
from pytest_smtpports._mail._criteria import _ORDER, CRITERIA, Criteria, same_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message

TLS13 = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", "smtp.example.com")


class Even:
    """What equals every even number, as matchers of other libraries do."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other % 2 == 0

    __hash__ = None  # type: ignore[assignment] # as Python has it for who defines __eq__ alone


@pytest.fixture
def message(make_message: Callable[..., Message]) -> Message:
    """One message with something for each criterion."""
    mail = EmailMessage()
    mail["From"] = "App <app@example.com>"
    mail["To"] = "Ada <ada@example.org>, bob@example.net"
    mail["Cc"] = "carol@example.org"
    mail["Subject"] = "Welcome, Ada"
    mail["X-Tag"] = "news"
    mail["X-Tag"] = "weekly"
    mail.set_content("Hello Ada,\nplease confirm.\n")
    mail.add_alternative("<p>Hello Ada,\nplease <b>confirm</b>.</p>\n", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    return make_message(
        mail.as_bytes().replace(b"\n", b"\r\n"),
        port=2525,
        mail_from="bounce@example.com",
        recipients=("ada@example.org", "bob@example.net", "carol@example.org", "dan@example.org"),
        host="smtp.example.com",
        tls=TLS13,
        user="user",
    )


@pytest.mark.parametrize(
    ("name", "wanted", "met"),
    [
        # addresses: among them, the domain in any letter case
        ("to", "ada@example.org", True),
        ("to", "bob@EXAMPLE.net", True),
        ("to", "ADA@example.org", False),
        ("to", "dan@example.org", False),
        ("to", ["bob@example.net", "ada@example.org"], True),
        ("to", ["ada@example.org", "carol@example.org"], False),
        ("to", ("ada@example.org", "bob@example.net"), True),
        ("to", ("ada@example.org",), False),
        ("to", re.compile("^bob@"), True),
        ("to", re.compile("^carol@"), False),
        ("to", lambda addresses: len(addresses) == 2, True),
        ("to", lambda addresses: len(addresses) == 1, False),
        ("to", ANY, True),
        ("cc", "carol@example.org", True),
        ("cc", "ada@example.org", False),
        ("bcc", "dan@example.org", True),
        ("bcc", "ada@example.org", False),
        ("from_", "app@example.com", True),
        ("from_", "bounce@example.com", False),
        ("mail_from", "bounce@Example.com", True),
        ("mail_from", "app@example.com", False),
        ("mail_from", re.compile("^bounce"), True),
        ("recipients", "dan@example.org", True),
        ("recipients", "eve@example.org", False),
        # what equals
        ("subject", "Welcome, Ada", True),
        ("subject", "Welcome", False),
        ("subject", re.compile("welcome", re.IGNORECASE), True),
        ("subject", re.compile("^Ada"), False),
        ("subject", [re.compile("Welcome"), re.compile("Ada")], True),
        ("subject", [re.compile("Welcome"), re.compile("Bob")], False),
        ("subject", str.isupper, False),
        ("subject", lambda subject: subject.startswith("Wel"), True),
        ("subject", None, False),
        ("port", 2525, True),
        ("port", 587, False),
        ("port", True, False),
        ("port", Even(), False),
        ("port", {587, 2525}.__contains__, True),
        ("host", "smtp.example.com", True),
        ("host", "example.com", False),
        ("host", None, False),
        ("user", "user", True),
        ("user", "ada", False),
        # what is contained
        ("text", "confirm", True),
        ("text", "<b>confirm</b>", False),
        ("text", "Ada,\nplease", True),
        ("text", "Ada,\r\nplease", True),
        ("text", re.compile(r"^please", re.MULTILINE), True),
        ("text", ["Hello", "confirm"], True),
        ("html", "<b>confirm</b>", True),
        ("html", "Ada,\r\nplease", True),
        ("html", "goodbye", False),
        ("body", "confirm", True),
        ("body", "<b>", False),
        # attachments by file name
        ("attachment", "a.pdf", True),
        ("attachment", "a", False),
        ("attachment", re.compile(r"\.pdf$"), True),
        ("attachment", ["a.pdf", "b.pdf"], False),
        ("attachment", ("a.pdf",), True),
        # TLS
        ("tls", True, True),
        ("tls", False, False),
        ("tls", "TLSv1.3", True),
        ("tls", "TLSv1.2", False),
        ("tls", TLS13, True),
        ("tls", None, False),
        ("tls", lambda tls: tls.sni == "smtp.example.com", True),
        # headers: any of those of that name
        ("header", {"X-Tag": "news"}, True),
        ("header", {"x-tag": "weekly"}, True),
        ("header", {"X-Tag": "daily"}, False),
        ("header", {"X-Tag": re.compile("^week")}, True),
        ("header", {"X-Tag": ["news", "weekly"]}, True),
        ("header", {"X-Tag": ["news", "daily"]}, False),
        ("header", {"X-Tag": "news", "Subject": "Welcome, Ada"}, True),
        ("header", {"X-Tag": "news", "Subject": "Welcome"}, False),
        ("header", {"X-Other": ANY}, False),
        ("header", {}, True),
    ],
)
def test_a_criterion_is_met_or_not(message: Message, name: str, wanted: object, *, met: bool) -> None:
    criteria = Criteria({name: wanted})

    assert criteria.match(message) is met
    assert [(verdict.name, verdict.wanted, verdict.met) for verdict in criteria.verdicts(message)] == [
        (name, wanted, met)
    ]


@pytest.mark.parametrize(
    ("name", "wanted", "met"),
    [
        ("tls", False, True),
        ("tls", True, False),
        ("tls", "TLSv1.3", False),
        ("tls", None, True),
        ("tls", re.compile("TLS"), False),
        ("host", None, True),
        ("host", re.compile("example"), False),
        ("user", None, True),
        ("user", "user", False),
        ("port", Even(), False),
        ("attachment", "a.pdf", False),
        ("to", "ada@example.org", False),
        ("bcc", "ada@example.org", True),
    ],
)
def test_a_criterion_is_met_or_not_by_a_bare_message(
    make_message: Callable[..., Message], name: str, wanted: object, *, met: bool
) -> None:
    assert Criteria({name: wanted}).match(make_message()) is met


def test_what_equals_by_itself_decides(make_message: Callable[..., Message]) -> None:
    assert Criteria({"port": Even()}).match(make_message(port=588))


def test_a_class_is_compared_and_not_called(message: Message) -> None:
    assert not Criteria({"subject": str}).match(message)


def test_every_criterion_has_to_be_met(message: Message) -> None:
    assert Criteria({"to": "ada@example.org", "port": 2525}).match(message)
    assert not Criteria({"to": "ada@example.org", "port": 587}).match(message)


def test_without_a_criterion_every_message_matches(message: Message) -> None:
    assert Criteria({}).match(message)


def test_the_verdicts_stand_in_the_order_in_which_they_were_asked(message: Message) -> None:
    verdicts = Criteria({"port": 587, "to": "ada@example.org", "header": {"x-tag": "news"}}).verdicts(message)

    assert [(verdict.name, verdict.came, verdict.met) for verdict in verdicts] == [
        ("port", 2525, False),
        ("to", ("ada@example.org", "bob@example.net"), True),
        ("header", {"x-tag": ("news", "weekly")}, True),
    ]


def test_what_is_asked_does_not_change_with_what_it_was_made_of(message: Message) -> None:
    wanted = {"port": 2525}
    criteria = Criteria(wanted)

    wanted["port"] = 25

    assert criteria.match(message)


def test_an_error_of_the_deciding_function_is_not_swallowed(message: Message) -> None:
    with pytest.raises(ZeroDivisionError):
        Criteria({"port": lambda port: port / 0}).match(message)


def test_an_unknown_criterion_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownCriterion) as caught:
        Criteria({"recipient": "ada@example.org"})

    assert str(caught.value) == (
        "'recipient' is not a criterion; did you mean 'recipients'? Valid: 'to', 'cc', 'bcc', 'from_', 'mail_from', "
        "'recipients', 'subject', 'text', 'html', 'body', 'header', 'attachment', 'port', 'host', 'user', 'tls'."
    )


@pytest.mark.parametrize(
    "wanted", ["X-Tag: news", ("X-Tag", "news"), None, {b"X-Tag": "news"}, {"X-Tag": "news", 1: "x"}]
)
def test_headers_are_asked_for_by_a_mapping(wanted: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Criteria({"header": wanted})

    assert str(caught.value) == (
        f'header= takes a dict of header names and values, such as {{"X-Tag": "news"}}, not {wanted!r}.'
    )


@pytest.mark.parametrize("name", ["to", "subject", "text", "attachment", "host", "tls"])
def test_a_pattern_of_bytes_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Criteria({name: re.compile(b"^Wel")})

    assert str(caught.value) == f"{name}= takes a pattern of text, not of bytes such as re.compile(b'^Wel')."


def test_the_criteria_are_these() -> None:
    named = "to cc bcc from_ mail_from recipients subject text html body header attachment port host tls user"

    assert set(CRITERIA) == set(named.split())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@example.org", "ada@example.org", True),
        ("ada@example.org", "ada@Example.ORG", True),
        ("ada@example.org", "Ada@example.org", False),
        ("postmaster", "postmaster", True),
        ("", "", True),
        ('"A@b"@example.org', '"A@b"@EXAMPLE.org', True),
        ('"A@b"@example.org', '"a@b"@example.org', False),
    ],
)
def test_of_two_addresses_only_the_domains_compare_in_any_letter_case(one: str, other: str, *, same: bool) -> None:
    assert same_address(one, other) is same


@pytest.mark.parametrize(
    "wanted",
    [
        {"subject": [re.compile("x"), re.compile(b"x")]},
        {"header": {"Subject": re.compile(b"x")}},
        {"header": {"Subject": [re.compile(b"x")]}},
    ],
)
def test_a_pattern_of_bytes_is_refused_wherever_it_stands(wanted: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="takes a pattern of text, not of bytes"):
        Criteria(wanted)


def test_what_is_quickly_told_is_asked_first(make_message: Callable[..., Message]) -> None:
    asked: list[str] = []

    def say_no(name: str) -> Callable[[object], bool]:
        return lambda _: bool(asked.append(name))

    criteria = Criteria({name: say_no(name) for name in sorted(CRITERIA) if name != "header"})

    assert not criteria.match(make_message())
    assert asked == ["port"]


def test_every_criterion_has_its_place_in_that_order() -> None:
    assert sorted(_ORDER) == sorted(CRITERIA)
