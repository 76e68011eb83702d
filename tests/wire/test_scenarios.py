"""What a network does to code that sends mail, scenario by scenario: two clients, unchanged, at a provider's host name.

The scenarios are numbered S1 to S10, S15, S16 and S20; each has the exception that its client raises in the world.
"""

from __future__ import annotations

import asyncio
import errno
import re
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
import uvloop

from pytest_smtpports import Banner, NoTimeoutWarning, Outcome, StripSTARTTLS, Tarpit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from pytest_smtpports import SMTPPorts

    Run = Callable[[Coroutine[Any, Any, object]], object]

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
ENVELOPE = ("app@example.com", ["ada@example.org"], MAIL)
# Seconds: less than anybody waits for, and more than anything takes.
SHORT, LONG = 0.25, 5.0


def connect(number: int, timeout: float = LONG) -> None:
    """As far as the greeting."""
    smtplib.SMTP(HOST, number, timeout=timeout).quit()


async def connect_async(number: int, timeout: float = LONG, *, use_tls: bool = False) -> None:
    client = aiosmtplib.SMTP(hostname=HOST, port=number, timeout=timeout, use_tls=use_tls, start_tls=False)
    try:
        await client.connect()
    finally:
        client.close()


LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def assert_blocked(smtpports: SMTPPorts, number: int, kind: str) -> None:
    smtpports.assert_attempted([number])
    (met,) = smtpports.connections
    assert (met.host, met.port, met.outcome, met.block) == (HOST, number, Outcome.BLOCKED, kind)


# S1: the port is closed


def test_s1_smtplib_is_refused_at_a_closed_port(provider: SMTPPorts) -> None:
    provider.block(587, how="refuse")

    with pytest.raises(ConnectionRefusedError) as caught:
        connect(587)

    assert caught.value.errno == errno.ECONNREFUSED
    assert_blocked(provider, 587, "refuse")


@LOOPS
def test_s1_aiosmtplib_is_refused_at_a_closed_port(provider: SMTPPorts, run: Run) -> None:
    provider.block(587, how="refuse")

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        run(connect_async(587))

    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert_blocked(provider, 587, "refuse")


# S2: SYNs are dropped


def test_s2_smtplib_times_out_where_syns_are_dropped(provider: SMTPPorts) -> None:
    provider.block(587)

    with pytest.raises(TimeoutError, match=r"^timed out$") as caught:
        connect(587, timeout=30)

    assert caught.value.errno is None
    assert_blocked(provider, 587, "drop")
    assert provider.connections[0].timeout == 30


@LOOPS
def test_s2_aiosmtplib_times_out_where_syns_are_dropped(provider: SMTPPorts, run: Run) -> None:
    provider.block(587)

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        run(connect_async(587, SHORT))

    assert_blocked(provider, 587, "drop")


# S3: the same, and the client has set no timeout


def test_s3_smtplib_without_a_timeout_gets_the_kernels_and_its_test_a_warning(provider: SMTPPorts) -> None:
    provider.block(587)

    with pytest.raises(TimeoutError) as caught:
        smtplib.SMTP(HOST, 587)

    assert caught.value.errno == errno.ETIMEDOUT
    assert_blocked(provider, 587, "drop")
    with pytest.warns(NoTimeoutWarning, match="587"):
        provider.raise_failures()


@pytest.mark.usefixtures("nobody_else")
def test_s3_aiosmtplib_without_a_timeout_gets_the_kernels_and_its_test_a_warning(provider: SMTPPorts) -> None:
    provider.block(587)

    async def main() -> None:
        client = aiosmtplib.SMTP(hostname=HOST, port=587, start_tls=False)
        client.timeout = None
        with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
            await client.connect()
        assert isinstance(caught.value.__cause__, TimeoutError)
        assert caught.value.__cause__.errno == errno.ETIMEDOUT

    asyncio.run(main())

    assert_blocked(provider, 587, "drop")
    with pytest.warns(NoTimeoutWarning, match="587"):
        provider.raise_failures()


# S4: a router tells by ICMP, on IPv4 and on IPv6

PROHIBITED = pytest.mark.parametrize(
    ("how", "error", "number"),
    [("host-unreachable", OSError, errno.EHOSTUNREACH), ("prohibited", PermissionError, errno.EACCES)],
    ids=["IPv4's ICMP", "IPv6's ICMP"],
)


