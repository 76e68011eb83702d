"""Bad certificates and bad TLS, and what clients make of them."""

from __future__ import annotations

import asyncio
import datetime
import shutil
import smtplib
import socket
import ssl
import subprocess
from functools import partial
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
import time_machine
from freezegun import freeze_time

from pytest_smtpports import (
    BadTLS,
    ClosedError,
    ConfigurationError,
    Disconnect,
    Garbage,
    Hang,
    Outcome,
    SMTPPorts,
    UnknownName,
    UnknownPort,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pytest_smtpports import Connection
    from tests.wire.conftest import Dial, Eventually

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
SENDER, ADA = "app@example.com", "ada@example.org"
# Seconds that a client has: where it is to wait in vain, and where it is not to.
SHORT, LONG = 0.25, 5.0
# What OpenSSL's verification makes of each (x509_vfy.h), and what it says to the port.
CODES = {
    "expired": (10, "CERTIFICATE_EXPIRED"),
    "not-yet-valid": (9, "BAD_CERTIFICATE"),
    "wrong-host": (62, "BAD_CERTIFICATE"),
    "self-signed": (18, "UNKNOWN_CA"),
    "untrusted-root": (20, "UNKNOWN_CA"),
    "incomplete-chain": (20, "UNKNOWN_CA"),
    "weak-key": (66, "BAD_CERTIFICATE"),
    "wrong-usage": (26, "UNSUPPORTED_CERTIFICATE"),
}
# What a client gets that is spoken to in another way, and what is told of it.
MISMATCHES = {
    "tls1.0": ("ALERT_PROTOCOL_VERSION", "client and port share no TLS version (UNSUPPORTED_PROTOCOL)"),
    "tls1.1": ("ALERT_PROTOCOL_VERSION", "client and port share no TLS version (UNSUPPORTED_PROTOCOL)"),
    "no-shared-cipher": ("ALERT_HANDSHAKE_FAILURE", "client and port share no cipher suite (NO_SHARED_CIPHER)"),
}
CERTIFICATES = pytest.mark.parametrize("kind", CODES)
PORTS = pytest.mark.parametrize("number", [465, 587])


def send(
    smtpports: SMTPPorts,
    number: int = 465,
    context: ssl.SSLContext | None = None,
    host: str = "localhost",
    timeout: float = LONG,
) -> None:
    """As code does that knows its port: TLS, login, mail."""
    port = number if host == HOST else smtpports.ports[number].port
    context = context or smtpports.client_context()
    kind = partial(smtplib.SMTP_SSL, context=context) if number == 465 else smtplib.SMTP
    with kind(host, port, timeout=timeout) as client:
        if number != 465:
            client.starttls(context=context)
        client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, ADA, MAIL)


async def send_async(
    smtpports: SMTPPorts, number: int = 465, context: ssl.SSLContext | None = None, timeout: float = LONG
) -> None:
    await aiosmtplib.send(
        MAIL,
        sender=SENDER,
        recipients=[ADA],
        hostname="localhost",
        port=smtpports.ports[number].port,
        timeout=timeout,
        use_tls=number == 465,
        start_tls=number == 587,
        tls_context=context or smtpports.client_context(),
        username=smtpports.username,
        password=smtpports.password,
    )


def careless() -> ssl.SSLContext:
    """A context as `smtplib.SMTP.starttls()` makes it, given none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ended(smtpports: SMTPPorts, eventually: Eventually) -> Connection:
    """The first connection, when it has come to its end."""
    eventually(lambda: smtpports.connections[0].closed_at)
    return smtpports.connections[0]


async def ended_meanwhile(smtpports: SMTPPorts, eventually: Eventually) -> Connection:
    """The same, while the client's loop goes on, in which it closes its side."""
    return await asyncio.to_thread(ended, smtpports, eventually)


# Certificates


@PORTS
@CERTIFICATES
def test_smtplib_refuses_a_bad_certificate(
    smtpports: SMTPPorts, eventually: Eventually, number: int, kind: str
) -> None:
    # S19, S20
    code, alert = CODES[kind]
    smtpports.fail_tls(kind)

    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        send(smtpports, number)

    assert caught.value.verify_code == code
    connection = ended(smtpports, eventually)
    assert (connection.outcome, connection.reason, connection.tls) == (
        Outcome.TLS_FAILED,
        f"fail_tls({kind!r}): the client refused the certificate ({alert})",
        None,
    )
    smtpports.assert_not_sent()


