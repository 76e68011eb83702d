"""The ports beside the four, and what `connect()` makes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_smtpports import KINDRED, PROFILES, ConfigurationError, SMTPPorts


@pytest.mark.parametrize("number", KINDRED)
def test_a_kindred_port_takes_mail_from_a_client_that_suits_it(number: int) -> None:
    with SMTPPorts([KINDRED[number]]) as smtpports:
        with smtpports.ports[number].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\ny\r\n")

        smtpports.assert_sent(port=number)


@pytest.mark.parametrize(
    ("number", "scheme"), [(24, "lmtp://127."), (1025, "smtp://127."), (2465, "smtps://user:"), (2587, "smtp://user:")]
)
def test_the_url_says_what_is_spoken(number: int, scheme: str) -> None:
    with SMTPPorts([KINDRED[number]]) as smtpports:
        assert smtpports.ports[number].url.startswith(scheme)


def test_connect_can_log_in_by_cram_md5_alone() -> None:
    with SMTPPorts([replace(PROFILES[587], mechanisms=("CRAM-MD5",))]) as smtpports:
        smtpports.ports[587].connect().quit()

        assert [login.mechanism for login in smtpports.connections[0].logins] == ["CRAM-MD5"]


def test_connect_says_which_logins_it_can_do() -> None:
    with (
        SMTPPorts([replace(PROFILES[587], mechanisms=("XOAUTH2", "EXTERNAL"))]) as smtpports,
        pytest.raises(ConfigurationError) as caught,
    ):
        smtpports.ports[587].connect()

    assert str(caught.value) == (
        "connect() logs in by CRAM-MD5, LOGIN, PLAIN; port 587 offers only XOAUTH2, EXTERNAL. "
        "Connect with a client of your own."
    )
