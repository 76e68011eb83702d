"""What the personalities of mail providers do other than the RFCs say."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, Profile, SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.wire.conftest import Dial, RawClient

    Speak = Callable[..., RawClient]

LOGIN = "AUTH PLAIN AHVzZXIAcGFzc3dvcmQ="
WRONG = "AUTH PLAIN AHVzZXIAd3Jvbmc="


@pytest.fixture
def speak(dial: Dial) -> Iterator[Speak]:
    opened = []

    def to(personality: str, number: int = 587, **changes: object) -> RawClient:
        profile: Profile = replace(PROFILES[number], personality=personality, **changes)  # type: ignore[arg-type] # any field
        opened.append(SMTPPorts([profile]))
        client = dial(opened[-1].ports[number])
        client.reply()
        return client

    yield to
    for smtpports in opened:
        smtpports.close()


@pytest.mark.parametrize(
    ("personality", "greeting"),
    [
        ("gmail", "220 localhost ESMTP "),
        ("microsoft365", "220 localhost Microsoft ESMTP MAIL Service ready at "),
        ("ses", "220 email-smtp.amazonaws.com ESMTP SimpleEmailService-d-"),
        ("sendgrid", "220 SG ESMTP service ready at ismtpd"),
        ("mailgun", "220 Mailgun Influx ready"),
    ],
)
def test_a_provider_greets_as_it_does_in_the_world(personality: str, greeting: str, dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[587], personality=personality)]) as smtpports:
        assert dial(smtpports.ports[587]).reply().startswith(greeting)


def test_a_greeting_of_the_profile_goes_before_the_one_of_the_personality(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[587], personality="gmail", greeting="ours")]) as smtpports:
        assert dial(smtpports.ports[587]).reply() == "220 localhost ours\r\n"


@pytest.mark.parametrize("personality", ["sendgrid", "mailgun"])
def test_sendgrid_and_mailgun_take_logins_in_clear(speak: Speak, personality: str) -> None:
    client = speak(personality)

    assert "AUTH PLAIN LOGIN" in client.ask("EHLO client.example")
    assert client.ask(LOGIN).startswith("235 ")
    assert client.ask("MAIL FROM:<app@example.com>").startswith("250 ")


def test_sendgrid_names_auth_twice_for_old_clients(speak: Speak) -> None:
    assert speak("sendgrid").ask("EHLO client.example").endswith("250-AUTH PLAIN LOGIN\r\n250 AUTH=PLAIN LOGIN\r\n")


def test_ses_names_auth_before_tls_and_refuses_it(speak: Speak) -> None:
    client = speak("ses")

    assert client.ask("EHLO client.example").endswith("250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 Ok\r\n")
    assert client.ask(LOGIN) == "530 Must issue a STARTTLS command first\r\n"


def test_gmail_refuses_starttls_together_with_what_follows_it(speak: Speak) -> None:
    # Others discard what follows (RFC 3207 §4.2).
    client = speak("gmail")
    client.ask("EHLO client.example")
    client.send(b"STARTTLS\r\nNOOP\r\n")

    assert client.reply().startswith("454 4.5.0 ")
    assert client.reply().startswith("250 ")
    assert client.ask("STARTTLS").startswith("220 ")


def test_ses_names_starttls_still_after_it_and_not_on_465() -> None:
    profiles = [replace(PROFILES[number], personality="ses") for number in (465, 587)]
    with SMTPPorts(profiles) as smtpports:
        with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
            client.starttls(context=smtpports.client_context())
            client.ehlo()
            assert "starttls" in client.esmtp_features
        with smtpports.ports[465].connect() as client:
            assert "starttls" not in client.esmtp_features


def test_mailgun_asks_for_a_login_at_rcpt_and_goes_ahead_in_words(speak: Speak) -> None:
    client = speak("mailgun")
    client.ask("EHLO client.example")

    assert client.ask("MAIL FROM:<app@example.com>") == "250 Sender address accepted\r\n"
    assert client.ask("RCPT TO:<ada@example.org>") == "550 5.7.1 Relaying denied\r\n"
    assert client.ask("RSET").startswith("250 ")
    assert client.ask("AUTH PLAIN") == "334 Go ahead\r\n"
    assert client.ask("AHVzZXIAcGFzc3dvcmQ=").startswith("235 ")


def test_mailgun_closes_after_a_wrong_password(speak: Speak) -> None:
    client = speak("mailgun")
    client.ask("EHLO client.example")

    assert client.ask(WRONG) == "535 Authentication failed\r\n"
    assert client.rest() == b""


def test_gmail_closes_after_an_empty_ehlo(speak: Speak) -> None:
    client = speak("gmail")

    assert client.ask("EHLO").startswith(
        "501-5.5.4 Empty HELO/EHLO argument not allowed, closing connection.\r\n501 5.5.4  "
    )
    assert client.rest() == b""


def test_gmail_orders_its_mechanisms(speak: Speak) -> None:
    client = speak("gmail", 2525, mechanisms=("PLAIN", "XOAUTH2", "LOGIN", "CRAM-MD5"))

    assert "250-AUTH LOGIN PLAIN XOAUTH2 CRAM-MD5\r\n" in client.ask("EHLO client.example")


def test_microsoft_asks_for_starttls_with_a_temporary_code_and_a_permanent_enhanced_one(speak: Speak) -> None:
    client = speak("microsoft365")
    client.ask("EHLO client.example")

    assert client.ask("MAIL FROM:<app@example.com>") == "451 5.7.3 STARTTLS is required to send mail [localhost]\r\n"


def test_microsoft_names_the_host_in_its_refusals(speak: Speak) -> None:
    client = speak("microsoft365", 2525)
    client.ask("EHLO client.example")

    assert client.ask(WRONG) == "535 5.7.3 Authentication unsuccessful [localhost]\r\n"
    assert client.ask("MAIL FROM:<a@b.c>") == "530 5.7.57 Client not authenticated to send mail. [localhost]\r\n"


@pytest.mark.parametrize(("personality", "code"), [("postfix", 459), ("exim", 500), ("rfc", 502)])
def test_etrn_is_answered_where_it_is_promised(speak: Speak, personality: str, code: int) -> None:
    # RFC 1985
    client = speak(personality, 25)
    client.ask("EHLO client.example")

    assert client.ask("ETRN example.org").startswith(f"{code} ")