@PORTS
@CERTIFICATES
@pytest.mark.asyncio
async def test_aiosmtplib_refuses_a_bad_certificate(
    smtpports: SMTPPorts, eventually: Eventually, number: int, kind: str
) -> None:
    smtpports.fail_tls(kind)

    # Behind STARTTLS it is the bare error.
    with pytest.raises((aiosmtplib.SMTPConnectError, ssl.SSLCertVerificationError)) as caught:
        await send_async(smtpports, number)

    refused = caught.value if number == 587 else caught.value.__cause__
    assert isinstance(refused, ssl.SSLCertVerificationError)
    assert refused.verify_code == CODES[kind][0]
    # asyncio does not always send the alert.
    connection = await ended_meanwhile(smtpports, eventually)
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason.startswith(f"fail_tls({kind!r}): the client ")
    assert "refused" in connection.reason


@PORTS
@CERTIFICATES
def test_a_client_that_does_not_verify_goes_on_and_that_is_recorded(
    smtpports: SMTPPorts, number: int, kind: str
) -> None:
    smtpports.fail_tls(kind)
    send(smtpports, number, careless())

    message = smtpports.assert_sent(port=number, tls=True)
    assert message.tls is not None
    assert message.tls.fault == kind
    (connection,) = smtpports.connections
    assert connection.outcome is Outcome.DELIVERED
    assert connection.tls == message.tls
    assert connection.reason.startswith("1 message taken; the client accepted a certificate ")
    assert connection.reason.endswith(f"(fail_tls({kind!r}))")


def test_smtplibs_own_starttls_does_not_verify(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("self-signed")
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=LONG) as client:
        client.starttls()

    assert "; the client accepted a certificate that signs itself" in smtpports.connections[0].reason


