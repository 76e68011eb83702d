import pytest
from flask_shop import create_app


@pytest.fixture
def app(smtpports):
    return create_app({"TESTING": True, **smtpports.ports[587].settings("flask-mail")})


def test_a_new_user_is_sent_mail(app, smtpports):
    app.test_client().post("/sign-up/ada@example.org")

    smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=587, tls=True, user="user")
