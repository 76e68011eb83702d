import pytest
from codes import send_code


@pytest.fixture
def server(smtpports, monkeypatch):
    # 25 takes mail in clear and without a login, as before.
    for name, value in smtpports.env(25).items():
        monkeypatch.setenv(name, value)
    return smtpports


def test_a_code_is_sent(server):
    send_code("ada@example.org", "482913")

    server.assert_sent(
        subject="Your code",
        mail_from="shop@example.com",
        recipients=["ada@example.org", "archive@example.com"],
        text="482913",
    )
