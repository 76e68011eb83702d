"""What `reset()` and `close()` leave behind: nothing, whoever calls them and whenever."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ServerError, SMTPPorts
from pytest_smtpports._server import _wire
from pytest_smtpports._server._tls import Authority

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message
    from tests.wire.conftest import Dial

MAIL = "Subject: Welcome\r\n\r\nHello\r\n"


def send(smtpports: SMTPPorts, subject: str = "Welcome") -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", f"Subject: {subject}\r\n\r\nHello\r\n")


def test_a_client_that_has_just_connected_is_forgotten_by_a_reset(smtpports: SMTPPorts) -> None:
    for _ in range(50):
        with socket.create_connection(smtpports.ports[25].address, timeout=5) as client:
            smtpports.reset()
            assert smtpports.connections == ()
            # The connection was ended, at once or behind the greeting that was on its way.
            with suppress(ConnectionResetError):
                while client.recv(1000):
                    pass


def test_no_message_lacks_its_connection_however_often_all_begins_anew(smtpports: SMTPPorts) -> None:
    address = smtpports.ports[25].address
    done = threading.Event()

    def keep_sending() -> None:
        while not done.is_set():
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(*address, timeout=5) as client:
                client.sendmail("app@example.com", "ada@example.org", MAIL)

    sending = [threading.Thread(target=keep_sending) for _ in range(3)]
    for thread in sending:
        thread.start()
    lacking = []
    for _ in range(30):
        smtpports.reset()
        smtpports.wait_for()
        messages, connections = smtpports.messages, smtpports.connections
        known = {connection.id for connection in connections}
        lacking += [message for message in messages if message.connection not in known]
    done.set()
    for thread in sending:
        thread.join(10)

    assert lacking == []


@pytest.mark.parametrize("number", [6, 30])
def test_each_client_of_a_burst_is_counted(number: int) -> None:
    for _ in range(5):
        with SMTPPorts() as smtpports:
            address = smtpports.ports[25].address
            for _ in range(number):
                socket.create_connection(address, timeout=5).close()

            smtpports.assert_attempted([25] * number)


def test_a_wait_that_goes_on_across_a_reset_finds_what_comes_behind_it(smtpports: SMTPPorts) -> None:
    for _ in range(3):
        send(smtpports, "old")
    looked_at: list[str] = []
    begun = threading.Event()

    def is_new(subject: str) -> bool:
        looked_at.append(subject)
        if len(looked_at) == 3:
            begun.set()
        return subject == "new"

    def begin_anew() -> None:
        assert begun.wait(5)
        smtpports.reset()
        send(smtpports, "new")

    other = threading.Thread(target=begin_anew)
    other.start()
    message = smtpports.wait_for(subject=is_new)
    other.join(5)

    assert message is smtpports.messages.only


class AtCommand:
    """A hook that does something at one command."""

    def __init__(self, verb: str, do: Callable[[], object]) -> None:
        self._verb = verb
        self._do = do

    def pytest_smtpports_command(self, verb: str) -> None:
        if verb == self._verb:
            self._do()


@pytest.mark.parametrize("verb", ["STARTTLS", "NOOP", "DATA", "QUIT"])
def test_a_hook_may_begin_anew_in_the_middle_of_a_command(
    dial: Dial, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    hooked: list[SMTPPorts] = []
    with SMTPPorts(plugins=[AtCommand(verb, lambda: [each.reset() for each in hooked])]) as smtpports:
        with smtpports.ports[587].connect():
            monkeypatch.setattr(_wire, "HANDSHAKE_TIMEOUT", 0.1)
        hooked.append(smtpports)
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        client.send(f"{verb}\r\nRSET\r\n".encode())
        assert client.rest() == b""

        assert smtpports.connections == ()
        # What a timer does that was left behind would be told of at the end.
        due = threading.Event()
        background = smtpports._world.surroundings.engine.background
        background.post(background.loop.call_later, 0.2, due.set)
        assert due.wait(5)


@pytest.mark.parametrize("verb", ["MAIL", "QUIT"])
def test_a_hook_may_close_the_ports_that_it_is_called_by(dial: Dial, verb: str) -> None:
    hooked: list[SMTPPorts] = []
    smtpports = SMTPPorts(plugins=[AtCommand(verb, lambda: hooked[0].close())])
    hooked.append(smtpports)
    client = dial(smtpports.ports[25])
    client.reply()
    client.ask("EHLO client.example")
    thread = smtpports._world.surroundings.engine.background._thread
    client.send(f"{verb} FROM:<app@example.com>\r\n".encode())

    assert client.rest() == b""
    thread.join(5)
    assert not thread.is_alive()
    smtpports.raise_failures()


def test_a_message_whose_hook_begins_anew_is_forgotten(dial: Dial) -> None:
    class Forgetful:
        def pytest_smtpports_message(self, message: Message) -> None:
            assert message.subject == "Welcome"
            hooked[0].reset()

    hooked: list[SMTPPorts] = []
    with SMTPPorts(plugins=[Forgetful()]) as smtpports:
        hooked.append(smtpports)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(smtpports)

        assert smtpports.messages == type(smtpports.messages)()


def test_mail_for_which_there_is_no_room_ends_its_transaction(
    dial: Dial, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr("tempfile.tempdir", f"{tmp_path}/missing")
    smtpports = SMTPPorts(memory_limit=0)
    client = dial(smtpports.ports[25])
    client.reply()
    client.ask("EHLO client.example")
    for _ in range(2):
        assert client.ask("MAIL FROM:<app@example.com>").startswith("250 ")
        assert client.ask("RCPT TO:<ada@example.org>").startswith("250 ")
        assert client.ask("DATA").startswith("354 ")
        assert client.ask("Subject: x\r\n\r\n.") == "451 4.3.0 Local error in processing\r\n"

    with pytest.raises(ServerError, match="2 exceptions"):
        smtpports.close()


def test_what_goes_wrong_in_the_loop_is_told_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("not today")

    monkeypatch.setattr(Authority, "server_context", fail)
    with SMTPPorts() as smtpports:
        for tell in (smtpports.raise_failures, lambda: (smtpports.reset(), smtpports.raise_failures())):
            with socket.create_connection(smtpports.ports[465].address, timeout=5) as client:
                assert client.recv(1000) == b""
            assert all(connection.closed_at for connection in smtpports.connections)
            with pytest.raises(ServerError, match="ValueError: not today"):
                tell()


def test_what_is_behind_the_door_of_an_earlier_block_is_not_kept(smtpports: SMTPPorts) -> None:
    for _ in range(20):
        with smtpports.block(25):
            pass
        assert smtpports.ports[25].port

    assert len(smtpports._world._server._listeners) <= 2


def test_a_criterion_may_change_the_ports_while_clients_come(smtpports: SMTPPorts) -> None:
    address = smtpports.ports[25].address
    done = threading.Event()

    def knock() -> None:
        while not done.is_set():
            with suppress(OSError), socket.create_connection(address, timeout=0.2) as client:
                client.recv(100)

    def is_last(subject: str) -> bool:
        with smtpports.block(25, how="refuse"):
            pass
        return subject == "last"

    knocking = [threading.Thread(target=knock) for _ in range(2)]
    for thread in knocking:
        thread.start()

    def send_all() -> None:
        for subject in (*map(str, range(10)), "last"):
            sent = False
            while not sent and not done.is_set():
                with suppress(OSError):
                    send(smtpports, subject)
                    sent = True

    sending = threading.Thread(target=send_all)
    sending.start()
    message = smtpports.wait_for(timeout=20, subject=is_last)
    done.set()
    for thread in (*knocking, sending):
        thread.join(10)
        assert not thread.is_alive()

    assert message.subject == "last"


def test_a_hook_and_the_test_may_change_ports_at_the_same_time() -> None:
    hooked: list[SMTPPorts] = []

    def change() -> None:
        for _ in range(20):
            with hooked[0].block(587):
                pass

    with SMTPPorts(plugins=[AtCommand("NOOP", change)]) as smtpports:
        hooked.append(smtpports)
        assert smtpports.ports[587].port
        with smtpports.ports[25].connect() as client:
            asking = threading.Thread(target=lambda: [client.noop() for _ in range(10)])
            asking.start()
            while asking.is_alive():
                with smtpports.block(465):
                    pass
            asking.join(5)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_answers_for_itself_what_no_command_asks(smtpports: SMTPPorts) -> None:
    # RFC 5246 §7.2
    context = smtpports.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(smtpports.ports[465].address, timeout=5) as client:
        for action in (secured.do_handshake, secured.read):
            while not is_done(action):
                client.sendall(outgoing.read())
                incoming.write(client.recv(65_536))
        # A record that nobody has encrypted: TLS says by an alert what it thinks of it, and then ends.
        client.sendall(b"\x17\x03\x03\x00\x10" + bytes(16))
        alert = client.recv(100)

        assert alert[:3] == b"\x15\x03\x03"
        assert client.recv(100) == b""


def is_done(action: Callable[[], object]) -> bool:
    """Whether TLS has done something, or has to hear from the other side before."""
    with suppress(ssl.SSLWantReadError):
        action()
        return True
    return False
