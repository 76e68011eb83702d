import smtplib
from email.message import EmailMessage

import ports_in_turn
import pytest

from pytest_smtpports import Disconnect

pytestmark = pytest.mark.smtpports(route="smtp.example.com")


@pytest.fixture
def mail():
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = "ada@example.org"
    mail["Subject"] = "Invoice"
    return mail


@pytest.mark.parametrize("how", ["drop", "refuse", "reset", "close", "http", "strip-starttls", "intercept"])
def test_the_next_port_is_tried_however_the_first_is_blocked(smtpports, mail, how):
    smtpports.block(587, how=how)

    ports_in_turn.send(mail)

    smtpports.assert_sent(subject="Invoice", port=2525, tls=True)
    smtpports.assert_attempted([587, 2525])


def test_implicit_tls_is_the_last_resort(smtpports, mail):
    smtpports.only(465)

    ports_in_turn.send(mail)

    smtpports.assert_attempted([587, 2525, 465])


def test_a_port_where_nothing_is_said_costs_the_timeout(smtpports, mail, monkeypatch):
    # Only a connect is spared its wait; this one waits for a greeting, in real time.
    monkeypatch.setattr(ports_in_turn, "TIMEOUT", 0.3)
    smtpports.block(587, how="silent")

    ports_in_turn.send(mail)

    smtpports.assert_sent(port=2525)


def test_where_everything_is_blocked_each_port_is_told(smtpports, mail):
    smtpports.only()

    with pytest.raises(ConnectionError, match=r"587: TimeoutError.*; 2525: .*; 465: "):
        ports_in_turn.send(mail)
    smtpports.assert_not_sent()


def test_a_wrong_password_is_not_tried_at_every_port(smtpports, mail):
    smtpports.fail("auth", "535 5.7.8 Authentication credentials invalid")

    with pytest.raises(smtplib.SMTPAuthenticationError):
        ports_in_turn.send(mail)
    smtpports.assert_attempted([587])


def test_nothing_is_sent_twice_where_the_line_drops_inside_a_mail(smtpports, mail):
    smtpports.fail("message", Disconnect())

    with pytest.raises(smtplib.SMTPServerDisconnected):
        ports_in_turn.send(mail)
    smtpports.assert_attempted([587])
