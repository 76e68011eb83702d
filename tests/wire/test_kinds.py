"""What each kind of block does to clients that others wrote, on both families of addresses (domain.md §2.1)."""

from __future__ import annotations

import asyncio
import errno
import re
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import anyio
import pytest
import trio
import uvloop

from pytest_smtpports import (
    DNS,
    Banner,
    Block,
    ClosedError,
    Intercept,
    NoTimeoutWarning,
    Outcome,
    Silent,
    SMTPPorts,
    Stall,
    StripSTARTTLS,
    Tarpit,
    Throttle,
)
from pytest_smtpports._network._door import Door
from pytest_smtpports._network._patch import PATCH
from pytest_smtpports._server._black_hole import BlackHole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.wire.conftest import Dial, Eventually

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
# Seconds that a client has where a block makes it wait, and where nothing does.
SHORT, LONG = 0.25, 5.0
Address = tuple[str, int]


def send(address: Address, timeout: float = LONG) -> None:
    with smtplib.SMTP(*address, timeout=timeout) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


async def send_async(address: Address, timeout: float = LONG) -> None:
    client = aiosmtplib.SMTP(hostname=address[0], port=address[1], timeout=timeout, start_tls=False)
    try:
        await client.connect()
        await client.sendmail("app@example.com", ["ada@example.org"], MAIL)
    finally:
        client.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def either(request: pytest.FixtureRequest) -> Iterator[SMTPPorts]:
    with SMTPPorts(host=request.param) as smtpports:
        yield smtpports


class Told:
    """An exception, by its class, and its text or, where it or its cause has one, its error number."""

    def __init__(self, kind: type[BaseException], what: str | int) -> None:
        self._kind = kind
        self._what = what

    def __eq__(self, error: object) -> bool:
        if isinstance(self._what, str):
            return isinstance(error, self._kind) and re.search(self._what, str(error)) is not None
        numbers = (getattr(error, "errno", None), getattr(getattr(error, "__cause__", None), "errno", None))
        return isinstance(error, self._kind) and self._what in numbers

    __hash__ = None  # type: ignore[assignment] # it stands for many


TIMED_OUT, CLOSED = r"^timed out$", r"^Connection unexpectedly closed"
NO_GREETING = r"^Timed out waiting for server ready message$"
REFUSED = (554, "5.7.1 Your network may not connect here")
NO_REPLY = "-1, .*400 Bad Request"
# How long a client waits, and what it raises: smtplib, and aiosmtplib.
MET = {
    "drop": (SHORT, Told(TimeoutError, TIMED_OUT), Told(aiosmtplib.SMTPConnectTimeoutError, r"^Timed out connecting")),
    "refuse": (LONG, Told(ConnectionRefusedError, errno.ECONNREFUSED), Told(aiosmtplib.SMTPConnectError, 111)),
    "net-unreachable": (LONG, Told(OSError, errno.ENETUNREACH), Told(aiosmtplib.SMTPConnectError, 101)),
    "host-unreachable": (LONG, Told(OSError, errno.EHOSTUNREACH), Told(aiosmtplib.SMTPConnectError, 113)),
    "prohibited": (LONG, Told(PermissionError, errno.EACCES), Told(aiosmtplib.SMTPConnectError, 13)),
    "reset": (
        LONG,
        Told(smtplib.SMTPServerDisconnected, rf"{CLOSED}: \[Errno {errno.ECONNRESET}\]"),
        Told(aiosmtplib.SMTPConnectError, r"Connection lost$"),
    ),
    "close": (
        LONG,
        Told(smtplib.SMTPServerDisconnected, rf"{CLOSED}$"),
        Told(aiosmtplib.SMTPConnectError, r"Unexpected EOF received$"),
    ),
    "silent": (
        SHORT,
        Told(smtplib.SMTPServerDisconnected, rf"{CLOSED}: timed out$"),
        Told(aiosmtplib.SMTPConnectTimeoutError, NO_GREETING),
    ),
    "banner": (
        LONG,
        Told(smtplib.SMTPConnectError, rf"^\({REFUSED[0]}, b'{REFUSED[1]}'\)$"),
        Told(aiosmtplib.SMTPConnectResponseError, rf"^\({REFUSED[0]}, '{REFUSED[1]}'\)$"),
    ),
    "http": (
        LONG,
        Told(smtplib.SMTPConnectError, NO_REPLY),
        Told(aiosmtplib.SMTPResponseException, NO_REPLY),
    ),
    "stall": (
        SHORT,
        Told(smtplib.SMTPServerDisconnected, rf"{CLOSED}: timed out$"),
        Told(aiosmtplib.SMTPReadTimeoutError, r"^Timed out waiting for server response$"),
    ),
}


