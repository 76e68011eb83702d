"""How the loop hears of clients: both ways, asked from another thread."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._server._watch import NestedWatch, PostedWatch, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports._server._watch import Watch


class Running:
    """A loop in a thread of its own, with a watch."""

    def __init__(self, kind: Callable[[asyncio.AbstractEventLoop], Watch]) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.watch = kind(self.loop)
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.watch.close()
        self.loop.close()


@pytest.fixture(params=[NestedWatch, PostedWatch])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    opened = Running(request.param)
    yield opened
    opened.close()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def test_a_client_is_told_of_in_the_loops_thread(running: Running, listening: socket.socket) -> None:
    told: list[str] = []
    done = threading.Event()

    def tell() -> None:
        told.append(threading.current_thread().name)
        listening.accept()[0].close()
        done.set()

    running.watch.begin(listening.fileno(), tell)
    with socket.create_connection(listening.getsockname(), timeout=5):
        assert done.wait(5)

    assert told == [running._thread.name]
    running.watch.end(listening.fileno())


def test_a_client_who_came_before_is_told_of(running: Running, listening: socket.socket) -> None:
    done = threading.Event()

    def tell() -> None:
        listening.accept()[0].close()
        done.set()

    with socket.create_connection(listening.getsockname(), timeout=5):
        running.watch.begin(listening.fileno(), tell)
        assert done.wait(5)
    running.watch.end(listening.fileno())


def test_nothing_is_told_any_more_behind_the_end(running: Running, listening: socket.socket) -> None:
    told: list[None] = []
    running.watch.begin(listening.fileno(), lambda: told.append(None))
    running.watch.end(listening.fileno())
    with socket.create_connection(listening.getsockname(), timeout=5):
        turned = threading.Event()
        for _ in range(3):
            turned.clear()
            running.loop.call_soon_threadsafe(turned.set)
            assert turned.wait(5)

    assert told == []


def test_what_is_still_watched_at_the_close_is_let_go(running: Running, listening: socket.socket) -> None:
    running.watch.begin(listening.fileno(), int)


@pytest.mark.parametrize(("selector", "kind"), [(None, NestedWatch), (selectors.SelectSelector, PostedWatch)])
def test_a_selector_that_is_a_socket_is_nested(
    monkeypatch: pytest.MonkeyPatch, selector: type | None, kind: type
) -> None:
    loop = asyncio.SelectorEventLoop()
    if selector is not None:
        monkeypatch.setattr(selectors, "DefaultSelector", selector)
    chosen = watch(loop)
    chosen.close()
    loop.close()

    assert type(chosen) is kind
