"""What goes wrong with a mail on its way, scenario by scenario, for two clients unchanged, at a provider's host name.

The scenarios are numbered S27 to S33, S37 and S38.
"""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import PROFILES, Outcome

if TYPE_CHECKING:
    from pytest_smtpports import Connection, SMTPPorts
    from tests.wire.conftest import Met, Providing, Send, SendAsync

SENDER, ADA, BOB = "app@example.com", "ada@example.org", "bob@example.org"
MAIL = "Subject: Welcome\r\nMessage-ID: <1@example.com>\r\n\r\nHello Ada\r\n"
BIG = MAIL + "A line of it\r\n" * 100
TAKEN = "2.0.0 Ok: message taken"


def said(connection: Connection, direction: str) -> list[str]:
    return [line.text for line in connection.dialogue if line.direction == direction]


# S27: a mail exchanger is no relay; the code depends on whose server it is

RELAYING = pytest.mark.parametrize(
    ("personality", "code", "text"),
    [
        ("rfc", 550, "5.7.1 Relaying denied: this port takes mail for its own domains only"),
        ("exim", 550, "relay not permitted"),
        ("postfix", 454, f"4.7.1 <{ADA}>: Relay access denied"),
    ],
)


@RELAYING
def test_s27_smtplib_is_refused_a_relay(
    providing: Providing, send: Send, met: Met, personality: str, code: int, text: str
) -> None:
    provider = providing(25, local_domains=("example.net",), personality=personality)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(25, ADA)

    assert caught.value.recipients == {ADA: (code, text.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got {code} {text}")
    provider.assert_not_sent()


@RELAYING
def test_s27_aiosmtplib_is_refused_a_relay(
    providing: Providing, send_async: SendAsync, met: Met, personality: str, code: int, text: str
) -> None:
    provider = providing(25, local_domains=("example.net",), personality=personality)

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(25, ADA))

    assert [(each.recipient, each.code, each.message) for each in caught.value.recipients] == [(ADA, code, text)]
    met(provider, Outcome.REFUSED, f"RCPT got {code} {text}")
    provider.assert_not_sent()


# S28: one of two recipients is refused, and nothing is raised


def test_s28_smtplib_returns_who_was_refused(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("rcpt", "550 5.1.1 Nobody", recipient=BOB)

    assert send(587, ADA, BOB) == {BOB: (550, b"5.1.1 Nobody")}

    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent().recipients == (ADA,)
    provider.assert_not_sent(recipients=BOB)


def test_s28_aiosmtplib_returns_who_was_refused(provider: SMTPPorts, send_async: SendAsync, met: Met) -> None:
    provider.fail("rcpt", "550 5.1.1 Nobody", recipient=BOB)

    assert asyncio.run(send_async(587, ADA, BOB)) == ({BOB: (550, "5.1.1 Nobody")}, TAKEN)

    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent().recipients == (ADA,)


# S29: who comes again late enough is let in

GREYLISTED = "4.7.1 Greylisted, try again in 300 seconds"


def test_s29_smtplib_is_put_off_by_a_greylist_and_let_in_later(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.greylist(retry_after=300)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(587, ADA)
    assert caught.value.recipients == {ADA: (450, GREYLISTED.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got 450 {GREYLISTED}")

    provider.clock.advance(299)
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="450"):
        send(587, ADA)
    provider.clock.advance(1)
    assert send(587, ADA) == {}
    provider.assert_delivered_once()


def test_s29_aiosmtplib_is_put_off_by_a_greylist_and_let_in_later(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.greylist(retry_after=300)

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(587, ADA))
    assert [(each.code, each.message) for each in caught.value.recipients] == [(450, GREYLISTED)]
    met(provider, Outcome.REFUSED, f"RCPT got 450 {GREYLISTED}")

    provider.clock.advance(300)
    assert asyncio.run(send_async(587, ADA)) == ({}, TAKEN)
    provider.assert_delivered_once()


# S30: the server goes down in the middle: 421, and the end (RFC 5321 §3.8)

DOWN = "4.3.2 Service shutting down"


def test_s30_smtplib_is_told_at_mail_that_the_server_goes_down(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("mail", f"421 {DOWN}")

    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(587)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (421, DOWN.encode())
    connection = met(provider, Outcome.REFUSED, f"MAIL got 421 {DOWN}")
    assert connection.dialogue[-1].text == f"421 {DOWN}"
    assert connection.closed_at is not None


def test_s30_aiosmtplib_is_told_at_mail_that_the_server_goes_down(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.fail("mail", f"421 {DOWN}")

    with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
        asyncio.run(send_async(587))

    assert (caught.value.code, caught.value.message) == (421, DOWN)
    connection = met(provider, Outcome.REFUSED, f"MAIL got 421 {DOWN}")
    assert connection.dialogue[-1].text == f"421 {DOWN}"


def test_s30_smtplib_is_told_at_rcpt_that_the_server_goes_down(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("rcpt", f"421 {DOWN}")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(587, ADA, BOB)

    assert caught.value.recipients == {ADA: (421, DOWN.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got 421 {DOWN}")


def test_s30_aiosmtplib_with_one_recipient_is_told_at_rcpt_that_the_server_goes_down(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.fail("rcpt", f"421 {DOWN}")

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(587, ADA))

    assert [(each.code, each.message) for each in caught.value.recipients] == [(421, DOWN)]
    met(provider, Outcome.REFUSED, f"RCPT got 421 {DOWN}")


def test_s30_aiosmtplib_goes_on_to_the_next_recipient_and_finds_nobody(
    provider: SMTPPorts, send_async: SendAsync, met: Met
) -> None:
    provider.fail("rcpt", f"421 {DOWN}")

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        asyncio.run(send_async(587, ADA, BOB))

    met(provider, Outcome.REFUSED, f"RCPT got 421 {DOWN}")
    provider.assert_not_sent()


# S31: there are too many recipients for one mail, and the rest have one of their own

MANY = tuple(f"user{number}@example.org" for number in range(101))


def test_s31_smtplib_sends_the_rest_again(provider: SMTPPorts, send: Send) -> None:
    provider.limit_recipients(100)

    rest = send(587, *MANY)
    assert rest == {MANY[-1]: (452, b"4.5.3 Too many recipients")}
    assert send(587, *rest) == {}

    assert [message.recipients for message in provider.messages] == [MANY[:-1], MANY[-1:]]
    provider.assert_delivered_once()


def test_s31_aiosmtplib_sends_the_rest_again(provider: SMTPPorts, send_async: SendAsync) -> None:
    provider.limit_recipients(100)

    rest, _ = asyncio.run(send_async(587, *MANY))
    assert rest == {MANY[-1]: (452, "4.5.3 Too many recipients")}
    assert asyncio.run(send_async(587, *rest)) == ({}, TAKEN)

    assert [message.recipients for message in provider.messages] == [MANY[:-1], MANY[-1:]]
    provider.assert_delivered_once()


# S32: the mail is too big: known at MAIL where SIZE was offered, and otherwise when it is there


class OfOld:
    def pytest_smtpports_command(self, verb: str) -> str | None:
        return "502 5.5.1 Command not implemented" if verb == "EHLO" else None


TOO_BIG = "5.3.4 Message size exceeds the limit of this port"


def test_s32_smtplib_says_how_big_its_mail_is(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(25, size_limit=1000)

    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(25, mail=BIG)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (552, TOO_BIG.encode())
    connection = met(provider, Outcome.REFUSED, f"MAIL got 552 {TOO_BIG}")
    assert f"mail from:<{SENDER}> size={len(BIG)}" in map(str.lower, said(connection, "C"))


def test_s32_aiosmtplib_says_how_big_its_mail_is(providing: Providing, send_async: SendAsync, met: Met) -> None:
    provider = providing(25, size_limit=1000)

    with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
        asyncio.run(send_async(25, mail=BIG))

    assert (caught.value.code, caught.value.message) == (552, TOO_BIG)
    connection = met(provider, Outcome.REFUSED, f"MAIL got 552 {TOO_BIG}")
    assert f"mail from:<{SENDER}> size={len(BIG)}" in map(str.lower, said(connection, "C"))


def test_s32_smtplib_sends_all_of_it_where_no_size_was_offered(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(25, OfOld(), size_limit=1000)

    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(25, mail=BIG)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (552, TOO_BIG.encode())
    connection = met(provider, Outcome.REFUSED, f"the message got 552 {TOO_BIG}")
    assert f"(a message of {len(BIG)} bytes, ignored)" in said(connection, "C")
    provider.assert_not_sent()


def test_s32_aiosmtplib_sends_all_of_it_where_no_size_was_offered(
    providing: Providing, send_async: SendAsync, met: Met
) -> None:
    provider = providing(25, OfOld(), size_limit=1000)

    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        asyncio.run(send_async(25, mail=BIG))

    assert (caught.value.code, caught.value.message) == (552, TOO_BIG)
    met(provider, Outcome.REFUSED, f"the message got 552 {TOO_BIG}")
    provider.assert_not_sent()


# S33: the mail is refused when it is there

AFTER_THE_DOT = pytest.mark.parametrize(
    ("code", "text"), [(451, "4.3.0 Try again"), (550, "5.7.1 Spam"), (421, DOWN)], ids=["451", "550", "421"]
)


@AFTER_THE_DOT
def test_s33_smtplib_is_refused_after_the_dot(provider: SMTPPorts, send: Send, met: Met, code: int, text: str) -> None:
    provider.fail("message", f"{code} {text}")

    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(587)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (code, text.encode())
    met(provider, Outcome.REFUSED, f"the message got {code} {text}")
    provider.assert_not_sent()


@AFTER_THE_DOT
def test_s33_aiosmtplib_is_refused_after_the_dot(
    provider: SMTPPorts, send_async: SendAsync, met: Met, code: int, text: str
) -> None:
    provider.fail("message", f"{code} {text}")

    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        asyncio.run(send_async(587))

    assert (caught.value.code, caught.value.message) == (code, text)
    met(provider, Outcome.REFUSED, f"the message got {code} {text}")
    provider.assert_not_sent()


# S37: an address beyond ASCII, where there is no SMTPUTF8

JOSE = "josé@example.org"
WITHOUT_UTF8 = tuple(keyword for keyword in PROFILES[25].extensions if keyword != "SMTPUTF8")


def test_s37_smtplib_can_not_write_an_address_beyond_ascii(providing: Providing, send: Send) -> None:
    provider = providing(25, extensions=WITHOUT_UTF8)

    with pytest.raises(UnicodeEncodeError):
        send(25, JOSE)
    with pytest.raises(smtplib.SMTPNotSupportedError, match="SMTPUTF8 not supported by server"):
        send(25, JOSE, mail_options=["SMTPUTF8"])

    assert not any("RCPT" in line.upper() for met in provider.connections for line in said(met, "C"))
    provider.assert_not_sent()


def test_s37_aiosmtplib_can_not_write_an_address_beyond_ascii(providing: Providing, send_async: SendAsync) -> None:
    provider = providing(25, extensions=WITHOUT_UTF8)

    with pytest.raises(UnicodeEncodeError):
        asyncio.run(send_async(25, JOSE))
    with pytest.raises(aiosmtplib.SMTPNotSupported, match="SMTPUTF8 is not supported by this server"):
        asyncio.run(send_async(25, JOSE, mail_options=["SMTPUTF8"]))

    assert not any("RCPT" in line.upper() for met in provider.connections for line in said(met, "C"))
    provider.assert_not_sent()


# S38: notifications are asked for, where there is no DSN

NOT_RECOGNIZED = "5.5.4 Parameter not recognized or not implemented: NOTIFY=SUCCESS"
WITHOUT_DSN = tuple(keyword for keyword in PROFILES[25].extensions if keyword != "DSN")


def test_s38_smtplib_asks_for_notifications_though_none_are_offered(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(25, extensions=WITHOUT_DSN)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(25, ADA, rcpt_options=["NOTIFY=SUCCESS"])

    assert caught.value.recipients == {ADA: (555, NOT_RECOGNIZED.encode())}
    met(provider, Outcome.REFUSED, f"RCPT got 555 {NOT_RECOGNIZED}")


def test_s38_aiosmtplib_asks_for_notifications_though_none_are_offered(
    providing: Providing, send_async: SendAsync, met: Met
) -> None:
    provider = providing(25, extensions=WITHOUT_DSN)

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        asyncio.run(send_async(25, ADA, rcpt_options=["NOTIFY=SUCCESS"]))

    assert [(each.code, each.message) for each in caught.value.recipients] == [(555, NOT_RECOGNIZED)]
    met(provider, Outcome.REFUSED, f"RCPT got 555 {NOT_RECOGNIZED}")