@PROHIBITED
def test_s4_smtplib_is_told_that_it_is_prohibited(
    provider: SMTPPorts, how: str, error: type[OSError], number: int
) -> None:
    provider.block(587, how=how)

    with pytest.raises(error) as caught:
        connect(587)

    assert caught.value.errno == number
    assert_blocked(provider, 587, how)


@LOOPS
@PROHIBITED
def test_s4_aiosmtplib_is_told_that_it_is_prohibited(
    provider: SMTPPorts, run: Run, how: str, error: type[OSError], number: int
) -> None:
    provider.block(587, how=how)

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        run(connect_async(587))

    assert isinstance(caught.value.__cause__, error)
    assert caught.value.__cause__.errno == number
    assert_blocked(provider, 587, how)


# S5: the name does not resolve


def test_s5_smtplib_does_not_find_the_host(provider: SMTPPorts) -> None:
    provider.block(587, how="dns")

    with pytest.raises(socket.gaierror):
        connect(587)

    assert_blocked(provider, 587, "dns")


@LOOPS
def test_s5_aiosmtplib_does_not_find_the_host(provider: SMTPPorts, run: Run) -> None:
    provider.block(587, how="dns")

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        run(connect_async(587))

    assert isinstance(caught.value.__cause__, socket.gaierror)
    assert_blocked(provider, 587, "dns")


# S6: the connection comes about, and nothing is said


def test_s6_smtplib_hears_no_greeting(provider: SMTPPorts) -> None:
    provider.block(587, how="silent")

    with pytest.raises(smtplib.SMTPServerDisconnected, match=r"timed out$"):
        connect(587, SHORT)

    assert_blocked(provider, 587, "silent")


@LOOPS
def test_s6_aiosmtplib_hears_no_greeting(provider: SMTPPorts, run: Run) -> None:
    provider.block(587, how="silent")

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        run(connect_async(587, SHORT))

    assert_blocked(provider, 587, "silent")


# S7: the greeting comes a byte at a time, each of them sooner than the timeout


def test_s7_smtplib_sends_though_the_whole_takes_longer_than_its_timeout(provider: SMTPPorts) -> None:
    provider.block(25, how=Tarpit(bytes_per_second=400))

    with smtplib.SMTP(HOST, 25, timeout=SHORT) as client:
        client.sendmail(*ENVELOPE)

    taken = provider.connections[0]
    assert taken.closed_at is not None
    assert (taken.closed_at - taken.opened_at).total_seconds() > SHORT
    assert provider.assert_sent(port=25).host == HOST
    assert (taken.outcome, taken.block) == (Outcome.DELIVERED, "tarpit")
    assert taken.reason == "the tarpit let 400 bytes per second through; 1 message taken, in clear"


@LOOPS
def test_s7_aiosmtplib_times_out(provider: SMTPPorts, run: Run) -> None:
    provider.block(25, how=Tarpit(bytes_per_second=20))

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        run(connect_async(25, SHORT))

    provider.assert_attempted([25])
    (met,) = provider.connections
    assert (met.outcome, met.block) == (Outcome.ABANDONED, "tarpit")
    assert re.fullmatch(
        r"the tarpit let 20 bytes per second through; the client gave up after [\d.]+ s; it said nothing", met.reason
    )


# S8: the greeting refuses to serve

BANNERS = pytest.mark.parametrize(
    ("code", "text"), [(554, "5.7.1 Not from your network"), (421, "4.7.0 Try again later")], ids=["554", "421"]
)


@BANNERS
def test_s8_smtplib_is_turned_away_by_the_greeting(provider: SMTPPorts, code: int, text: str) -> None:
    provider.block(587, how=Banner(f"{code} {text}"))

    with pytest.raises(smtplib.SMTPConnectError) as caught:
        connect(587)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (code, text.encode())
    assert_blocked(provider, 587, "banner")


@LOOPS
@BANNERS
def test_s8_aiosmtplib_is_turned_away_by_the_greeting(provider: SMTPPorts, run: Run, code: int, text: str) -> None:
    provider.block(587, how=Banner(f"{code} {text}"))

    with pytest.raises(aiosmtplib.SMTPConnectResponseError) as caught:
        run(connect_async(587))

    assert (caught.value.code, caught.value.message) == (code, text)
    assert_blocked(provider, 587, "banner")


