"""The certificates that the ports show, and what verifies them."""

from __future__ import annotations

import datetime
import ipaddress
import smtplib
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from freezegun import freeze_time

from pytest_smtpports import Outcome, SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.wire.conftest import Dial, Eventually

HOST = "smtp.example.com"


def leaf_of(smtpports: SMTPPorts, address: tuple[str, int], name: str) -> x509.Certificate:
    context = smtpports.client_context()
    with (
        socket.create_connection(address, timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_certificate_is_good_for_the_names_of_this_machine(name: str) -> None:
    with SMTPPorts(host="::1" if name == "::1" else "127.0.0.1") as smtpports:
        context = smtpports.client_context()
        with (
            socket.create_connection(smtpports.ports[465].address, timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            assert secured.recv(1000).startswith(b"220 ")


def test_the_certificate_of_a_routed_name_is_good_for_it_and_for_this_machine(smtpports: SMTPPorts) -> None:
    route = smtpports.route(HOST)

    leaf = leaf_of(smtpports, (HOST, 465), HOST)

    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST, "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    ]
    with route[465].connect() as client:
        assert client.noop()[0] == 250


def test_the_certificate_is_good_for_no_other_name(smtpports: SMTPPorts, eventually: Eventually) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        leaf_of(smtpports, smtpports.ports[465].address, "smtp.example.net")

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.TLS_FAILED
    assert "for another host name" in connection.reason


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", HOST])
def test_the_chain_satisfies_a_strict_verifier(smtpports: SMTPPorts, name: str) -> None:
    port = smtpports.route(HOST)[465] if name == HOST else smtpports.ports[465]
    leaf = leaf_of(smtpports, port.address, name)
    authority = x509.load_pem_x509_certificate(Path(smtpports.ca_file).read_bytes())
    subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    assert isinstance(subject, (x509.DNSName, x509.IPAddress))

    verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(subject)

    assert verifier.verify(leaf, []) == [leaf, authority]
    assert not leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_the_chain_satisfies_openssl_in_strict_mode(smtpports: SMTPPorts) -> None:
    context = smtpports.client_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        assert client.noop()[0] == 250


def test_no_session_ticket_is_sent(smtpports: SMTPPorts) -> None:
    with smtpports.ports[465].connect() as client:
        client.noop()

        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.version() == "TLSv1.3"
        assert client.sock.session is None or not client.sock.session.has_ticket


def by_implicit_tls(smtpports: SMTPPorts) -> None:
    smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=ssl.create_default_context())


def by_starttls(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())


@pytest.mark.parametrize("connect", [by_implicit_tls, by_starttls])
def test_a_client_that_does_not_know_the_authority_is_told_of(
    smtpports: SMTPPorts, eventually: Eventually, connect: Callable[[SMTPPorts], None]
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(smtpports)

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason.startswith("the client does not trust our CA; smtpports.client_context()")
    assert connection.tls is None


def test_an_older_tls_is_told_of_by_its_version(smtpports: SMTPPorts) -> None:
    context = smtpports.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\n")

    smtpports.assert_sent(tls="TLSv1.2")


def test_client_and_port_without_a_cipher_in_common_are_told_of(smtpports: SMTPPorts, eventually: Eventually) -> None:
    context = smtpports.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    # It needs an RSA certificate, and the ports' are ECDSA.
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")

    with pytest.raises(ssl.SSLError, match="SSL"):
        smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context)

    eventually(lambda: smtpports.connections[0].closed_at)
    assert smtpports.connections[0].reason.startswith("client and port share no cipher suite")


@pytest.mark.parametrize(
    ("alert", "reason"),
    [
        (40, "client and port share no cipher suite"),
        (45, "the client holds our certificate for expired"),
        (46, "the client refused our certificate ("),
        (70, "client and port share no TLS version"),
        (80, "the TLS handshake failed ("),
    ],
)
def test_an_alert_of_the_client_is_told_of_in_words(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually, alert: int, reason: str
) -> None:
    client = dial(smtpports.ports[465])
    context = smtpports.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    client.send(outgoing.read())
    # A record in clear, as RFC 5246 §6.2.1 has it, with a fatal alert of §7.2.
    client.send(b"\x15\x03\x03\x00\x02\x02" + bytes([alert]))
    client.rest()

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason.startswith(reason)


def test_the_name_that_a_client_asked_for_is_recorded(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP("localhost", smtpports.ports[587].port, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.noop()
        tls = smtpports.connections[-1].tls
    with smtpports.ports[465].connect():
        by_address = smtpports.connections[-1].tls

    assert tls is not None
    assert tls.sni == "localhost"
    assert by_address is not None
    assert by_address.sni is None


# Clocks that stand still

FROZEN = """
import datetime, smtplib, sys
from pytest_smtpports import SMTPPorts
from freezegun import freeze_time
import {loaded}

with freeze_time("2015-10-21"):
    frozen = datetime.datetime
    with SMTPPorts() as smtpports:
        smtpports.route("smtp.example.com")
        for number in (465, 587):
            with smtpports.ports[number].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: x\\r\\n\\r\\n")
        assert datetime.datetime is frozen
        assert len(smtpports.messages) == 2
        assert all(message.received_at.year > 2015 for message in smtpports.messages)
        assert all(connection.opened_at.year > 2015 for connection in smtpports.connections)
with SMTPPorts() as smtpports:
    with smtpports.ports[465].connect() as client:
        assert client.noop()[0] == 250
print("good")
"""


@pytest.mark.parametrize("loaded", ["sys", "cryptography.x509", "trustme", "pytest_smtpports.plugin"])
def test_an_authority_that_is_first_made_while_freezegun_holds_the_clock_is_good(loaded: str) -> None:
    ended = subprocess.run(  # noqa: S603 # this very Python
        [sys.executable, "-W", "error", "-c", FROZEN.format(loaded=loaded)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.stdout, ended.stderr) == ("good\n", "")


@pytest.mark.parametrize("year", [2001, 2015, 2100])
def test_a_clock_that_freezegun_holds_hinders_nothing(year: int) -> None:
    with freeze_time(datetime.datetime(year, 1, 2, tzinfo=datetime.timezone.utc)), SMTPPorts() as smtpports:
        with smtpports.ports[587].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\n")

        message = smtpports.assert_sent(port=587, tls=True)

    assert message.received_at.year not in (2001, 2015, 2100)


@pytest.mark.parametrize("year", [2001, 2015, 2100])
def test_a_clock_that_time_machine_moves_hinders_nothing(year: int) -> None:
    moved = datetime.datetime(year, 1, 2, tzinfo=datetime.timezone.utc)
    with time_machine.travel(moved, tick=False), SMTPPorts() as smtpports:
        with smtpports.ports[587].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\n")

        message = smtpports.assert_sent(port=587, tls=True)

    assert message.received_at.year not in (2001, 2015, 2100)
