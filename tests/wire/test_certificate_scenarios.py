"""What bad certificates and bad TLS do to code that sends mail: two clients, unchanged, at a provider's host name.

The scenarios are numbered S19 to S21.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
import uvloop

from pytest_smtpports import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from pytest_smtpports import SMTPPorts
    from tests.wire.conftest import Eventually, Send, SendAsync

    Run = Callable[[Coroutine[Any, Any, object]], object]

HOST = "smtp.example.com"
ENVELOPE = ("app@example.com", ["ada@example.org"], "Subject: Welcome\r\n\r\nHello Ada\r\n")
# Seconds: more than anything takes.
LONG = 5.0
PORTS = pytest.mark.parametrize("number", [465, 587])
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def assert_refused(smtpports: SMTPPorts, eventually: Eventually, kind: str) -> None:
    """The client has refused, and nothing that is secret has been said."""
    smtpports.assert_not_sent()
    eventually(lambda: smtpports.connections[0].closed_at)
    (connection,) = smtpports.connections
    assert (connection.host, connection.outcome, connection.tls) == (HOST, Outcome.TLS_FAILED, None)
    assert kind in connection.reason
    assert connection.logins == ()


# S19, S20: the certificate is not one to trust, or another host's

TOLD = {
    "self-signed": "self.signed certificate",
    "untrusted-root": "unable to get local issuer certificate",
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "Hostname mismatch",
}
CERTIFICATES = pytest.mark.parametrize("kind", TOLD)


@PORTS
@CERTIFICATES
def test_s19_s20_smtplib_that_verifies_refuses_a_bad_certificate(
    provider: SMTPPorts, send: Send, eventually: Eventually, kind: str, number: int
) -> None:
    provider.fail_tls(kind)

    with pytest.raises(ssl.SSLCertVerificationError, match=TOLD[kind]):
        send(number)

    assert_refused(provider, eventually, kind)


@LOOPS
@CERTIFICATES
def test_s19_s20_aiosmtplib_on_465_refuses_a_bad_certificate(
    provider: SMTPPorts, send_async: SendAsync, eventually: Eventually, run: Run, kind: str
) -> None:
    provider.fail_tls(kind)

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        run(send_async(465))

    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert caught.match(TOLD[kind])
    assert_refused(provider, eventually, kind)


@LOOPS
@CERTIFICATES
def test_s19_s20_aiosmtplib_on_587_refuses_a_bad_certificate(
    provider: SMTPPorts, send_async: SendAsync, eventually: Eventually, run: Run, kind: str
) -> None:
    provider.fail_tls(kind)

    with pytest.raises(ssl.SSLCertVerificationError, match=TOLD[kind]):
        run(send_async(587))

    assert_refused(provider, eventually, kind)


@CERTIFICATES
def test_s19_s20_smtplib_that_is_given_no_context_accepts_whatever_it_is_shown(provider: SMTPPorts, kind: str) -> None:
    provider.fail_tls(kind)

    with smtplib.SMTP(HOST, 587, timeout=LONG) as client:
        client.starttls()
        client.login(provider.username, provider.password)
        client.sendmail(*ENVELOPE)

    (connection,) = provider.connections
    assert connection.outcome is Outcome.DELIVERED
    tls = provider.assert_sent(port=587, tls=True).tls
    assert tls is not None
    assert tls.fault == kind


# S21: the server is so old that it knows no TLS that is spoken today

OLD = pytest.mark.parametrize("kind", ["tls1.0", "tls1.1"])


@PORTS
@OLD
def test_s21_smtplib_shares_no_version_of_tls(
    provider: SMTPPorts, send: Send, eventually: Eventually, kind: str, number: int
) -> None:
    provider.fail_tls(kind)

    with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION") as caught:
        send(number)

    assert not isinstance(caught.value, ssl.SSLCertVerificationError)
    assert_refused(provider, eventually, kind)


@PORTS
@LOOPS
@OLD
def test_s21_aiosmtplib_shares_no_version_of_tls(
    provider: SMTPPorts, send_async: SendAsync, eventually: Eventually, run: Run, kind: str, number: int
) -> None:
    provider.fail_tls(kind)

    with pytest.raises((aiosmtplib.SMTPConnectError, ssl.SSLError), match="TLSV1_ALERT_PROTOCOL_VERSION"):
        run(send_async(number))

    assert_refused(provider, eventually, kind)
