"""Whoever verifies certificates in a way of their own: certifi, truststore, and modules that do it early."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING

import certifi
import pytest
import truststore

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import SMTPPorts

HOST = "smtp.example.com"
# As a module has them that was imported before.
EARLY = {
    "the system's": ssl.create_default_context(),
    "certifi's": ssl.create_default_context(cafile=certifi.where()),
}


def greet(context: ssl.SSLContext) -> None:
    with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=context) as client:
        assert client.noop()[0] == 250
    with smtplib.SMTP(HOST, 587, timeout=5) as client:
        assert client.starttls(context=context)[0] == 220


LATE = {
    "the system's": ssl.create_default_context,
    "truststore's": lambda: truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
}


@pytest.mark.parametrize("whose", LATE)
@pytest.mark.parametrize("trust", ["environment", "all"])
def test_a_context_that_asks_the_system_trusts_a_routed_host(smtpports: SMTPPorts, whose: str, trust: str) -> None:
    smtpports.route(HOST, trust=trust)

    greet(LATE[whose]())


@pytest.mark.parametrize("whose", LATE)
def test_it_trusts_nobody_new_where_no_trust_is_lent(smtpports: SMTPPorts, whose: str) -> None:
    smtpports.route(HOST, trust=None)

    with pytest.raises(ssl.SSLCertVerificationError):
        greet(LATE[whose]())


@pytest.mark.parametrize("whose", EARLY)
def test_a_context_of_before_trusts_a_routed_host_where_all_are_lent_trust(smtpports: SMTPPorts, whose: str) -> None:
    context = EARLY[whose]
    # One that has trusted us goes on doing so.
    fresh = ssl.create_default_context(cafile=certifi.where())
    with smtpports.route(HOST), pytest.raises(ssl.SSLCertVerificationError):
        greet(fresh)
    with smtpports.route(HOST, trust="all"):
        greet(context)
        greet(fresh)


def test_a_process_whose_ssl_is_truststores_trusts_a_routed_host(run: Callable[[str], str]) -> None:
    said = run(f"""
import smtplib, ssl, truststore
truststore.inject_into_ssl()
from pytest_smtpports import SMTPPorts
with SMTPPorts() as smtpports:
    with smtpports.route("{HOST}"):
        with smtplib.SMTP_SSL("{HOST}", 465, timeout=5, context=ssl.create_default_context()) as client:
            print(client.noop()[0])
    with smtpports.route("{HOST}", trust=None):
        try:
            smtplib.SMTP_SSL("{HOST}", 465, timeout=5, context=ssl.create_default_context())
        except ssl.SSLCertVerificationError as error:
            print("not trusted")
""")

    assert said == "250\nnot trusted"
