"""What a session makes of the bytes of a client, however they come."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, Outcome, SMTPPorts
from pytest_smtpports._server import _wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Dial, Eventually, RawClient

SESSION = (
    b"EHLO client.example\r\nMAIL FROM:<app@example.com>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
    b"Subject: Hello\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
)
LAST = "221 2.0.0 Bye\r\n"
PASSWORD = "s3cret-p4ssword"
PLAIN = b64encode(f"\0user\0{PASSWORD}".encode()).decode()
USER64, PASSWORD64 = (b64encode(text.encode()).decode() for text in ("user", PASSWORD))
# RFC 4954 §4: 12,288 octets of base64 are what a server must take; this is with room for what is around them.
LONGEST = 16_384


@pytest.fixture
def mx(smtpports: SMTPPorts, dial: Dial) -> RawClient:
    client = dial(smtpports.ports[25])
    client.reply()
    return client


@pytest.fixture
def transaction(mx: RawClient) -> RawClient:
    for line in ("EHLO client.example", "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>"):
        assert mx.ask(line).startswith("250")
    assert mx.ask("DATA").startswith("354 ")
    return mx


def client_hello(smtpports: SMTPPorts) -> bytes:
    said = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        smtpports.client_context().wrap_bio(ssl.MemoryBIO(), said, server_hostname="localhost").do_handshake()
    return said.read()


# A session, however it is cut


def assert_whole(smtpports: SMTPPorts, answered: bytes) -> None:
    assert answered.decode().endswith(LAST)
    assert smtpports.messages.only.raw == b"Subject: Hello\r\n\r\n.dot\r\n"
    assert smtpports.connections[0].outcome is Outcome.DELIVERED


def test_a_session_in_one_segment_is_answered_as_a_whole(smtpports: SMTPPorts, mx: RawClient) -> None:
    mx.send(SESSION)

    assert_whole(smtpports, mx.rest())


def test_a_session_byte_by_byte_is_answered_alike(smtpports: SMTPPorts, mx: RawClient) -> None:
    mx.send_byte_by_byte(SESSION)

    assert_whole(smtpports, mx.rest())


@pytest.mark.parametrize("size", [2, 3, 7, 64])
def test_a_session_cut_anywhere_is_answered_alike(smtpports: SMTPPorts, mx: RawClient, size: int) -> None:
    for place in range(0, len(SESSION), size):
        mx.send(SESSION[place : place + size])

    assert_whole(smtpports, mx.rest())


def test_what_comes_behind_quit_is_not_answered(smtpports: SMTPPorts, mx: RawClient) -> None:
    mx.send(SESSION + b"NOOP\r\nMAIL FROM:<x@y.z>\r\njunk")
    mx.end_of_sending()

    assert_whole(smtpports, mx.rest())


def test_a_client_that_has_sent_everything_and_closed_its_side_gets_every_answer(
    smtpports: SMTPPorts, mx: RawClient
) -> None:
    mx.send(SESSION)
    mx.end_of_sending()

    assert_whole(smtpports, mx.rest())


def test_a_client_that_closes_its_side_without_quit_is_answered_and_let_go(smtpports: SMTPPorts, mx: RawClient) -> None:
    mx.send(b"NOOP\r\nNOOP\r\nNO")
    mx.end_of_sending()

    assert mx.rest() == b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"
    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.ABANDONED
    assert connection.reason == "the client went away after 'NOOP'"


def test_a_message_that_is_cut_off_is_not_taken(smtpports: SMTPPorts, transaction: RawClient) -> None:
    transaction.send(b"Subject: Half\r\n\r\nof a mess")
    transaction.end_of_sending()

    assert transaction.rest() == b""
    smtpports.assert_not_sent()
    assert smtpports.connections[0].outcome is Outcome.ABANDONED


# Line ends


@pytest.mark.parametrize("line", [b"NOOP\n", b"\n", b"MAIL FROM:<a@b.c>\n", b"QUIT\n"])
def test_a_command_that_ends_with_lf_alone_is_refused(mx: RawClient, line: bytes) -> None:
    mx.send(line)

    assert mx.reply() == "500 5.5.2 A line ends with CRLF, not with LF alone\r\n"
    assert mx.ask("NOOP") == "250 2.0.0 Ok\r\n"


def test_a_cr_alone_ends_no_command(mx: RawClient) -> None:
    mx.send(b"NOOP\rNOOP\r\n")

    assert mx.reply().startswith("500 ")
    assert mx.ask("NOOP") == "250 2.0.0 Ok\r\n"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\r\n"])
def test_nothing_but_crlf_dot_crlf_ends_a_message(smtpports: SMTPPorts, transaction: RawClient, end: bytes) -> None:
    smuggled = (
        b"Subject: One\r\n\r\nbody" + end + b"MAIL FROM:<eve@example.net>\r\nRCPT TO:<eve@example.net>\r\nDATA\r\n"
    )
    transaction.send(smuggled + b"\r\n.\r\nQUIT\r\n")

    assert transaction.rest() == b"250 2.0.0 Ok: message taken\r\n221 2.0.0 Bye\r\n"
    assert smtpports.messages.only.raw == smuggled.replace(b"\r\n.", b"\r\n") + b"\r\n"


def test_an_empty_message_is_a_message(smtpports: SMTPPorts, transaction: RawClient) -> None:
    transaction.send(b".\r\nQUIT\r\n")

    assert transaction.rest() == b"250 2.0.0 Ok: message taken\r\n221 2.0.0 Bye\r\n"
    assert smtpports.messages.only.raw == b""


def test_the_end_of_a_message_byte_by_byte_ends_it(smtpports: SMTPPorts, transaction: RawClient) -> None:
    transaction.send_byte_by_byte(b"Subject: x\r\n\r\n..\r\n.\r\n.\r\nQUIT\r\n")

    assert transaction.rest().endswith(LAST.encode())
    assert smtpports.messages.only.raw == b"Subject: x\r\n\r\n.\r\n"


# Strange bytes


@pytest.mark.parametrize(
    "line",
    [
        b"NOOP \xff\xfe",
        b"\x80\x81\x82",
        b"MAIL FROM:<\xe9@example.com>",
        b"NOOP \x00",
        b"MAIL FROM:<a\x00@b.c>",
        b"NOOP\tx",
        b"\x1b[31mNOOP",
        b"NOOP \x7f",
    ],
)
def test_what_is_no_text_is_refused_and_shown_as_escapes(smtpports: SMTPPorts, mx: RawClient, line: bytes) -> None:
    mx.send(line + b"\r\n")

    assert mx.reply() == "500 5.5.2 A command is text in UTF-8 without control characters\r\n"
    assert mx.ask("NOOP") == "250 2.0.0 Ok\r\n"
    said = [each.text for each in smtpports.connections[0].dialogue]
    assert all(text.isprintable() for text in said)


def test_a_client_that_talks_first_is_answered_in_order(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[25])
    client.send(b"EHLO client.example\r\n")

    assert client.reply().startswith("220 ")
    assert client.reply().startswith("250-")


# Long lines


def test_the_longest_command_line_is_taken(mx: RawClient) -> None:
    line = "NOOP " + "x" * (LONGEST - len("NOOP \r\n"))

    assert mx.ask(line) == "250 2.0.0 Ok\r\n"


@pytest.mark.parametrize("excess", [1, 100_000, 5_000_000])
def test_an_overlong_command_line_is_answered_once_and_the_session_goes_on(mx: RawClient, excess: int) -> None:
    line = "NOOP " + "x" * (LONGEST - len("NOOP \r\n") + excess)

    assert mx.ask(line) == "500 5.5.2 Command line too long\r\n"
    assert mx.ask("NOOP") == "250 2.0.0 Ok\r\n"


def test_an_overlong_command_line_in_pieces_is_answered_once(mx: RawClient) -> None:
    for _ in range(50):
        mx.send(b"x" * 500)
    mx.send(b"\r\nNOOP\r\n")

    assert mx.reply() == "500 5.5.2 Command line too long\r\n"
    assert mx.reply() == "250 2.0.0 Ok\r\n"


# STARTTLS


def test_what_is_sent_in_clear_behind_starttls_is_discarded(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[2525])
    client.reply()
    client.ask("EHLO client.example")
    client.send(b"STARTTLS\r\nEHLO eve.example\r\nNOOP\r\nhalf a li")
    assert client.reply() == "220 2.0.0 Ready to start TLS\r\n"

    with smtpports.client_context().wrap_socket(client.socket, server_hostname="localhost") as secured:
        secured.sendall(b"MAIL FROM:<a@b.c>\r\n")
        assert secured.recv(1000) == b"503 5.5.1 Say EHLO or HELO first\r\n"
        secured.sendall(b"EHLO client.example\r\n")
        assert secured.recv(1000).startswith(b"250-localhost\r\n")


def test_a_handshake_that_is_none_ends_the_connection(smtpports: SMTPPorts, dial: Dial, eventually: Eventually) -> None:
    client = dial(smtpports.ports[587])
    client.reply()
    client.ask("EHLO client.example")
    client.ask("STARTTLS")
    client.send(b"EHLO client.example\r\n")
    client.rest()

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert connection.outcome is Outcome.TLS_FAILED
    assert "in clear" in connection.reason


def test_a_client_that_goes_away_in_the_handshake_is_told_of(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually
) -> None:
    client = dial(smtpports.ports[587])
    client.reply()
    client.ask("EHLO client.example")
    client.ask("STARTTLS")
    client.end_of_sending()
    client.rest()

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.TLS_FAILED,
        "the client went away in the TLS handshake, before it was shown a certificate",
    )


def test_a_client_that_goes_away_in_the_middle_of_an_implicit_handshake_had_begun_it(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually
) -> None:
    client = dial(smtpports.ports[465])
    client.send(client_hello(smtpports)[:100])
    assert smtpports.connections[0].reason.startswith(
        "the client has not closed it yet; it has not come to the end of a TLS handshake: this port speaks TLS from"
    )
    client.end_of_sending()
    client.rest()

    eventually(lambda: smtpports.connections[0].closed_at)
    told = "the client went away in the TLS handshake, before it was shown a certificate"
    assert smtpports.connections[0].reason == told


NO_ALERT = (
    "the client ended the handshake without an alert; most likely it refused the certificate, as asyncio's clients do"
)


@pytest.mark.parametrize("number", [465, 587])
def test_a_client_that_goes_away_once_it_has_seen_the_certificate_most_likely_refused_it(
    smtpports: SMTPPorts, dial: Dial, eventually: Eventually, number: int
) -> None:
    client = dial(smtpports.ports[number])
    if number == 587:
        client.reply()
        client.ask("EHLO client.example")
        client.ask("STARTTLS")
    client.send(client_hello(smtpports))
    assert client.socket.recv(1) == b"\x16"
    client.end_of_sending()
    client.rest()

    eventually(lambda: smtpports.connections[0].closed_at)
    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.TLS_FAILED,
        f"{NO_ALERT}; smtpports.client_context() and configure_trust() have it trust our CA",
    )


def test_a_client_that_has_not_begun_its_handshake_is_told_of(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[587])
    client.reply()
    client.ask("EHLO client.example")
    client.ask("STARTTLS")

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (
        Outcome.OPEN,
        "the client has not closed it yet; its TLS handshake is not over",
    )


# TLS where a line is awaited

ON_587 = "port 587 begins in clear and offers STARTTLS (implicit TLS is on 465)"


@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\nNOOP\r\n", bytes(2 * LONGEST)])
@pytest.mark.parametrize("lines", [(), ("EHLO client.example",)], ids=["at once", "later"])
def test_a_client_that_speaks_tls_in_clear_is_told_of_and_let_go(
    smtpports: SMTPPorts, dial: Dial, lines: tuple[str, ...], behind: bytes
) -> None:
    client = dial(smtpports.ports[587])
    client.reply()
    for line in lines:
        client.ask(line)
    client.send(client_hello(smtpports) + behind)

    assert client.rest() == b""
    connection = smtpports.connections[0]
    when = "unasked" if lines else "at once"
    assert (connection.outcome, connection.reason) == (
        Outcome.TLS_FAILED,
        f"the client began TLS {when}; {ON_587}",
    )
    heard = [said.text for said in connection.dialogue if said.direction == "C"]
    assert heard == [*lines, "(a TLS ClientHello)"]


def test_tls_in_clear_is_known_however_its_bytes_come(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[587])
    client.reply()
    client.send_byte_by_byte(client_hello(smtpports)[:2])

    assert client.rest() == b""
    assert smtpports.connections[0].outcome is Outcome.TLS_FAILED


def test_tls_in_the_middle_of_a_message_is_what_the_message_says(transaction: RawClient, smtpports: SMTPPorts) -> None:
    transaction.send(b"\x16\x03\x01\r\n.\r\nQUIT\r\n")
    transaction.rest()

    assert smtpports.messages.only.raw == b"\x16\x03\x01\r\n"


def test_tls_in_the_middle_of_a_login_is_no_secret(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[2525])
    client.reply()
    client.ask("EHLO client.example")
    client.ask("AUTH LOGIN")
    client.send(client_hello(smtpports))

    assert client.rest() == b""
    assert smtpports.connections[0].outcome is Outcome.TLS_FAILED


def test_tls_within_tls_is_told_of(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[465])
    client.secure(smtpports.client_context())
    client.reply()
    client.send(client_hello(smtpports))

    assert client.rest() == b""
    assert smtpports.connections[0].reason == "the client began TLS at once; TLS was on already"


def test_tls_after_a_greeting_that_refuses_is_told_of(smtpports: SMTPPorts, dial: Dial) -> None:
    smtpports.fail("banner", "554 5.7.1 No", port=587)
    client = dial(smtpports.ports[587])
    client.reply()
    client.send(client_hello(smtpports))

    assert client.rest() == b""
    assert smtpports.connections[0].reason == f"the client began TLS at once; {ON_587}"


# Idle clients


@pytest.mark.parametrize(
    "said", [(), ("EHLO client.example",), ("EHLO client.example", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "DATA")]
)
def test_an_idle_client_gets_421_and_is_let_go(dial: Dial, said: tuple[str, ...]) -> None:
    with SMTPPorts([replace(PROFILES[25], idle_timeout=0.5)]) as smtpports:
        client = dial(smtpports.ports[25])
        client.reply()
        for line in said:
            client.ask(line)

        assert client.rest() == b"421 4.4.2 Idle for too long, closing the connection\r\n"
        assert smtpports.connections[0].closed_at is not None
        smtpports.assert_not_sent()


def test_the_reason_of_an_idle_client_is_told(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[25], idle_timeout=0.5)]) as smtpports:
        client = dial(smtpports.ports[25])
        client.reply()
        client.ask("NOOP")
        client.rest()

        connection = smtpports.connections[0]
        assert (connection.outcome, connection.reason) == (
            Outcome.ABANDONED,
            "the client was idle for 0.5 s after 'NOOP'",
        )


def test_an_idle_client_under_tls_gets_421_too() -> None:
    with (
        SMTPPorts([replace(PROFILES[465], idle_timeout=0.5)]) as smtpports,
        smtpports.ports[465].connect() as client,
    ):
        assert client.sock is not None
        assert client.sock.recv(1000) == b"421 4.4.2 Idle for too long, closing the connection\r\n"
        client.close()


# Logins


@pytest.fixture
def login(dial: Dial) -> Iterator[tuple[RawClient, SMTPPorts]]:
    with SMTPPorts(password=PASSWORD) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        yield client, smtpports


OK = "235 2.7.0 Authentication successful\r\n"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([f"AUTH PLAIN {PLAIN}"], 235),
        (["AUTH PLAIN", PLAIN], 235),
        ([f"auth plain {PLAIN}"], 235),
        ([f"AUTH pLaIn {PLAIN}"], 235),
        (["AUTH LOGIN", USER64, PASSWORD64], 235),
        ([f"AUTH LOGIN {USER64}", PASSWORD64], 235),
        (["auth login", USER64, PASSWORD64], 235),
        ([f"AUTH PLAIN {USER64}"], 535),
        (["AUTH PLAIN", "*"], 501),
        (["AUTH LOGIN", "*"], 501),
        (["AUTH LOGIN", USER64, "*"], 501),
        (["AUTH PLAIN not!base64"], 501),
        (["AUTH PLAIN", "not!base64"], 501),
        (["AUTH LOGIN", "not!base64"], 501),
        (["AUTH LOGIN", USER64, "not!base64"], 501),
        (["AUTH LOGIN", USER64, USER64], 535),
        ([f"AUTH PLAIN {PLAIN} {PLAIN}"], 501),
        (["AUTH"], 501),
        (["AUTH CRAM-MD5"], 504),
        (["AUTH PLAIN", "x" * 17_000], 500),
        (["AUTH LOGIN", "x" * 17_000], 500),
        (["AUTH LOGIN", USER64, "x" * 17_000], 500),
        ([f"AUTH PLAIN {'x' * 17_000}"], 500),
    ],
)
def test_a_login_is_answered_and_the_session_goes_on(
    login: tuple[RawClient, SMTPPorts], lines: list[str], code: int
) -> None:
    client, smtpports = login
    for line in lines[:-1]:
        assert client.ask(line).startswith("334 ")

    assert client.ask(lines[-1]).startswith(f"{code} ")
    assert client.ask("NOOP") == "250 2.0.0 Ok\r\n"
    assert [each.succeeded for each in smtpports.connections[0].logins] == {235: [True], 535: [False]}.get(code, [])


def test_a_challenge_of_plain_keeps_its_blank(login: tuple[RawClient, SMTPPorts]) -> None:
    client, _ = login

    assert client.ask("AUTH PLAIN") == "334 \r\n"


def test_a_login_of_the_greatest_length_is_read(login: tuple[RawClient, SMTPPorts]) -> None:
    client, _ = login
    line = "AUTH PLAIN "
    room = (LONGEST - len(line) - 2) // 4 * 3
    response = b64encode(b"\0user\0" + b"x" * (room - 6)).decode()

    assert client.ask(line + response).startswith("535 ")


def test_a_login_byte_by_byte_counts(login: tuple[RawClient, SMTPPorts]) -> None:
    client, _ = login
    client.send_byte_by_byte(f"AUTH PLAIN\r\n{PLAIN}\r\n".encode())

    assert client.reply() == "334 \r\n"
    assert client.reply() == OK


def test_a_response_that_ends_with_lf_alone_is_refused(login: tuple[RawClient, SMTPPorts]) -> None:
    client, _ = login
    client.ask("AUTH PLAIN")
    client.send(PLAIN.encode() + b"\n")

    assert client.reply() == "500 5.5.2 A line ends with CRLF, not with LF alone\r\n"
    assert client.ask("NOOP").startswith("250 ")


def test_an_overlong_line_is_told_of_without_what_was_in_it(login: tuple[RawClient, SMTPPorts]) -> None:
    client, smtpports = login
    client.ask("x" * 17_000)
    client.ask("AUTH PLAIN")
    client.ask("y" * 17_000)

    said = [line.text for line in smtpports.connections[0].dialogue if line.direction == "C"]
    assert said[-3:] == ["(a line of more than 16384 octets)", "AUTH PLAIN", "***"]


def test_a_client_that_goes_away_in_its_login_is_let_go(login: tuple[RawClient, SMTPPorts]) -> None:
    client, smtpports = login
    client.ask("AUTH PLAIN")
    client.end_of_sending()

    assert client.rest() == b""
    assert smtpports.connections[0].outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    "lines",
    [
        [f"AUTH PLAIN {PLAIN}"],
        [f"auth  plain  {PLAIN}"],
        [f" AUTH PLAIN {PLAIN}"],
        [f"AUTH\tPLAIN\t{PLAIN}"],
        ["AUTH PLAIN", PLAIN],
        ["AUTH LOGIN", USER64, PASSWORD64],
        [f"AUTH FOO {PLAIN}"],
        [f"AUTH PLAIN {PLAIN} {PLAIN}"],
        [f"AUTH PLAIN {PLAIN}!"],
    ],
)
def test_a_secret_is_written_nowhere(
    login: tuple[RawClient, SMTPPorts], caplog: pytest.LogCaptureFixture, lines: list[str]
) -> None:
    client, smtpports = login
    with caplog.at_level(logging.DEBUG):
        for line in lines:
            client.ask(line)
        client.ask("QUIT")

    connection = smtpports.connections[0]
    written = "".join([repr(smtpports), repr(connection), *(str(line) for line in connection.dialogue)])
    assert "***" in written
    for secret in (PASSWORD, PLAIN, PASSWORD64):
        assert secret not in written
        assert secret not in caplog.text


def test_a_session_as_it_should_be_logs_nothing(smtpports: SMTPPorts, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for port in smtpports.ports:
            with port.connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\ny\r\n")

    assert caplog.records == []


def test_a_failed_handshake_and_an_aborted_login_log_nothing(
    dial: Dial, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), SMTPPorts() as smtpports:
        client = dial(smtpports.ports[465])
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.rest()
        eventually(lambda: smtpports.connections[0].closed_at)
        client = dial(smtpports.ports[2525])
        for line in ("EHLO client.example", "AUTH PLAIN", "*", "FOO"):
            client.ask(line)

    assert caplog.records == []
    assert smtpports.connections[0].reason == "the client spoke HTTP where TLS begins (HTTP_REQUEST)"


def test_nothing_is_said_in_clear_to_a_client_that_is_idle_in_the_handshake(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[587], idle_timeout=0.5)]) as smtpports:
        client = dial(smtpports.ports[587])
        client.reply()
        client.ask("EHLO client.example")
        client.ask("STARTTLS")
        client.socket.settimeout(1)

        with pytest.raises(TimeoutError):
            client.socket.recv(1000)

        started = time.perf_counter()
        smtpports.close()
        assert time.perf_counter() - started < 0.5


def test_a_client_that_is_idle_after_the_handshake_gets_421(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[587], idle_timeout=0.5)]) as smtpports:
        context = smtpports.client_context()
        client = dial(smtpports.ports[587])
        client.send(b"EHLO client.example\r\nSTARTTLS\r\n")
        assert [client.reply()[:3] for _ in range(3)] == ["220", "250", "220"]
        client.secure(context)

        assert client.rest() == b"421 4.4.2 Idle for too long, closing the connection\r\n"


# What a library that many fakes are made of gets wrong


@pytest.fixture
def greeted(mx: RawClient) -> RawClient:
    assert mx.ask("EHLO client.example").startswith("250-")
    return mx


def test_a_reply_of_several_lines_is_one_write(mx: RawClient) -> None:
    mx.send(b"EHLO client.example\r\n")

    said = mx.socket.recv(65_536)
    assert said.startswith(b"250-localhost\r\n")
    assert said.endswith(b"\r\n250 HELP\r\n")


def test_a_reply_of_several_lines_is_one_tls_record(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[465])
    client.secure(smtpports.client_context())
    client.reply()
    client.send(b"EHLO client.example\r\n")

    # SSLSocket.recv() gives one record at most.
    assert client.socket.recv(65_536).endswith(b"\r\n250 HELP\r\n")


def test_the_replies_to_commands_that_came_together_go_out_together(mx: RawClient) -> None:
    mx.send(b"EHLO client.example\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nNOOP\r\nFOO\r\nDATA\r\n")

    said = mx.socket.recv(65_536)
    assert said.startswith(b"250-localhost\r\n")
    assert said.endswith(b"\r\n354 End data with <CR><LF>.<CR><LF>\r\n")


def test_however_often_hello_is_said_the_longest_line_stays_the_same_for_everybody(
    smtpports: SMTPPorts, mx: RawClient, dial: Dial
) -> None:
    other = dial(smtpports.ports[25])
    other.reply()
    for _ in range(100):
        mx.ask("EHLO client.example")
    line = "NOOP " + "x" * (LONGEST - len("NOOP \r\n"))

    for client in (mx, other):
        assert client.ask(line).startswith("250 ")
        assert client.ask(f"{line}x").startswith("500 ")


def test_what_one_client_does_is_nothing_to_another(smtpports: SMTPPorts, dial: Dial) -> None:
    one, other = dial(smtpports.ports[2525]), dial(smtpports.ports[2525])
    one.reply()
    other.reply()
    for client, said in (
        (one, "EHLO one.example"),
        (other, "HELO other.example"),
        (one, f"AUTH PLAIN {b64encode(b'%cuser%cpassword' % (0, 0)).decode()}"),
        (one, "MAIL FROM:<one@example.com> BODY=8BITMIME"),
        (one, "RCPT TO:<ada@example.org>"),
    ):
        assert client.ask(said)[0] == "2"

    assert other.ask("MAIL FROM:<other@example.com>").startswith("530 ")
    assert other.ask("MAIL FROM:<other@example.com> BODY=8BITMIME").startswith("530 ")
    one.ask("DATA")
    assert other.ask("RSET").startswith("250 ")
    one.send(b"Subject: half")
    assert other.ask("EHLO other.example").startswith("250-")
    assert other.ask("STARTTLS").startswith("220 ")
    assert one.ask(" and half\r\n.").startswith("250 ")
    assert smtpports.messages.only.raw == b"Subject: half and half\r\n"


@pytest.mark.parametrize(
    "address",
    [
        *("", "<", "<>>", "<a@b.c", "a@b.c>", "a@b.c", "<<a@b.c>>", "<a@b.c>x", "<a@b.c><d@e.f>", "Ada <a@b.c>"),
        *("<a b@c.d>", "<a@b c>", "< a@b.c>", "<a@b.c >", "<a@b@c>", "<@b.c>", "<a@>", "<@>", "<a,b@c.d>", "<a@b.c,>"),
        *('<"a@b.c>', '<"a"b@c.d>', '<a"b"@c.d>', "<a@[1.2.3.4>", "<a@1.2.3.4]>", "<a@[]>", "<(a)b@c.d>", "<a\\@b.c>"),
        *("<@a.b:>", "<@a.b,:c@d.e>", "<a@b.c:d>", "<a@b..c>", "<a@.b>", '"', "(" * 200),
    ],
    ids=lambda address: address[:12],
)
def test_what_is_no_address_is_refused_and_the_session_goes_on(greeted: RawClient, address: str) -> None:
    # RFC 5321 §4.1.2
    assert greeted.ask(f"MAIL FROM:{address}").startswith("501 ")
    assert greeted.ask("MAIL FROM:<app@example.com>").startswith("250 ")
    assert greeted.ask(f"RCPT TO:{address}").startswith("501 ")
    assert greeted.ask("RCPT TO:<ada@example.org>").startswith("250 ")


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("<Postmaster>", "Postmaster"),
        ("<root>", "root"),
        (" <ada@example.org>", "ada@example.org"),
        ("  <ada@example.org>  ", "ada@example.org"),
        ("<@relay.example:ada@example.org>", "ada@example.org"),
        ("<@one.example,@two.example:ada@example.org>", "ada@example.org"),
        ("<ada@[192.0.2.1]>", "ada@[192.0.2.1]"),
        ("<ada@[IPv6:2001:db8::1]>", "ada@[IPv6:2001:db8::1]"),
        ('<"ada lovelace"@example.org>', '"ada lovelace"@example.org'),
        ('<"a@b>c"@example.org>', '"a@b>c"@example.org'),
        ('<"a\\"b\\\\"@example.org>', '"a\\"b\\\\"@example.org'),
        ("<ada+tag=x/y!z%q'`{|}~#$&*?^_-@example.org>", "ada+tag=x/y!z%q'`{|}~#$&*?^_-@example.org"),
        ("<ada..lovelace@example.org>", "ada..lovelace@example.org"),
        ("<ada@xn--bcher-kva.example>", "ada@xn--bcher-kva.example"),
        ("<" + "a" * 64 + "@" + "b" * 255 + ">", "a" * 64 + "@" + "b" * 255),
    ],
    ids=lambda each: each[:20],
)
def test_what_real_clients_say_is_an_address(
    smtpports: SMTPPorts, greeted: RawClient, argument: str, address: str
) -> None:
    assert greeted.ask(f"MAIL FROM:{argument}").startswith("250 ")
    assert greeted.ask(f"RCPT TO:{argument}").startswith("250 ")
    greeted.ask("DATA")
    greeted.ask(".")

    envelope = smtpports.messages.only.envelope
    assert (envelope.mail_from, envelope.recipients) == (address, (address,))


def test_the_null_path_is_a_sender_of_no_characters_and_no_recipient(smtpports: SMTPPorts, greeted: RawClient) -> None:
    # RFC 5321 §4.5.5, §4.1.1.3
    assert greeted.ask("MAIL FROM:<>").startswith("250 ")
    assert greeted.ask("RCPT TO:<>").startswith("501 ")
    greeted.ask("RCPT TO:<ada@example.org>")
    greeted.ask("DATA")
    greeted.ask(".")

    envelope = smtpports.messages.only.envelope
    assert (envelope.mail_from, envelope.recipients) == ("", ("ada@example.org",))


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        *((f"SIZE={value}", 250) for value in ("0", "1", "35882577", "007")),
        ("SIZE=35882578", 552),
        *((f"SIZE={value}", 501) for value in ("", "x", "-1", "+1", "1.5", "1_000", "0x10", "1e3", "٣", "1" * 21)),
        *((parameter, 501) for parameter in ("SIZE", "SIZE=1 SIZE=1", "BODY", "BODY=9BITMIME", "SMTPUTF8=yes")),
        *((parameter, 555) for parameter in ("FOO", "FOO=1", "SIZES=1", "=1", "=", "NOTIFY=NEVER", "AUTH=<>")),
    ],
)
def test_a_parameter_of_mail_gets(greeted: RawClient, parameter: str, code: int) -> None:
    # RFC 1870 §6, RFC 5321 §4.1.1.11
    assert greeted.ask(f"MAIL FROM:<app@example.com> {parameter}").startswith(f"{code} ")


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("NOTIFY=NEVER", 250),
        *((parameter, 501) for parameter in ("NOTIFY", "NOTIFY=", "NOTIFY=NEVER,DELAY", "NOTIFY=NEVER NOTIFY=NEVER")),
        *(
            (parameter, 501)
            for parameter in ("NOTIFY=SUCCESS,", "NOTIFY=SUCCESS,,DELAY", "NOTIFY=ALWAYS", "ORCPT=a@b.c")
        ),
        *((parameter, 555) for parameter in ("FOO", "FOO=1", "SIZE=1", "RET=HDRS", "AUTH=<>")),
    ],
)
def test_a_parameter_of_rcpt_gets(greeted: RawClient, parameter: str, code: int) -> None:
    # RFC 3461 §4.1, §4.2; RFC 5321 §4.1.1.11
    greeted.ask("MAIL FROM:<app@example.com>")

    assert greeted.ask(f"RCPT TO:<ada@example.org> {parameter}").startswith(f"{code} ")


@pytest.mark.parametrize(
    "line",
    [
        *(b"\x1b[2J", b"MAIL FROM:<\x1b[31m@b.c>", b"MAIL FROM:<a\r@b.c>", b"VRFY \x07", b"EHLO \x00\x01\x02", b"\xff"),
        *(b"MAIL FROM:<a@b.c> FOO=\x1b", b"MAIL FROM:\xc2\x85", "MAIL FROM:\u202e<".encode(), "FOO \u2028".encode()),
        *(b"MAIL FROM:{host}{verb}", b"MAIL FROM:<a@b.c> {0}={argument}", b"VRFY %s%n{}", b"{peer} {}"),
        *(text.encode() for text in ("VRFY é", "MAIL FROM:<é", "RCPT TO:<💌", "MAIL FROM:<a@b.c> É=1")),
    ],
)
def test_a_reply_is_printable_ascii_and_tells_nothing_of_what_happens_inside(greeted: RawClient, line: bytes) -> None:
    greeted.send(line + b"\r\n")

    reply = greeted.reply()
    text = reply.removesuffix("\r\n")
    assert text.isascii()
    assert text.isprintable()
    assert all(word not in text for word in ("Error", "Exception", "Traceback", "codec", "localhost", "127.0.0.1"))
    assert greeted.ask("NOOP").startswith("250 ")


def test_a_text_line_may_have_any_length(smtpports: SMTPPorts, transaction: RawClient) -> None:
    line = b"x" * 5000 + b"\r\n"
    transaction.send(line + b".\r\n")

    assert transaction.reply().startswith("250 ")
    assert smtpports.messages.only.raw == line


@pytest.mark.parametrize(("length", "code"), [(998, 250), (999, 500), (5000, 500)])
@pytest.mark.parametrize("around", [b"", b"short\r\n"])
def test_a_text_line_beyond_the_limit_of_a_strict_port_is_refused(
    dial: Dial, length: int, code: int, around: bytes
) -> None:
    # RFC 5321 §4.5.3.1.6
    with SMTPPorts([replace(PROFILES[25], text_line_limit=1000)]) as smtpports:
        client = dial(smtpports.ports[25])
        for line in ("EHLO client.example", "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>", "DATA"):
            client.ask(line)
        client.reply()
        client.send(around + b"x" * length + b"\r\n" + around + b".\r\n")

        assert client.reply().startswith(f"{code} ")
        assert client.ask("NOOP").startswith("250 ")
        assert len(smtpports.messages) == (code == 250)


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_starttls_inside_of_tls_is_refused(smtpports: SMTPPorts, number: int) -> None:
    with smtpports.ports[number].connect() as client:
        assert client.docmd("STARTTLS") == (503, b"5.5.1 TLS is already active")
        assert client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\n") == {}


# Clients that do not read

# What gets a longer reply than most.
MALFORMED = b"MAIL FROM:" + b"x" * 200 + b"\r\n"
REPLY = b"501 5.1.7 That is no address: " + b"x" * 200 + b"\r\n"


def send_until_nothing_more_goes(client: RawClient) -> int:
    """How many octets of MALFORMED, over and over, went out."""
    many = memoryview(MALFORMED * 1000)
    sent = 0

    def send_on() -> None:
        nonlocal sent
        while True:
            sent += client.socket.send(many[sent % len(many) :])

    # Long enough for the port to have read on, if it still read.
    client.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        send_on()
    return sent


@pytest.fixture
def deaf(mx: RawClient) -> RawClient:
    mx.ask("EHLO client.example")
    return mx


def test_a_client_that_does_not_read_keeps_nobody_waiting(smtpports: SMTPPorts, deaf: RawClient, dial: Dial) -> None:
    send_until_nothing_more_goes(deaf)

    other = dial(smtpports.ports[25])
    other.reply()

    assert other.ask("NOOP") == "250 2.0.0 Ok\r\n"


def test_a_client_that_reads_late_gets_every_reply(deaf: RawClient) -> None:
    commands, begun = divmod(send_until_nothing_more_goes(deaf), len(MALFORMED))
    deaf.socket.settimeout(5)
    missing = len(REPLY) * commands
    while missing:
        missing -= len(deaf.socket.recv(min(missing, 1 << 20)))
    deaf.send(MALFORMED[begun:] + b"QUIT\r\n")

    assert deaf.rest() == REPLY + b"221 2.0.0 Bye\r\n"


def test_an_idle_client_that_does_not_read_is_let_go_all_the_same(
    monkeypatch: pytest.MonkeyPatch, dial: Dial, eventually: Eventually
) -> None:
    monkeypatch.setattr(_wire, "LINGER", 0.1)
    with SMTPPorts([replace(PROFILES[25], idle_timeout=2)]) as smtpports:
        client = dial(smtpports.ports[25])
        client.ask("EHLO client.example")
        send_until_nothing_more_goes(client)

        # The connection is reset, because there was more to read.
        eventually(lambda: client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


@pytest.mark.parametrize(
    ("number", "reason"),
    [(587, "the client did not come to the end of its TLS handshake in time"), (465, "no TLS handshake came: ")],
)
def test_a_client_that_never_begins_its_handshake_is_let_go(
    monkeypatch: pytest.MonkeyPatch, dial: Dial, number: int, reason: str
) -> None:
    monkeypatch.setattr(_wire, "HANDSHAKE_TIMEOUT", 0.1)
    with SMTPPorts() as smtpports:
        client = dial(smtpports.ports[number])
        if number == 587:
            client.reply()
            client.ask("EHLO client.example")
            client.ask("STARTTLS")
        assert client.socket.recv(100) == b""

        (connection,) = smtpports.connections
        assert connection.outcome is Outcome.TLS_FAILED
        assert connection.reason.startswith(reason)
