import smtplib
import ssl

import pytest

MAIL = "Subject: Welcome\r\n\r\nHello"


def send(smtpports, context=None):
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=10) as client:
        client.starttls(context=context)
        client.login(smtpports.username, smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", MAIL)


@pytest.mark.parametrize("kind", ["expired", "wrong-host", "self-signed", "untrusted-root", "tls1.1"])
def test_nothing_is_sent_to_a_server_that_could_be_anybody(smtpports, kind):
    smtpports.fail_tls(kind)

    with pytest.raises(ssl.SSLError):
        send(smtpports, smtpports.client_context())

    smtpports.assert_not_sent()
    assert smtpports.connections[0].outcome == "tls-failed"


def test_starttls_without_a_context_verifies_nothing(smtpports):
    smtpports.fail_tls("expired")

    send(smtpports)

    assert smtpports.assert_sent().tls.fault == "expired"


def test_a_certificate_is_renewed_before_the_next_try(smtpports):
    smtpports.fail_tls("expired", times=1)
    context = smtpports.client_context()

    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        send(smtpports, context)
    send(smtpports, context)

    smtpports.assert_sent(subject="Welcome")


def test_a_server_wants_to_see_the_clients_certificate(smtpports):
    smtpports.fail_tls("client-certificate-required")

    # With TLS 1.3 a client learns of it when it reads.
    with pytest.raises(smtplib.SMTPServerDisconnected, match="CERTIFICATE_REQUIRED"):
        send(smtpports, smtpports.client_context())
    send(smtpports, smtpports.client_context(certificate_for="app@example.com"))

    assert smtpports.assert_sent().tls.client == ("app@example.com",)
