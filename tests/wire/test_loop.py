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
