"""What is written down of each connection."""

from __future__ import annotations

import datetime
import linecache
import smtplib
import socket
import subprocess
import sys
import sysconfig
import threading
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import Outcome, SMTPPorts

if TYPE_CHECKING:
    from pytest_smtpports import Connection
    from tests.wire.conftest import Dial, Eventually

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
HOST = "smtp.example.com"


def dialling_line(connection: Connection) -> str:
    assert connection.location is not None
    assert connection.location.file == __file__
    return linecache.getline(connection.location.file, connection.location.line).strip()


def test_connections_are_written_down_in_order(smtpports: SMTPPorts) -> None:
    for number in (2525, 25, 465, 587, 25):
        smtpports.ports[number].connect().close()

    assert [connection.port for connection in smtpports.connections] == [2525, 25, 465, 587, 25]
    assert [connection.id for connection in smtpports.connections] == [1, 2, 3, 4, 5]


def test_a_connection_has_the_peer_that_the_client_is(smtpports: SMTPPorts) -> None:
    with smtpports.ports[25].connect() as client:
        assert client.sock is not None
        local = client.sock.getsockname()

    assert smtpports.connections[0].peer == local


def test_the_times_of_a_connection_are_aware_and_in_order(smtpports: SMTPPorts, eventually: Eventually) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    with smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)
        assert smtpports.connections[0].closed_at is None
    eventually(lambda: smtpports.connections[0].closed_at)
    connection, message = smtpports.connections[0], smtpports.messages.only

    assert connection.closed_at is not None
    margin = datetime.timedelta(seconds=1)
    assert before - margin < connection.opened_at <= message.received_at <= connection.closed_at + margin
    seconds = [line.seconds for line in connection.dialogue]
    assert seconds == sorted(seconds)


def test_the_dialogue_is_what_both_said(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5, local_hostname="client.example") as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\ny\r\n")

    # smtplib writes its commands in other letter cases on some versions of Python.
    said = smtpports.connections[0].dialogue
    assert [(line.direction, line.text if line.direction == "S" else line.text.lower()) for line in said] == [
        ("S", "220 localhost ESMTP ready"),
        ("C", "ehlo client.example"),
        ("S", "250-localhost"),
        ("S", "250-PIPELINING"),
        ("S", "250-SIZE 35882577"),
        ("S", "250-8BITMIME"),
        ("S", "250-SMTPUTF8"),
        ("S", "250-DSN"),
        ("S", "250-CHUNKING"),
        ("S", "250-BINARYMIME"),
        ("S", "250-ENHANCEDSTATUSCODES"),
        ("S", "250-STARTTLS"),
        ("S", "250-AUTH PLAIN LOGIN"),
        ("S", "250 HELP"),
        ("C", "auth plain ***"),
        ("S", "235 2.7.0 Authentication successful"),
        ("C", "mail from:<app@example.com> size=17"),
        ("S", "250 2.1.0 Ok"),
        ("C", "rcpt to:<ada@example.org>"),
        ("S", "250 2.1.5 Ok"),
        ("C", "data"),
        ("S", "354 End data with <CR><LF>.<CR><LF>"),
        ("C", "(a message of 17 bytes)"),
        ("S", "250 2.0.0 Ok: message taken"),
        ("C", "quit"),
        ("S", "221 2.0.0 Bye"),
    ]


# How it ended


def test_a_connection_that_brought_mail_is_delivered(smtpports: SMTPPorts) -> None:
    with smtpports.ports[587].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (Outcome.DELIVERED, "2 messages taken")
    assert [(login.username, login.mechanism, login.succeeded) for login in connection.logins] == [
        ("user", "PLAIN", True)
    ]
    assert connection.tls is not None
    assert connection.tls.version == "TLSv1.3"


def test_a_connection_that_said_quit_and_nothing_else_has_quit(smtpports: SMTPPorts, eventually: Eventually) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5):
        pass

    eventually(lambda: smtpports.connections[0].closed_at)
    assert smtpports.connections[0].outcome is Outcome.QUIT


def test_a_connection_that_was_hung_up_is_abandoned(smtpports: SMTPPorts, eventually: Eventually) -> None:
    with socket.create_connection(smtpports.ports[25].address, timeout=5) as client:
        assert client.recv(1000).startswith(b"220 ")

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.ABANDONED,
        "the client went away before it said anything",
    )


def test_a_connection_that_the_client_resets_is_abandoned(smtpports: SMTPPorts, eventually: Eventually) -> None:
    with socket.create_connection(smtpports.ports[25].address, timeout=5) as client:
        assert client.recv(1000).startswith(b"220 ")
        client.sendall(b"NOOP\r\n")
        assert client.recv(1000) == b"250 2.0.0 Ok\r\n"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    eventually(lambda: smtpports.connections[0].closed_at)
    assert smtpports.connections[0].outcome is Outcome.ABANDONED


def test_a_connection_whose_login_failed_says_so(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("eve", "wrong")

    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.AUTH_FAILED
    assert connection.reason == (
        "the login of 'eve' was refused; AUTH got 535 5.7.8 Authentication credentials invalid"
    )


def test_a_connection_whose_mail_was_refused_says_by_which_reply(smtpports: SMTPPorts) -> None:
    with (
        smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPSenderRefused),
    ):
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.REFUSED,
        "MAIL got 530 5.7.0 Must issue a STARTTLS command first",
    )


