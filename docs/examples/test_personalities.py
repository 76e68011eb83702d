import smtplib
from dataclasses import replace

import pytest

from pytest_smtpports import PROFILES

POSTFIX = replace(PROFILES[25], personality="postfix", local_domains=("example.org",))
MAILGUN = replace(PROFILES[587], personality="mailgun")


@pytest.mark.smtpports(profiles=POSTFIX)
def test_postfix_refuses_to_relay_for_now_only(smtpports):
    with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        client.sendmail("app@example.com", "ada@example.net", "Subject: Hello\r\n\r\n")

    refusal = (454, b"4.7.1 <ada@example.net>: Relay access denied")
    assert caught.value.recipients == {"ada@example.net": refusal}


@pytest.mark.smtpports(profiles=MAILGUN)
def test_mailgun_takes_a_password_in_clear(smtpports):
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.login(smtpports.username, smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(port=587, tls=False)
