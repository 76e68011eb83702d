"""Django's e-mail backend, unchanged, at a provider's host name."""

from __future__ import annotations

import smtplib
import ssl

import django.conf
import pytest
from django.core.mail import send_mail
from django.test import override_settings

from pytest_smtpports import NoTimeoutWarning, SMTPPorts

HOST = "smtp.example.com"

if not django.conf.settings.configured:
    django.conf.settings.configure()


# Django has other settings to come, and warns of those that every version so far knows.
pytestmark = pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedAfterNextVersionWarning")


def send(smtpports: SMTPPorts, number: int, *, timeout: float | None = 5) -> int:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST=HOST,
        EMAIL_PORT=number,
        EMAIL_HOST_USER="" if number == 25 else smtpports.username,
        EMAIL_HOST_PASSWORD="" if number == 25 else smtpports.password,
        EMAIL_USE_TLS=number in (587, 2525),
        EMAIL_USE_SSL=number == 465,
        EMAIL_TIMEOUT=timeout,
    ):
        return send_mail("Grüße", "Hallo Ada", "app@example.com", ["ada@example.org"], html_message="<b>Hallo</b>")


@pytest.mark.parametrize("number", [25, 465, 587, 2525])
def test_mail_arrives_by_each_port_with_the_certificate_checked(smtpports: SMTPPorts, number: int) -> None:
    smtpports.route(HOST)

    assert send(smtpports, number) == 1
    message = smtpports.assert_sent(port=number, host=HOST, subject="Grüße", text="Hallo Ada", html="<b>Hallo</b>")
    assert (message.tls is None) == (number == 25)


@pytest.mark.parametrize("number", [465, 587])
def test_a_certificate_that_nobody_trusts_is_refused(smtpports: SMTPPorts, number: int) -> None:
    smtpports.route(HOST, trust=None)

    with pytest.raises(ssl.SSLCertVerificationError):
        send(smtpports, number)


def test_a_port_that_drops_is_a_timeout_at_once(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    smtpports.block(587)

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        send(smtpports, 587, timeout=30)
    assert send(smtpports, 2525) == 1
    smtpports.assert_attempted([587, 2525])


def test_the_timeout_that_django_has_as_shipped_is_warned_of(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    smtpports.block(587)

    with pytest.raises(TimeoutError):
        send(smtpports, 587, timeout=None)
    with pytest.warns(NoTimeoutWarning, match=f"{HOST}:587") as told:
        smtpports.raise_failures()
    assert told[0].filename == __file__


def test_a_greeting_that_refuses_is_smtplibs_own_error(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST).block(587, how="banner")

    with pytest.raises(smtplib.SMTPConnectError):
        send(smtpports, 587)


@pytest.mark.parametrize("number", [465, 587])
def test_it_verifies_certificates(smtpports: SMTPPorts, number: int) -> None:
    smtpports.route(HOST)

    smtpports.assert_verifies_certificate(lambda: send(smtpports, number))
    smtpports.assert_no_cleartext_credentials()


def test_it_waits_for_ever_unless_told(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    smtpports.assert_sets_timeout(lambda: send(smtpports, 587))
    with pytest.raises(AssertionError, match="EMAIL_TIMEOUT = 10"):
        smtpports.assert_sets_timeout(lambda: send(smtpports, 587, timeout=None))
