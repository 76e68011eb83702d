"""Tests that take smtpdfix's `smtpd`, and send nothing or one message; the environment says by which kind of TLS."""

import os
import smtplib

from sending import CLIENT, TIMEOUT, context, send


def test_untouched(smtpd, number):
    pass


def test_message(smtpd, number):
    with smtplib.SMTP(smtpd.hostname, smtpd.port, CLIENT, TIMEOUT) as client:
        send(client)
    assert len(smtpd.messages) == 1


def test_message_over_implicit_tls(smtpd, number):
    tls = context(os.environ["SMTPD_SSL_CERTIFICATE_FILE"])
    with smtplib.SMTP_SSL(smtpd.hostname, smtpd.port, CLIENT, timeout=TIMEOUT, context=tls) as client:
        send(client)
    assert len(smtpd.messages) == 1


def test_message_over_starttls(smtpd, number):
    with smtplib.SMTP(smtpd.hostname, smtpd.port, CLIENT, TIMEOUT) as client:
        client.starttls(context=context(os.environ["SMTPD_SSL_CERTIFICATE_FILE"]))
        send(client)
    assert len(smtpd.messages) == 1
