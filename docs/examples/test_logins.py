import smtplib
from dataclasses import replace

import pytest

from pytest_smtpports import PROFILES

OAUTH = replace(PROFILES[587], mechanisms=("XOAUTH2", "OAUTHBEARER"))
CERTIFICATES = replace(PROFILES[465], mechanisms=("EXTERNAL",))


@pytest.mark.smtpports(profiles=OAUTH)
def test_an_oauth_token_stands_for_a_password(smtpports):
    smtpports.add_token("ada@example.com", "ya29.token")

    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.ehlo()
        client.auth("XOAUTH2", lambda _=None: "user=ada@example.com\x01auth=Bearer ya29.token\x01\x01")
        client.sendmail("ada@example.com", "bob@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(user="ada@example.com")


@pytest.mark.smtpports(profiles=CERTIFICATES)
def test_a_certificate_stands_for_a_password(smtpports):
    smtpports.add_user("ada@example.com", "never asked for")
    context = smtpports.client_context(certificate_for="ada@example.com")

    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        client.ehlo()
        assert client.docmd("AUTH", "EXTERNAL =")[0] == 235
        client.sendmail("ada@example.com", "bob@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(user="ada@example.com")
