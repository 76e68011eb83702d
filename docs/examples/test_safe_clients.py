import smtplib
import ssl

import pytest

MAIL = "Subject: Welcome\r\n\r\nHello"


def send_welcome_mail(context=None):
    with smtplib.SMTP("smtp.example.com", 587, timeout=10) as client:
        client.starttls(context=context or ssl.create_default_context())
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def test_no_certificate_is_taken_that_proves_nothing(smtpports):
    smtpports.route("smtp.example.com")

    smtpports.assert_verifies_certificate(send_welcome_mail)
    smtpports.assert_no_cleartext_credentials()


def test_nobody_waits_for_ever(smtpports):
    smtpports.route("smtp.example.com")

    smtpports.assert_sets_timeout(send_welcome_mail, at_most=30)


def test_a_context_that_does_not_look_at_the_name_is_found_out(smtpports):
    smtpports.route("smtp.example.com")
    context = ssl.create_default_context()
    context.check_hostname = False

    with pytest.raises(AssertionError, match=r"wrong-host: .*:587: delivered"):
        smtpports.assert_verifies_certificate(lambda: send_welcome_mail(context))
