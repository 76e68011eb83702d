"""The end of an `SMTPPorts`: at once, whoever is connected, and nothing of it left."""

from __future__ import annotations

import _socket
import asyncio
import gc
import os
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ClosedError, Outcome, SMTPPorts
from pytest_smtpports._harness._surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.wire.conftest import Dial

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
# In seconds; a twentieth of it is usual.
AT_ONCE = 0.5


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def closed_within(smtpports: SMTPPorts) -> float:
    started = time.perf_counter()
    smtpports.close()
    return time.perf_counter() - started


def test_thirty_live_tls_connections_are_gone_at_once_and_nothing_is_left_unclosed() -> None:
    with warnings.catch_warnings(record=True) as warned, ExitStack() as clients:
        warnings.simplefilter("always")
        with SMTPPorts() as smtpports:
            for number in (465, 587) * 15:
                clients.callback(smtpports.ports[number].connect().close)

            took = closed_within(smtpports)

        gc.collect()
    assert took < AT_ONCE
    assert [str(each.message) for each in warned] == []
    assert len(smtpports.connections) == 30
    assert all(connection.closed_at is not None for connection in smtpports.connections)


def test_a_connection_that_a_test_leaves_open_says_so(dial: Dial) -> None:
    with SMTPPorts() as smtpports:
        client = dial(smtpports.ports[25])
        client.reply()
        client.ask("EHLO client.example")
        assert smtpports.connections[0].outcome is Outcome.OPEN
        told = "the client has not closed it yet; the last it said was 'EHLO client.example'"
        assert smtpports.connections[0].reason == told

    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.ABANDONED
    assert connection.reason == "the test ended with the connection open after 'EHLO client.example'"
    assert connection.closed_at is not None
    assert client.rest() == b""


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
@pytest.mark.parametrize("number", [465, 587])
def test_a_handshake_that_is_half_done_ends_at_once(dial: Dial, number: int, sent: bytes) -> None:
    said = {465: (), 587: ("EHLO client.example", "STARTTLS")}[number]
    with SMTPPorts() as smtpports:
        client = dial(smtpports.ports[number])
        answers = [client.reply() for _ in said[:1]] + [client.ask(line) for line in said]
        client.send(sent)
        # The loop has taken the client in when it answers another one.
        smtpports.ports[25].connect().close()

        assert closed_within(smtpports) < AT_ONCE
    assert len(answers) in (0, 3)
    assert smtpports.connections[0].outcome is Outcome.TLS_FAILED
    assert smtpports.connections[0].closed_at is not None


