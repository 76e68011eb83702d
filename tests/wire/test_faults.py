"""Sessions that go wrong on purpose, at each stage, for smtplib and aiosmtplib."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import (
    KINDRED,
    PROFILES,
    Action,
    ClosedError,
    ConfigurationError,
    Delay,
    Disconnect,
    Drip,
    Garbage,
    Hang,
    Outcome,
    Reply,
    ServerError,
    SMTPPorts,
    UnknownName,
    UnknownPort,
    accept_then,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.wire.conftest import Dial, Eventually

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\nMessage-ID: <1@example.com>\r\n\r\nHello Ada\r\n"
SENDER, ADA, BOB = "app@example.com", "ada@example.org", "bob@example.org"
# Seconds that a client has: where it is to wait in vain, and where it is not to.
SHORT, LONG = 0.25, 5.0
PORTS = pytest.mark.parametrize("number", [25, 465, 587])
EVERYWHERE = ("connect", "banner", "ehlo", "mail", "rcpt", "data", "message")
STAGES = pytest.mark.parametrize(
    ("number", "stage"),
    [
        *((25, stage) for stage in EVERYWHERE),
        *((465, stage) for stage in (*EVERYWHERE, "handshake", "auth")),
        *((587, stage) for stage in (*EVERYWHERE, "handshake", "auth", "starttls")),
    ],
)


def send(
    smtpports: SMTPPorts, number: int = 25, *recipients: str, timeout: float = LONG
) -> dict[str, tuple[int, bytes]]:
    """As code does that knows its port: TLS, login, mail."""
    address = smtpports.ports[number].address
    context = smtpports.client_context()
    kind = smtplib.SMTP_SSL if number == 465 else smtplib.SMTP
    options = {"context": context} if number == 465 else {}
    with kind(*address, timeout=timeout, **options) as client:
        if number == 587:
            client.starttls(context=context)
        if number != 25:
            client.login(smtpports.username, smtpports.password)
        return client.sendmail(SENDER, recipients or (ADA,), MAIL)


async def send_async(smtpports: SMTPPorts, number: int = 25, timeout: float = LONG) -> object:
    host, port = smtpports.ports[number].address
    login = {} if number == 25 else {"username": smtpports.username, "password": smtpports.password}
    return await aiosmtplib.send(
        MAIL,
        sender=SENDER,
        recipients=[ADA],
        hostname=host,
        port=port,
        timeout=timeout,
        use_tls=number == 465,
        start_tls=number == 587,
        tls_context=smtpports.client_context(),
        **login,
    )


# Replies

REPLIES = [
    ("banner", "554 5.7.1 No", smtplib.SMTPConnectError, aiosmtplib.SMTPConnectResponseError),
    ("banner", "421 4.3.2 Later", smtplib.SMTPConnectError, aiosmtplib.SMTPConnectResponseError),
    ("mail", "451 4.3.0 Later", smtplib.SMTPSenderRefused, aiosmtplib.SMTPSenderRefused),
    ("rcpt", "550 5.1.1 Nobody", smtplib.SMTPRecipientsRefused, aiosmtplib.SMTPRecipientsRefused),
    ("data", "451 4.3.0 Later", smtplib.SMTPDataError, aiosmtplib.SMTPDataError),
    ("message", "552 5.2.2 Full", smtplib.SMTPDataError, aiosmtplib.SMTPDataError),
]


@PORTS
@pytest.mark.parametrize(("stage", "reply", "error"), [row[:3] for row in REPLIES])
def test_smtplib_gets_a_reply_at_a_stage(
    smtpports: SMTPPorts, number: int, stage: str, reply: str, error: type[Exception]
) -> None:
    smtpports.fail(stage, reply)

    with pytest.raises(error, match=reply[:3]):
        send(smtpports, number)

    assert smtpports.messages == SMTPPorts().messages
    assert smtpports.connections[0].outcome is Outcome.REFUSED
    assert reply in smtpports.connections[0].reason


@PORTS
@pytest.mark.parametrize(("stage", "reply", "error"), [(row[0], row[1], row[3]) for row in REPLIES])
@pytest.mark.asyncio
async def test_aiosmtplib_gets_a_reply_at_a_stage(
    smtpports: SMTPPorts, number: int, stage: str, reply: str, error: type[Exception]
) -> None:
    smtpports.fail(stage, reply)

    with pytest.raises(error, match=reply[:3]):
        await send_async(smtpports, number)

    assert smtpports.connections[0].outcome is Outcome.REFUSED


def test_a_refused_ehlo_has_smtplib_fall_back_to_helo(smtpports: SMTPPorts) -> None:
    # S42
    smtpports.fail("ehlo", "502 5.5.1 Not implemented", times=1)
    send(smtpports)

    assert [line.text for line in smtpports.connections[0].dialogue if "helo" in line.text] == ["helo [127.0.0.1]"]


@pytest.mark.parametrize("code", [454, 502])
def test_a_refused_starttls_leaves_the_session_in_clear(smtpports: SMTPPorts, code: int) -> None:
    # S17
    smtpports.fail("starttls", f"{code} Not now", port=587)

    with smtplib.SMTP(*smtpports.ports[587].address, timeout=LONG) as client:
        with pytest.raises(smtplib.SMTPResponseException) as caught:
            client.starttls(context=smtpports.client_context())
        assert caught.value.smtp_code == code
        assert client.noop()[0] == 250


@pytest.mark.parametrize("reply", ["535 5.7.8 Wrong", "454 4.7.0 Backend down"])
@pytest.mark.parametrize("number", [465, 587, 2525])
def test_a_login_is_refused_once_the_client_has_shown_its_secret(smtpports: SMTPPorts, number: int, reply: str) -> None:
    # S22, S23
    smtpports.fail("auth", reply)

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        smtpports.ports[number].connect()

    assert caught.value.smtp_code == int(reply[:3])
    (connection,) = smtpports.connections
    assert connection.outcome is Outcome.AUTH_FAILED
    assert not any(login.succeeded for login in connection.logins)
    assert smtpports.password not in str(connection)


def test_a_reply_may_have_several_lines(smtpports: SMTPPorts, dial: Dial) -> None:
    smtpports.fail("mail", Reply(450, "4.7.1", "one\ntwo"))
    client = dial(smtpports.ports[25])
    client.reply()
    client.ask("EHLO client.example.com")

    assert client.ask("MAIL FROM:<app@example.com>") == "450-4.7.1 one\r\n450 4.7.1 two\r\n"


def test_another_greeting_that_serves_is_a_greeting(smtpports: SMTPPorts) -> None:
    smtpports.fail("banner", "220 relay.example.com ESMTP")
    send(smtpports)

    assert smtpports.connections[0].dialogue[0].text == "220 relay.example.com ESMTP"


def test_after_a_greeting_that_refuses_only_quit_is_left(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §3.1
    smtpports.fail("banner", "554 5.7.1 No")
    client = dial(smtpports.ports[25])

    assert client.reply() == "554 5.7.1 No\r\n"
    assert client.ask("EHLO client.example.com").startswith("503 ")
    assert client.ask("QUIT").startswith("221 ")
    assert client.rest() == b""


def test_a_goodbye_may_be_another(smtpports: SMTPPorts, dial: Dial) -> None:
    smtpports.fail("quit", "421 4.3.2 Going down")
    client = dial(smtpports.ports[25])
    client.reply()

    assert client.ask("QUIT") == "421 4.3.2 Going down\r\n"
    assert client.rest() == b""
    assert smtpports.connections[0].outcome is Outcome.QUIT


def test_a_message_may_be_taken_with_other_words(smtpports: SMTPPorts) -> None:
    smtpports.fail("message", "250 2.6.0 Queued as 4711")
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=LONG) as client:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(ADA)
        assert client.data(MAIL) == (250, b"2.6.0 Queued as 4711")

    assert smtpports.messages.only.acknowledged


# Ends

DISCONNECTED = (smtplib.SMTPServerDisconnected, ssl.SSLError, ConnectionResetError)
ENDS = [Disconnect("fin"), Disconnect("reset")]


@STAGES
@pytest.mark.parametrize("action", ENDS, ids=lambda action: action.how)
def test_smtplib_is_disconnected_at_a_stage(smtpports: SMTPPorts, number: int, stage: str, action: Disconnect) -> None:
    smtpports.ports[number].fail(stage, action)

    with pytest.raises(DISCONNECTED):
        send(smtpports, number)

    smtpports.assert_not_sent()
    (connection,) = smtpports.connections
    assert connection.outcome is (Outcome.TLS_FAILED if stage == "handshake" else Outcome.ABANDONED)
    assert f"({stage}: Disconnect(how='{action.how}'))" in connection.reason


@PORTS
@pytest.mark.parametrize("action", ENDS, ids=lambda action: action.how)
@pytest.mark.parametrize("stage", ["connect", "banner", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.asyncio
async def test_aiosmtplib_is_disconnected_at_a_stage(
    smtpports: SMTPPorts, number: int, stage: str, action: Disconnect
) -> None:
    smtpports.fail(stage, action)

    with pytest.raises((aiosmtplib.SMTPException, ConnectionError)):
        await send_async(smtpports, number)

    smtpports.assert_not_sent()


@pytest.mark.parametrize("round_", range(20))
def test_a_reset_upon_a_command_is_always_seen_as_one(smtpports: SMTPPorts, round_: int) -> None:
    smtpports.fail(("connect", "ehlo", "mail", "data")[round_ % 4], Disconnect("reset"))

    with pytest.raises(smtplib.SMTPServerDisconnected, match="Errno 104"):
        send(smtpports)


@PORTS
@pytest.mark.parametrize("how", ["fin", "reset"])
def test_a_message_that_was_not_taken_is_not_there(smtpports: SMTPPorts, number: int, how: str) -> None:
    # S34
    smtpports.fail("message", Disconnect(how))

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtpports, number)

    smtpports.assert_not_sent()


@PORTS
@pytest.mark.parametrize("how", ["fin", "reset"])
def test_a_message_that_was_delivered_stays_so_when_the_goodbye_fails(
    smtpports: SMTPPorts, number: int, how: str
) -> None:
    # S36
    smtpports.fail("quit", Disconnect(how))
    client = smtpports.ports[number].connect()
    client.sendmail(SENDER, ADA, MAIL)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.quit()
    assert smtpports.assert_sent(port=number).acknowledged


# What never comes, and what comes late


@STAGES
def test_a_client_gives_up_where_nothing_comes(
    smtpports: SMTPPorts, eventually: Eventually, number: int, stage: str
) -> None:
    smtpports.ports[number].fail(stage, Hang())

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected), match="timed out"):
        send(smtpports, number, timeout=SHORT)

    eventually(lambda: smtpports.connections[0].closed_at)
    assert f"({stage}: Hang())" in smtpports.connections[0].reason


def test_the_end_of_a_test_ends_whoever_waits(smtpports: SMTPPorts, dial: Dial) -> None:
    smtpports.fail("banner", Hang())
    smtpports.ports[465].fail("connect", Delay(60))
    clients = [dial(smtpports.ports[25]), dial(smtpports.ports[465])]
    assert len(smtpports.connections) == 2
    smtpports.close()

    assert [client.rest() for client in clients] == [b"", b""]


@STAGES
def test_what_comes_late_comes(smtpports: SMTPPorts, number: int, stage: str) -> None:
    smtpports.ports[number].fail(stage, Delay(SHORT))
    started = time.monotonic()
    send(smtpports, number)

    assert time.monotonic() - started >= SHORT
    assert smtpports.assert_sent(port=number).acknowledged


def test_a_client_that_leaves_meanwhile_has_sent_nothing(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually
) -> None:
    smtpports.fail("message", Delay(SHORT))
    client = dial(smtpports.ports[25])
    for line in ("EHLO client.example.com", "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>", "DATA"):
        client.reply()
        client.send(f"{line}\r\n".encode())
    client.reply()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.send(b"Subject: Welcome\r\n\r\n.\r\n")
    client.close()

    eventually(lambda: smtpports.connections[0].closed_at)
    smtpports.assert_not_sent(settle=2 * SHORT)


@PORTS
@pytest.mark.parametrize("stage", ["banner", "ehlo", "mail", "rcpt", "message", "quit"])
def test_a_reply_that_drips_comes_to_its_end(smtpports: SMTPPorts, number: int, stage: str) -> None:
    smtpports.ports[number].fail(stage, Drip(bytes_per_second=2000))
    send(smtpports, number, timeout=SHORT)

    smtpports.assert_sent(port=number)


def test_a_refusal_drips_as_well(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[25], local_domains=("example.org",))]) as smtpports:
        smtpports.fail("rcpt", Drip(bytes_per_second=100))
        client = dial(smtpports.ports[25])
        client.reply()
        client.ask("EHLO client.example.com")
        client.ask("MAIL FROM:<app@example.com>")
        started = time.monotonic()

        assert client.ask("RCPT TO:<x@example.net>").startswith("550 ")
        assert time.monotonic() - started > SHORT


@pytest.mark.parametrize("stage", ["connect", "banner", "ehlo", "mail", "rcpt", "data", "message", "quit"])
def test_garbage_comes_in_the_place_of_a_reply_and_the_port_goes_on_listening(
    smtpports: SMTPPorts, dial: Dial, stage: str
) -> None:
    # S41
    smtpports.fail(stage, Garbage(b"garbage\r\n"), times=1)
    client = dial(smtpports.ports[25])
    lines = ["EHLO x", "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>", "DATA", ".", "QUIT"]
    said = [client.reply(), *map(client.ask, lines)]

    place = ("banner", "ehlo", "mail", "rcpt", "data", "message", "quit").index(stage.replace("connect", "banner"))
    assert said[place] == "garbage\r\n"
    assert "garbage\r\n" not in said[:place]


def test_garbage_instead_of_a_greeting_is_no_greeting_and_stands_in_the_dialogue(smtpports: SMTPPorts) -> None:
    smtpports.fail("banner", Garbage(b"\x00\xff\r\ncaf\xc3\xa9\r\n"))

    with pytest.raises(smtplib.SMTPConnectError):
        send(smtpports)
    assert [line.text for line in smtpports.connections[0].dialogue] == [r"\x00\xff", "café"]


@pytest.mark.parametrize(("number", "told"), [(465, "WRONG_VERSION_NUMBER|record layer failure"), (587, None)])
def test_what_comes_before_tls_is_an_error_or_is_dropped(smtpports: SMTPPorts, number: int, told: str | None) -> None:
    # Behind the 220 of STARTTLS smtplib drops it, which is safe (CVE-2011-0411 is about whoever does not).
    smtpports.fail("handshake", Garbage(b"250 injected\r\n"))

    if told is None:
        send(smtpports, number)
        assert "injected" not in str(smtpports.messages.only)
    else:
        with pytest.raises(ssl.SSLError, match=told):
            send(smtpports, number)


# The ambiguous delivery


@PORTS
@pytest.mark.parametrize(
    "action", [Disconnect("fin"), Disconnect("reset"), Hang(), Garbage(b"\xff\r\n"), Reply(451, "4.3.0", "Later")]
)
def test_a_message_is_stored_and_the_client_never_learns_of_it(
    smtpports: SMTPPorts, number: int, action: Action
) -> None:
    # S35
    smtpports.fail("message", accept_then(action))

    with pytest.raises((smtplib.SMTPException, TimeoutError)):
        send(smtpports, number, timeout=SHORT)

    assert not smtpports.assert_sent(port=number).acknowledged


@pytest.mark.asyncio
async def test_aiosmtplib_never_learns_of_it_either(smtpports: SMTPPorts) -> None:
    # S35
    smtpports.fail("message", accept_then(Disconnect()))

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send_async(smtpports)

    assert not smtpports.messages.only.acknowledged


def test_who_sends_again_what_was_stored_delivers_twice(smtpports: SMTPPorts) -> None:
    smtpports.fail("message", accept_then(Disconnect()), times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtpports, 25, ADA, BOB)
    smtpports.assert_delivered_once(recipients=BOB)
    send(smtpports, 25, ADA)

    with pytest.raises(AssertionError) as caught:
        smtpports.assert_delivered_once(subject="Welcome")
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 deliveries of <1@example.com> to 'ada@example.org', 1 expected:"
    assert "never acknowledged" in lines[1]
    assert "has to use the same Message-ID" in lines[-1]
    assert len(lines) == 4


def test_a_delivery_is_known_by_its_key(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=LONG) as client:
        for number in (1, 2):
            client.sendmail(SENDER, ADA, f"Subject: {number}\r\n\r\n")

    with pytest.raises(ConfigurationError, match=r"has no Message-ID by which to know it again; .* key="):
        smtpports.assert_delivered_once()
    assert len(smtpports.assert_delivered_once(key=lambda message: message.subject)) == 2
    with pytest.raises(AssertionError, match=r"2 deliveries of same to 'ada@example\.org'") as caught:
        smtpports.assert_delivered_once(key=lambda _: "same")
    assert "Message-ID" not in str(caught.value)


def test_what_never_came_was_not_delivered_once(smtpports: SMTPPorts) -> None:
    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        smtpports.assert_delivered_once()


def test_many_deliveries_that_came_twice_are_cut(smtpports: SMTPPorts) -> None:
    to = [f"user{number}@example.org" for number in range(12)]
    for _ in range(2):
        send(smtpports, 25, *to)

    with pytest.raises(AssertionError) as caught:
        smtpports.assert_delivered_once()
    assert str(caught.value).splitlines()[-1] == "and 2 more"


# When, where and for whom


def test_a_fault_that_fires_so_often_lets_the_next_through(smtpports: SMTPPorts) -> None:
    # S29
    smtpports.fail("rcpt", "450 4.7.1 Greylisted", times=2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(smtpports)

    assert send(smtpports) == {}


def test_one_of_two_recipients_is_refused(smtpports: SMTPPorts) -> None:
    # S28
    smtpports.fail("rcpt", "550 5.1.1 Nobody", recipient="bob@EXAMPLE.org")

    assert send(smtpports, 25, ADA, BOB) == {BOB: (550, b"5.1.1 Nobody")}
    assert smtpports.messages.only.recipients == (ADA,)


def test_a_sender_a_pattern_and_a_function_can_be_meant(smtpports: SMTPPorts) -> None:
    smtpports.fail("mail", "550 5.7.1 No", mail_from=re.compile("^nobody@"))
    smtpports.fail("message", "554 5.6.0 No", mail_from=SENDER, recipient=lambda address: address == BOB)

    assert send(smtpports) == {}
    with pytest.raises(smtplib.SMTPDataError):
        send(smtpports, 25, ADA, BOB)


def test_one_port_alone_or_several_can_be_meant(smtpports: SMTPPorts) -> None:
    smtpports.fail("mail", "451 4.3.0 Later", port=(465, 587))
    send(smtpports, 25)

    for number in (465, 587):
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(smtpports, number)
    with pytest.raises(UnknownPort):
        smtpports.fail("mail", "451 Later", port=588)
    with pytest.raises(ConfigurationError, match="the stage 'handshake' on port 25, "):
        smtpports.fail("handshake", Hang(), port=25)
    with pytest.raises(UnknownName, match="did you mean 'mail'"):
        smtpports.fail("male", Hang())


def test_one_connection_alone_can_be_meant(smtpports: SMTPPorts) -> None:
    send(smtpports)
    smtpports.fail("banner", "421 4.3.2 Later", connection=2)
    send(smtpports)

    with pytest.raises(smtplib.SMTPConnectError):
        send(smtpports)
    send(smtpports)


def test_of_two_faults_at_one_stage_the_later_fires_and_gives_way(smtpports: SMTPPorts) -> None:
    smtpports.fail("mail", "451 4.3.0 First", times=1)
    with smtpports.fail("mail", "452 4.3.1 Second"), pytest.raises(smtplib.SMTPSenderRefused, match="Second"):
        send(smtpports)

    # The one behind it did not count.
    with pytest.raises(smtplib.SMTPSenderRefused, match="First"):
        send(smtpports)
    assert send(smtpports) == {}


def test_a_fault_of_a_routed_host_is_that_hosts_alone(smtpports: SMTPPorts) -> None:
    first, second = smtpports.route("mx1.example.org"), smtpports.route("mx2.example.org")
    first[25].fail("banner", "421 4.3.2 Later")

    with pytest.raises(smtplib.SMTPConnectError):
        smtplib.SMTP("mx1.example.org", 25, timeout=LONG)
    smtplib.SMTP("mx2.example.org", 25, timeout=LONG).quit()
    assert [len(each.connections) for each in (first, second)] == [1, 1]


def test_a_reset_takes_faults_back_and_close_ends_them(smtpports: SMTPPorts) -> None:
    smtpports.fail("mail", "451 4.3.0 Later")
    smtpports.clock.advance(1000)
    ahead = smtpports.clock.now()
    smtpports.reset()

    assert send(smtpports) == {}
    assert smtpports.clock.now() < ahead
    port = smtpports.ports[25]
    smtpports.close()
    for fail in (smtpports.fail, port.fail):
        with pytest.raises(ClosedError):
            fail("mail", "451 4.3.0 Later")


def test_a_command_that_is_not_allowed_meets_no_fault(smtpports: SMTPPorts, dial: Dial) -> None:
    smtpports.fail("mail", "451 4.3.0 Later")
    smtpports.fail("rcpt", "451 4.3.0 Later")
    client = dial(smtpports.ports[587])
    client.reply()
    client.ask("EHLO client.example.com")
    assert client.ask("MAIL FROM:<app@example.com>").startswith("530 ")

    other = dial(smtpports.ports[25])
    other.reply()
    other.ask("EHLO client.example.com")
    assert other.ask("MAIL FROM:nobody").startswith("501 ")
    assert other.ask("MAIL FROM:<app@example.com>").startswith("451 ")


@pytest.mark.parametrize("times", [1, 2])
def test_the_last_chunk_is_the_message(smtpports: SMTPPorts, dial: Dial, times: int) -> None:
    smtpports.fail("message", "451 4.3.0 Later", times=1)
    client = dial(smtpports.ports[25])
    client.reply()
    client.ask("EHLO client.example.com")
    for said in ("451 4.3.0 Later\r\n", "250 ")[:times]:
        client.ask("MAIL FROM:<app@example.com>")
        client.ask("RCPT TO:<ada@example.org>")
        client.send(b"BDAT 5\r\nHello")
        assert client.reply().startswith("250 ")
        client.send(b"BDAT 4 LAST\r\n Ada")
        assert client.reply().startswith(said)
    assert len(smtpports.messages) == times - 1


def test_a_message_that_is_too_big_meets_no_fault() -> None:
    with SMTPPorts([replace(PROFILES[25], size_limit=len(MAIL) - 5)]) as smtpports:
        smtpports.fail("message", "451 4.3.0 Later")

        with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
            send(smtpports)
        client = smtplib.SMTP(*smtpports.ports[25].address, timeout=LONG)
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(ADA)
        assert client.data(MAIL)[0] == 552
        client.quit()


def test_a_message_with_a_line_that_is_too_long_meets_no_fault() -> None:
    with SMTPPorts([replace(PROFILES[25], text_line_limit=998)]) as smtpports:
        smtpports.fail("message", "451 4.3.0 Later")
        client = smtplib.SMTP(*smtpports.ports[25].address, timeout=LONG)
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(ADA)
        assert client.data("x" * 999)[0] == 500
        client.quit()


def test_lmtp_tells_each_recipient(dial: Dial) -> None:
    with SMTPPorts([KINDRED[24]]) as smtpports:
        smtpports.fail("message", "452 4.2.2 Full")
        client = dial(smtpports.ports[24])
        client.reply()
        client.ask("LHLO client.example.com")
        client.ask("MAIL FROM:<app@example.com>")
        client.ask("RCPT TO:<ada@example.org>")
        client.ask("RCPT TO:<bob@example.org>")
        client.ask("DATA")

        assert client.ask("Hello\r\n.") == "452 4.2.2 Full\r\n"
        assert client.reply() == "452 4.2.2 Full\r\n"


def test_a_message_that_a_hook_refuses_is_not_stored_in_secret() -> None:
    class Refusing:
        def pytest_smtpports_message(self, message: object) -> None:
            raise ValueError(message)

    smtpports = SMTPPorts(plugins=[Refusing()])
    smtpports.fail("message", "250 2.6.0 Queued")

    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(smtpports)
    with pytest.raises(ServerError, match="ValueError"):
        smtpports.close()


# Limits


def test_a_greylist_takes_who_comes_again_when_the_time_has_passed(smtpports: SMTPPorts) -> None:
    # RFC 6647
    smtpports.greylist(retry_after=300)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="450"):
            send(smtpports)
    smtpports.clock.advance(300)

    assert send(smtpports) == {}
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtpports, 25, BOB)


def test_a_rate_is_limited(smtpports: SMTPPorts) -> None:
    smtpports.limit_rate(2, per=60)
    for number in (25, 465):
        send(smtpports, number)
    with pytest.raises(smtplib.SMTPSenderRefused, match="450"):
        send(smtpports)
    smtpports.clock.advance(60)

    assert send(smtpports) == {}


def test_recipients_are_limited(smtpports: SMTPPorts) -> None:
    # S31
    smtpports.limit_recipients(100)
    to = [f"user{number}@example.org" for number in range(101)]

    assert send(smtpports, 25, *to) == {to[-1]: (452, b"4.5.3 Too many recipients")}
    assert len(smtpports.messages.only.recipients) == 100


def test_connections_are_limited(smtpports: SMTPPorts, dial: Dial) -> None:
    with smtpports.limit_connections(1):
        first = dial(smtpports.ports[25])
        assert first.reply().startswith("220 ")
        second = dial(smtpports.ports[2525])
        assert second.reply().startswith("421 4.7.0 ")
        assert second.rest() == b""
        first.ask("QUIT")
        assert dial(smtpports.ports[25]).reply().startswith("220 ")


def test_limits_that_can_not_be_meant_are_refused(smtpports: SMTPPorts) -> None:
    for call in (
        lambda: smtpports.greylist(retry_after=0),
        lambda: smtpports.limit_rate(0),
        lambda: smtpports.limit_rate(1, per=-1),
        lambda: smtpports.limit_recipients(0),
        lambda: smtpports.limit_connections(0),
        lambda: smtpports.clock.advance(-1),
    ):
        with pytest.raises(ConfigurationError, match="not "):
            call()


# What a failure tells


def test_a_failing_assertion_tells_the_faults_and_how_often_they_fired(smtpports: SMTPPorts) -> None:
    smtpports.fail("rcpt", "450 4.7.1 Greylisted", times=1)
    smtpports.fail("quit", Disconnect("reset"))
    smtpports.greylist(retry_after=10)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtpports)

    with pytest.raises(AssertionError) as caught:
        smtpports.assert_sent()
    assert str(caught.value).splitlines()[-3:] == [
        "fault at rcpt: greylisted for 10 s (it fired 1 time)",
        "fault at quit: Disconnect(how='reset') (it fired 1 time)",
        "fault at rcpt: 450 4.7.1 Greylisted (it never fired)",
    ]


@pytest.mark.parametrize("port", [25, 465, (25, 465)])
def test_starttls_is_not_taken_from_a_port_that_has_none(smtpports: SMTPPorts, port: int | tuple[int, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"port 25(, 465)? does not offer it|port 465 does not offer it"):
        smtpports.fail("starttls-stripped", port=port)


def test_a_name_is_not_hidden_before_it_leads_here(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"none does: route one first, as in route\('smtp\.example\.com'\)"):
        smtpports.fail("name-not-resolved")
    smtpports.route("smtp.example.com").fail("name-not-resolved", port=25)

    with pytest.raises(socket.gaierror):
        socket.create_connection(("smtp.example.com", 25), 5)


def test_two_spellings_of_a_domain_are_one_recipient(smtpports: SMTPPorts) -> None:
    for recipient in ("ada@example.org", "ada@Example.ORG"):
        with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
            client.sendmail("app@example.com", recipient, "Message-ID: <1@example.com>\r\n\r\n")

    with pytest.raises(AssertionError):
        smtpports.assert_delivered_once()


def test_a_key_may_be_whatever_it_is_but_a_function(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    assert smtpports.assert_delivered_once(key=lambda message: [message.subject])
    with pytest.raises(ConfigurationError, match="key= takes a function of a message, not 'subject'"):
        smtpports.assert_delivered_once(key="subject")  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("attempt", range(20))
def test_a_reset_in_the_place_of_the_greeting_is_met_by_the_read(smtpports: SMTPPorts, attempt: int) -> None:
    smtpports.fail("banner", Disconnect("reset"), connection=1)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)


def test_what_was_said_in_the_place_of_a_handshake_is_why_it_fails(
    smtpports: SMTPPorts, eventually: Callable[[Callable[[], object]], None]
) -> None:
    smtpports.fail("handshake", Garbage(b"250 zz\r\n"), port=465)

    with pytest.raises(ssl.SSLError):
        smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=smtpports.client_context())
    eventually(lambda: smtpports.connections[0].closed_at)

    assert smtpports.connections[0].reason == (
        "a fault disturbed the TLS handshake (handshake: Garbage(data=b'250 zz\\r\\n'))"
    )
