"""Frameworks and Node's nodemailer, configured by what a port says of itself, send with the certificate checked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import django.conf
import fastapi_mail
import flask
import flask_mail
import pytest
from django.core.mail import send_mail
from django.test import override_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_smtpports import Port, SMTPPorts

HOST = "smtp.example.com"
NUMBERS = (25, 465, 587, 2525)
SENDER, RECIPIENT = "app@example.com", "ada@example.org"
# Where npm has put it: NODE_PATH, or a folder above.
NODEMAILER = """
const transport = require("nodemailer").createTransport(JSON.parse(process.argv[1]));
transport
  .sendMail({ from: "app@example.com", to: "ada@example.org", subject: "Welcome", text: "Hello" })
  .catch((error) => console.log(error.code, error.message));
"""

if not django.conf.settings.configured:
    django.conf.settings.configure()

# Django has other settings to come, and warns of those that every version so far knows.
pytestmark = pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedAfterNextVersionWarning")


def node(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    executable = shutil.which("node")
    if executable is None:
        pytest.skip("there is no node")
    return subprocess.run(  # noqa: S603 # our own words
        [executable, "-e", program, "--", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def by_django(settings: Mapping[str, Any]) -> None:
    with override_settings(**settings):
        send_mail("Welcome", "Hello", SENDER, [RECIPIENT])


def by_flask_mail(settings: Mapping[str, Any]) -> None:
    app = flask.Flask("shop")
    # Flask-Mail sends nothing of an application that is being tested, unless told.
    app.config.update(TESTING=True, **settings)
    mail = flask_mail.Mail(app)
    with app.app_context():
        mail.send(flask_mail.Message("Welcome", sender=SENDER, recipients=[RECIPIENT], body="Hello"))


def by_fastapi_mail(settings: Mapping[str, Any]) -> None:
    mail = fastapi_mail.FastMail(fastapi_mail.ConnectionConfig(MAIL_FROM=SENDER, **settings))
    message = fastapi_mail.MessageSchema(
        subject="Welcome", recipients=[RECIPIENT], body="Hello", subtype=fastapi_mail.MessageType.plain
    )
    asyncio.run(mail.send_message(message))


def by_nodemailer(settings: Mapping[str, Any]) -> None:
    done = node(NODEMAILER, json.dumps(settings))
    if "Cannot find module 'nodemailer'" in done.stderr:
        pytest.skip("npm install nodemailer, and have NODE_PATH name its node_modules")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


SENDING: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "django": by_django,
    "flask-mail": by_flask_mail,
    "fastapi-mail": by_fastapi_mail,
    "nodemailer": by_nodemailer,
}


@pytest.fixture(params=["port", "route"])
def told(request: pytest.FixtureRequest, smtpports: SMTPPorts) -> Any:  # a route, or ports, by number
    return smtpports.ports if request.param == "port" else smtpports.route(HOST)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("style", SENDING)
def test_a_client_sends_as_it_is_configured(smtpports: SMTPPorts, told: Any, style: str, number: int) -> None:
    port: Port = told[number]
    SENDING[style](port.settings(style))

    message = smtpports.assert_sent(
        subject="Welcome", port=number, tls=number != 25, user=None if number == 25 else "user"
    )
    assert message.acknowledged


@pytest.mark.parametrize("number", [465, 587])
@pytest.mark.parametrize("style", ["django", "fastapi-mail", "nodemailer"])
def test_a_certificate_of_somebody_else_is_refused_all_the_same(smtpports: SMTPPorts, style: str, number: int) -> None:
    port = smtpports.ports[number]
    settings = port.settings(style)
    port.fail_tls("untrusted-root")

    with pytest.raises((OSError, AssertionError, fastapi_mail.errors.ConnectionErrors), match=r"(?i)certificate"):
        SENDING[style](settings)
    smtpports.assert_not_sent()


def test_a_child_is_told_by_its_environment_and_node_trusts(smtpports: SMTPPorts) -> None:
    program = """
    const { SMTP_HOST: host, SMTP_PORT: port } = process.env;
    const client = require("tls").connect({ host, port }, () => console.log(client.authorized) || client.destroy());
    client.on("error", (error) => console.log(error.code));
    """
    done = node(program, **smtpports.env(465))

    assert (done.stdout, done.stderr) == ("true\n", "")
