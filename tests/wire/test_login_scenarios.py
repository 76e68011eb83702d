"""What a port's policy on logins does to code that sends mail, scenario by scenario, for two clients unchanged.

The scenarios are numbered S13 and S22 to S26.
"""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import Login, Outcome

if TYPE_CHECKING:
    from pytest_smtpports import Connection, SMTPPorts
    from tests.wire.conftest import Met, Providing, Send, SendAsync

TLS_FIRST = "5.7.0 Must issue a STARTTLS command first"


def verbs(connection: Connection) -> list[str]:
    return [line.text.split()[0].upper() for line in connection.dialogue if line.direction == "C"]


def said(connection: Connection, direction: str) -> list[str]:
    return [line.text for line in connection.dialogue if line.direction == direction]


# S13: a login in clear, which is offered and refused: by then the secret has gone over the wire

IN_CLEAR = pytest.mark.parametrize("reply", [f"530 {TLS_FIRST}", "538 5.7.11 Encryption required"], ids=["530", "538"])
# Each mechanism that is offered is tried.
LEAKED = tuple(Login("user", mechanism, succeeded=False) for mechanism in ("PLAIN", "LOGIN"))


@IN_CLEAR
def test_s13_smtplib_has_shown_its_password_in_clear_when_it_is_refused(
    provider: SMTPPorts, send: Send, reply: str, met: Met
) -> None:
    provider.fail("auth", reply, port=2525)

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        send(2525, tls=False)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (int(reply[:3]), reply[4:].encode())
    connection = met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got {reply}")
    assert (connection.tls, connection.logins) == (None, LEAKED)
    assert "AUTH PLAIN ***" in said(connection, "C")


@IN_CLEAR
def test_s13_aiosmtplib_has_shown_its_password_in_clear_when_it_is_refused(
    provider: SMTPPorts, send_async: SendAsync, reply: str, met: Met
) -> None:
    provider.fail("auth", reply, port=2525)

    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught:
        asyncio.run(send_async(2525, tls=False))

    assert (caught.value.code, caught.value.message) == (int(reply[:3]), reply[4:])
    connection = met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got {reply}")
    assert (connection.tls, connection.logins) == (None, LEAKED)


def test_s13_a_port_that_contradicts_itself_is_shown_what_it_then_refuses(
    providing: Providing, send: Send, met: Met
) -> None:
    provider = providing(587, auth_in_clear=True)

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        send(587, tls=False)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (530, TLS_FIRST.encode())
    connection = met(provider, Outcome.REFUSED, f"AUTH got 530 {TLS_FIRST}")
    assert [line for line in said(connection, "C") if "AUTH" in line] == ["AUTH PLAIN ***", "AUTH LOGIN ***"]


# S22: the password is wrong, and every mechanism is tried: one failed login, in two AUTHs

WRONG = "5.7.8 Authentication credentials invalid"


def test_s22_smtplib_tries_a_wrong_password_by_every_mechanism(provider: SMTPPorts, send: Send, met: Met) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        send(587, password="wrong-one")

    assert (caught.value.smtp_code, caught.value.smtp_error) == (535, WRONG.encode())
    connection = met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got 535 {WRONG}")
    assert connection.logins == LEAKED
    assert verbs(connection).count("AUTH") == 2
    assert "wrong-one" not in str(connection)


