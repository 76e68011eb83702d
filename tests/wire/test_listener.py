"""What goes wrong inside when a client comes is told in its own test, and stays in nobody's way."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ServerError, SMTPPorts
from pytest_smtpports._harness._surroundings import Surroundings
from pytest_smtpports._network._patch import PATCH
from pytest_smtpports._server import _session, _wire
from pytest_smtpports._server._engine import Engine
from pytest_smtpports._server._journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Dial

CLIENT = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as client:
    print(client.recv(100))
"""


class Fault(Exception):
    """What goes wrong."""


def fail(*_: object, **__: object) -> None:
    raise Fault("it went wrong")


def greeted_elsewhere(port: int) -> str:
    """What another process is told, so that the number of its socket here comes again."""
    command = [sys.executable, "-c", CLIENT, str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout  # noqa: S603 # ours


@pytest.fixture
def shared() -> Iterator[Surroundings]:
    surroundings = Surroundings()
    with SMTPPorts(_surroundings=surroundings) as keeping:
        assert keeping.ports[25].port
        yield surroundings
    surroundings.rest()


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [
        (Journal, "accept", 25),
        (_session, "Transaction", 25),
        (_wire.Wire, "_read", 25),
        (_wire.Wire, "secure", 465),
        (Engine, "authority", 465),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_before_the_greeting_is_told_and_nothing_of_it_stays(
    shared: Surroundings, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int
) -> None:
    smtpports = SMTPPorts(_surroundings=shared)
    port, healthy = smtpports.ports[number].port, smtpports.ports[2525].port
    monkeypatch.setattr(owner, name, property(fail) if name == "authority" else fail)
    told = greeted_elsewhere(port)
    monkeypatch.undo()

    assert told == "b''\n"
    # The fault is over, and the number of the socket is free again.
    for _ in range(3):
        assert greeted_elsewhere(healthy).startswith("b'220 ")
    listeners = tuple(smtpports._world._server._listeners)
    with pytest.raises(ServerError, match="Fault: it went wrong"):
        smtpports.close()
    assert not any(listener.has_clients for listener in listeners)
    background = shared.engine.background
    timers: list[object] = background.call(lambda: [t for t in background.loop._scheduled if not t.cancelled()])  # type: ignore[attr-defined] # asyncio's own
    assert timers == []
    assert len(background.watch._selector.get_map()) == 1  # type: ignore[attr-defined] # the port that is kept open


def test_a_fault_is_told_by_the_close_that_comes_before_the_loop_has_told_of_it(
    shared: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = shared.engine.background
    is_there, go_on, note = threading.Event(), threading.Event(), background._note_error

    def note_later(*told: object) -> None:
        is_there.set()
        assert go_on.wait(10)
        note(*told)  # type: ignore[arg-type] # what the loop says

    background.loop.set_exception_handler(note_later)
    monkeypatch.setattr(_session, "Transaction", fail)
    smtpports = SMTPPorts(_surroundings=shared)
    with socket.create_connection(smtpports.ports[25].address, 5):
        assert is_there.wait(5)
        threading.Timer(0.2, go_on.set).start()

        with pytest.raises(ServerError, match="Fault: it went wrong"):
            smtpports.close()


def test_a_client_that_always_fails_leaves_the_others_their_turn(dial: Dial, smtpports: SMTPPorts) -> None:
    failing, healthy = dial(smtpports.ports[25]), dial(smtpports.ports[25])
    assert [client.reply()[:3] for client in (failing, healthy)] == ["220", "220"]
    listener = smtpports._world._server._listeners[0]
    (guest,) = [each for each in listener._guests if each.entry.peer == failing.socket.getsockname()]
    # There is nothing to read into.
    guest._wire._room = None  # type: ignore[assignment] # wrong on purpose
    failing.send(b"NOOP\r\n")

    assert healthy.ask("NOOP").startswith("250 ")
    with pytest.raises(ServerError, match="TypeError"):
        smtpports.close()


@pytest.mark.parametrize("block", [False, True])
def test_a_dial_that_has_begun_when_the_ports_are_closed_is_refused(smtpports: SMTPPorts, block: bool) -> None:
    address = smtpports.ports[25].address
    if block:
        smtpports.block(587)
    network = smtpports._world._network
    found = network.destination(None, *address)
    assert found is not None
    smtpports.close()

    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        found.dial(client, client.connect)
    assert PATCH._tables == ()


def test_whoever_comes_behind_a_fault_is_served(smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "Transaction", fail)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
    monkeypatch.undo()

    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")
    smtpports.assert_sent(port=25)
    with pytest.raises(ServerError):
        smtpports.raise_failures()