# S9: TLS at once, where STARTTLS is meant


OFFERED = "begins in clear and offers STARTTLS (implicit TLS is on 465)"
IN_CLEAR = pytest.mark.parametrize(
    ("number", "told"),
    [
        (25, "port 25 speaks in clear, and has no TLS"),
        (587, f"port 587 {OFFERED}"),
        (2525, f"port 2525 {OFFERED}"),
    ],
    ids=["25", "587", "2525"],
)


def assert_tls_begun(smtpports: SMTPPorts, number: int, told: str) -> None:
    smtpports.assert_attempted([number])
    (met,) = smtpports.connections
    assert (met.outcome, met.reason) == (Outcome.TLS_FAILED, f"the client began TLS at once; {told}")
    assert [line.text for line in met.dialogue][1:] == ["(a TLS ClientHello)"]


@IN_CLEAR
def test_s9_smtplib_speaks_tls_where_it_has_not_begun(provider: SMTPPorts, number: int, told: str) -> None:
    with pytest.raises(ssl.SSLError, match=r"WRONG_VERSION_NUMBER|record layer failure"):
        smtplib.SMTP_SSL(HOST, number, timeout=LONG)

    assert_tls_begun(provider, number, told)


@LOOPS
@IN_CLEAR
def test_s9_aiosmtplib_speaks_tls_where_it_has_not_begun(provider: SMTPPorts, run: Run, number: int, told: str) -> None:
    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        run(connect_async(number, use_tls=True))

    assert isinstance(caught.value.__cause__, ssl.SSLError)
    assert_tls_begun(provider, number, told)


# S10: no TLS, where it begins at once


def test_s10_smtplib_waits_for_a_greeting_in_clear(provider: SMTPPorts) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected, match=r"timed out$"):
        connect(465, SHORT)

    (met,) = provider.connections
    assert met.outcome is Outcome.TLS_FAILED
    assert "no TLS handshake came: this port speaks TLS from the first byte" in met.reason


@LOOPS
def test_s10_aiosmtplib_waits_for_a_greeting_in_clear(provider: SMTPPorts, run: Run) -> None:
    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        run(connect_async(465, SHORT))

    (met,) = provider.connections
    assert met.outcome is Outcome.TLS_FAILED
    assert "no TLS handshake came: this port speaks TLS from the first byte" in met.reason


@LOOPS
def test_s10_is_told_in_the_turn_in_which_aiosmtplib_gives_up(provider: SMTPPorts, run: Run) -> None:
    async def main() -> None:
        with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
            await connect_async(465, SHORT)
        # The loop closes the client's socket in its next turn.
        with pytest.raises(AssertionError) as failed:
            provider.assert_sent()
        assert "465: open: the client has not closed it yet; it has not come to the end of a TLS " in str(failed.value)
        assert "this port speaks TLS from the first byte (RFC 8314)" in str(failed.value)

    run(main())


# S15: STARTTLS is taken out, and the client insists

WITHOUT = "STARTTLS was taken out of every reply to EHLO"
STRIPPED = pytest.mark.parametrize("masked", [False, True], ids=["taken out", "masked"])


@STRIPPED
def test_s15_smtplib_that_insists_on_tls_says_that_there_is_none(provider: SMTPPorts, *, masked: bool) -> None:
    provider.block(587, how=StripSTARTTLS(masked=masked))

    with (
        smtplib.SMTP(HOST, 587, timeout=LONG) as client,
        pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS extension not supported by server"),
    ):
        client.starttls(context=ssl.create_default_context())

    (met,) = provider.connections
    assert (met.outcome, met.block) == (Outcome.QUIT, "strip-starttls")
    assert met.reason == f"{WITHOUT}; the client said QUIT without sending a message"
    provider.assert_not_sent()


@LOOPS
@STRIPPED
def test_s15_aiosmtplib_that_insists_on_tls_says_that_there_is_none(
    provider: SMTPPorts, run: Run, *, masked: bool
) -> None:
    provider.block(587, how=StripSTARTTLS(masked=masked))

    with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
        run(aiosmtplib.send(MAIL, sender=ENVELOPE[0], recipients=ENVELOPE[1], hostname=HOST, port=587, start_tls=True))

    (met,) = provider.connections
    assert met.outcome is Outcome.ABANDONED
    assert met.reason.startswith(f"{WITHOUT}; the client went away after 'EHLO ")
    provider.assert_not_sent()


