import pytest
from fastapi.testclient import TestClient
from fastapi_mail import ConnectionConfig
from fastapi_shop import app, mail_config


@pytest.fixture
def client(smtpports):
    settings = smtpports.ports[587].settings("fastapi-mail")
    app.dependency_overrides[mail_config] = lambda: ConnectionConfig(MAIL_FROM="shop@example.com", **settings)
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_a_new_user_is_sent_mail(client, smtpports):
    assert client.post("/sign-up/ada@example.org").status_code == 200

    smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=587, tls=True, user="user")