@pytest.mark.parametrize("how", MET)
def test_smtplib_meets_each_kind_as_in_the_world(either: SMTPPorts, how: str) -> None:
    timeout, told, _ = MET[how]
    either.block(25, how=how)

    with pytest.raises(OSError) as caught:  # noqa: PT011 # told below
        send(either.ports[25].address, timeout)

    assert told == caught.value
    (met,) = either.connections
    assert (met.outcome, met.block) == (Outcome.BLOCKED, how)
    assert met.location is not None
    assert Path(met.location.file) == Path(__file__)


@pytest.mark.parametrize("how", MET)
@pytest.mark.asyncio
async def test_aiosmtplib_meets_each_kind_as_in_the_world(either: SMTPPorts, how: str) -> None:
    timeout, _, told = MET[how]
    either.block(25, how=how)

    with pytest.raises((OSError, aiosmtplib.SMTPException)) as caught:
        await send_async(either.ports[25].address, timeout)

    assert told == caught.value
    (met,) = either.connections
    assert (met.outcome, met.block) == (Outcome.BLOCKED, how)


@pytest.mark.parametrize("how", MET)
def test_aiosmtplib_on_uvloop_meets_each_kind_too(either: SMTPPorts, how: str) -> None:
    timeout, _, told = MET[how]
    either.block(25, how=how)

    with pytest.raises((OSError, aiosmtplib.SMTPException)) as caught:
        uvloop.run(send_async(either.ports[25].address, timeout))

    assert told == caught.value
    (met,) = either.connections
    assert (met.outcome, met.block) == (Outcome.BLOCKED, how)
    assert met.location is not None
    assert Path(met.location.file) == Path(__file__)


@pytest.mark.parametrize("how", MET)
def test_a_port_meets_the_same_before_and_after_each_kind(either: SMTPPorts, how: str) -> None:
    address = either.ports[25].address
    send(address)

    with either.block(25, how=how), pytest.raises(OSError):  # noqa: PT011 # told below
        send(address, SHORT)
    send(address)

    assert either.ports[25].address == address
    assert [connection.outcome for connection in either.connections] == ["delivered", "blocked", "delivered"]


# Streams of other loops: what they raise is their own, and what they meet the same.
ERRORS = {
    "refuse": errno.ECONNREFUSED,
    "net-unreachable": errno.ENETUNREACH,
    "host-unreachable": errno.EHOSTUNREACH,
    "prohibited": errno.EACCES,
}


def error_numbers(error: BaseException | None) -> set[int]:
    """Those of an exception, of its causes, and of the group that it may be."""
    if error is None:
        return set()
    members = getattr(error, "exceptions", ())
    own = {error.errno} if isinstance(error, OSError) and error.errno is not None else set()
    return own.union(error_numbers(error.__cause__), *map(error_numbers, members))


@pytest.mark.parametrize(("how", "number"), ERRORS.items())
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_anyio_streams_meet_what_a_router_tells(either: SMTPPorts, loop: str, how: str, number: int) -> None:
    either.block(25, how=how)

    with pytest.raises(OSError) as caught:  # noqa: PT011 # told below
        anyio.run(anyio.connect_tcp, *either.ports[25].address, backend=loop)

    assert error_numbers(caught.value) == {number}


@pytest.mark.parametrize(("how", "number"), ERRORS.items())
def test_trio_streams_meet_what_a_router_tells(either: SMTPPorts, how: str, number: int) -> None:
    either.block(25, how=how)

    with pytest.raises(OSError) as caught:  # noqa: PT011 # told below
        trio.run(trio.open_tcp_stream, *either.ports[25].address)

    assert error_numbers(caught.value) == {number}


