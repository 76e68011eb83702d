"""One timer for all clients of a port, on a loop whose clock the test moves (RFC 5321 §4.5.3.2.7)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._server._silence import Silence
from tests.unit.test_conversation import Loop

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 300.0


class Client:
    """Who leaves when it has been idle."""

    def __init__(self, port: Port) -> None:
        self.silent_since: float | None = port.loop.now
        self.ended_at: list[float] = []
        self._port = port

    def be_idle(self) -> None:
        self.ended_at.append(self._port.loop.now)
        self._port.there.discard(self)


class Port:
    """Clients, and who misses them."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.there: set[Client] = set()
        self.silence = Silence(loop, TIMEOUT, self.there)

    def welcome(self) -> Client:
        client = Client(self)
        self.there.add(client)
        self.silence.begin()
        return client


@pytest.fixture
def port() -> Iterator[Port]:
    with closing(Loop()) as loop:
        opened = Port(loop)
        yield opened
        opened.silence.end()
        assert not [timer for timer in loop._scheduled if not timer.cancelled()]


def test_each_client_has_its_own_time(port: Port) -> None:
    first = port.welcome()
    port.loop.pass_(100)
    second = port.welcome()
    port.loop.pass_(TIMEOUT - 100)
    assert first.ended_at == [port.loop.now]
    assert second.ended_at == []

    port.loop.pass_(99)
    assert second.ended_at == []
    port.loop.pass_(1)
    assert second.ended_at == [port.loop.now]


def test_clients_that_fall_silent_together_end_together(port: Port) -> None:
    clients = [port.welcome() for _ in range(3)]

    port.loop.pass_(TIMEOUT)

    assert [client.ended_at for client in clients] == [[port.loop.now]] * 3


def test_who_has_spoken_since_has_its_time_again(port: Port) -> None:
    client = port.welcome()
    port.loop.pass_(TIMEOUT - 1)
    client.silent_since = port.loop.now
    port.loop.pass_(1)
    port.loop.pass_(TIMEOUT - 2)
    assert client.ended_at == []

    port.loop.pass_(1)
    assert client.ended_at == [port.loop.now]


def test_who_is_not_waited_for_is_missed_once_it_is(port: Port) -> None:
    client = port.welcome()
    client.silent_since = None
    port.loop.pass_(TIMEOUT)
    client.silent_since = port.loop.now + 10
    port.loop.pass_(TIMEOUT)
    assert client.ended_at == []

    port.loop.pass_(10)
    assert client.ended_at == [port.loop.now]


def test_a_client_more_needs_no_timer_more(port: Port) -> None:
    for _ in range(3):
        port.welcome()

    assert len(port.loop._scheduled) == 1


def test_nobody_is_missed_after_the_end_and_again_after_a_new_beginning(port: Port) -> None:
    client = port.welcome()
    port.silence.end()
    port.loop.pass_(TIMEOUT)
    assert client.ended_at == []

    port.silence.begin()
    port.loop.pass_(TIMEOUT)
    assert client.ended_at == [port.loop.now]
