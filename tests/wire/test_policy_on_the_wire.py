"""What each port lets a client do, as smtplib sees it."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, Outcome, SMTPPorts, TLSMode

if TYPE_CHECKING:
    from tests.wire.conftest import Dial, Eventually

SENDER = "app@example.com"
RECIPIENT = "ada@example.org"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


def keywords(client: smtplib.SMTP) -> set[str]:
    client.ehlo()
    return set(client.esmtp_features)


# What is offered

ALWAYS = {
    *("pipelining", "size", "8bitmime", "smtputf8", "dsn", "chunking", "binarymime", "enhancedstatuscodes", "help"),
}


@pytest.mark.parametrize(("number", "added"), [(25, {"vrfy"}), (587, {"starttls"}), (2525, {"starttls", "auth"})])
def test_before_tls_a_port_offers(smtpports: SMTPPorts, number: int, added: set[str]) -> None:
    with smtplib.SMTP(*smtpports.ports[number].address, timeout=5) as client:
        assert keywords(client) == ALWAYS | added


@pytest.mark.parametrize("number", [587, 2525])
def test_after_starttls_a_port_offers_a_login_and_no_second_starttls(smtpports: SMTPPorts, number: int) -> None:
    with smtplib.SMTP(*smtpports.ports[number].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())

        assert keywords(client) == ALWAYS | {"auth"}
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]


def test_465_offers_a_login_and_no_starttls(smtpports: SMTPPorts) -> None:
    context = smtpports.client_context()
    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        assert keywords(client) == ALWAYS | {"auth"}


def test_helo_gets_no_list_of_extensions(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        assert client.helo() == (250, b"localhost")


def test_a_profile_decides_what_is_offered() -> None:
    profile = replace(
        PROFILES[25], tls=TLSMode.STARTTLS, extensions=("8BITMIME",), size_limit=None, greeting="example mail"
    )
    with SMTPPorts([profile]) as smtpports, smtplib.SMTP(timeout=5) as client:
        assert client.connect(*smtpports.ports[25].address) == (220, b"localhost example mail")
        assert keywords(client) == {"8bitmime", "size", "starttls"}


def test_a_port_with_one_mechanism_takes_no_other() -> None:
    with (
        SMTPPorts([replace(PROFILES[2525], mechanisms=("LOGIN",))]) as smtpports,
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
    ):
        client.ehlo()

        assert client.esmtp_features["auth"].split() == ["LOGIN"]
        assert client.docmd("AUTH", "PLAIN")[0] == 504
        client.login("user", "password")


# What is refused


def test_a_login_on_587_before_starttls_is_not_offered(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPNotSupportedError, match="SMTP AUTH extension not supported by server"),
    ):
        client.login("user", "password")


def test_mail_on_587_before_starttls_is_refused(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPSenderRefused) as caught,
    ):
        client.sendmail(SENDER, RECIPIENT, MAIL)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (530, b"5.7.0 Must issue a STARTTLS command first")
    smtpports.assert_not_sent()


@pytest.mark.parametrize(
    "command", ["HELO x", "RSET", "VRFY x", "AUTH PLAIN", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "DATA"]
)
def test_before_starttls_587_answers_530(smtpports: SMTPPorts, command: str) -> None:
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.ehlo()

        assert client.docmd(command) == (530, b"5.7.0 Must issue a STARTTLS command first")
        assert client.noop()[0] == 250


def test_25_lets_nobody_log_in(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("user", "password")

        assert client.docmd("AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=")[0] == 503
    assert smtpports.connections[0].logins == ()


def test_starttls_is_not_offered_on_25(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS extension not supported by server"):
            client.starttls()

        assert client.docmd("STARTTLS")[0] == 502
        assert client.sendmail(SENDER, RECIPIENT, MAIL) == {}


def test_starttls_inside_of_tls_is_not_offered_on_465(smtpports: SMTPPorts) -> None:
    context = smtpports.client_context()
    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS extension not supported by server"):
            client.starttls(context=context)

        assert client.docmd("STARTTLS") == (503, b"5.5.1 TLS is already active")
        assert client.noop()[0] == 250


def test_a_second_starttls_is_refused_and_the_session_goes_on(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.ehlo()

        assert client.docmd("STARTTLS") == (503, b"5.5.1 TLS is already active")
        client.login("user", "password")
        assert client.sendmail(SENDER, RECIPIENT, MAIL) == {}


def test_starttls_forgets_the_greeting_the_login_and_the_transaction(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.login("user", "password")
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        client.starttls(context=smtpports.client_context())

        assert client.docmd("DATA")[0] == 503
        assert client.docmd("MAIL", "FROM:<a@b.c>") == (503, b"5.5.1 Say EHLO or HELO first")
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@b.c>") == (530, b"5.7.0 Authentication required")


def test_a_wrong_password_is_refused_by_every_mechanism(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPAuthenticationError) as caught,
    ):
        client.login("user", "wrong")

    assert (caught.value.smtp_code, caught.value.smtp_error) == (535, b"5.7.8 Authentication credentials invalid")
    connection = smtpports.connections[0]
    assert [(login.username, login.mechanism, login.succeeded) for login in connection.logins] == [
        ("user", "PLAIN", False),
        ("user", "LOGIN", False),
    ]
    assert connection.outcome is Outcome.AUTH_FAILED


def test_an_unknown_user_is_refused(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("nobody", "password")


def test_a_login_after_a_failed_one_counts(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("user", "wrong")
        client.login("user", "password")
        client.sendmail(SENDER, RECIPIENT, MAIL)

    assert smtpports.connections[0].outcome is Outcome.DELIVERED


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_mail_without_a_login_is_refused(smtpports: SMTPPorts, number: int) -> None:
    port = smtpports.ports[number]
    context = smtpports.client_context()
    with (
        smtplib.SMTP_SSL(*port.address, timeout=5, context=context)
        if number == 465
        else smtplib.SMTP(*port.address, timeout=5) as client
    ):
        starttls_too = {587: lambda: client.starttls(context=context)}
        starttls_too.get(number, client.ehlo)()

        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            client.sendmail(SENDER, RECIPIENT, MAIL)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (530, b"5.7.0 Authentication required")


def test_auth_a_second_time_is_refused(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.login("user", "password")

        assert client.docmd("AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=") == (503, b"5.5.1 Already authenticated")


def test_auth_in_a_transaction_is_refused() -> None:
    from pytest_smtpports import AuthPolicy

    with (
        SMTPPorts([replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)]) as smtpports,
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
    ):
        client.ehlo()
        client.mail(SENDER)

        code, text = client.docmd("AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=")

        assert (code, text) == (503, b"5.5.1 AUTH is not permitted during a mail transaction")
        assert client.rcpt(RECIPIENT)[0] == 250


def test_auth_needs_ehlo_where_helo_was_said(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.helo()

        assert client.docmd("AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=")[0] == 503


# Relaying


@pytest.fixture
def mx() -> SMTPPorts:
    return SMTPPorts([replace(PROFILES[25], local_domains=("example.org",))])


def test_a_foreign_recipient_is_refused_where_domains_are_local(mx: SMTPPorts) -> None:
    with mx, smtplib.SMTP(*mx.ports[25].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            client.sendmail(SENDER, "eve@elsewhere.example", MAIL)

        code, text = caught.value.recipients["eve@elsewhere.example"]
        assert code == 550
        assert text.startswith(b"5.7.1 ")


def test_one_refused_recipient_does_not_stop_the_others(mx: SMTPPorts) -> None:
    with mx, smtplib.SMTP(*mx.ports[25].address, timeout=5) as client:
        refused = client.sendmail(SENDER, ["ada@Example.ORG", "eve@elsewhere.example"], MAIL)

        assert {address: code for address, (code, _) in refused.items()} == {"eve@elsewhere.example": 550}
        assert mx.messages.only.recipients == ("ada@Example.ORG",)


def test_the_postmaster_needs_no_domain(mx: SMTPPorts) -> None:
    with mx, smtplib.SMTP(*mx.ports[25].address, timeout=5) as client:
        client.ehlo()
        client.mail(SENDER)

        assert client.docmd("RCPT", "TO:<Postmaster>")[0] == 250


def test_25_takes_every_recipient_until_domains_are_local(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        assert client.sendmail(SENDER, "eve@elsewhere.example", MAIL) == {}


# Size

SMALL = replace(PROFILES[25], size_limit=1000)


def test_a_message_that_is_announced_as_too_big_is_refused_at_mail() -> None:
    with SMTPPorts([SMALL]) as smtpports, smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            client.sendmail(SENDER, RECIPIENT, b"x" * 1001 + b"\r\n")

        assert caught.value.smtp_code == 552


def test_a_message_that_is_too_big_is_refused_after_its_last_dot() -> None:
    with SMTPPorts([SMALL]) as smtpports, smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.helo()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail(SENDER, RECIPIENT, b"x" * 999 + b"\r\n")

        assert (caught.value.smtp_code, caught.value.smtp_error[:6]) == (552, b"5.3.4 ")
        smtpports.assert_not_sent()
        assert client.sendmail(SENDER, RECIPIENT, b"x" * 998 + b"\r\n") == {}
        assert len(smtpports.messages.only.raw) == 1000


# Order and syntax


def test_an_unknown_command_keeps_the_session(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        for command in ("FOO", "GET / HTTP/1.1", "EHLOX", "MAILFROM:<a@b.c>", ""):
            assert client.docmd(command)[0] == 500

        assert client.sendmail(SENDER, RECIPIENT, MAIL) == {}


@pytest.mark.parametrize(
    ("said", "command", "code"),
    [
        ((), "MAIL FROM:<a@b.c>", 503),
        ((), "RCPT TO:<a@b.c>", 503),
        ((), "DATA", 503),
        ((), "NOOP", 250),
        ((), "RSET", 250),
        ((), "VRFY ada", 252),
        ((), "HELP", 214),
        ((), "EHLO", 501),
        (("EHLO x",), "RCPT TO:<a@b.c>", 503),
        (("EHLO x",), "DATA", 503),
        (("EHLO x", "MAIL FROM:<a@b.c>"), "DATA", 503),
        (("EHLO x", "MAIL FROM:<a@b.c>"), "MAIL FROM:<a@b.c>", 503),
        (("EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>"), "DATA now", 501),
        (("EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "RSET"), "DATA", 503),
        (("EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "EHLO x"), "DATA", 503),
        (("EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>"), "DATA", 354),
        (("ehlo x", "mail from:<a@b.c>"), "rcpt to:<a@b.c>", 250),
        (("EHLO x",), "MAIL FROM:<a@b.c> FOO=1", 555),
        (("EHLO x",), "MAIL TO:<a@b.c>", 501),
        (("EHLO x",), "STARTTLS now", 502),
        (("EHLO x",), "QUIT now", 501),
        (("EHLO x",), "QUIT", 221),
    ],
)
def test_a_command_is_answered_as_its_place_in_the_session_wants(
    smtpports: SMTPPorts, dial: Dial, said: tuple[str, ...], command: str, code: int
) -> None:
    client = dial(smtpports.ports[25])
    client.reply()
    for line in said:
        assert client.ask(line).startswith("250")

    assert client.ask(command).startswith(f"{code} ")


def test_starttls_takes_no_argument(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.ehlo()

        assert client.docmd("STARTTLS", "now")[0] == 501
        assert client.starttls(context=smtpports.client_context())[0] == 220


# Plain and TLS mistaken for each other


def test_implicit_tls_on_587_fails_at_once(smtpports: SMTPPorts) -> None:
    import ssl

    with pytest.raises(ssl.SSLError):
        smtplib.SMTP_SSL(*smtpports.ports[587].address, timeout=5, context=smtpports.client_context())


def test_a_client_that_waits_for_a_greeting_in_clear_on_465_waits_until_its_timeout(smtpports: SMTPPorts) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        smtplib.SMTP(*smtpports.ports[465].address, timeout=0.3)


def test_a_client_that_speaks_in_clear_on_465_is_told_of(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually
) -> None:
    client = dial(smtpports.ports[465])
    client.send(b"EHLO client.example\r\n")

    assert client.rest() == b""
    eventually(lambda: smtpports.connections[0].closed_at)
    with pytest.raises(AssertionError, match="465: TLS failed: the client spoke in clear where TLS begins"):
        smtpports.assert_sent()
