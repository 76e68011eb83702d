import smtplib

import pytest
from hasty import send_hastily
from welcome import send_welcome_mail


def test_a_welcome_mail_is_sent(smtpports):
    smtpports.route("smtp.example.com")

    send_welcome_mail("ada@example.org")

    mail = smtpports.assert_sent(to="ada@example.org", port=587, tls=True, user="user")
    assert "confirm" in mail.text


def test_a_port_is_blocked(smtpports):
    smtpports.route("smtp.example.com")
    smtpports.block(587)

    assert send_welcome_mail("ada@example.org") == 2525


def test_what_a_server_refuses_fails(smtpports):
    smtpports.route("smtp.example.com")

    with pytest.raises(smtplib.SMTPNotSupportedError):
        send_hastily("ada@example.org")