# S16: STARTTLS is taken out, and the client does without


@STRIPPED
def test_s16_smtplib_code_that_takes_tls_where_it_is_offered_sends_in_clear(
    provider: SMTPPorts, *, masked: bool
) -> None:
    provider.block(2525, how=StripSTARTTLS(masked=masked))

    with smtplib.SMTP(HOST, 2525, timeout=LONG) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        client.login(provider.username, provider.password)
        client.sendmail(*ENVELOPE)

    assert provider.assert_sent(port=2525, tls=False).user == provider.username
    assert provider.connections[0].reason == f"{WITHOUT}; 1 message taken, in clear"


@LOOPS
@STRIPPED
def test_s16_aiosmtplib_as_it_is_shipped_sends_in_clear(provider: SMTPPorts, run: Run, *, masked: bool) -> None:
    login = {"username": provider.username, "password": provider.password}
    address = {"hostname": HOST, "port": 2525}
    send: dict[str, object] = {"sender": ENVELOPE[0], "recipients": ENVELOPE[1], **address, **login}
    run(aiosmtplib.send(MAIL, **send))
    with provider.block(2525, how=StripSTARTTLS(masked=masked)):
        run(aiosmtplib.send(MAIL, **send))

    assert [message.tls is None for message in provider.messages] == [False, True]
    assert [met.reason for met in provider.connections] == [
        "1 message taken",
        f"{WITHOUT}; 1 message taken, in clear",
    ]


# S20: the certificate is another host's


OTHERS = "another server answered, relay.isp.example, with a certificate of its own"
NO_ALERT = (
    "the client ended the handshake without an alert; most likely it refused the certificate, as asyncio's clients do"
)


def test_s20_smtplib_that_verifies_sees_another_hosts_certificate(provider: SMTPPorts) -> None:
    provider.block(465, 587, how="intercept")
    context = ssl.create_default_context()

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        smtplib.SMTP_SSL(HOST, 465, timeout=LONG, context=context)
    with (
        smtplib.SMTP(HOST, 587, timeout=LONG) as client,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        client.starttls(context=context)

    provider.assert_attempted([465, 587])
    assert [met.block for met in provider.connections] == ["intercept"] * 2
    assert [met.outcome for met in provider.connections] == [Outcome.TLS_FAILED] * 2
    assert all(met.reason.startswith(f"{OTHERS}; the client refused our certificate") for met in provider.connections)


@LOOPS
def test_s20_aiosmtplib_that_verifies_sees_another_hosts_certificate(provider: SMTPPorts, run: Run) -> None:
    provider.block(465, 587, how="intercept")

    with pytest.raises(aiosmtplib.SMTPConnectError) as implicit:
        run(connect_async(465, use_tls=True))
    with pytest.raises((ssl.SSLCertVerificationError, aiosmtplib.SMTPException), match="Hostname mismatch"):
        run(aiosmtplib.send(MAIL, sender=ENVELOPE[0], recipients=ENVELOPE[1], hostname=HOST, port=587, start_tls=True))

    assert isinstance(implicit.value.__cause__, ssl.SSLCertVerificationError)
    provider.assert_attempted([465, 587])
    assert [(met.outcome, met.reason) for met in provider.connections] == [
        (Outcome.TLS_FAILED, f"{OTHERS}; {NO_ALERT}")
    ] * 2
    provider.assert_not_sent()


@pytest.mark.parametrize("number", [465, 587])
def test_a_client_that_gives_up_in_a_slow_handshake_has_refused_nothing(provider: SMTPPorts, number: int) -> None:
    provider.block(number, how=Tarpit(bytes_per_second=400))

    def dial() -> None:
        if number == 465:
            smtplib.SMTP_SSL(HOST, number, timeout=0.5, context=ssl.create_default_context())
        else:
            with smtplib.SMTP(HOST, number, timeout=0.9) as client:
                client.starttls(context=ssl.create_default_context())

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        dial()

    (connection,) = provider.connections
    assert "before all that the port said in it had come through" in connection.reason
    assert "refused" not in connection.reason