@pytest.mark.parametrize("how", ["silent", "stall"])
def test_trio_streams_hear_nothing_where_nothing_is_said(either: SMTPPorts, how: str) -> None:
    either.block(25, how=how)

    async def main() -> bytes:
        stream = await trio.open_tcp_stream(*either.ports[25].address)
        async with stream:
            said = await stream.receive_some() if how == "stall" else b""
            await stream.send_all(b"EHLO client.example.com\r\n")
            with pytest.raises(trio.TooSlowError):
                with trio.fail_after(SHORT):
                    await stream.receive_some()
        return bytes(said)

    assert trio.run(main) == (b"220 localhost ESMTP ready\r\n" if how == "stall" else b"")


# What the first read of a stream brings, or that it breaks.
READ = {
    "close": b"",
    "reset": None,
    "banner": b"554 5.7.1 Your network may not connect here\r\n",
    "http": b"HTTP/1.1 400 Bad Request\r\n",
    "intercept": b"220 relay.isp.example ESMTP ready\r\n",
    "tarpit": b"2",
    "strip-starttls": b"220 localhost ESMTP ready\r\n",
    "throttle": b"220 localhost ESMTP ready\r\n",
}


async def read_under_trio(address: Address) -> bytes | None:
    async with await trio.open_tcp_stream(*address) as stream:
        try:
            with trio.fail_after(LONG):
                return bytes(await stream.receive_some())
        except trio.BrokenResourceError:
            return None


async def read_under_anyio(address: Address) -> bytes | None:
    async with await anyio.connect_tcp(*address) as stream:
        try:
            with anyio.fail_after(LONG):
                return await stream.receive()
        except anyio.EndOfStream:
            return b""
        except anyio.BrokenResourceError:
            return None


@pytest.mark.parametrize(("how", "read"), READ.items())
@pytest.mark.parametrize(
    "run",
    [
        lambda address: trio.run(read_under_trio, address),
        lambda address: anyio.run(read_under_anyio, address, backend="trio"),
        lambda address: anyio.run(read_under_anyio, address, backend="asyncio"),
    ],
    ids=["trio", "anyio on trio", "anyio on asyncio"],
)
def test_streams_meet_what_a_port_does(
    either: SMTPPorts, how: str, read: bytes | None, run: Callable[[Address], bytes | None]
) -> None:
    either.block(25, how=how)

    got = run(either.ports[25].address)

    assert got == read or (read and got and got.startswith(read))


@pytest.mark.parametrize("how", ["drop", "throttle"])
def test_streams_wait_where_nobody_answers(either: SMTPPorts, how: str) -> None:
    either.block(25, how=how)
    if how == "throttle":
        # The one that is let through; who hears a greeting has been counted.
        with socket.create_connection(either.ports[25].address, LONG) as client:
            assert client.recv(100)

    async def wait() -> None:
        with anyio.fail_after(SHORT):
            await anyio.connect_tcp(*either.ports[25].address)

    for backend in ("asyncio", "trio"):
        with pytest.raises(TimeoutError):
            anyio.run(wait, backend=backend)


def test_streams_do_not_find_a_name_that_does_not_resolve(smtpports: SMTPPorts) -> None:
    smtpports.route("smtp.example.com")
    smtpports.block(25, how="dns")

    for run in (trio.run, partial(anyio.run, backend="asyncio")):
        connect = trio.open_tcp_stream if run is trio.run else anyio.connect_tcp
        with pytest.raises(socket.gaierror):
            run(connect, "smtp.example.com", 25)


# Other processes

