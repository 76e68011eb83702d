import pytest
from codes import send_code


@pytest.fixture
def server(smtpserver, monkeypatch):
    host, port = smtpserver.addr
    monkeypatch.setenv("SMTP_HOST", host)
    monkeypatch.setenv("SMTP_PORT", str(port))
    monkeypatch.setenv("SMTP_USERNAME", "")
    monkeypatch.setenv("SMTP_TLS", "none")
    return smtpserver


def test_a_code_is_sent(server):
    send_code("ada@example.org", "482913")

    assert len(server.outbox) == 1
    message = server.outbox[0]
    assert message["Subject"] == "Your code"
    assert message.details.mailfrom == "shop@example.com"
    assert message.details.rcpttos == ["ada@example.org", "archive@example.com"]
    assert "482913" in message.get_payload()
