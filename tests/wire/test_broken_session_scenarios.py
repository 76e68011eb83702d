"""Sessions that break, and replies that are none, scenario by scenario, for two clients unchanged.

The scenarios are numbered S34 to S36, S40 and S41.
"""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import Disconnect, Garbage, Hang, Outcome, accept_then

if TYPE_CHECKING:
    from pytest_smtpports import Action, Connection, SMTPPorts
    from tests.wire.conftest import Eventually, Met, Send, SendAsync

HOST = "smtp.example.com"
SENDER, ADA = "app@example.com", "ada@example.org"
MAIL = "Subject: Welcome\r\nMessage-ID: <1@example.com>\r\n\r\nHello Ada\r\n"
# Seconds: less than anybody waits for, and more than anything takes.
SHORT, LONG = 0.25, 5.0
TAKEN = "2.0.0 Ok: message taken"
DOWN = "4.3.2 Service shutting down"
ENDS = pytest.mark.parametrize("end", [Disconnect("fin"), Disconnect("reset")], ids=lambda end: end.how)


def said(connection: Connection, direction: str) -> list[str]:
    return [line.text for line in connection.dialogue if line.direction == direction]


# S34: the connection ends before the mail is taken, and nothing of it is there

UPON = pytest.mark.parametrize("stage", ["data", "message"])


@ENDS
@UPON
def test_s34_smtplib_is_disconnected_in_the_middle_of_a_mail(
    provider: SMTPPorts, send: Send, end: Disconnect, stage: str
) -> None:
    provider.fail(stage, end)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(25)

    (connection,) = provider.connections
    assert connection.outcome is Outcome.ABANDONED
    assert connection.reason.startswith(f"a fault ended it ({stage}: {end!r}) after ")
    provider.assert_not_sent()


@ENDS
@UPON
def test_s34_aiosmtplib_is_disconnected_in_the_middle_of_a_mail(
    provider: SMTPPorts, send_async: SendAsync, end: Disconnect, stage: str
) -> None:
    provider.fail(stage, end)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        asyncio.run(send_async(25))

    (connection,) = provider.connections
    assert connection.outcome is Outcome.ABANDONED
    assert connection.reason.startswith(f"a fault ended it ({stage}: {end!r}) after ")
    provider.assert_not_sent()


@ENDS
@pytest.mark.parametrize("after", [1, 1_000_000, 30_000_000])
def test_s34_both_are_disconnected_after_some_of_a_mail(
    provider: SMTPPorts, send: Send, send_async: SendAsync, end: Disconnect, after: int
) -> None:
    provider.fail("data", Disconnect(end.how, after_bytes=after))
    mail = MAIL + ("x" * 70 + "\r\n") * 30_000

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(25, mail=mail)
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, ConnectionError)):
        asyncio.run(send_async(25, mail=mail))

    for connection in provider.connections:
        assert connection.outcome is Outcome.ABANDONED
        assert connection.reason.startswith(
            f"a fault ended it (data: Disconnect(how={end.how!r}, after_bytes={after})) "
        )
        assert connection.dialogue[-1].text.startswith("(the first ")
    provider.assert_not_sent()


# S35: the mail is stored, and the client never learns of it: who sends it again delivers it twice

NEVER_LEARNS = pytest.mark.parametrize(
    "action", [Disconnect("fin"), Disconnect("reset"), Hang()], ids=["fin", "reset", "hang"]
)


def assert_told_apart(smtpports: SMTPPorts) -> None:
    """The two deliveries, by their Message-ID."""
    assert [message.acknowledged for message in smtpports.messages] == [False, True]
    with pytest.raises(AssertionError, match=r"2 deliveries of <1@example\.com> to 'ada@example\.org', 1 expected"):
        smtpports.assert_delivered_once()


@NEVER_LEARNS
def test_s35_smtplib_never_learns_that_its_mail_was_stored(
    provider: SMTPPorts, send: Send, met: Met, action: Action
) -> None:
    provider.fail("message", accept_then(action), times=1)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(587, timeout=SHORT)

    met(provider, Outcome.DELIVERED, "1 message taken, never acknowledged")
    provider.assert_delivered_once()
    send(587)
    assert_told_apart(provider)


@NEVER_LEARNS
def test_s35_aiosmtplib_never_learns_that_its_mail_was_stored(
    provider: SMTPPorts, send_async: SendAsync, met: Met, action: Action
) -> None:
    provider.fail("message", accept_then(action), times=1)
    error = aiosmtplib.SMTPReadTimeoutError if action == Hang() else aiosmtplib.SMTPServerDisconnected

    with pytest.raises(error):
        asyncio.run(send_async(587, timeout=SHORT))

    met(provider, Outcome.DELIVERED, "1 message taken, never acknowledged")
    provider.assert_delivered_once()
    asyncio.run(send_async(587))
    assert_told_apart(provider)


