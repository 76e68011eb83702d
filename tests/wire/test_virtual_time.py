"""Clients that would wait at a port that drops get at once what they would get, and what they were spared is told."""

from __future__ import annotations

import asyncio
import errno
import smtplib
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import anyio
import pytest
import trio

from pytest_smtpports import NoTimeoutWarning, Outcome, ServerError, SMTPPorts, Throttle
from pytest_smtpports._network import _spared

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds: longer than any test may take, and what counts as none at all.
AGES, AT_ONCE = 100.0, 2.0
HOST = "smtp.example.com"
FAR_AWAY = pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio's timers can't be told apart before 3.12")


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < AT_ONCE


def spared(smtpports: SMTPPorts) -> list[float | None]:
    """The timeouts of the dials that were blocked."""
    return [each.timeout for each in smtpports.connections if each.outcome is Outcome.BLOCKED]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_smtplib_has_its_timeout_at_once(host: str) -> None:
    # S2
    with SMTPPorts(host=host) as smtpports:
        smtpports.block(587)
        with pytest.raises(TimeoutError, match=r"^timed out$") as caught:
            smtplib.SMTP(*smtpports.ports[587].address, timeout=AGES)

        assert caught.value.errno is None
        assert spared(smtpports) == [AGES]
        assert smtpports.connections[0].reason.endswith("; the client would have given up after 100 s")


def test_a_routed_name_is_the_same(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST).block(465)

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        smtplib.SMTP_SSL(HOST, 465, timeout=AGES)

    smtpports.assert_attempted([465])


