"""Clients that are told of a port by its settings, or by the environment, send with the certificate checked."""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosmtplib
import pytest

from pytest_smtpports import KINDRED, PROFILES, ClosedError, ConfigurationError, SMTPPorts, UnknownPort

if TYPE_CHECKING:
    from pytest_smtpports import Port
    from tests.wire.conftest import Connected

HOST = "smtp.example.com"
NUMBERS = (25, 465, 587, 2525)
SENDER, RECIPIENT = "app@example.com", "ada@example.org"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
# An application as it reads its environment; it takes the system's trust.
PROGRAM = """
import os, smtplib, ssl
place = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
context = ssl.create_default_context()
if os.environ["SMTP_TLS"] == "implicit":
    client = smtplib.SMTP_SSL(*place, timeout=10, context=context)
else:
    client = smtplib.SMTP(*place, timeout=10)
with client:
    if os.environ["SMTP_TLS"] == "starttls":
        client.starttls(context=context)
    if os.environ["SMTP_USERNAME"]:
        client.login(os.environ["SMTP_USERNAME"], os.environ["SMTP_PASSWORD"])
    client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome")
"""


@pytest.fixture(params=["port", "route"])
def told(request: pytest.FixtureRequest, smtpports: SMTPPorts) -> Any:  # a route, or ports, by number
    return smtpports.ports if request.param == "port" else smtpports.route(HOST, trust=None)


def send_by_smtplib(port: Port) -> None:
    (name, place), *calls = port.settings("smtplib").items()
    with getattr(smtplib, name)(**place) as client:
        for call, keywords in calls:
            assert getattr(client, call)(**keywords)[0] < 300
        client.sendmail(SENDER, RECIPIENT, MAIL)


@pytest.mark.parametrize("number", NUMBERS)
def test_smtplib_sends(smtpports: SMTPPorts, told: Any, number: int) -> None:
    send_by_smtplib(told[number])

    message = smtpports.assert_sent(port=number, tls=number != 25, user=None if number == 25 else "user")
    assert message.host in {None, HOST}


@pytest.mark.parametrize("number", NUMBERS)
def test_aiosmtplib_sends(smtpports: SMTPPorts, told: Any, connected: Connected, number: int) -> None:
    async def send() -> None:
        async with connected(aiosmtplib.SMTP(**told[number].settings("aiosmtplib"))) as client:
            await client.sendmail(SENDER, [RECIPIENT], MAIL)

    asyncio.run(send())

    smtpports.assert_sent(port=number, tls=number != 25, user=None if number == 25 else "user")


def test_smtplib_hands_over_by_lmtp() -> None:
    with SMTPPorts([KINDRED[24]]) as smtpports:
        send_by_smtplib(smtpports.ports[24])

        smtpports.assert_sent(port=24)


def test_a_routed_port_is_told_as_the_application_knows_it(smtpports: SMTPPorts) -> None:
    settings = smtpports.route(HOST, "other.example.com")[587].settings("flask-mail")

    assert (settings["MAIL_SERVER"], settings["MAIL_PORT"]) == (HOST, 587)


def test_a_port_without_a_route_is_told_by_its_address(smtpports: SMTPPorts) -> None:
    port = smtpports.ports[587]
    settings = port.settings("flask-mail")

    assert (settings["MAIL_SERVER"], settings["MAIL_PORT"]) == port.address


def test_the_login_is_that_of_the_provider(smtpports: SMTPPorts) -> None:
    assert smtpports.provider("sendgrid")[587].settings("aiosmtplib")["username"] == "apikey"


def test_a_pattern_has_no_name_to_be_told(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"\*\.example\.org stands for many\. Route the name"):
        smtpports.route("*.example.org")[25].settings("django")


def test_a_route_that_has_ended_has_no_settings(smtpports: SMTPPorts) -> None:
    with smtpports.route(HOST) as route:
        port = route[25]

    with pytest.raises(ClosedError):
        port.settings("django")


def trusting() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"))


def greet(port: Port) -> None:
    with smtplib.SMTP_SSL(*port.address, timeout=5, context=ssl.create_default_context()) as client:
        assert client.noop()[0] == 250


def test_django_is_lent_trust_until_the_end() -> None:
    before = trusting()
    with SMTPPorts() as smtpports:
        port = smtpports.ports[465]
        for _ in range(2):
            assert port.settings("django")["EMAIL_USE_SSL"]
        greet(port)
        # An application that is configured once goes on.
        smtpports.reset()
        greet(port)

    assert trusting() == before


@pytest.mark.parametrize("style", ["flask-mail", "fastapi-mail", "aiosmtplib", "smtplib", "nodemailer"])
def test_nobody_else_is_lent_any(smtpports: SMTPPorts, style: str) -> None:
    before = trusting()
    smtpports.ports[465].settings(style)

    assert trusting() == before


def test_a_route_that_lends_no_trust_lends_none_to_django(smtpports: SMTPPorts) -> None:
    before = trusting()
    smtpports.route(HOST, trust=None)[465].settings("django")

    assert trusting() == before


# env()


@pytest.fixture
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine trusts is trusted by way of OpenSSL's own paths."""
    for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_child_sends_as_its_environment_says(smtpports: SMTPPorts, number: int) -> None:
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run(command, env=os.environ | smtpports.env(number), check=True, timeout=60)  # noqa: S603 # our own words

    smtpports.assert_sent(port=number, tls=number != 25, user=None if number == 25 else "user")


def test_the_environment_is_that_of_587_unless_told(smtpports: SMTPPorts) -> None:
    assert smtpports.env()["SMTP_PORT"] == str(smtpports.ports[587].port)


def test_this_process_trusts_nobody_new(smtpports: SMTPPorts) -> None:
    before = dict(os.environ)
    smtpports.env()

    assert dict(os.environ) == before


@pytest.mark.usefixtures("_as_found")
def test_the_bundles_are_those_of_a_route(smtpports: SMTPPorts) -> None:
    given = smtpports.env()
    with smtpports.route(HOST):
        assert trusting() == (given["SSL_CERT_FILE"], given["NODE_EXTRA_CA_CERTS"])
        # What is lent already is not added to once more.
        assert smtpports.env() == given

    certificate = Path(smtpports.ca_file).read_text()
    assert Path(given["SSL_CERT_FILE"]).read_text().count(certificate) == 1
    assert given["SMTP_CA_FILE"] == given["NODE_EXTRA_CA_CERTS"] == smtpports.ca_file
    assert "CURL_CA_BUNDLE" not in given


def test_a_number_that_is_not_emulated_has_no_environment() -> None:
    with SMTPPorts([PROFILES[25]]) as smtpports, pytest.raises(UnknownPort, match="The emulated ports are 25"):
        smtpports.env()
