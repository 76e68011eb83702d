"""Ports that the network blocks, as real clients meet them."""

from __future__ import annotations

import errno
import select
import smtplib
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import ConfigurationError, Drop, Outcome, Refuse, SMTPPorts, UnknownName, UnknownPort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import Port
    from tests.wire.conftest import Eventually

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


def send(port: Port, timeout: float = 5) -> None:
    with smtplib.SMTP(*port.address, timeout=timeout) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def has_sent_its_syn(port: int) -> bool:
    """Whether a client waits in SYN_SENT, which is 02 in the kernel's table."""
    connections = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return any(remote.endswith(f":{port:04X}") and state == "02" for _, _, remote, state, *_ in connections)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def answer(port: Port) -> str:
    """What a client meets: "open", "drop" or "refuse"."""
    with socket.socket(socket.AF_INET6 if ":" in port.host else socket.AF_INET) as client:
        client.settimeout(0.2)
        met = client.connect_ex(port.address)
        if met == 0:
            client.settimeout(5)
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as answered:
                answered.read()
        return {0: "open", errno.ECONNREFUSED: "refuse", errno.EAGAIN: "drop"}[met]


@pytest.fixture(params=["127.0.0.1", "::1"])
def either(request: pytest.FixtureRequest) -> Iterator[SMTPPorts]:
    with SMTPPorts(host=request.param) as smtpports:
        yield smtpports


# What a client meets


@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_dropped_port_lets_connect_wait_until_its_timeout(either: SMTPPorts, opened: str) -> None:
    port = either.ports[25]
    numbers = {"before": [port.port], "after": []}[opened]
    either.block(25)

    with pytest.raises(TimeoutError, match=r"^timed out$") as caught:
        smtplib.SMTP(*port.address, timeout=0.3)

    assert caught.value.errno is None
    assert numbers in ([], [port.port])
    assert (either.connections[0].outcome, either.connections[0].block) == (Outcome.BLOCKED, "drop")


@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_refused_port_fails_at_once(either: SMTPPorts, opened: str) -> None:
    port = either.ports[25]
    numbers = {"before": [port.port], "after": []}[opened]
    either.block(25, how="refuse")

    with pytest.raises(ConnectionRefusedError) as caught:
        smtplib.SMTP(*port.address, timeout=5)

    assert caught.value.errno == errno.ECONNREFUSED
    assert numbers in ([], [port.port])
    assert (either.connections[0].outcome, either.connections[0].block) == (Outcome.BLOCKED, "refuse")