CHILD = """
import smtplib, sys
try:
    smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=float(sys.argv[3]))
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("refuse", "ConnectionRefusedError 111"),
        ("drop", "TimeoutError None"),
        ("reset", "SMTPServerDisconnected None"),
        ("close", "SMTPServerDisconnected None"),
        ("silent", "SMTPServerDisconnected None"),
        ("banner", "SMTPConnectError None"),
        ("http", "SMTPConnectError None"),
        # By the patch alone, whose place a refusal takes.
        ("net-unreachable", "ConnectionRefusedError 111"),
        ("host-unreachable", "ConnectionRefusedError 111"),
        ("prohibited", "ConnectionRefusedError 111"),
    ],
)
def test_a_child_process_meets_what_real_sockets_can_do(smtpports: SMTPPorts, how: str, said: str) -> None:
    smtpports.block(25, how=how)
    host, port = smtpports.ports[25].address
    command = [sys.executable, "-c", CHILD, host, str(port), str(SHORT)]

    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 # our own words

    assert told.stdout == f"{said}\n"


# TLS from the first byte


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("reset", Told(ConnectionResetError, errno.ECONNRESET)),
        ("close", Told(ssl.SSLEOFError, "EOF occurred")),
        ("silent", Told(TimeoutError, "handshake operation timed out")),
        ("tarpit", Told(TimeoutError, "handshake operation timed out")),
        ("http", Told(ssl.SSLError, "WRONG_VERSION_NUMBER|record layer failure")),
        ("banner", Told(smtplib.SMTPConnectError, rf"^\({REFUSED[0]}, b'{REFUSED[1]}'\)$")),
        ("intercept", Told(ssl.SSLCertVerificationError, "mismatch|IP address")),
    ],
)
def test_implicit_tls_meets_each_kind_too(either: SMTPPorts, how: str, told: Told) -> None:
    either.block(465, how=how)
    timeout = SHORT if how in ("silent", "tarpit") else LONG

    with pytest.raises(OSError) as caught:  # noqa: PT011 # told below
        smtplib.SMTP_SSL(*either.ports[465].address, timeout=timeout, context=either.client_context())

    assert told == caught.value
    assert either.connections[0].block == how


# Each kind's own


def test_a_tarpit_is_never_too_slow_for_a_timeout_of_each_read(smtpports: SMTPPorts) -> None:
    # S7
    smtpports.block(25, how=Tarpit(bytes_per_second=300))
    started = time.monotonic()
    send(smtpports.ports[25].address, SHORT)

    assert time.monotonic() - started > SHORT
    assert (smtpports.connections[0].outcome, smtpports.connections[0].block) == (Outcome.DELIVERED, "tarpit")


@pytest.mark.asyncio
async def test_a_tarpit_is_too_slow_for_a_timeout_of_the_whole_connect(smtpports: SMTPPorts) -> None:
    # S7
    smtpports.block(25, how=Tarpit(bytes_per_second=20))

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError, match=NO_GREETING):
        await send_async(smtpports.ports[25].address, SHORT)


def test_a_tarpit_keeps_its_pace(dial: Dial, smtpports: SMTPPorts) -> None:
    smtpports.block(25, how=Tarpit(bytes_per_second=100))
    started = time.monotonic()
    greeting = dial(smtpports.ports[25]).reply()

    # The first byte comes at once.
    assert time.monotonic() - started >= (len(greeting) - 1) / 100 * 0.8


def test_a_tarpit_ends_with_its_test_at_once(dial: Dial, smtpports: SMTPPorts) -> None:
    smtpports.block(25, how=Tarpit(bytes_per_second=1))
    client = dial(smtpports.ports[25])
    assert client.socket.recv(1) == b"2"
    started = time.monotonic()
    smtpports.reset()

    assert time.monotonic() - started < 1
    assert client.socket.recv(100) == b""


def test_a_tarpit_of_a_client_that_has_gone_is_over(dial: Dial, smtpports: SMTPPorts, eventually: Eventually) -> None:
    smtpports.block(25, how=Tarpit(bytes_per_second=50))
    client = dial(smtpports.ports[25])
    client.socket.recv(1)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    eventually(lambda: smtpports.connections[0].closed_at is not None)
    assert smtpports.left_open() == ()


@pytest.mark.parametrize("text", ["554 5.7.1 Dial-up addresses may not send", "521 Never", "421 4.3.2 Too busy"])
@pytest.mark.parametrize("number", [25, 587, 2525])
def test_a_banner_says_what_it_is_told(smtpports: SMTPPorts, text: str, number: int) -> None:
    # S8
    smtpports.block(number, how=Banner(text))

    with pytest.raises(smtplib.SMTPConnectError) as caught:
        send(smtpports.ports[number].address)

    assert f"{caught.value.smtp_code} {caught.value.smtp_error.decode()}" == text  # type: ignore[union-attr] # bytes


def test_who_intercepts_takes_the_mail_under_another_name(smtpports: SMTPPorts) -> None:
    smtpports.block(587, how=Intercept("mail.hotel.example"))
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=LONG) as client:
        _, hello = client.ehlo()
        assert hello.startswith(b"mail.hotel.example")
        assert not client.has_extn("auth")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    # What gets 250 is there.
    assert smtpports.messages.only.tls is None
    assert smtpports.connections[0].block == "intercept"


def test_who_intercepts_has_another_certificate(smtpports: SMTPPorts) -> None:
    # S20
    route = smtpports.route("smtp.example.com")
    route.block(587, how="intercept")
    with smtplib.SMTP("smtp.example.com", 587, timeout=LONG) as client:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            client.starttls(context=ssl.create_default_context())
        client.close()

    assert smtpports.connections[0].outcome is Outcome.TLS_FAILED


def test_who_intercepts_may_have_no_starttls(smtpports: SMTPPorts) -> None:
    smtpports.block(587, how=Intercept(starttls=False))

    with smtplib.SMTP(*smtpports.ports[587].address, timeout=LONG) as client:
        assert client.ehlo()[0] == 250
        assert not client.has_extn("starttls")


@pytest.mark.parametrize(("masked", "seen"), [(False, False), (True, True)])
def test_starttls_is_stripped_from_what_both_sides_say(
    dial: Dial, smtpports: SMTPPorts, masked: bool, seen: bool
) -> None:
    # S15
    smtpports.block(587, how=StripSTARTTLS(masked=masked))
    client = dial(smtpports.ports[587])
    client.reply()
    hello = client.ask("EHLO client.example.com")

    assert "STARTTLS" not in hello
    assert ("XXXXXXXA" in hello) is seen
    assert client.ask("STARTTLS").startswith("500 ")
    # The port behind it has not changed its mind.
    assert client.ask("MAIL FROM:<app@example.com>").startswith("530 5.7.0 ")


@pytest.mark.asyncio
async def test_an_opportunistic_client_sends_in_clear_where_starttls_is_stripped(smtpports: SMTPPorts) -> None:
    # S16
    smtpports.block(2525, how="strip-starttls")
    host, port = smtpports.ports[2525].address
    login = {"username": smtpports.username, "password": smtpports.password}
    await aiosmtplib.send(
        MAIL, sender="app@example.com", recipients=["ada@example.org"], hostname=host, port=port, timeout=LONG, **login
    )

    smtpports.assert_sent(port=2525, tls=False)
    assert smtpports.connections[0].block == "strip-starttls"


def test_what_has_tls_from_the_first_byte_can_not_be_stripped(smtpports: SMTPPorts) -> None:
    smtpports.block(465, how="strip-starttls")

    with smtpports.ports[465].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    smtpports.assert_sent(port=465, tls=True)


NAMED = ("smtp.example.com", 587)
LOOK_UPS = [
    lambda: socket.getaddrinfo(*NAMED),
    lambda: send(NAMED),
    lambda: asyncio.run(asyncio.open_connection(*NAMED)),
    lambda: uvloop.run(asyncio.open_connection(*NAMED)),
]


@pytest.mark.parametrize("look_up", LOOK_UPS, ids=["look-up", "smtplib", "asyncio", "uvloop"])
def test_a_name_that_is_not_resolved_is_an_error_of_its_own(
    smtpports: SMTPPorts, look_up: Callable[[], object]
) -> None:
    # S5
    smtpports.route("smtp.example.com").block(587, how="dns")

    with pytest.raises(socket.gaierror) as caught:
        look_up()

    assert caught.value.errno == socket.EAI_NONAME
    (met,) = smtpports.connections
    assert (met.host, met.port, met.outcome, met.block) == ("smtp.example.com", 587, Outcome.BLOCKED, "dns")
    assert met.location is not None
    assert Path(met.location.file) == Path(__file__)
    smtpports.assert_attempted([587])


@pytest.mark.asyncio
async def test_aiosmtplib_meets_a_name_that_is_not_resolved(smtpports: SMTPPorts) -> None:
    # S5
    smtpports.route("smtp.example.com").block(587, how=DNS())

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        await send_async(NAMED)

    assert isinstance(caught.value.__cause__, socket.gaierror)


def test_a_socket_that_dials_a_name_meets_it_too(smtpports: SMTPPorts) -> None:
    smtpports.route("smtp.example.com").block(587, how="dns")

    with socket.socket() as client, pytest.raises(socket.gaierror):
        client.connect(NAMED)
    with socket.socket() as client, pytest.raises(socket.gaierror):
        client.connect_ex(NAMED)


def test_a_look_up_without_a_port_fails_where_every_port_is_hidden(smtpports: SMTPPorts) -> None:
    route = smtpports.route("smtp.example.com")
    route.block(587, how="dns")
    assert socket.gethostbyname("smtp.example.com").startswith("127.")

    route.only(how="dns")
    with pytest.raises(socket.gaierror):
        socket.gethostbyname("smtp.example.com")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("smtp.example.com", None)
    # Nothing was dialled.
    assert smtpports.connections == ()


def test_a_name_is_hidden_from_the_ports_that_are_blocked_alone(smtpports: SMTPPorts) -> None:
    smtpports.route("smtp.example.com").block(587, how="dns")

    send(("smtp.example.com", 25))
    with pytest.raises(ConnectionRefusedError):
        send(("smtp.example.com", 588))


def test_an_address_needs_no_name(smtpports: SMTPPorts) -> None:
    smtpports.block(25, how="dns")

    send(smtpports.ports[25].address)

    assert smtpports.connections[0].block is None


@pytest.mark.parametrize("connections", [1, 2, 3, 5])
def test_a_throttle_lets_so_many_through_and_drops_the_rest(either: SMTPPorts, connections: int) -> None:
    address = either.ports[25].address
    either.block(25, how=Throttle(connections))
    for _ in range(connections):
        send(address)

    for _ in range(2):
        with pytest.raises(TimeoutError, match=TIMED_OUT):
            send(address, SHORT)

    outcomes = [(each.outcome, each.block) for each in either.connections]
    assert outcomes == [(Outcome.DELIVERED, None)] * connections + [(Outcome.BLOCKED, "throttle")] * 2


@pytest.mark.parametrize("connections", [1, 4])
def test_a_throttle_counts_whoever_comes_at_once(smtpports: SMTPPorts, connections: int) -> None:
    smtpports.block(25, how=Throttle(connections))
    address, met = smtpports.ports[25].address, []

    def dial() -> None:
        try:
            send(address, 0.5)
        except (TimeoutError, smtplib.SMTPServerDisconnected):
            # Of clients that dial in one moment the kernel may let more think that they are connected.
            met.append("nothing")
        else:
            met.append("through")

    dialling = [threading.Thread(target=dial) for _ in range(10)]
    for thread in dialling:
        thread.start()
    for thread in dialling:
        thread.join(10)

    # A SYN that finds the queue full comes again in a second, which is later than these wait.
    assert 1 <= met.count("through") <= connections
    assert met.count("nothing") == 10 - met.count("through")
    assert len(smtpports.messages) == met.count("through")


def test_a_throttle_begins_anew_when_it_is_laid_again(smtpports: SMTPPorts) -> None:
    address = smtpports.ports[25].address
    for _ in range(2):
        with smtpports.block(25, how="throttle"):
            send(address)
            with pytest.raises(TimeoutError):
                send(address, SHORT)


@pytest.mark.parametrize("replies", [1, 2, 3])
def test_a_stall_lets_so_many_replies_through(dial: Dial, smtpports: SMTPPorts, replies: int) -> None:
    smtpports.block(25, how=Stall(replies))
    client = dial(smtpports.ports[25])
    client.socket.settimeout(SHORT)
    # Several lines are one reply.
    said = [client.reply(), *(client.ask("EHLO client.example.com") for _ in range(replies - 1))]
    with pytest.raises(TimeoutError):
        client.ask("NOOP")

    assert [reply[:3] for reply in said] == ["220", *["250"] * (replies - 1)]
    assert (smtpports.connections[0].outcome, smtpports.connections[0].block) == (Outcome.BLOCKED, "stall")


@pytest.mark.parametrize(("replies", "outcome"), [(5, Outcome.BLOCKED), (6, Outcome.DELIVERED)])
def test_a_stall_that_lets_the_reply_to_a_message_through_has_it_delivered(
    smtpports: SMTPPorts, replies: int, outcome: Outcome
) -> None:
    smtpports.block(25, how=Stall(replies=replies))
    with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(*smtpports.ports[25].address, timeout=0.3) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert [(each.outcome, each.block) for each in smtpports.connections] == [(outcome, "stall")]
    assert [each.acknowledged for each in smtpports.messages] == [True] * (outcome is Outcome.DELIVERED)


def test_a_message_whose_reply_waits_behind_others_that_are_kept_back_is_not_acknowledged(
    dial: Dial, smtpports: SMTPPorts, eventually: Eventually
) -> None:
    smtpports.block(25, how=Stall(replies=3))
    client = dial(smtpports.ports[25])
    client.reply()
    client.ask("EHLO app.example.com")
    client.send(b"MAIL FROM:<app@example.com>\r\nRCPT TO:<ada@example.org>\r\nBDAT 5 LAST\r\nhello")

    eventually(lambda: len(smtpports.messages))
    assert not smtpports.messages.only.acknowledged


def test_a_stall_counts_replies_that_come_together(dial: Dial, smtpports: SMTPPorts) -> None:
    smtpports.block(25, how=Stall(3))
    client = dial(smtpports.ports[25])
    client.send(b"NOOP\r\nRSET\r\nNOOP\r\nQUIT\r\n")
    client.socket.settimeout(SHORT)

    assert [client.reply()[:3] for _ in range(3)] == ["220", "250", "250"]
    with pytest.raises(TimeoutError):
        client.reply()


def test_a_session_that_is_over_before_it_stalls_ends_as_ever(dial: Dial, smtpports: SMTPPorts) -> None:
    smtpports.block(25, how=Stall(3))
    client = dial(smtpports.ports[25])

    assert client.reply()[:3] == "220"
    assert client.ask("QUIT")[:3] == "221"
    assert client.rest() == b""


@pytest.mark.parametrize("how", [Silent(), Stall()], ids=["silent", "stall"])
@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_gives_up_is_gone(
    dial: Dial, smtpports: SMTPPorts, how: Block, leave: str, eventually: Eventually
) -> None:
    smtpports.block(25, how=how)
    client = dial(smtpports.ports[25])
    client.send(b"EHLO client.example.com\r\n")
    if leave == "reset":
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    eventually(lambda: smtpports.connections[0].closed_at is not None)
    assert smtpports.left_open() == ()
    assert smtpports.connections[0].outcome is Outcome.BLOCKED


@pytest.mark.parametrize("how", ["silent", "stall", "tarpit"])
def test_the_end_of_a_test_ends_whoever_waits(dial: Dial, smtpports: SMTPPorts, how: str) -> None:
    smtpports.block(25, how=how)
    client = dial(smtpports.ports[25])
    smtpports.close()

    assert b"220 localhost ESMTP ready\r\n".startswith(client.rest())


# A port that is switched under fire

ROUNDS = 200


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def dial_once(address: Address) -> str:
    """What a client meets: the beginning of a greeting, "closed", "dropped", or the name of an error."""
    client = socket.socket()
    try:
        client.settimeout(SHORT)
        try:
            client.connect(address)
        except TimeoutError:
            return "dropped"
        client.settimeout(LONG)
        # So many clients leave in the end that no port would be left for more, if the kernel kept theirs for a minute.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with client.makefile("rb") as replies:
            return replies.readline()[:3].decode() or "closed"
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    finally:
        client.close()


@contextmanager
def under_fire(*addresses: Address) -> Iterator[list[str]]:
    """What threads meet that dial without a pause, one for each address."""
    seen: list[str] = []
    stop = threading.Event()

    def dial(address: Address) -> None:
        while not stop.is_set():
            seen.append(dial_once(address))

    dialling = [threading.Thread(target=dial, args=(address,)) for address in addresses]
    for thread in dialling:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in dialling:
            thread.join(30)


@pytest.mark.parametrize(
    ("how", "met"),
    [
        ("drop", {"220", "dropped"}),
        ("refuse", {"220", "ECONNREFUSED"}),
        ("net-unreachable", {"220", "ENETUNREACH"}),
        ("close", {"220", "closed"}),
        ("banner", {"220", "554"}),
        ("http", {"220", "HTT"}),
    ],
)
@pytest.mark.parametrize("dialled", ["by address", "by name"])
def test_who_dials_while_a_port_is_switched_meets_the_old_or_the_new_and_nothing_else(
    smtpports: SMTPPorts, eventually: Eventually, how: str, met: set[str], dialled: str
) -> None:
    # While a block is laid the dials of this process are seen.
    smtpports.block(465)
    route = smtpports.route("smtp.example.com")
    address = smtpports.ports[25].address if dialled == "by address" else ("smtp.example.com", 25)
    # Whatever is opened once is open by then.
    socket.create_connection(address, LONG).close()
    eventually(lambda: all(each.closed_at for each in smtpports.connections))
    threads, open_files = threading.active_count(), descriptors()
    with under_fire(*[address] * 4) as seen:
        for _ in range(ROUNDS):
            (smtpports if dialled == "by address" else route).block(25, how=how).remove()

    assert set(seen) <= met
    assert "220" in seen
    # What others have left may go meanwhile.
    eventually(lambda: threading.active_count() <= threads and descriptors() <= open_files)


def test_who_dials_a_name_whose_route_ends_is_led_where_the_earlier_one_leads(smtpports: SMTPPorts) -> None:
    smtpports.route("smtp.example.com", "*.example.org")
    with under_fire(*[("smtp.example.com", 25), ("mx1.example.org", 25)] * 2) as seen:
        for _ in range(ROUNDS):
            smtpports.route("smtp.example.com", "*.example.org").remove()

    assert set(seen) == {"220"}


def test_who_has_looked_up_a_name_whose_only_route_ends_then_is_refused(smtpports: SMTPPorts) -> None:
    route = smtpports.route("smtp.example.com")
    with socket.socket() as client:
        found = PATCH.destination(client, ("smtp.example.com", 25))
        assert found is not None
        route.remove()
        with pytest.raises(ConnectionRefusedError):
            found.dial(client, client.connect)
    assert not smtpports.connections


def test_a_port_that_was_given_back_is_entered_no_more() -> None:
    door = Door("127.0.0.1", lambda bound, _: BlackHole(bound), None)
    door.close()

    with pytest.raises(ClosedError):
        door.enter(lambda *_: None)


def test_the_first_block_sees_who_dials_before_it_is_laid(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    turn = Door.set

    def watched(door: Door, block: Block | None) -> None:
        seen.append("connect" in vars(socket.socket))
        turn(door, block)

    monkeypatch.setattr(Door, "set", watched)
    assert smtpports.ports[25].address
    smtpports.block(25, how="banner").remove()

    assert seen == [True, True]


def test_many_threads_dial_through_routes_that_change(smtpports: SMTPPorts) -> None:
    names = [f"mx{number}.example.org" for number in range(6)]
    smtpports.route("*.example.org")
    smtpports.route(*names)
    for name in names:
        assert dial_once((name, 25)) == "220"
    threads, open_files = threading.active_count(), descriptors()
    with under_fire(*[(name, 25) for name in names] * 4) as seen:
        for place in range(ROUNDS):
            with smtpports.route(names[place % 6]) as inner:
                inner.block(25, how="refuse")

    assert set(seen) <= {"220", "ECONNREFUSED"}
    assert "220" in seen
    smtpports.reset()
    assert threading.active_count() <= threads
    assert descriptors() <= open_files


# Bound to every address of this machine


@pytest.mark.parametrize(
    ("bound", "host"), [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "localhost"), ("::", "::1"), ("::", "::ffff:127.0.0.1")]
)
@pytest.mark.parametrize(
    ("how", "told"), [("prohibited", errno.EACCES), ("host-unreachable", errno.EHOSTUNREACH), ("drop", errno.ETIMEDOUT)]
)
def test_a_block_holds_at_each_address_of_a_port_that_is_bound_to_all(
    bound: str, host: str, how: str, told: int
) -> None:
    with SMTPPorts(host=bound) as smtpports:
        local = smtpports.ports[25].port
        smtpports.block(25, how=how)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
            assert client.connect_ex((host, local)) == told
        (connection,) = smtpports.connections
        assert (connection.outcome, str(connection.location.file)) == (Outcome.BLOCKED, __file__)
        with pytest.warns(NoTimeoutWarning) if how == "drop" else nullcontext():
            smtpports.raise_failures()
        smtpports.unblock()
        send((host, local))
        assert len(smtpports.messages) == 1


@pytest.mark.parametrize(
    ("bound", "host"), [("::", "127.0.0.1"), ("::", "::1"), ("::", "localhost"), ("0.0.0.0", "127.0.0.1")]
)
def test_a_route_changes_nothing_for_a_port_that_is_bound_to_all(bound: str, host: str) -> None:
    with SMTPPorts(host=bound) as smtpports, smtpports.route("smtp.example.com"):
        send((host, smtpports.ports[25].port))
        send(("smtp.example.com", 25))

        assert len(smtpports.messages) == 2


def test_an_address_that_a_port_is_not_bound_to_is_refused_beside_a_route_too() -> None:
    with SMTPPorts(host="0.0.0.0") as smtpports, smtpports.route("smtp.example.com"):
        with pytest.raises(ConnectionRefusedError):
            send(("::1", smtpports.ports[25].port))
        assert smtpports.connections == ()