# S36: the mail is taken, and the goodbye fails


@ENDS
def test_s36_smtplib_is_disconnected_when_it_says_goodbye(provider: SMTPPorts, met: Met, end: Disconnect) -> None:
    provider.fail("quit", end)
    client = smtplib.SMTP(HOST, 25, timeout=LONG)
    assert client.sendmail(SENDER, ADA, MAIL) == {}

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.quit()

    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent().acknowledged


@ENDS
def test_s36_smtplibs_with_statement_does_not_mind(provider: SMTPPorts, send: Send, met: Met, end: Disconnect) -> None:
    provider.fail("quit", end)

    assert send(25) == {}

    met(provider, Outcome.DELIVERED, "1 message taken")


@ENDS
def test_s36_aiosmtplibs_with_statement_does_not_mind(
    provider: SMTPPorts, send_async: SendAsync, met: Met, end: Disconnect
) -> None:
    provider.fail("quit", end)

    assert asyncio.run(send_async(25)) == ({}, TAKEN)

    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent().acknowledged


# S40: a 421 that nobody asked for waits in front of the next command's reply

UNASKED = Garbage(f"220 {HOST} ESMTP\r\n421 {DOWN}\r\n".encode())


def test_s40_smtplib_takes_each_reply_for_the_next_commands(provider: SMTPPorts, eventually: Eventually) -> None:
    provider.fail("banner", UNASKED, port=25)
    client = smtplib.SMTP(HOST, 25, timeout=LONG)

    with pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail(SENDER, ADA, MAIL)

    # A refusal whose words are those of a success: the reply to RCPT, read as that to DATA.
    assert (caught.value.smtp_code, caught.value.smtp_error) == (250, b"2.1.5 Ok")
    client.close()
    eventually(lambda: provider.connections[0].closed_at)
    (connection,) = provider.connections
    assert said(connection, "S")[:2] == [f"220 {HOST} ESMTP", f"421 {DOWN}"]
    assert [line.split()[0] for line in said(connection, "C")][:5] == ["ehlo", "helo", "mail", "rcpt", "data"]
    assert (connection.outcome, "banner: Garbage" in connection.reason) == (Outcome.ABANDONED, True)
    provider.assert_not_sent()


def test_s40_aiosmtplib_stops_at_it(provider: SMTPPorts, send_async: SendAsync, eventually: Eventually) -> None:
    provider.fail("banner", UNASKED, port=25)

    with pytest.raises(aiosmtplib.SMTPHeloError) as caught:
        asyncio.run(send_async(25))

    assert (caught.value.code, caught.value.message) == (421, DOWN)
    eventually(lambda: provider.connections[0].closed_at)
    assert "banner: Garbage" in provider.connections[0].reason
    provider.assert_not_sent()


# S41: what comes is no reply, or one that is far too long

NONSENSE = Garbage(b"What?\r\n")
TOO_LONG = Garbage(b"250 " + b"x" * 8192 + b"\r\n")


def test_s41_smtplib_hears_nonsense_at_mail(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("mail", NONSENSE)

    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(25)

    assert caught.value.smtp_code == -1
    told = f"the client said QUIT without sending a message, after a fault (mail: {NONSENSE!r})"
    assert "What?" in said(met(provider, Outcome.QUIT, told), "S")


def test_s41_smtplib_hears_nonsense_at_rcpt(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("rcpt", NONSENSE)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(25, ADA)

    assert caught.value.recipients[ADA][0] == -1
    told = f"the client said QUIT without sending a message, after a fault (rcpt: {NONSENSE!r})"
    met(provider, Outcome.QUIT, told)


def test_s41_smtplib_hears_more_than_it_takes_for_a_line(
    provider: SMTPPorts, send: Send, eventually: Eventually
) -> None:
    provider.fail("mail", TOO_LONG)

    with pytest.raises(smtplib.SMTPResponseException) as caught:
        send(25)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (500, "Line too long.")
    eventually(lambda: provider.connections[0].closed_at)
    (connection,) = provider.connections
    assert connection.outcome is Outcome.ABANDONED
    assert connection.reason.startswith("a fault ended it (mail: Garbage(data=b'250 xxx")
    assert len(connection.reason) < 200


@pytest.mark.parametrize("garbage", [NONSENSE, TOO_LONG], ids=["nonsense", "too long"])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "message"])
def test_s41_aiosmtplib_hears_what_is_no_reply(
    provider: SMTPPorts, send_async: SendAsync, eventually: Eventually, stage: str, garbage: Garbage
) -> None:
    provider.fail(stage, garbage)

    with pytest.raises(aiosmtplib.SMTPResponseException) as caught:
        asyncio.run(send_async(25))

    assert caught.value.code == -1
    eventually(lambda: provider.connections[0].closed_at)
    assert f"({stage}: Garbage(" in provider.connections[0].reason
    provider.assert_not_sent()
