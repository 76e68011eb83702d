import pytest
from codes import send_code


@pytest.fixture
def server(smtpports, monkeypatch):
    for name, value in smtpports.env(587).items():
        monkeypatch.setenv(name, value)
    return smtpports


def test_a_code_is_sent(server):
    send_code("ada@example.org", "482913")

    mail = server.assert_sent(to="ada@example.org", bcc="archive@example.com", subject="Your code", tls=True)
    assert mail.code() == "482913"
