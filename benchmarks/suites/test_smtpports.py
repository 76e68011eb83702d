"""Tests that take `smtpports`, and send nothing or one message."""

import smtplib
from dataclasses import replace

import pytest
from sending import CLIENT, TIMEOUT, context, send


@pytest.fixture(scope="session")
def smtpports_profiles(smtpports_profiles):
    """Nobody has to log in, as nobody has to with smtpdfix: the dialogue is the same."""
    from pytest_smtpports import AuthPolicy

    return {number: replace(profile, auth=AuthPolicy.FORBIDDEN) for number, profile in smtpports_profiles.items()}


def test_untouched(smtpports, number):
    pass


def test_untouched_once_tls_is_in_use(smtpports, number):
    if number == 0:
        smtpports.ports[465].connect().quit()


def test_four_open_ports(smtpports, number):
    assert len({port.address for port in smtpports.ports}) == 4


def test_four_open_ports_once_tls_is_in_use(smtpports, number):
    if number == 0:
        smtpports.ports[465].connect().quit()
    assert len({port.address for port in smtpports.ports}) == 4


def test_message(smtpports, number):
    with smtplib.SMTP(*smtpports.ports[25].address, CLIENT, TIMEOUT) as client:
        send(client)
    assert len(smtpports.messages) == 1


def test_message_over_implicit_tls(smtpports, number):
    host, port = smtpports.ports[465].address
    tls = context(smtpports.ca_file)
    with smtplib.SMTP_SSL(host, port, CLIENT, timeout=TIMEOUT, context=tls) as client:
        send(client)
    assert len(smtpports.messages) == 1


def test_message_over_starttls(smtpports, number):
    with smtplib.SMTP(*smtpports.ports[587].address, CLIENT, TIMEOUT) as client:
        client.starttls(context=context(smtpports.ca_file))
        send(client)
    assert len(smtpports.messages) == 1
