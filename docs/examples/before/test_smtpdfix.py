import os
import re

import pytest
from codes import send_code


@pytest.fixture
def server(smtpd, monkeypatch):
    smtpd.config.use_starttls = True
    smtpd.config.login_username = "shop"
    smtpd.config.enforce_auth = True
    monkeypatch.setenv("SMTP_HOST", smtpd.hostname)
    monkeypatch.setenv("SMTP_PORT", str(smtpd.port))
    monkeypatch.setenv("SMTP_USERNAME", "shop")
    monkeypatch.setenv("SMTP_PASSWORD", smtpd.config.login_password)
    monkeypatch.setenv("SMTP_TLS", "starttls")
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["SMTPD_SSL_CERTIFICATE_FILE"])
    return smtpd


def test_a_code_is_sent(server):
    send_code("ada@example.org", "482913")

    assert len(server.messages) == 1
    message = server.messages[0]
    assert message["Subject"] == "Your code"
    assert message["To"] == "ada@example.org"
    assert "archive@example.com" in message["X-RcptTo"]
    assert re.search(r"\d{6}", message.get_payload())[0] == "482913"
