"""Flask-Mail, unchanged, at a provider's host name; it verifies nothing and has no timeout, which is found out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import flask
import flask_mail
import pytest

if TYPE_CHECKING:
    from pytest_smtpports import SMTPPorts

HOST = "smtp.example.com"


def send(smtpports: SMTPPorts, number: int) -> None:
    app = flask.Flask("shop")
    app.config.update(
        MAIL_SERVER=HOST,
        MAIL_PORT=number,
        MAIL_USERNAME=None if number == 25 else smtpports.username,
        MAIL_PASSWORD=None if number == 25 else smtpports.password,
        MAIL_USE_TLS=number in (587, 2525),
        MAIL_USE_SSL=number == 465,
    )
    mail = flask_mail.Mail(app)
    with app.app_context():
        mail.send(
            flask_mail.Message(
                "Grüße", sender="app@example.com", recipients=["ada@example.org"], body="Hallo Ada", html="<b>Hallo</b>"
            )
        )


@pytest.mark.parametrize("number", [25, 465, 587, 2525])
def test_mail_arrives_by_each_port(smtpports: SMTPPorts, number: int) -> None:
    smtpports.route(HOST)
    send(smtpports, number)

    message = smtpports.assert_sent(port=number, host=HOST, subject="Grüße", text="Hallo Ada", html="<b>Hallo</b>")
    assert (message.tls is None) == (number == 25)


@pytest.mark.parametrize("number", [465, 587])
def test_it_takes_every_certificate(smtpports: SMTPPorts, number: int) -> None:
    smtpports.route(HOST)

    with pytest.raises(AssertionError, match=r"accepted:\n  expired: ") as caught:
        smtpports.assert_verifies_certificate(partial(send, smtpports, number))
    assert "override Connection.configure_host()" in str(caught.value)


def test_it_waits_for_ever(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    with pytest.raises(AssertionError, match=r"socket\.setdefaulttimeout\(10\)"):
        smtpports.assert_sets_timeout(partial(send, smtpports, 587))
