"""Airflow's SMTP hook, in an environment of its own: `tox -e airflow`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.interop.conftest import HOST, Letter, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import Message, SMTPPorts

# What is deprecated in its code is its own.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # It writes its settings there when it is imported.
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        yield


def by_airflow(letter: Letter, server: Server) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook  # it looks for its home at once

    settings = {
        "conn_type": "smtp",
        "host": server.host,
        "port": server.port,
        "login": server.user,
        "password": server.password,
        "extra": {
            "timeout": 10,
            "retry_limit": 1,
            "disable_ssl": not server.is_implicit,
            "disable_tls": not server.is_upgraded,
        },
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(settings))
        with SmtpHook() as hook:
            hook.send_email_smtp(
                to=letter.to,
                cc=letter.cc,
                bcc=letter.bcc,
                subject=letter.subject,
                from_email=letter.sender,
                html_content=letter.html,
                files=[str(letter.attached)],
            )


SENDERS: dict[str, Callable[[Letter, Server], None]] = {"Airflow": by_airflow}


def test_a_letter_arrives_as_it_was_sent(
    client: str,
    number: int,
    letter: Letter,
    server: Server,
    row: dict[str, list[str]],
    assert_arrived: Callable[..., Message],
) -> None:
    SENDERS[client](letter, server)

    message = assert_arrived(number, lacks=tuple(row["lacks"]))
    assert message.host == HOST


@pytest.mark.by_numbers(465, 587)
def test_it_checks_certificates_as_the_table_says(
    client: str, number: int, letter: Letter, server: Server, row: dict[str, dict[str, str]], smtpports: SMTPPorts
) -> None:
    assert row["ports"][str(number)] == "checked"

    smtpports.assert_verifies_certificate(partial(SENDERS[client], letter, server))
