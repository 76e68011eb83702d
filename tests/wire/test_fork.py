"""A forked child keeps no port open, and no client; its parent serves them as if there were no child."""

from __future__ import annotations

import multiprocessing
import smtplib
import socket
import warnings
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._server import _fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import SMTPPorts
    from tests.wire.conftest import Dial

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


@contextmanager
def child() -> Iterator[None]:
    """A forked process that lives for the time of a `with` block."""
    context = multiprocessing.get_context("fork")
    is_there, go = context.Event(), context.Event()

    def live() -> None:  # pragma: no cover # in another process
        is_there.set()
        go.wait(20)

    process = context.Process(target=live)
    with warnings.catch_warnings():
        # Python 3.12 and later warn of threads, and we have one.
        warnings.simplefilter("ignore")
        process.start()
    assert is_there.wait(10)
    try:
        yield
    finally:
        go.set()
        process.join(10)
        assert process.exitcode == 0


def outcome_in_child(act: Callable[[], object]) -> str:
    """What becomes of something that a forked process does, within its time."""
    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()

    def do() -> None:  # pragma: no cover # in another process
        try:
            told.put(str(act()))
        except Exception as error:  # whatever it is
            told.put(str(error))

    process = context.Process(target=do)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        process.start()
    process.join(10)
    assert process.exitcode == 0
    return str(told.get())


def send(smtpports: SMTPPorts, number: int = 25) -> None:
    with smtplib.SMTP(*smtpports.ports[number].address, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def test_a_port_that_is_closed_is_closed_though_a_child_lives(smtpports: SMTPPorts) -> None:
    address = smtpports.ports[25].address
    with child():
        send(smtpports)
        smtpports.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 5)


@pytest.mark.parametrize("how", ["drop", "refuse", "silent"])
def test_a_block_is_laid_and_lifted_though_a_child_lives(smtpports: SMTPPorts, how: str) -> None:
    address = smtpports.ports[25].address
    smtpports.block(587)
    assert smtpports.ports[587].port
    with child():
        with smtpports.block(25, how=how), pytest.raises(OSError):  # noqa: PT011 # each has its own
            smtplib.SMTP(*address, timeout=0.2)
        send(smtpports)
        smtpports.unblock()
        with smtpports.ports[587].connect() as client:
            assert client.noop()[0] == 250

    assert len(smtpports.messages) == 1


def test_a_client_learns_of_the_end_though_a_child_lives(dial: Dial, smtpports: SMTPPorts) -> None:
    client = dial(smtpports.ports[25])
    assert client.reply().startswith("220 ")
    with child():
        assert client.ask("QUIT").startswith("221 ")
        assert client.rest() == b""


def test_a_child_that_asks_for_what_only_its_parent_has_is_told(smtpports: SMTPPorts) -> None:
    send(smtpports)

    assert outcome_in_child(lambda: smtpports.ports[587].port).startswith("A forked child has no ports of its own: ")


def test_a_child_can_read_what_there_was_and_close_its_copy(smtpports: SMTPPorts) -> None:
    send(smtpports)

    assert outcome_in_child(lambda: len(smtpports.messages)) == "1"
    assert outcome_in_child(smtpports.close) == "None"
    send(smtpports)
    assert len(smtpports.messages) == 2


def test_a_child_closes_what_is_open_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as opened, socket.socket() as closed:
        closed.close()
        monkeypatch.setattr(_fork, "_OURS", weakref.WeakSet([opened, closed]))
        number = opened.fileno()
        _fork._let_go()

        assert opened.fileno() == -1
        with socket.socket() as next_one:
            assert next_one.fileno() == number