def test_connect_ex_has_its_number_at_once(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with socket.socket() as client:
        client.settimeout(AGES)
        assert client.connect_ex(smtpports.ports[25].address) == errno.EAGAIN
    with socket.socket() as client:
        assert client.connect_ex(smtpports.ports[25].address) == errno.ETIMEDOUT

    with pytest.warns(NoTimeoutWarning):
        smtpports.raise_failures()


def test_a_client_without_a_timeout_gets_the_kernels_and_its_test_a_warning(smtpports: SMTPPorts) -> None:
    # S3
    smtpports.route(HOST).block(25)
    with pytest.raises(TimeoutError) as caught:
        smtplib.SMTP(HOST, 25)

    assert caught.value.errno == errno.ETIMEDOUT
    assert spared(smtpports) == [None]
    assert smtpports.connections[0].reason.endswith("; the client has set no timeout, and would have waited long")
    with pytest.warns(NoTimeoutWarning, match=rf"^The connect to {HOST}:25 had no timeout\.") as told:
        smtpports.close()
    assert [Path(each.filename) for each in told] == [Path(__file__)]


def test_the_warning_names_the_way_for_whoever_dialled(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[25].address)

    with pytest.warns(NoTimeoutWarning) as told:
        smtpports.close()
    text = str(told[0].message)
    for way in (
        "smtplib: SMTP(..., timeout=10)",
        "aiosmtplib: SMTP(..., timeout=10)",
        "Django: EMAIL_TIMEOUT = 10",
        "Flask-Mail: it has no setting: socket.setdefaulttimeout(10)",
        "asyncio.timeout(10), or asyncio.wait_for(..., 10)",
    ):
        assert way in text


def test_a_default_timeout_is_one(smtpports: SMTPPorts) -> None:
    # As for Flask-Mail, which has no setting.
    smtpports.block(25)
    socket.setdefaulttimeout(AGES)
    try:
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            smtplib.SMTP(*smtpports.ports[25].address)
    finally:
        socket.setdefaulttimeout(None)

    assert spared(smtpports) == [AGES]


def test_the_warning_comes_once_and_survives_a_reset(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[25].address)
    smtpports.reset()

    with pytest.warns(NoTimeoutWarning):
        smtpports.raise_failures()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        smtpports.close()


def test_where_the_warning_is_an_error_what_went_wrong_is_told_all_the_same(smtpports: SMTPPorts) -> None:
    class Broken:
        @pytest.hookimpl
        def pytest_smtpports_connection(self) -> None:
            raise ValueError("broken")

    smtpports = SMTPPorts(plugins=[Broken()])
    smtpports.block(25)
    smtplib.SMTP(*smtpports.ports[587].address, timeout=5).close()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            socket.create_connection(smtpports.ports[25].address)

    with warnings.catch_warnings():
        warnings.simplefilter("error", NoTimeoutWarning)
        with pytest.raises(ServerError, match="broken") as caught:
            smtpports.close()
    assert isinstance(caught.value.__context__, (ValueError, NoTimeoutWarning))


def test_a_dial_from_nowhere_is_told_too(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    names = {"dial": socket.create_connection, "address": smtpports.ports[25].address}
    code = compile("try: dial(address)\nexcept TimeoutError: pass", "<nowhere>", "exec")
    thread = threading.Thread(target=exec, args=(code, names))
    thread.start()
    thread.join(AT_ONCE)

    assert smtpports.connections[0].location is None
    with pytest.warns(NoTimeoutWarning, match=r"^The connect to 127\.0\.0\.1:25 had no timeout\."):
        smtpports.close()


def test_a_throttle_that_is_exhausted_spares_the_wait(smtpports: SMTPPorts) -> None:
    smtpports.block(25, how=Throttle(1))
    address = smtpports.ports[25].address
    smtplib.SMTP(*address, timeout=5).quit()

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        smtplib.SMTP(*address, timeout=AGES)

    assert spared(smtpports) == [AGES]


def test_so_many_waits_are_spared_and_no_more(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    for _ in range(_spared.MOST):
        with pytest.raises(TimeoutError):
            socket.create_connection(smtpports.ports[25].address, AGES)

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[25].address, 0.2)
    assert time.monotonic() - started >= 0.2
    assert "; the client gave up after " in smtpports.connections[-1].reason


def test_a_reset_gives_back_the_waits_that_are_spared(smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_smtpports._network._door.MOST", 1)
    for _ in range(3):
        smtpports.reset()
        smtpports.block(25)
        with pytest.raises(TimeoutError):
            socket.create_connection(smtpports.ports[25].address, AGES)


def test_a_reset_has_a_throttle_of_the_beginning_count_anew() -> None:
    with SMTPPorts(network="edbb") as smtpports:
        address = smtpports.ports[25].address
        for _ in range(3):
            for _ in range(16):
                socket.create_connection(address, 5).close()
            with pytest.raises(TimeoutError):
                socket.create_connection(address, AGES)
            smtpports.reset()


def test_another_port_has_a_count_of_its_own(smtpports: SMTPPorts) -> None:
    smtpports.block(25, 587)
    for _ in range(_spared.MOST):
        with pytest.raises(TimeoutError):
            socket.create_connection(smtpports.ports[25].address, AGES)

    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[587].address, AGES)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_in_real_time_a_client_waits_until_all_that_asked_for_it_are_gone(
    smtpports: SMTPPorts, order: tuple[int, int]
) -> None:
    smtpports.block(25)
    handles = [smtpports.real_time(), smtpports.real_time()]
    for place in order:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            socket.create_connection(smtpports.ports[25].address, 0.1)
        assert time.monotonic() - started >= 0.1
        handles[place].remove()

    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[25].address, AGES)


def test_real_time_ends_with_a_reset(smtpports: SMTPPorts) -> None:
    smtpports.real_time()
    smtpports.reset()
    smtpports.block(25)

    with pytest.raises(TimeoutError):
        socket.create_connection(smtpports.ports[25].address, AGES)


# asyncio, by the timeout of the task itself


@FAR_AWAY
@pytest.mark.asyncio
async def test_aiosmtplib_has_its_timeout_at_once(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    host, port = smtpports.ports[587].address

    with pytest.raises(aiosmtplib.SMTPConnectTimeoutError):
        await aiosmtplib.SMTP(hostname=host, port=port, timeout=AGES).connect()

    (timeout,) = spared(smtpports)
    assert timeout == pytest.approx(AGES, abs=AT_ONCE)


@FAR_AWAY
@pytest.mark.asyncio
async def test_the_nearest_timeout_of_the_task_comes_and_no_other(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    async with asyncio.timeout(AGES + 20) as outer:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(AGES) as inner:
                await asyncio.open_connection(*smtpports.ports[25].address)

    assert (inner.expired(), outer.expired()) == (True, False)


@FAR_AWAY
@pytest.mark.asyncio
async def test_a_nearer_end_that_is_no_timeout_of_asyncio_comes_first(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    async with asyncio.timeout(AGES) as outer:
        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.1):
                await asyncio.open_connection(*smtpports.ports[25].address)
        assert not outer.expired()


@FAR_AWAY
@pytest.mark.asyncio
async def test_the_timeout_of_another_task_does_not_come(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    begun = asyncio.Event()

    async def wait() -> None:
        async with asyncio.timeout(AGES + 20):
            begun.set()
            await asyncio.Event().wait()

    other = asyncio.create_task(wait())
    await begun.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection(*smtpports.ports[25].address), AGES)

    assert not other.done()
    other.cancel()


@FAR_AWAY
@pytest.mark.asyncio
async def test_where_another_task_is_due_before_a_client_waits(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    due = asyncio.create_task(asyncio.sleep(0.1))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection(*smtpports.ports[25].address), 0.2)

    assert due.done()


@FAR_AWAY
@pytest.mark.asyncio
async def test_where_the_kernel_would_give_up_first_a_client_waits_for_that(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spared, "KERNEL_GIVES_UP", 0.1)
    smtpports.block(25)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.open_connection(*smtpports.ports[25].address)

    assert time.monotonic() - started >= 0.3


@pytest.mark.usefixtures("nobody_else")
@pytest.mark.parametrize("address", ["direct", "routed"])
def test_the_only_task_of_a_loop_without_a_timeout_gets_the_kernels_and_its_test_a_warning(
    smtpports: SMTPPorts, address: str
) -> None:
    smtpports.route("smtp.example.com")
    smtpports.block(25)
    target = smtpports.ports[25].address if address == "direct" else ("smtp.example.com", 25)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(asyncio.open_connection(*target))

    assert caught.value.errno == errno.ETIMEDOUT
    assert smtpports.connections[0].timeout is None
    with pytest.warns(NoTimeoutWarning) as told:
        smtpports.raise_failures()
    assert [warning.filename for warning in told] == [__file__]


@pytest.mark.parametrize("ender", ["callback", "thread", "reader"])
def test_an_only_task_that_something_else_may_end_waits(smtpports: SMTPPorts, ender: str) -> None:
    smtpports.block(25)
    target = smtpports.ports[25].address
    one, other = socket.socketpair()

    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        go = threading.Event()
        ending = threading.Thread(target=lambda: go.wait(5) and loop.call_soon_threadsafe(task.cancel))
        if ender == "callback":
            loop.call_soon(task.cancel)
        elif ender == "thread":
            ending.start()
            loop.call_soon(go.set)
            await asyncio.sleep(0)
        else:
            loop.add_reader(one, task.cancel)
            other.send(b"x")
        with socket.socket() as client:
            client.setblocking(False)
            try:
                await loop.sock_connect(client, target)
            finally:
                loop.remove_reader(one)
                go.set()
                if ending.ident:
                    ending.join(5)

    with one, other, pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout() came with 3.11")
@pytest.mark.asyncio
async def test_a_task_that_dials_by_hand_and_does_not_wait_is_not_ended(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with socket.socket() as client:
        client.setblocking(False)
        async with asyncio.timeout(AGES) as whole:
            assert client.connect_ex(smtpports.ports[25].address) == errno.EINPROGRESS
            await asyncio.sleep(0)

    assert not whole.expired()


@pytest.mark.asyncio
async def test_a_task_without_a_timeout_that_is_not_alone_waits(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with socket.socket() as client:
        client.setblocking(False)
        dialling = asyncio.ensure_future(asyncio.get_running_loop().sock_connect(client, smtpports.ports[25].address))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not dialling.done()
        dialling.cancel()


def test_a_task_is_never_hastened_where_timers_can_not_be_told_apart(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spared, "TIMERS_ARE_TOLD_APART", False)
    smtpports.block(25)

    async def main() -> None:
        await asyncio.wait_for(asyncio.open_connection(*smtpports.ports[25].address), 0.2)

    started = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(main())
    assert time.monotonic() - started >= 0.2


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout() came with 3.11")
def test_a_timeout_of_asyncio_is_moved_where_it_can_be_told(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spared, "TIMERS_ARE_TOLD_APART", True)
    smtpports.block(25)

    async def main() -> None:
        async with asyncio.timeout(AGES):
            await asyncio.open_connection(*smtpports.ports[25].address)

    with pytest.raises(TimeoutError):
        asyncio.run(main())

    (timeout,) = spared(smtpports)
    assert timeout == pytest.approx(AGES, abs=AT_ONCE)


def test_a_socket_that_does_not_block_outside_of_a_loop_waits(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spared, "TIMERS_ARE_TOLD_APART", True)
    smtpports.block(25)
    with socket.socket() as client:
        client.setblocking(False)
        assert client.connect_ex(smtpports.ports[25].address) == errno.EINPROGRESS

    assert spared(smtpports) == [None]


def test_trio_waits(smtpports: SMTPPorts) -> None:
    smtpports.block(25)

    async def main() -> None:
        with trio.fail_after(0.2):
            await trio.open_tcp_stream(*smtpports.ports[25].address)

    started = time.monotonic()
    with pytest.raises(trio.TooSlowError):
        trio.run(main)
    assert time.monotonic() - started >= 0.2
