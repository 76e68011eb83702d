import smtplib

import pytest

from pytest_smtpports import Disconnect, accept_then

MAIL = "Subject: Invoice\r\nMessage-ID: <1@example.com>\r\n\r\n"


def send(smtpports, *recipients):
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=10) as client:
        return client.sendmail("app@example.com", recipients, MAIL)


def test_a_greylisted_mail_is_sent_again(smtpports):
    smtpports.fail("rcpt", "450 4.7.1 Greylisted", times=1)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtpports, "ada@example.org")
    send(smtpports, "ada@example.org")

    smtpports.assert_sent(subject="Invoice")


def test_one_of_two_recipients_is_refused(smtpports):
    smtpports.fail("rcpt", "550 5.1.1 No such user", recipient="bob@example.org")

    refused = send(smtpports, "ada@example.org", "bob@example.org")

    assert refused == {"bob@example.org": (550, b"5.1.1 No such user")}


def test_who_sends_again_what_was_stored_delivers_twice(smtpports):
    smtpports.fail("message", accept_then(Disconnect()), times=1)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtpports, "ada@example.org")
    send(smtpports, "ada@example.org")

    with pytest.raises(AssertionError, match="2 deliveries of"):
        smtpports.assert_delivered_once()


def test_a_greylist_goes_by_a_clock_that_the_test_advances(smtpports):
    smtpports.greylist(retry_after=300)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtpports, "ada@example.org")
    smtpports.clock.advance(300)
    send(smtpports, "ada@example.org")

    smtpports.assert_sent()
