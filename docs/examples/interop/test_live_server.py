"""A server of Django's in a thread of the test's process."""

from urllib.request import urlopen

import pytest


@pytest.fixture(autouse=True)
def provider(settings, smtpports_server):
    # Each test finds the ports as new, so that the route is laid for each.
    route = smtpports_server.route("smtp.example.com")
    for name, value in route[587].settings("django").items():
        setattr(settings, name, value)
    return smtpports_server


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_new_user_is_sent_mail(live_server, provider, user):
    with urlopen(f"{live_server.url}/sign-up/{user}", timeout=10) as response:
        assert response.status == 200

    provider.assert_sent(to=user, subject="Welcome", host="smtp.example.com", tls=True)
