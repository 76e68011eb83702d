"""The thread behind the ports: made once, asked with a deadline, and honest about what goes wrong in it."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ServerError, SMTPPorts
from pytest_smtpports._server._engine import Engine
from pytest_smtpports._server._loop import BackgroundLoop
from pytest_smtpports._server._session import Session
from pytest_smtpports._server._tls import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.stop()


@pytest.mark.parametrize("part", ["authority", "background"])
def test_what_several_threads_need_first_at_once_is_made_once(part: str) -> None:
    engine = Engine()
    barrier = threading.Barrier(8)

    def ask(_: int) -> object:
        barrier.wait(5)
        return getattr(engine, part)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    engine.stop()

    assert len(set(map(id, found))) == 1


def test_a_client_of_465_that_comes_before_the_first_context_is_served() -> None:
    with SMTPPorts() as smtpports, socket.create_connection(smtpports.ports[465].address, timeout=5) as client:
        context = smtpports.client_context()
        with context.wrap_socket(client, server_hostname="localhost") as secured:
            assert secured.recv(1000).startswith(b"220 ")


def test_a_call_gives_what_the_function_gives(background: BackgroundLoop) -> None:
    assert background.call(max, 1, 2) == 2


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit("no")])
def test_a_call_raises_what_the_function_raises(background: BackgroundLoop, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        background.call(fail)

    assert caught.value is error


def test_a_call_that_is_not_answered_in_time_is_an_error(
    background: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr("pytest_smtpports._server._loop.DEADLINE", 0.1)
        with pytest.raises(ServerError, match=r"did not answer within 0\.1 s"):
            background.call(released.wait, 5)
    released.set()

    assert background.call(int) == 0


@pytest.mark.parametrize(
    ("number", "owner", "method"),
    [(25, Session, "__init__"), (465, Session, "__init__"), (465, Authority, "server_context")],
)
def test_an_error_before_the_first_word_ends_the_connection_and_is_told_at_the_end(
    monkeypatch: pytest.MonkeyPatch, number: int, owner: type, method: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("not today")

    smtpports = SMTPPorts()
    monkeypatch.setattr(owner, method, fail)
    with socket.create_connection(smtpports.ports[number].address, timeout=5) as client:
        assert client.recv(1000) == b""

    with pytest.raises(ServerError, match="ValueError: not today"):
        smtpports.close()
    assert all(connection.closed_at is not None for connection in smtpports.connections)


def test_a_call_from_the_loops_own_thread_is_made_at_once() -> None:
    background = Engine().background
    try:
        assert background.call(background.call, threading.current_thread).name == "pytest-smtpports"
    finally:
        background.stop()


def test_connections_are_told_as_far_as_they_are_known_while_a_hook_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    called, released = threading.Event(), threading.Event()

    class Blocking:
        def pytest_smtpports_message(self) -> None:
            called.set()
            released.wait(5)

    def send() -> None:
        with smtpports.ports[25].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: Hi\r\n\r\n")

    smtpports = SMTPPorts(plugins=[Blocking()])
    sender = threading.Thread(target=send)
    sender.start()
    assert called.wait(5)
    with monkeypatch.context() as patch:
        patch.setattr("pytest_smtpports._server._loop.DEADLINE", 0.1)
        known = smtpports.connections
    released.set()
    sender.join(5)

    assert [connection.outcome.value for connection in known] == ["open"]
    with pytest.raises(ServerError, match=r"did not answer within 0\.1 s"):
        smtpports.close()


def test_a_wake_up_without_a_client_and_a_start_after_the_end_do_nothing() -> None:
    with SMTPPorts() as smtpports:
        background = smtpports._world.surroundings.engine.background
        smtpports.ports[25].connect().close()
        (listener,) = smtpports._world._server._listeners

        background.call(listener._accept)
        listener.close()
        background.call(listener._accept)
        background.call(listener._watch_again)

        assert len(smtpports.connections) == 1
