"""What a port's policy on TLS does to code that sends mail, scenario by scenario, for two clients unchanged.

The scenarios are numbered S11, S12, S14, S17, S18, S39, S42 and S43.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
import uvloop

from pytest_smtpports import Disconnect, Hang, Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from pytest_smtpports import Connection, SMTPPorts
    from tests.wire.conftest import Connected, Dial, Met, Providing, Send, SendAsync

    Run = Callable[[Coroutine[Any, Any, object]], object]

HOST = "smtp.example.com"
ENVELOPE = ("app@example.com", ["ada@example.org"], "Subject: Welcome\r\n\r\nHello Ada\r\n")
LOGIN = ("user", "password")
# Seconds: less than anybody waits for, and more than anything takes.
SHORT, LONG = 0.25, 5.0
TLS_FIRST = "5.7.0 Must issue a STARTTLS command first"
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def verbs(connection: Connection) -> list[str]:
    return [line.text.split()[0].upper() for line in connection.dialogue if line.direction == "C"]


def said(connection: Connection, direction: str) -> list[str]:
    return [line.text for line in connection.dialogue if line.direction == direction]


def client_at(number: int, *, use_tls: bool = False) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname=HOST, port=number, timeout=LONG, use_tls=use_tls, start_tls=False)


# S11: a login before STARTTLS, where it is not offered


def test_s11_smtplib_finds_no_login_before_starttls(provider: SMTPPorts, send: Send, met: Met) -> None:
    with pytest.raises(smtplib.SMTPNotSupportedError) as caught:
        send(587, tls=False)

    assert str(caught.value) == "SMTP AUTH extension not supported by server."
    connection = met(provider, Outcome.QUIT, "the client said QUIT without sending a message")
    assert (verbs(connection), connection.logins) == (["EHLO", "QUIT"], ())


def test_s11_aiosmtplib_finds_no_login_before_starttls(provider: SMTPPorts, send_async: SendAsync) -> None:
    with pytest.raises(aiosmtplib.SMTPException, match="AUTH extension is not supported"):
        asyncio.run(send_async(587, tls=False))

    (connection,) = provider.connections
    assert ("AUTH" in verbs(connection), connection.logins) == (False, ())


# S12: mail before STARTTLS, where it is required


def test_s12_smtplib_is_refused_at_mail_without_tls(provider: SMTPPorts, send: Send, met: Met) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(587, tls=False, login=False)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (530, TLS_FIRST.encode())
    connection = met(provider, Outcome.REFUSED, f"MAIL got 530 {TLS_FIRST}")
    assert connection.tls is None
    provider.assert_not_sent()


def test_s12_aiosmtplib_is_refused_at_mail_without_tls(provider: SMTPPorts, send_async: SendAsync, met: Met) -> None:
    with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
        asyncio.run(send_async(587, tls=False, login=False))

    assert (caught.value.code, caught.value.message) == (530, TLS_FIRST)
    met(provider, Outcome.REFUSED, f"MAIL got 530 {TLS_FIRST}")
    provider.assert_not_sent()


# S14: STARTTLS, where TLS is on since the first byte


def test_s14_smtplib_is_not_offered_starttls_inside_of_tls(provider: SMTPPorts, met: Met) -> None:
    context = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(HOST, 465, timeout=LONG, context=context) as client,
        pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS extension not supported by server"),
    ):
        client.starttls(context=context)

    connection = met(provider, Outcome.QUIT, "the client said QUIT without sending a message")
    assert connection.tls is not None
    assert "STARTTLS" not in " ".join(said(connection, "S"))


def test_s14_aiosmtplib_does_not_ask_for_starttls_inside_of_tls(provider: SMTPPorts, connected: Connected) -> None:
    async def main() -> None:
        async with connected(client_at(465, use_tls=True)) as client:
            with pytest.raises(aiosmtplib.SMTPException, match="already using TLS"):
                await client.starttls()
            await client.login(*LOGIN)

    asyncio.run(main())

    (connection,) = provider.connections
    assert connection.tls is not None
    assert verbs(connection) == ["EHLO", "AUTH", "QUIT"]


# S17: STARTTLS is offered and refused, and the session goes on in clear

NOT_NOW = pytest.mark.parametrize("reply", ["454 4.7.0 TLS not available", "502 5.5.1 Not implemented"])


@NOT_NOW
def test_s17_smtplib_is_refused_tls_and_can_send_in_clear(provider: SMTPPorts, reply: str, met: Met) -> None:
    provider.fail("starttls", reply, port=2525)

    with smtplib.SMTP(HOST, 2525, timeout=LONG) as client:
        with pytest.raises(smtplib.SMTPResponseException) as caught:
            client.starttls(context=ssl.create_default_context())
        assert provider.connections[0].reason == f"STARTTLS got {reply}"
        client.login(*LOGIN)
        client.sendmail(*ENVELOPE)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (int(reply[:3]), reply[4:].encode())
    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent(port=2525, tls=False).user == "user"


@NOT_NOW
def test_s17_aiosmtplib_is_refused_tls_and_can_send_in_clear(
    provider: SMTPPorts, connected: Connected, met: Met, reply: str
) -> None:
    provider.fail("starttls", reply, port=2525)

    async def main() -> None:
        async with connected(client_at(2525)) as client:
            with pytest.raises(aiosmtplib.SMTPResponseException) as caught:
                await client.starttls()
            assert (caught.value.code, caught.value.message) == (int(reply[:3]), reply[4:])
            await client.login(*LOGIN)
            await client.sendmail(*ENVELOPE)

    asyncio.run(main())

    met(provider, Outcome.DELIVERED, "1 message taken")
    assert provider.assert_sent(port=2525, tls=False).user == "user"


# S18: the port says that TLS may begin, and it never does


def kept_from_tls(action: object) -> str:
    return f"a fault kept TLS from beginning (handshake: {action!r})"


def test_s18_smtplib_is_left_in_the_handshake(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("handshake", Disconnect(), port=587)

    with pytest.raises(ssl.SSLEOFError):
        send(587)

    connection = met(provider, Outcome.TLS_FAILED, kept_from_tls(Disconnect()))
    assert verbs(connection) == ["EHLO", "STARTTLS"]


def test_s18_smtplib_waits_in_the_handshake(provider: SMTPPorts, send: Send, met: Met) -> None:
    provider.fail("handshake", Hang(), port=587)

    with pytest.raises(TimeoutError, match="handshake operation timed out"):
        send(587, timeout=SHORT)

    met(provider, Outcome.TLS_FAILED, kept_from_tls(Hang()))


@LOOPS
def test_s18_aiosmtplib_is_left_in_the_handshake(
    provider: SMTPPorts, send_async: SendAsync, run: Run, met: Met
) -> None:
    provider.fail("handshake", Disconnect(), port=587)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        run(send_async(587))

    met(provider, Outcome.TLS_FAILED, kept_from_tls(Disconnect()))


@LOOPS
def test_s18_aiosmtplib_waits_in_the_handshake(provider: SMTPPorts, send_async: SendAsync, run: Run, met: Met) -> None:
    provider.fail("handshake", Hang(), port=587)

    with pytest.raises(aiosmtplib.SMTPTimeoutError):
        run(send_async(587, timeout=SHORT))

    met(provider, Outcome.TLS_FAILED, kept_from_tls(Hang()))


# S39: what was offered in clear is not offered under TLS: who knows that has asked again (RFC 3207 §4.2)


def test_s39_smtplib_asks_again_under_tls(provider: SMTPPorts, send: Send) -> None:
    provider.fail("ehlo", Reply(250, None, "localhost\nSIZE"), after=1, port=2525)

    with pytest.raises(smtplib.SMTPNotSupportedError, match="SMTP AUTH extension not supported by server"):
        send(2525)

    (connection,) = provider.connections
    assert verbs(connection) == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
    assert [line for line in said(connection, "S") if "AUTH" in line] == ["250-AUTH PLAIN LOGIN"]
    assert connection.logins == ()


def test_s39_aiosmtplib_asks_again_under_tls(provider: SMTPPorts, send_async: SendAsync) -> None:
    provider.fail("ehlo", Reply(250, None, "localhost\nSIZE"), after=1, port=2525)

    with pytest.raises(aiosmtplib.SMTPException, match="AUTH extension is not supported"):
        asyncio.run(send_async(2525))

    (connection,) = provider.connections
    assert verbs(connection)[:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert connection.logins == ()


# S42: the server is so old that it does not know EHLO, and so has no extensions


class OfOld:
    def pytest_smtpports_command(self, verb: str) -> str | None:
        return "502 5.5.1 Command not implemented" if verb == "EHLO" else None


def test_s42_smtplib_does_without_extensions(providing: Providing, send: Send, met: Met) -> None:
    provider = providing(25, OfOld())

    assert send(25) == {}

    connection = met(provider, Outcome.DELIVERED, "1 message taken")
    assert verbs(connection)[:3] == ["EHLO", "HELO", "MAIL"]
    assert "mail from:<app@example.com>" in map(str.lower, said(connection, "C"))


def test_s42_aiosmtplib_does_without_extensions(providing: Providing, send_async: SendAsync, met: Met) -> None:
    provider = providing(25, OfOld())

    asyncio.run(send_async(25))

    connection = met(provider, Outcome.DELIVERED, "1 message taken")
    assert verbs(connection)[:3] == ["EHLO", "HELO", "MAIL"]
    assert "mail from:<app@example.com>" in map(str.lower, said(connection, "C"))


def test_s42_smtplib_has_neither_tls_nor_a_login_there(providing: Providing, met: Met) -> None:
    provider = providing(2525, OfOld())

    with smtplib.SMTP(HOST, 2525, timeout=LONG) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS extension not supported"):
            client.starttls(context=ssl.create_default_context())
        with pytest.raises(smtplib.SMTPNotSupportedError, match="AUTH extension not supported"):
            client.login(*LOGIN)

    met(provider, Outcome.REFUSED, "EHLO got 502 5.5.1 Command not implemented")


@pytest.mark.parametrize(("tls", "missing"), [(True, "STARTTLS"), (False, "AUTH")])
def test_s42_aiosmtplib_has_neither_tls_nor_a_login_there(
    providing: Providing, send_async: SendAsync, tls: bool, missing: str
) -> None:
    provider = providing(2525, OfOld())

    with pytest.raises(aiosmtplib.SMTPException, match=f"{missing} extension (is )?not supported"):
        asyncio.run(send_async(2525, tls=tls))

    assert verbs(provider.connections[0])[:2] == ["EHLO", "HELO"]
    provider.assert_not_sent()


# S43: what somebody puts into the clear behind STARTTLS counts for nothing under TLS (RFC 3207 §4.2)

INJECTED = [
    b"NOOP\r\n",
    b"EHLO mallory.example\r\nRSET\r\n",
    b"MAIL FROM:<mallory@example.net>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nInjected\r\n.\r\n",
    b"half of a comm",
]


@pytest.mark.parametrize("injected", INJECTED)
@pytest.mark.parametrize("number", [587, 2525])
def test_s43_what_follows_starttls_in_clear_is_discarded(
    provider: SMTPPorts, dial: Dial, number: int, injected: bytes
) -> None:
    client = dial(provider.ports[number])
    client.reply()
    client.ask("EHLO client.example")
    client.send(b"STARTTLS\r\n" + injected)

    assert client.reply().startswith("220 ")
    client.secure(provider.client_context())
    # The reply is that to the first command under TLS, which has to be a greeting.
    assert client.ask("MAIL FROM:<app@example.com>").startswith("503 5.5.1 Say EHLO")
    assert client.ask("EHLO client.example").startswith("250-localhost")
    assert client.ask("QUIT").startswith("221 ")
    (connection,) = provider.connections
    assert verbs(connection) == ["EHLO", "STARTTLS", "MAIL", "EHLO", "QUIT"]
    provider.assert_not_sent()