@pytest.mark.asyncio
async def test_aiosmtplib_times_out_at_a_dropped_port(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    host, port = smtpports.ports[587].address

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        await aiosmtplib.SMTP(hostname=host, port=port, timeout=0.3).connect()

    smtpports.assert_attempted([587])
    assert smtpports.connections[0].outcome is Outcome.BLOCKED


@pytest.mark.asyncio
async def test_aiosmtplib_is_refused_at_a_refused_port(smtpports: SMTPPorts) -> None:
    smtpports.block(587, how="refuse")
    host, port = smtpports.ports[587].address

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        await aiosmtplib.SMTP(hostname=host, port=port, timeout=5).connect()

    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    smtpports.assert_attempted([587])
    assert smtpports.connections[0].outcome is Outcome.BLOCKED


def test_a_client_of_a_port_object_is_blocked_too(smtpports: SMTPPorts) -> None:
    smtpports.block(465, how="refuse")

    with pytest.raises(ConnectionRefusedError):
        smtpports.ports[465].connect()


def test_a_socket_that_does_not_block_is_seen(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with socket.socket() as client:
        client.setblocking(False)

        assert client.connect_ex(smtpports.ports[25].address) == errno.EINPROGRESS
        assert client.connect_ex(smtpports.ports[25].address) == errno.EALREADY

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.timeout) == (Outcome.BLOCKED, None)
    smtpports.assert_attempted([25])


def test_a_child_process_meets_the_same_blocks(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    smtpports.block(587, how="refuse")
    script = (
        "import smtplib, sys\n"
        "for port in sys.argv[1:]:\n"
        "    try:\n"
        "        smtplib.SMTP('127.0.0.1', int(port), timeout=0.3).close()\n"
        "    except OSError as error:\n"
        "        print(type(error).__name__)\n"
        "    else:\n"
        "        print('open')\n"
    )
    ports = [str(smtpports.ports[number].port) for number in (25, 587, 2525)]

    command = [sys.executable, "-c", script, *ports]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 # ours

    assert ended.stdout.split() == ["TimeoutError", "ConnectionRefusedError", "open"]


# What is blocked


def test_all_but_some_ports_are_blocked_by_only(smtpports: SMTPPorts) -> None:
    smtpports.only(2525, how="refuse")

    assert [answer(port) for port in smtpports.ports] == ["refuse", "refuse", "refuse", "open"]


def test_only_without_a_port_blocks_all(smtpports: SMTPPorts) -> None:
    with smtpports.only(how="refuse"):
        assert [answer(port) for port in smtpports.ports] == ["refuse"] * 4

    assert [answer(port) for port in smtpports.ports] == ["open"] * 4


def test_several_ports_are_blocked_at_once_and_told_of(smtpports: SMTPPorts) -> None:
    smtpports.block(25, 587, how=Refuse())

    assert [port.number for port in smtpports.ports if port.blocked] == [25, 587]
    assert smtpports.ports[25].blocked == Refuse()
    assert "blocked (refuse)" in repr(smtpports.ports[25])


def test_a_port_is_unblocked_by_number_and_all_of_them_without(smtpports: SMTPPorts) -> None:
    smtpports.only(how="refuse")
    with smtpports.unblock(25):
        assert [answer(port) for port in smtpports.ports] == ["open", "refuse", "refuse", "refuse"]
        with smtpports.unblock():
            assert [answer(port) for port in smtpports.ports] == ["open"] * 4

    assert [answer(port) for port in smtpports.ports] == ["refuse"] * 4


def test_a_port_blocks_and_unblocks_itself(smtpports: SMTPPorts) -> None:
    port = smtpports.ports[587]
    with port.block("refuse"):
        assert answer(port) == "refuse"
        with port.unblock():
            assert answer(port) == "open"
        with port.block():
            assert port.blocked == Drop()
            assert answer(port) == "drop"
        assert answer(port) == "refuse"
    assert answer(port) == "open"


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_handles_are_removed_in_any_order_and_the_latest_that_is_left_holds(
    smtpports: SMTPPorts, order: tuple[int, int, int]
) -> None:
    port = smtpports.ports[25]
    handles = [smtpports.block(25, how="refuse"), smtpports.unblock(25), smtpports.block(25)]
    states = ["refuse", "open", "drop"]
    left = [0, 1, 2]
    for taken in order:
        assert answer(port) == states[left[-1]]
        handles[taken].remove()
        handles[taken].remove()
        left.remove(taken)

    assert answer(port) == "open"


def test_a_reset_lets_everything_through(smtpports: SMTPPorts) -> None:
    port = smtpports.ports[25]
    number = port.port
    smtpports.block(25, how="refuse")
    assert answer(port) == "refuse"

    smtpports.reset()

    assert (port.blocked, port.port, answer(port)) == (None, number, "open")
    assert smtpports.connections == () or smtpports.connections[0].outcome is not Outcome.BLOCKED


def test_a_block_holds_for_new_connections_alone(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        for how in ("drop", "refuse"):
            with smtpports.block(25, how=how):
                assert answer(smtpports.ports[25]) == how
                assert client.sendmail("app@example.com", "ada@example.org", MAIL) == {}

    assert len(smtpports.messages) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_switched_again_and_again_stays_itself_and_leaks_nothing(host: str) -> None:
    with SMTPPorts(host=host) as smtpports:
        port = smtpports.ports[25]
        number = port.port
        assert answer(port) == "open"
        open_before = descriptors()
        for _ in range(50):
            for how in ("drop", "refuse"):
                with smtpports.block(25, how=how):
                    assert port.blocked is not None
            with smtpports.block(25, how="refuse"):
                assert answer(port) == "refuse"

        assert answer(port) == "open"
        send(port)
        smtpports.ports[25].block("drop")
        assert answer(port) == "drop"
        assert port.port == number
        smtpports.reset()
        assert descriptors() <= open_before


def test_code_falls_back_from_a_dropped_to_an_open_port(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    with pytest.raises(TimeoutError):
        smtplib.SMTP(*smtpports.ports[587].address, timeout=0.3)
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=0.3) as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    smtpports.assert_sent(port=2525)
    smtpports.assert_attempted([587, 2525])
    smtpports.assert_not_attempted(25, 465)


# What is asserted of attempts


def test_attempts_count_each_and_in_order(smtpports: SMTPPorts) -> None:
    smtpports.block(25, how="refuse")
    for number in (25, 2525, 25):
        answer(smtpports.ports[number])

    smtpports.assert_attempted([25, 2525, 25])
    with pytest.raises(AssertionError) as caught:
        smtpports.assert_attempted([2525, 25])

    text = str(caught.value)
    assert text.startswith("attempted [25, 2525, 25], expected [2525, 25]\n")
    assert "25: blocked (refuse)" in text
    assert "A dial of another process that was refused or dropped can't be seen" in text


def test_an_attempt_that_should_not_be_is_shown(smtpports: SMTPPorts) -> None:
    smtpports.assert_not_attempted(25)
    smtpports.assert_attempted([])
    send(smtpports.ports[25])

    smtpports.assert_not_attempted(465, 587)
    with pytest.raises(AssertionError, match=r"^attempted \[25\], expected none of \[25, 587\]"):
        smtpports.assert_not_attempted(25, 587)


# What can't be meant


def test_an_unknown_kind_of_block_is_named_with_the_valid_ones(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownName, match="'refused' is not a block kind; did you mean 'refuse'"):
        smtpports.block(25, how="refused")


def test_an_unknown_port_is_named_with_the_emulated_ones(smtpports: SMTPPorts) -> None:
    for verb in (smtpports.block, smtpports.unblock, smtpports.only, smtpports.assert_not_attempted):
        with pytest.raises(UnknownPort, match="588 is not an emulated port; did you mean 587"):
            verb(588)
    with pytest.raises(UnknownPort):
        smtpports.assert_attempted([588])
    with pytest.raises(UnknownPort):
        smtpports.ports[588]


def test_a_local_port_in_the_place_of_an_emulated_one_is_explained(smtpports: SMTPPorts) -> None:
    local = smtpports.ports[587].port

    with pytest.raises(UnknownPort, match=f"{local} is the local port of 587"):
        smtpports.block(local)


def test_a_block_of_no_port_is_no_block(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"block\(\) takes the ports to block"):
        smtpports.block()


def test_a_block_leaves_other_connects_alone(smtpports: SMTPPorts, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("unix") / "s")
    with smtpports.block(25), socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as client:
        client.connect(("localhost", other.getsockname()[1]))
        with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as local:
            listening.bind(path)
            listening.listen()
            local.connect(path)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.connect(smtpports.ports[25].address)
        with socket.socket() as confused:
            for nonsense in ("127.0.0.1", ("127.0.0.1",), ("127.0.0.1", "25")):
                with pytest.raises(TypeError):
                    confused.connect(nonsense)

    assert smtpports.connections == ()


def test_a_client_that_can_not_bind_is_recorded_once(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    client = socket.socket()
    client.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        client.connect(smtpports.ports[25].address)

    assert smtpports.connections == ()


def test_a_dial_that_the_machine_refuses_is_recorded_as_one_that_failed(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    with socket.socket(socket.AF_INET6) as client:
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with pytest.raises(OSError, match="unreachable"):
            client.connect(("::ffff:127.0.0.1", smtpports.ports[25].port))

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.ABANDONED,
        "the connect failed before it said anything",
    )


def test_an_ipv6_socket_reaches_a_port_by_its_mapped_address(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    with socket.socket(socket.AF_INET6) as client:
        client.connect(("::ffff:127.0.0.1", smtpports.ports[25].port))
        assert client.recv(1000).startswith(b"220 ")

    smtpports.assert_attempted([25])


def test_a_socket_that_is_connected_already_is_no_attempt(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    with socket.socket() as client:
        client.connect(smtpports.ports[25].address)
        assert client.recv(1000).startswith(b"220 ")

        assert client.connect_ex(smtpports.ports[25].address) == errno.EISCONN

    smtpports.assert_attempted([25])


def test_a_block_of_a_port_that_was_dropped_or_open_is_no_connection(smtpports: SMTPPorts) -> None:
    local = smtpports.ports[25].port
    with smtpports.block(587), smtpports.block(25, 587), smtpports.unblock(25), smtpports.block(25):
        assert smtpports.ports[25].port == local

    assert smtpports.connections == ()


def test_a_client_that_waits_at_a_dropped_port_gets_through_when_it_is_opened(
    smtpports: SMTPPorts, eventually: Eventually
) -> None:
    smtpports.real_time()
    handle = smtpports.block(25)
    sending = threading.Thread(target=send, args=(smtpports.ports[25],))
    sending.start()
    # A dial is told of just before its SYN goes out, and one that goes out in the middle of a switch is refused.
    eventually(lambda: has_sent_its_syn(smtpports.ports[25].port))

    handle.remove()
    sending.join(10)

    smtpports.assert_sent(port=25)
    assert [connection.outcome for connection in smtpports.connections] == [Outcome.DELIVERED]


def test_a_connect_that_does_not_block_gets_through_when_the_port_is_opened(smtpports: SMTPPorts) -> None:
    handle = smtpports.block(25)
    waiting = socket.socket()
    waiting.setblocking(False)
    with smtplib.SMTP(timeout=5) as client:
        client.sock = waiting
        assert waiting.connect_ex(smtpports.ports[25].address) == errno.EINPROGRESS

        handle.remove()
        assert select.select([], [waiting], [], 5)[1] == [waiting]
        waiting.settimeout(5)
        assert client.getreply()[0] == 220
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert [connection.outcome for connection in smtpports.connections] == [Outcome.DELIVERED]


def test_a_loop_that_asks_how_its_connect_went_is_one_connection(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    with socket.socket() as client:
        client.setblocking(False)
        assert client.connect_ex(smtpports.ports[25].address) == errno.EINPROGRESS
        assert select.select([], [client], [], 5)[1] == [client]

        assert client.connect_ex(smtpports.ports[25].address) in (0, errno.EISCONN)

    smtpports.assert_attempted([25])


def test_a_port_that_is_dialled_by_the_name_of_this_machine_is_recorded(smtpports: SMTPPorts) -> None:
    smtpports.block(25, how="refuse")
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("localhost", smtpports.ports[25].port))

    assert smtpports.connections[0].outcome is Outcome.BLOCKED


def test_a_connect_ex_that_times_out_tells_how_long_it_waited(smtpports: SMTPPorts) -> None:
    smtpports.real_time()
    smtpports.block(25)
    with socket.socket() as client:
        client.settimeout(0.2)
        assert client.connect_ex(smtpports.ports[25].address) == errno.EAGAIN

    _, waited = smtpports.connections[0].reason.split("; the client gave up after ")
    assert 0.2 <= float(waited.removesuffix(" s")) < 5


def test_what_was_attempted_is_a_list(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"such as \[587\]"):
        smtpports.assert_attempted(587)  # type: ignore[arg-type] # it is the mistake


def test_a_port_that_becomes_a_black_hole_under_fire_is_one_at_once(smtpports: SMTPPorts) -> None:
    address, stop = smtpports.ports[25].address, threading.Event()

    def dial() -> None:
        while not stop.is_set():
            with socket.socket() as client:
                client.setblocking(False)
                client.connect_ex(address)

    dialling = [threading.Thread(target=dial) for _ in range(4)]
    for thread in dialling:
        thread.start()
    started = time.monotonic()
    for _ in range(50):
        smtpports.block(25).remove()
    elapsed = time.monotonic() - started
    stop.set()
    for thread in dialling:
        thread.join(5)

    assert elapsed < 30


def test_what_is_done_to_a_port_is_said_by_name(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"block\(587, how='refuse'\)"):
        smtpports.block(587, "refuse")  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("act", [SMTPPorts.block, SMTPPorts.unblock, SMTPPorts.only, SMTPPorts.assert_not_attempted])
def test_ports_are_said_one_by_one(smtpports: SMTPPorts, act: Callable[..., object]) -> None:
    with pytest.raises(ConfigurationError, match=r"one by one, as in block\(25, 587\), not as \[587, 25\]"):
        act(smtpports, [587, 25])
