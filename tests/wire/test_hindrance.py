"""Wires on which replies come slowly, or no more, in a loop that the test turns, and whose clock it moves."""

from __future__ import annotations

import socket
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._ports._kinds import Stall, Tarpit
from pytest_smtpports._server._hindrance import SlowWire, StallingWire, wire_at
from pytest_smtpports._server._journal import Journal
from pytest_smtpports._server._tls import Authority
from pytest_smtpports._server._watch import NestedWatch
from pytest_smtpports._server._wire import LINGER, Wire
from tests.wire.test_wire import Line, Loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_smtpports._server._hindrance import Connect


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@contextmanager
def line_of(connect: Connect, authority: Authority) -> Iterator[Line]:
    with closing(Loop()) as loop, closing(NestedWatch(loop)) as watch:
        line = Line(loop, watch, authority, connect)
        yield line
        line.client.close()
        line.wire.abort()
        assert line.is_gone
        assert not [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined] # asyncio's


@pytest.fixture
def slow(authority: Authority) -> Iterator[Line]:
    with line_of(partial(SlowWire, 10), authority) as line:
        yield line


@pytest.fixture
def stalling(authority: Authority) -> Iterator[Line]:
    with line_of(partial(StallingWire, 2, int), authority) as line:
        yield line


def test_each_block_has_its_wire() -> None:
    entry = Journal().open(25, None)

    assert wire_at(None, entry) is Wire
    assert [wire_at(block, entry).func for block in (Tarpit(), Stall())] == [SlowWire, StallingWire]  # type: ignore[attr-defined] # a partial


def test_the_first_byte_comes_at_once_and_each_other_in_its_time(slow: Line) -> None:
    slow.wire.write(b"220 ")
    assert slow.some(10) == b"2"
    for octet in (b"2", b"0", b" "):
        slow.loop.pass_(0.09)
        assert slow.some(10) is None
        slow.loop.pass_(0.02)
        assert slow.some(10) == octet


def test_what_is_said_meanwhile_comes_behind(slow: Line) -> None:
    slow.wire.write(b"ab")
    slow.wire.write(b"cd")
    for _ in range(4):
        slow.loop.pass_(0.1)

    assert slow.read(4) == b"abcd"


def test_a_high_rate_comes_in_pieces(authority: Authority) -> None:
    with line_of(partial(SlowWire, 1000), authority) as line:
        line.wire.write(b"x" * 50)
        assert line.some(100) == b"x" * 20
        line.loop.pass_(0.02)
        assert line.some(100) == b"x" * 20


def test_the_end_comes_behind_the_last_byte_however_long_that_takes(slow: Line) -> None:
    slow.wire.write_last(b"x" * 100)
    for _ in range(99):
        slow.loop.pass_(0.1)

    assert slow.loop.now - 1000 > LINGER
    assert slow.rest() == b"x" * 100


def test_what_the_kernel_has_no_room_for_comes_later(slow: Line) -> None:
    filled = slow.fill()
    slow.wire.write(b"ab")
    slow.loop.pass_(0.1)
    assert slow.read(filled) == bytes(filled)
    for _ in range(3):
        slow.loop.pass_(0.1)

    assert slow.read(2) == b"ab"


def test_a_client_that_has_gone_is_told_of_when_something_is_said(slow: Line) -> None:
    slow.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    slow.client.close()
    slow.wire.write(b"ab")

    assert slow.is_gone
    assert slow.ear.told == ["lose"]


def test_so_many_replies_come_and_nothing_is_heard_any_more(stalling: Line) -> None:
    stalling.wire.write(b"220 ready\r\n")
    stalling.send(b"EHLO client.example.com\r\n")
    stalling.loop.turn(3)
    stalling.wire.write(b"250-host\r\n250 HELP\r\n250 more\r\n")
    stalling.send(b"MAIL\r\n")
    stalling.loop.turn(3)
    stalling.wire.write(b"250 Ok\r\n")

    assert stalling.read(31) == b"220 ready\r\n250-host\r\n250 HELP\r\n"
    assert stalling.some(10) is None
    assert stalling.ear.heard == b"EHLO client.example.com\r\n"


def test_whoever_stalls_never_says_goodbye(stalling: Line) -> None:
    stalling.wire.write_last(b"250 Ok\r\n221 Bye\r\n250 never\r\n")
    stalling.loop.turn(3)

    assert stalling.read(17) == b"250 Ok\r\n221 Bye\r\n"
    assert not stalling.is_gone


@pytest.mark.parametrize("abruptly", [False, True])
def test_a_client_that_gives_up_a_line_that_stalls_is_gone(stalling: Line, abruptly: bool) -> None:
    stalling.wire.write(b"220 ready\r\n250 Ok\r\n")
    if abruptly:
        stalling.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stalling.client.close()
    stalling.loop.until(lambda: stalling.is_gone)

    assert stalling.ear.told == ["lose"]


def test_a_line_that_stalls_may_be_full(stalling: Line) -> None:
    stalling.wire.write(b"220 ready\r\n")
    stalling.wire.write(b"x" * 4_000_000 + b"\r\n250 Ok\r\n")

    assert len(stalling.read(4_000_021)) == 4_000_021
    stalling.loop.turn(3)
    assert stalling.ear.told == []
