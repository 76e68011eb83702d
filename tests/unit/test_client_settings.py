"""What clients are told of a port, as their own documentation names it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ConfigurationError, TLSMode, UnknownName
from pytest_smtpports._harness._client_settings import STYLES, Access, settings_for, variables_for

if TYPE_CHECKING:
    from pathlib import Path

# The names that the clients know, as of Django 5.2, Flask-Mail 0.10, fastapi-mail 1.6, aiosmtplib 5.1, nodemailer 10.
KNOWN = {
    "django": {
        *("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"),
        *("EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_TIMEOUT"),
    },
    "flask-mail": {
        *("MAIL_SERVER", "MAIL_PORT", "MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_USE_TLS", "MAIL_USE_SSL"),
        "MAIL_SUPPRESS_SEND",
    },
    "fastapi-mail": {
        *("MAIL_SERVER", "MAIL_PORT", "MAIL_USERNAME", "MAIL_PASSWORD", "USE_CREDENTIALS", "MAIL_STARTTLS"),
        *("MAIL_SSL_TLS", "CERT_BUNDLE", "TIMEOUT"),
    },
    "aiosmtplib": {"hostname", "port", "username", "password", "start_tls", "use_tls", "cert_bundle", "timeout"},
    "smtplib": {"SMTP", "SMTP_SSL", "LMTP", "starttls", "login"},
    "nodemailer": {
        *("host", "port", "secure", "requireTLS", "ignoreTLS", "auth", "tls", "lmtp"),
        *("connectionTimeout", "greetingTimeout", "socketTimeout"),
    },
}
FLAT = [style for style in KNOWN if style != "smtplib"]
SECRET = "correct horse"
LOGIN = {"user": "ada", "password": SECRET}


@pytest.fixture
def access(tmp_path: Path) -> Access:
    path = tmp_path / "ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    return Access("smtp.example.com", 587, TLSMode.STARTTLS, ("ada", SECRET), str(path))


@pytest.fixture
def in_clear(access: Access) -> Access:
    return replace(access, port=25, tls=TLSMode.NONE, login=None)


def test_there_are_settings_for_six_clients() -> None:
    assert set(STYLES) == set(KNOWN)


@pytest.mark.parametrize("style", FLAT)
@pytest.mark.parametrize("tls", TLSMode)
@pytest.mark.parametrize("login", [None, ("ada", SECRET)])
def test_a_client_is_told_nothing_that_it_does_not_know(
    access: Access, style: str, tls: TLSMode, login: tuple[str, str] | None
) -> None:
    assert set(settings_for(style, replace(access, tls=tls, login=login))) <= KNOWN[style]


@pytest.mark.parametrize("style", FLAT)
def test_a_program_in_another_language_can_be_told_by_json(access: Access, style: str) -> None:
    assert SECRET in json.dumps(settings_for(style, access))


@pytest.mark.parametrize("style", FLAT)
def test_no_password_is_shown(access: Access, style: str) -> None:
    settings = settings_for(style, access)

    assert SECRET not in repr(settings) + str(settings) + repr(access)
    assert "***" in repr(settings)
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 # our own


@pytest.mark.parametrize("style", ["django", "flask-mail"])
def test_where_there_is_no_login_nothing_is_masked(in_clear: Access, style: str) -> None:
    assert "***" not in repr(settings_for(style, in_clear))


def test_a_style_that_does_not_exist_is_told_with_the_nearest(access: Access) -> None:
    with pytest.raises(UnknownName, match="'flaskmail' is not a style of settings; did you mean 'flask-mail'"):
        settings_for("flaskmail", access)


@pytest.mark.parametrize("style", ["django", "flask-mail", "fastapi-mail", "aiosmtplib"])
def test_a_client_that_does_not_speak_lmtp_has_no_settings_for_it(in_clear: Access, style: str) -> None:
    with pytest.raises(ConfigurationError, match=f"speaks LMTP, and {style} does not.* nodemailer and smtplib do"):
        settings_for(style, replace(in_clear, lmtp=True))


def test_nodemailer_is_told_of_lmtp(in_clear: Access) -> None:
    assert settings_for("nodemailer", replace(in_clear, lmtp=True))["lmtp"] is True
    assert "lmtp" not in settings_for("nodemailer", in_clear)


def test_smtplib_is_told_the_calls(in_clear: Access) -> None:
    place = {"host": "smtp.example.com", "port": 25, "timeout": 10}

    assert settings_for("smtplib", in_clear) == {"SMTP": place}
    assert settings_for("smtplib", replace(in_clear, lmtp=True)) == {"LMTP": place}
    assert settings_for("smtplib", replace(in_clear, login=("ada", SECRET))) == {"SMTP": place, "login": LOGIN}


def test_the_environment_says_everything_in_words(access: Access) -> None:
    assert variables_for(access, {"SSL_CERT_FILE": "/bundle.pem"}) == {
        "SMTP_HOST": "smtp.example.com",
        "SMTP_PORT": "587",
        "SMTP_USERNAME": "ada",
        "SMTP_PASSWORD": SECRET,
        "SMTP_TLS": "starttls",
        "SMTP_CA_FILE": access.ca_file,
        "SSL_CERT_FILE": "/bundle.pem",
    }
    assert SECRET not in repr(variables_for(access, {}))


def test_a_login_of_before_does_not_stay_in_the_environment(in_clear: Access) -> None:
    variables = variables_for(in_clear, {})

    assert (variables["SMTP_USERNAME"], variables["SMTP_PASSWORD"], variables["SMTP_TLS"]) == ("", "", "none")
