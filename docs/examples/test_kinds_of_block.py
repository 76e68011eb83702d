import smtplib
import ssl

import pytest

from pytest_smtpports import Banner, Stall, Tarpit


def test_a_timeout_for_each_read_is_no_help_against_a_tarpit(smtpports):
    smtpports.block(25, how=Tarpit(bytes_per_second=200))

    # It takes longer than the timeout, and succeeds.
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=0.2) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")


def test_a_network_that_is_not_wanted_there(smtpports):
    smtpports.block(25, how=Banner("554 5.7.1 Dial-up addresses may not send mail"))

    with pytest.raises(smtplib.SMTPConnectError):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)


def test_a_relay_that_takes_the_mail_of_others_is_found_out(smtpports):
    smtpports.route("smtp.example.com")
    smtpports.block(465, how="intercept")

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        smtplib.SMTP_SSL("smtp.example.com", 465, timeout=5, context=ssl.create_default_context())


def test_a_line_that_goes_dead_behind_the_greeting(smtpports):
    smtpports.block(587, how=Stall(replies=1))

    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtplib.SMTP(*smtpports.ports[587].address, timeout=0.2).ehlo()
    assert smtpports.connections[0].block == "stall"
