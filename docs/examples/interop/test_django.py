import pytest


@pytest.fixture
def provider(settings, smtpports):
    route = smtpports.route("smtp.example.com")
    for name, value in route[587].settings("django").items():
        setattr(settings, name, value)
    return smtpports


def test_a_new_user_is_sent_mail(provider, client):
    client.get("/sign-up/ada@example.org")

    provider.assert_sent(to="ada@example.org", subject="Welcome", host="smtp.example.com", port=587, tls=True)


def test_a_blocked_port_is_an_error_and_no_mail(provider, client):
    provider.block(587)

    with pytest.raises(TimeoutError):
        client.get("/sign-up/ada@example.org")
    provider.assert_not_sent()