def test_s22_aiosmtplib_tries_a_wrong_password_by_every_mechanism(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught:
        asyncio.run(send_async(587, password="wrong-one"))

    assert (caught.value.code, caught.value.message) == (535, WRONG)
    connection = met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got 535 {WRONG}")
    assert connection.logins == LEAKED
    assert "wrong-one" not in str(connection)


# S23: who knows the passwords is away, which is worth another try, whatever the exception is called

DOWN = "4.7.0 Temporary authentication failure"


def test_s23_smtplib_calls_a_backend_that_is_down_a_failed_login(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("auth", f"454 {DOWN}", port=587, times=2)

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        send(587)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (454, DOWN.encode())
    met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got 454 {DOWN}")
    assert send(587) == {}
    assert provider.assert_sent().user == "user"


def test_s23_aiosmtplib_calls_a_backend_that_is_down_a_failed_login(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.fail("auth", f"454 {DOWN}", port=587, times=2)

    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught:
        asyncio.run(send_async(587))

    assert (caught.value.code, caught.value.message) == (454, DOWN)
    met(provider, Outcome.AUTH_FAILED, f"the login of 'user' was refused; AUTH got 454 {DOWN}")
    asyncio.run(send_async(587))
    assert provider.assert_sent().user == "user"


# S24: tokens alone are taken, and the client has a password


def test_s24_smtplib_knows_no_mechanism_that_is_offered(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(587, mechanisms=("XOAUTH2",))

    with pytest.raises(smtplib.SMTPException, match=r"^No suitable authentication method found\.$"):
        send(587)

    connection = met(provider, Outcome.QUIT, "the client said QUIT without sending a message")
    assert "250-AUTH XOAUTH2" in said(connection, "S")
    assert connection.logins == ()


def test_s24_aiosmtplib_knows_no_mechanism_that_is_offered(providing: Providing, send_async: SendAsync) -> None:
    provider = providing(587, mechanisms=("XOAUTH2",))

    with pytest.raises(aiosmtplib.SMTPException, match=r"^No suitable authentication method found\.$"):
        asyncio.run(send_async(587))

    (connection,) = provider.connections
    assert ("AUTH" in verbs(connection), connection.logins) == (False, ())


# S25: nobody has logged in; Postfix says so one command later than RFC 6409 has it

DENIED = "5.7.1 <ada@example.org>: Recipient address rejected: Access denied"


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_s25_smtplib_is_refused_at_mail_without_a_login(provider: SMTPPorts, send: Send, number: int, met: Met) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(number, login=False)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (530, b"5.7.0 Authentication required")
    connection = met(provider, Outcome.REFUSED, "MAIL got 530 5.7.0 Authentication required")
    assert connection.tls is not None


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_s25_aiosmtplib_is_refused_at_mail_without_a_login(
    provider: SMTPPorts, send_async: SendAsync, number: int, met: Met
) -> None:
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
        asyncio.run(send_async(number, login=False))

    assert (caught.value.code, caught.value.message) == (530, "5.7.0 Authentication required")
    met(provider, Outcome.REFUSED, "MAIL got 530 5.7.0 Authentication required")


def test_s25_smtplib_is_refused_at_rcpt_by_postfix(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(587, personality="postfix")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(587, login=False)

    assert caught.value.recipients == {"ada@example.org": (554, DENIED.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got 554 {DENIED}")


def test_s25_aiosmtplib_is_refused_at_rcpt_by_postfix(providing: Providing, send_async: SendAsync, met: Met) -> None:
    provider = providing(587, personality="postfix")

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(587, login=False))

    assert [(each.code, each.message) for each in caught.value.recipients] == [(554, DENIED)]
    met(provider, Outcome.REFUSED, f"RCPT got 554 {DENIED}")


# S26: who has logged in may not send for others; Postfix says so at RCPT

NOT_OWNED = "5.7.1 <app@example.com>: Sender address rejected: not owned by user user"


def owned_by_another(address: str) -> bool:
    return address != "user@example.com"


def test_s26_smtplib_may_not_send_for_others(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("mail", f"553 {NOT_OWNED}", mail_from=owned_by_another)

    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(587)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (553, NOT_OWNED.encode())
    connection = met(provider, Outcome.REFUSED, f"MAIL got 553 {NOT_OWNED}")
    assert connection.logins == (Login("user", "PLAIN", succeeded=True),)


def test_s26_aiosmtplib_may_not_send_for_others(provider: SMTPPorts, send_async: SendAsync, met: Met) -> None:
    provider.fail("mail", f"553 {NOT_OWNED}", mail_from=owned_by_another)

    with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
        asyncio.run(send_async(587))

    assert (caught.value.code, caught.value.message) == (553, NOT_OWNED)
    met(provider, Outcome.REFUSED, f"MAIL got 553 {NOT_OWNED}")


def test_s26_smtplib_learns_at_rcpt_that_it_may_not_send_for_others(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("rcpt", f"553 {NOT_OWNED}", mail_from=owned_by_another)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(587)

    assert caught.value.recipients == {"ada@example.org": (553, NOT_OWNED.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got 553 {NOT_OWNED}")


def test_s26_aiosmtplib_learns_at_rcpt_that_it_may_not_send_for_others(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.fail("rcpt", f"553 {NOT_OWNED}", mail_from=owned_by_another)

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(587))

    assert [(each.code, each.message) for each in caught.value.recipients] == [(553, NOT_OWNED)]
    met(provider, Outcome.REFUSED, f"RCPT got 553 {NOT_OWNED}")
