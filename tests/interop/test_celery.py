"""A Celery task that sends mail, run by a worker and run at once."""

from __future__ import annotations

import smtplib
import ssl
from email import message_from_string, policy
from typing import TYPE_CHECKING

import celery
import pytest
from celery.contrib.testing.worker import start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import Message
    from tests.interop.conftest import Letter, Server

# Seconds
TIMEOUT = 10

app = celery.Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.broker_transport_options = {"polling_interval": 0.05}


@app.task
def send_letter(
    mail: str, recipients: list[str], host: str, number: int, user: str | None, password: str | None
) -> None:
    context = ssl.create_default_context()
    is_implicit = number == 465
    kind, options = (smtplib.SMTP_SSL, {"context": context}) if is_implicit else (smtplib.SMTP, {})
    with kind(host, number, timeout=TIMEOUT, **options) as client:
        if number in (587, 2525):
            client.starttls(context=context)
        if user:
            client.login(user, password)
        client.send_message(message_from_string(mail, policy=policy.default), to_addrs=recipients)


def by_celery(letter: Letter, server: Server) -> None:
    arguments = (
        letter.composed().as_string(),
        letter.recipients,
        server.host,
        server.port,
        server.user,
        server.password,
    )
    send_letter.delay(*arguments).get(timeout=TIMEOUT)


SENDERS: dict[str, Callable[[Letter, Server], None]] = {"Celery": by_celery}


@pytest.fixture(scope="module")
def _worker() -> Iterator[None]:
    with start_worker(app, perform_ping_check=False):
        yield


@pytest.mark.usefixtures("_worker")
def test_a_letter_that_a_worker_sends_arrives_as_it_was_sent(
    client: str, number: int, letter: Letter, server: Server, assert_arrived: Callable[..., Message]
) -> None:
    SENDERS[client](letter, server)

    assert_arrived(number)