def test_a_connection_that_is_still_there_is_open(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.noop()
        connection = smtpports.connections[0]

        assert (connection.outcome, connection.reason) == (
            Outcome.OPEN,
            "the client has not closed it yet; the last it said was 'noop'",
        )
        assert connection.closed_at is None
        assert smtpports.connections == (connection,)


def test_a_connection_that_was_asked_for_is_a_value(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        earlier = smtpports.connections[0]
        client.noop()

    assert earlier.outcome is Outcome.OPEN
    assert len(earlier.dialogue) < len(smtpports.connections[0].dialogue)
    with pytest.raises(AttributeError):
        earlier.port = 26  # type: ignore[misc] # that it is frozen is the point


# Who dialled


def test_without_route_or_block_only_what_was_accepted_is_known(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5):
        pass

    assert (smtpports.connections[0].location, smtpports.connections[0].timeout) == (None, None)


def test_a_dial_is_one_entry_with_the_line_of_code_and_its_timeout(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    with smtplib.SMTP(HOST, 25, timeout=4.5) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    (connection,) = smtpports.connections
    assert dialling_line(connection) == "with smtplib.SMTP(HOST, 25, timeout=4.5) as client:"
    assert (connection.timeout, connection.host, connection.outcome) == (4.5, HOST, Outcome.DELIVERED)
    assert connection.peer is not None


def test_a_dial_by_address_is_one_entry_while_a_block_is_active(smtpports: SMTPPorts, eventually: Eventually) -> None:
    smtpports.block(587)

    with smtplib.SMTP(*smtpports.ports[25].address) as client:
        client.noop()

    eventually(lambda: smtpports.connections[0].closed_at)
    (connection,) = smtpports.connections
    assert dialling_line(connection) == "with smtplib.SMTP(*smtpports.ports[25].address) as client:"
    assert connection.timeout is None
    assert connection.outcome is Outcome.QUIT


def test_a_blocked_dial_has_the_line_of_code_and_its_timeout(smtpports: SMTPPorts) -> None:
    smtpports.block(25)

    with pytest.raises(TimeoutError):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=0.2)

    (connection,) = smtpports.connections
    assert dialling_line(connection) == "smtplib.SMTP(*smtpports.ports[25].address, timeout=0.2)"
    assert (connection.timeout, connection.peer, connection.closed_at is not None) == (0.2, None, True)
    assert connection.reason == "the SYN was not answered; the client would have given up after 0.2 s"


@pytest.mark.asyncio
async def test_a_dial_from_an_event_loop_is_one_entry(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    async with aiosmtplib.SMTP(hostname=HOST, port=25, timeout=5) as client:
        await client.sendmail("app@example.com", "ada@example.org", MAIL)

    (connection,) = smtpports.connections
    assert (connection.outcome, connection.timeout) == (Outcome.DELIVERED, None)


def test_dials_of_many_threads_are_one_entry_each(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    def send(number: int) -> None:
        with smtplib.SMTP(HOST, 25, timeout=5) as client:
            client.sendmail("app@example.com", "ada@example.org", f"Subject: {number}\r\n\r\n")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert len(smtpports.connections) == 20
    assert {connection.outcome for connection in smtpports.connections} == {Outcome.DELIVERED}
    assert len({connection.peer for connection in smtpports.connections}) == 20
    by_id = {connection.id for connection in smtpports.connections}
    assert {message.connection for message in smtpports.messages} == by_id


def test_a_child_process_is_written_down_when_a_port_accepts_it(smtpports: SMTPPorts) -> None:
    smtpports.block(587)
    script = (
        "import smtplib, sys\n"
        "with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=5) as client:\n"
        "    client.sendmail('app@example.com', 'ada@example.org', 'Subject: child')\n"
    )

    subprocess.run([sys.executable, "-c", script, str(smtpports.ports[25].port)], check=True, timeout=60)  # noqa: S603 # ours

    smtpports.assert_sent(subject="child")
    (connection,) = smtpports.connections
    assert (connection.location, connection.outcome) == (None, Outcome.DELIVERED)


# Beginning again


def test_a_reset_forgets_connections_messages_and_what_is_under_way(smtpports: SMTPPorts, dial: Dial) -> None:
    with smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)
    left = dial(smtpports.ports[25])
    left.reply()

    smtpports.reset()

    assert left.rest() == b""
    assert (smtpports.connections, len(smtpports.messages)) == ((), 0)
    smtpports.ports[25].connect().close()
    assert len(smtpports.connections) == 1


DIAL = "with socket.socket() as client:\n    client.connect_ex(address)\n"


@pytest.mark.parametrize(
    "file",
    [
        f"{sysconfig.get_path('purelib')}/mailer.py",
        f"{sysconfig.get_path('scripts')}/mailer",
        "/usr/lib/python3/dist-packages/mailer.py",
    ],
)
def test_installed_code_alone_is_no_location(smtpports: SMTPPorts, file: str) -> None:
    smtpports.block(25, how="refuse")
    scope: dict[str, object] = {"socket": socket, "address": smtpports.ports[25].address}
    # In a thread of its own no frame of this file is below it.
    thread = threading.Thread(target=exec, args=(compile(DIAL, file, "exec"), scope))
    thread.start()
    thread.join(5)

    assert [connection.location for connection in smtpports.connections] == [None]


def test_a_login_makes_up_for_what_was_refused_before(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.ehlo("client.example")
        assert client.mail("app@example.com")[0] == 530
        assert smtpports.connections[0].outcome is Outcome.REFUSED
        client.login("user", "password")
        assert smtpports.connections[0].outcome is Outcome.OPEN

    assert smtpports.connections[0].outcome is Outcome.QUIT