@pytest.mark.asyncio
async def test_aiosmtplib_may_be_told_not_to_verify(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("expired")
    await send_async(smtpports, 587, careless())

    assert smtpports.connections[0].reason.endswith(" a certificate that has expired (fail_tls('expired'))")


@PORTS
@CERTIFICATES
@pytest.mark.parametrize("trust", ["environment", "all"])
def test_a_routed_name_has_bad_certificates_of_its_own(
    smtpports: SMTPPorts, number: int, kind: str, trust: str
) -> None:
    route = smtpports.route(HOST, trust=trust)
    route[number].fail_tls(kind)

    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        send(smtpports, number, ssl.create_default_context(), HOST)

    assert caught.value.verify_code == CODES[kind][0]


def test_an_address_is_not_the_one_that_a_certificate_for_another_host_names(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("wrong-host")

    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        send(smtpports, host="127.0.0.1")

    assert caught.value.verify_code == 64


@PORTS
def test_a_client_that_does_not_trust_us_refuses_for_that_reason_and_it_is_told(
    smtpports: SMTPPorts, eventually: Eventually, number: int
) -> None:
    smtpports.fail_tls("expired")

    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        send(smtpports, number, ssl.create_default_context())

    assert caught.value.verify_code == 20
    assert ended(smtpports, eventually).reason.startswith(
        "fail_tls('expired'): the client refused the certificate (UNKNOWN_CA), and would have refused a good one: "
    )


def test_a_client_that_verifies_behind_the_handshake_and_leaves_without_a_word_has_refused(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually
) -> None:
    # As those of Node do with TLS 1.2.
    smtpports.fail_tls("wrong-host")
    client = dial(smtpports.ports[465])
    client.secure(careless())
    client.close()

    connection = ended(smtpports, eventually)
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason == (
        "fail_tls('wrong-host'): the client went away right behind the TLS handshake; "
        "most likely it refused a certificate for another host"
    )


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_a_client_that_never_begins_has_not_seen_anything_bad(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually, number: int
) -> None:
    smtpports.fail_tls("expired")
    dial(smtpports.ports[number]).close()

    assert "expired" not in ended(smtpports, eventually).reason


def test_each_port_and_name_has_its_own_kind(smtpports: SMTPPorts) -> None:
    kinds = dict(zip((465, 587), CODES, strict=False))
    for number, kind in kinds.items():
        smtpports.ports[number].fail_tls(kind)

    for number, kind in kinds.items():
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            send(smtpports, number)
        assert caught.value.verify_code == CODES[kind][0]
    send(smtpports, 2525)


# Clocks that stand still


@pytest.mark.parametrize("year", [2001, 2100])
@pytest.mark.parametrize("hold", [freeze_time, partial(time_machine.travel, tick=False)], ids=["freezegun", "machine"])
@CERTIFICATES
def test_a_clock_that_a_test_holds_changes_nothing(
    hold: Callable[[datetime.datetime], AbstractContextManager[object]], year: int, kind: str
) -> None:
    with hold(datetime.datetime(year, 1, 2, tzinfo=datetime.timezone.utc)), SMTPPorts() as smtpports:
        smtpports.fail_tls(kind)
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            send(smtpports)

    assert caught.value.verify_code == CODES[kind][0]


# Versions and ciphers


def old() -> ssl.SSLContext:
    """A client's context that takes everything that OpenSSL has left."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


@PORTS
@pytest.mark.parametrize("kind", MISMATCHES)
def test_smtplib_and_port_have_nothing_in_common(
    smtpports: SMTPPorts, eventually: Eventually, number: int, kind: str
) -> None:
    # S21
    alert, reason = MISMATCHES[kind]
    smtpports.fail_tls(kind)

    with pytest.raises(ssl.SSLError, match=alert):
        send(smtpports, number, careless())

    connection = ended(smtpports, eventually)
    assert (connection.outcome, connection.reason) == (Outcome.TLS_FAILED, f"fail_tls({kind!r}): {reason}")


@PORTS
@pytest.mark.parametrize("kind", MISMATCHES)
@pytest.mark.asyncio
async def test_aiosmtplib_and_port_have_nothing_in_common(
    smtpports: SMTPPorts, eventually: Eventually, number: int, kind: str
) -> None:
    smtpports.fail_tls(kind)

    with pytest.raises((aiosmtplib.SMTPConnectError, ssl.SSLError), match=MISMATCHES[kind][0]):
        await send_async(smtpports, number)

    assert (await ended_meanwhile(smtpports, eventually)).outcome is Outcome.TLS_FAILED


@PORTS
@pytest.mark.parametrize(("kind", "version"), [("tls1.0", "TLSv1"), ("tls1.1", "TLSv1.1")])
def test_a_client_that_is_old_enough_goes_along_with_an_old_version_and_can_verify(
    smtpports: SMTPPorts, number: int, kind: str, version: str
) -> None:
    context = old()
    smtpports.configure_trust(context)
    smtpports.fail_tls(kind)
    send(smtpports, number, context)

    smtpports.assert_sent(tls=version)
    assert f"; the client accepted TLS 1.{kind[-1]} (" in smtpports.connections[0].reason


def test_a_client_that_wants_no_certificate_goes_along_with_a_cipher_that_has_none(smtpports: SMTPPorts) -> None:
    context = old()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    smtpports.fail_tls("no-shared-cipher")
    send(smtpports, 465, context)

    assert "; the client accepted a cipher suite without a certificate" in smtpports.connections[0].reason


# Certificates of clients


@PORTS
def test_a_client_with_a_certificate_gets_in_and_is_known_by_it(smtpports: SMTPPorts, number: int) -> None:
    smtpports.fail_tls("client-certificate-required")
    send(smtpports, number, smtpports.client_context(certificate_for="ada@example.org"))

    message = smtpports.assert_sent(port=number)
    assert message.tls is not None
    assert message.tls.client == ("ada@example.org",)
    assert message.tls.fault == "client-certificate-required"
    assert smtpports.connections[0].reason == "1 message taken"


def test_a_client_that_is_not_asked_is_known_by_nothing(smtpports: SMTPPorts) -> None:
    send(smtpports, 465, smtpports.client_context(certificate_for="ada"))

    tls = smtpports.messages.only.tls
    assert tls is not None
    assert (tls.client, tls.fault) == ((), None)


@PORTS
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda version: version.name)
@pytest.mark.parametrize("is_strange", [False, True])
def test_a_client_without_a_certificate_or_with_a_strange_one_is_refused(
    smtpports: SMTPPorts, eventually: Eventually, number: int, newest: ssl.TLSVersion, *, is_strange: bool
) -> None:
    smtpports.fail_tls("client-certificate-required")
    with SMTPPorts() as others:
        context = others.client_context(certificate_for="ada" if is_strange else None)
    smtpports.configure_trust(context)
    context.maximum_version = newest

    # With TLS 1.3 a client has done its part by then, and learns of it when it reads.
    with pytest.raises((ssl.SSLError, smtplib.SMTPServerDisconnected), match=r"UNKNOWN_CA|REQUIRED|HANDSHAKE_FAILURE"):
        send(smtpports, number, context)

    connection = ended(smtpports, eventually)
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason.startswith("fail_tls('client-certificate-required'): the client showed ")
    assert ("none of our CA's" if is_strange else "no certificate;") in connection.reason


@pytest.mark.parametrize("round_", range(20))
def test_the_alert_always_gets_to_a_client_that_has_gone_on_meanwhile(smtpports: SMTPPorts, round_: int) -> None:
    smtpports.fail_tls("client-certificate-required")

    with pytest.raises(smtplib.SMTPServerDisconnected, match="TLSV13_ALERT_CERTIFICATE_REQUIRED"):
        send(smtpports, (465, 587)[round_ % 2])


@PORTS
@pytest.mark.asyncio
async def test_aiosmtplib_without_a_certificate_is_refused(
    smtpports: SMTPPorts, eventually: Eventually, number: int
) -> None:
    smtpports.fail_tls("client-certificate-required")

    with pytest.raises(aiosmtplib.SMTPException):
        await send_async(smtpports, number)

    assert "the client showed no certificate" in (await ended_meanwhile(smtpports, eventually)).reason


# Other programs


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@CERTIFICATES
def test_openssl_refuses_a_bad_certificate(smtpports: SMTPPorts, kind: str) -> None:
    smtpports.fail_tls(kind)
    command = f"openssl s_client -verify_return_error -verify_hostname localhost -CAfile {smtpports.ca_file}"
    # A client that takes every key says of a weak one only what it wants itself.
    strict = "-auth_level 2 -starttls smtp -connect"
    told = subprocess.run(  # noqa: S603 # a program of the system's
        [*command.split(), *strict.split(), f"127.0.0.1:{smtpports.ports[587].port}"],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert told.returncode != 0
    assert f"verify error:num={CODES[kind][0]}:" in told.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("kind", ["expired", "wrong-host", "untrusted-root"])
def test_curl_refuses_a_bad_certificate(smtpports: SMTPPorts, kind: str) -> None:
    smtpports.fail_tls(kind)
    command = ["curl", "--silent", "--cacert", smtpports.ca_file, "--mail-from", SENDER, "--mail-rcpt", ADA]
    url = f"smtps://localhost:{smtpports.ports[465].port}"
    told = subprocess.run([*command, url, "-T", "-"], input=MAIL, text=True, check=False, timeout=30)  # noqa: S603 # as above

    # CURLE_PEER_FAILED_VERIFICATION
    assert told.returncode == 60


# STARTTLS that goes wrong otherwise


@pytest.mark.asyncio
async def test_aiosmtplib_is_refused_starttls(smtpports: SMTPPorts) -> None:
    # S17
    smtpports.fail("starttls", "454 4.7.0 TLS not available", port=587)

    with pytest.raises(aiosmtplib.SMTPException, match="454"):
        await send_async(smtpports, 587)


@pytest.mark.parametrize("action", [Disconnect("fin"), Disconnect("reset"), Hang()], ids=str)
@PORTS
@pytest.mark.asyncio
async def test_aiosmtplib_comes_to_no_end_of_its_handshake(
    smtpports: SMTPPorts, eventually: Eventually, number: int, action: Disconnect | Hang
) -> None:
    # S18
    smtpports.fail("handshake", action)

    with pytest.raises((aiosmtplib.SMTPException, ConnectionError, TimeoutError)):
        await send_async(smtpports, number, timeout=SHORT if action == Hang() else LONG)

    connection = await ended_meanwhile(smtpports, eventually)
    assert connection.outcome is Outcome.TLS_FAILED
    assert f"a fault kept TLS from beginning (handshake: {action!r})" in connection.reason


def test_what_is_injected_behind_the_220_comes_in_one_piece_with_it(smtpports: SMTPPorts, dial: Dial) -> None:
    # CVE-2011-0411, and its like in clients.
    smtpports.fail("handshake", Garbage(b"250 injected\r\n"))
    client = dial(smtpports.ports[587])
    client.reply()
    client.ask("EHLO client.example.com")
    client.send(b"STARTTLS\r\n")

    assert client.socket.recv(4096, socket.MSG_PEEK).endswith(b" Ready to start TLS\r\n250 injected\r\n")
    assert client.reply().startswith("220 ")
    # A client that keeps what it has read takes this for a reply to what it says under TLS.
    assert client.reply() == "250 injected\r\n"
    client.secure(smtpports.client_context())
    assert client.ask("NOOP").startswith("250 2.0.0 ")


@pytest.mark.asyncio
async def test_aiosmtplib_drops_what_is_injected(smtpports: SMTPPorts) -> None:
    smtpports.fail("handshake", Garbage(b"250 injected\r\n"))
    await send_async(smtpports, 587)

    smtpports.assert_sent(port=587, tls=True)


# When, where, and how it is taken back


def test_a_bad_certificate_that_is_shown_once_lets_the_next_try_through(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("expired", times=1)
    with pytest.raises(ssl.SSLCertVerificationError):
        send(smtpports)
    send(smtpports)

    tls = smtpports.messages.only.tls
    assert tls is not None
    assert tls.fault is None


def test_some_handshakes_may_be_let_pass_and_one_connection_be_meant(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("expired", after=1, times=1)
    smtpports.fail_tls("wrong-host", connection=3)

    send(smtpports)
    for told in ("expired", "Hostname mismatch"):
        with pytest.raises(ssl.SSLCertVerificationError, match=told):
            send(smtpports)
    send(smtpports)
    assert len(smtpports.messages) == 2


@PORTS
def test_a_bad_certificate_is_taken_back(smtpports: SMTPPorts, number: int) -> None:
    handle = smtpports.fail_tls("expired")
    with smtpports.fail_tls("wrong-host"), pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        send(smtpports, number)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        send(smtpports, number)
    handle.remove()
    send(smtpports, number)
    smtpports.fail_tls("expired")
    smtpports.reset()
    send(smtpports, number)


def test_ports_can_be_chosen(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("expired", port=(587, 2525))
    send(smtpports, 465)

    for number in (587, 2525):
        with pytest.raises(ssl.SSLCertVerificationError):
            send(smtpports, number)


def test_a_route_has_bad_certificates_and_other_faults_for_itself(smtpports: SMTPPorts) -> None:
    route = smtpports.route(HOST)
    route.fail_tls("expired", port=465)
    route.fail("banner", "421 4.3.2 Later", port=25)

    with pytest.raises(ssl.SSLCertVerificationError):
        send(smtpports, 465, host=HOST)
    with pytest.raises(smtplib.SMTPConnectError):
        smtplib.SMTP(HOST, 25, timeout=LONG)
    send(smtpports, 587, host=HOST)
    send(smtpports, 465)
    smtplib.SMTP(*smtpports.ports[25].address, timeout=LONG).quit()


def test_it_is_a_fault_at_the_handshake(smtpports: SMTPPorts) -> None:
    smtpports.fail("handshake", BadTLS("expired"))

    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        send(smtpports)
    with pytest.raises(AssertionError) as caught:
        smtpports.assert_sent()
    assert "465: TLS failed: fail_tls('expired'): the client refused the certificate" in str(caught.value)
    assert "fault at handshake: BadTLS(kind='expired') (it fired 1 time)" in str(caught.value)


def test_a_failing_assertion_tells_of_mail_that_came_where_none_should_have(smtpports: SMTPPorts) -> None:
    smtpports.fail_tls("expired")
    send(smtpports, 587, careless())

    with pytest.raises(AssertionError, match=r"587 TLSv1\.3 \(expired\) from 'app@example\.com'"):
        smtpports.assert_not_sent()


def test_what_can_not_be_meant_is_refused(smtpports: SMTPPorts) -> None:
    route = smtpports.route(HOST, ports=[25, 587])
    for fail_tls in (smtpports.fail_tls, smtpports.ports[587].fail_tls, route.fail_tls):
        with pytest.raises(UnknownName, match="did you mean 'expired'"):
            fail_tls("expird")
        with pytest.raises(ConfigurationError, match="times is a number from 1, not 0"):
            fail_tls("expired", times=0)
    with pytest.raises(UnknownPort):
        smtpports.fail_tls("expired", port=588)
    with pytest.raises(UnknownPort):
        route.fail_tls("expired", port=465)
    with pytest.raises(ConfigurationError, match="has no place at the stage 'ehlo'; it has one at handshake"):
        smtpports.fail("ehlo", BadTLS("expired"))


def test_a_port_without_tls_has_none_that_could_be_bad(smtpports: SMTPPorts) -> None:
    told = r"The stage 'handshake' is on port 465, 587, 2525\."
    for fail_tls in (partial(smtpports.fail_tls, port=25), smtpports.ports[25].fail_tls):
        with pytest.raises(ConfigurationError, match=told):
            fail_tls("expired")
    with SMTPPorts([smtpports.ports[25].profile]) as alone, pytest.raises(ConfigurationError) as caught:
        alone.fail_tls("expired")
    assert str(caught.value).endswith("stages there: connect, banner, ehlo, mail, rcpt, data, message, quit.")


def test_closed_ports_fail_no_more(smtpports: SMTPPorts) -> None:
    smtpports.close()

    with pytest.raises(ClosedError):
        smtpports.fail_tls("expired")