@pytest.mark.parametrize(
    "said",
    [
        ("EHLO x",),
        ("EHLO x", "AUTH PLAIN"),
        ("EHLO x", "AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "DATA"),
    ],
)
def test_a_session_ends_at_once_wherever_it_is(dial: Dial, said: tuple[str, ...]) -> None:
    with SMTPPorts() as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        for line in said:
            client.ask(line)

        assert closed_within(smtpports) < AT_ONCE
    assert client.rest() == b""
    assert len(smtpports.messages) == 0


def test_nothing_outlives_the_end() -> None:
    with SMTPPorts() as warm, warm.ports[465].connect() as client:
        client.noop()
    gc.collect()
    threads, opened, stood = set(threading.enumerate()), descriptors(), dict(vars(socket.socket))
    look_up, environment = _socket.getaddrinfo, dict(os.environ)

    with SMTPPorts() as smtpports:
        smtpports.route("smtp.example.com")
        smtpports.block(25)
        smtpports.block(2525, how="refuse")
        with smtpports.ports[587].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", MAIL)
        for number in (25, 2525):
            with pytest.raises(OSError, match=r"timed out|refused"):
                smtplib.SMTP("smtp.example.com", number, timeout=0.2)
        directory = Path(smtpports.ca_file).parent
        assert set(threading.enumerate()) != threads

    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert descriptors() == opened
    assert dict(vars(socket.socket)) == stood
    assert _socket.getaddrinfo is look_up
    assert dict(os.environ) == environment
    assert not directory.exists()


def test_one_that_was_never_used_starts_nothing() -> None:
    threads, opened = set(threading.enumerate()), descriptors()

    with SMTPPorts() as smtpports:
        assert set(threading.enumerate()) <= threads
        assert descriptors() == opened
        assert repr(smtpports) == "<SMTPPorts 25, 465, 587, 2525 on 127.0.0.1>"
    assert repr(smtpports) == "<SMTPPorts 25, 465, 587, 2525 on 127.0.0.1 (closed)>"


def test_a_second_close_does_nothing() -> None:
    smtpports = SMTPPorts()
    smtpports.ports[25].connect().close()

    smtpports.close()
    smtpports.close()


def test_an_exception_in_the_block_is_not_hidden() -> None:
    smtpports = SMTPPorts()
    smtpports.ports[25].connect().close()

    with pytest.raises(ZeroDivisionError), smtpports:
        raise ZeroDivisionError


def test_a_port_that_is_closed_refuses() -> None:
    with SMTPPorts() as smtpports:
        address = smtpports.ports[25].address

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


ASKED: dict[str, Callable[[SMTPPorts], object]] = {
    "port": lambda smtpports: smtpports.ports[25].port,
    "address": lambda smtpports: smtpports.ports[25].address,
    "host": lambda smtpports: smtpports.ports[25].host,
    "url": lambda smtpports: smtpports.ports[25].url,
    "blocked": lambda smtpports: smtpports.ports[25].blocked,
    "connect": lambda smtpports: smtpports.ports[25].connect(),
    "port block": lambda smtpports: smtpports.ports[25].block(),
    "port unblock": lambda smtpports: smtpports.ports[25].unblock(),
    "block": lambda smtpports: smtpports.block(25),
    "unblock": lambda smtpports: smtpports.unblock(),
    "only": lambda smtpports: smtpports.only(25),
    "route": lambda smtpports: smtpports.route("smtp.example.com"),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_after_the_end_is_a_clear_error(asked: str) -> None:
    with SMTPPorts() as smtpports:
        smtpports.ports[25].connect().close()

    with pytest.raises(ClosedError, match="This SMTPPorts is closed"):
        ASKED[asked](smtpports)


def test_what_happened_can_be_read_after_the_end() -> None:
    with SMTPPorts() as smtpports, smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert smtpports.assert_sent(recipients="ada@example.org").subject == "Welcome"
    smtpports.assert_not_sent(subject="Goodbye")
    smtpports.assert_attempted([25])
    assert len(smtpports.ports[25].messages) == 1


def test_handles_can_be_removed_after_the_end() -> None:
    with SMTPPorts() as smtpports:
        smtpports.ports[25].connect().close()
        handles = smtpports.block(25), smtpports.route("smtp.example.com")

    for handle in handles:
        handle.remove()


def test_clients_are_dropped_by_a_reset_and_the_ports_stay(smtpports: SMTPPorts, dial: Dial) -> None:
    port = smtpports.ports[25]
    address = port.address
    client = dial(port)
    client.reply()

    smtpports.reset()

    assert client.rest() == b""
    assert (port.address, smtpports.connections, len(smtpports.messages)) == (address, (), 0)
    with port.connect() as again:
        assert again.noop()[0] == 250


@pytest.mark.asyncio
async def test_the_end_comes_in_an_event_loop_as_well() -> None:
    with SMTPPorts() as smtpports:
        _, writer = await asyncio.open_connection(*smtpports.ports[25].address)

        assert closed_within(smtpports) < AT_ONCE
    writer.close()


OUT_OF_DESCRIPTORS = """
import os, resource, socket
from pytest_smtpports import SMTPPorts

with SMTPPorts() as smtpports, socket.socket() as client:
    address = smtpports.ports[25].address
    client.settimeout(5)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = os.dup(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken + 1, most))
    client.connect(address)
    client.settimeout(0.3)
    try:
        client.recv(1000)
    except TimeoutError:
        print("nobody could accept")
    os.close(taken)
    client.settimeout(5)
    print(client.recv(1000).decode().strip())
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, most))
"""


def test_a_client_that_comes_while_there_is_no_descriptor_left_is_taken_in_later() -> None:
    ended = subprocess.run(  # noqa: S603 # this very Python
        [sys.executable, "-W", "error", "-c", OUT_OF_DESCRIPTORS], capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.stderr) == ("nobody could accept\n220 localhost ESMTP ready\n", "")


TRUSTED: dict[str, Callable[[SMTPPorts], object]] = {
    "ca_file": lambda smtpports: smtpports.ca_file,
    "client_context": lambda smtpports: smtpports.client_context(),
    "configure_trust": lambda smtpports: smtpports.configure_trust(ssl.create_default_context()),
    "env": lambda smtpports: smtpports.env(),
    "settings": lambda smtpports: smtpports.ports[25].settings("django"),
}


@pytest.mark.parametrize("asked", TRUSTED)
def test_trust_is_not_given_after_the_end(asked: str) -> None:
    with SMTPPorts() as smtpports:
        pass

    with pytest.raises(ClosedError):
        TRUSTED[asked](smtpports)


def test_a_port_can_be_shown_after_the_end() -> None:
    with SMTPPorts() as smtpports:
        smtpports.block(25)

    assert repr(smtpports.ports[25]).startswith("<Port 25 ")


@pytest.mark.asyncio
async def test_nothing_is_awaited_after_the_end() -> None:
    with SMTPPorts() as smtpports:
        pass
    threads, started = set(threading.enumerate()), time.perf_counter()

    with pytest.raises(AssertionError, match="no message matches"):
        await smtpports.wait_for_async(timeout=60)

    assert time.perf_counter() - started < AT_ONCE
    assert set(threading.enumerate()) <= threads


def test_an_assertion_that_fails_after_the_end_is_explained() -> None:
    with SMTPPorts() as smtpports:
        smtpports.block(25)

    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        smtpports.assert_sent(subject="Welcome")


def test_where_every_client_has_gone_the_end_does_not_wait_for_the_servers_thread() -> None:
    surroundings = Surroundings()
    smtpports = SMTPPorts(_surroundings=surroundings)
    with smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)
    background = surroundings.engine.background
    background.catch_up()
    go_on = threading.Event()
    background.post(go_on.wait, 20)

    try:
        assert closed_within(smtpports) < AT_ONCE
    finally:
        go_on.set()
        surroundings.rest()
    assert len(smtpports.messages) == 1
