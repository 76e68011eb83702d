"""The same view, by Django's outbox and by a port."""

import pytest
from django.core import mail


def test_before(client):
    client.get("/sign-up/ada@example.org")

    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["ada@example.org"]
    assert mail.outbox[0].subject == "Welcome"
    assert "confirm" in mail.outbox[0].body


@pytest.fixture
def provider(settings, smtpports):
    for name, value in smtpports.route("smtp.example.com")[587].settings("django").items():
        setattr(settings, name, value)
    return smtpports


def test_after(client, provider):
    client.get("/sign-up/ada@example.org")

    message = provider.assert_sent(to="ada@example.org", subject="Welcome", tls=True)
    assert "confirm" in message.text
    assert mail.outbox == []
