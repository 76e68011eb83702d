"""What the wire tests share: a client that speaks bytes, two that others wrote, and a provider for them."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import PROFILES, SMTPPorts
from pytest_smtpports._network import _spared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from typing import Any

    from pytest_smtpports import Connection, Outcome, Port

    Dial = Callable[[Port], "RawClient"]
    Connected = Callable[[aiosmtplib.SMTP], AbstractAsyncContextManager[aiosmtplib.SMTP]]
    Questioned = Callable[..., AbstractContextManager[Callable[[], str]]]
    Eventually = Callable[[Callable[[], object]], None]
    Met = Callable[[SMTPPorts, Outcome, str], Connection]
    Providing = Callable[..., SMTPPorts]
    Send = Callable[..., dict[str, tuple[int, bytes]]]
    SendAsync = Callable[..., Coroutine[Any, Any, tuple[dict[str, aiosmtplib.SMTPResponse], str]]]

HOST = "smtp.example.com"
SENDER, RECIPIENT = "app@example.com", "ada@example.org"
MAIL = "Subject: Welcome\r\nMessage-ID: <1@example.com>\r\n\r\nHello Ada\r\n"
LOGIN = {"username": "user", "password": "password"}


class RawClient:
    """A socket, and the replies that come from it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_byte_by_byte(self, data: bytes) -> None:
        for place in range(len(data)):
            self.socket.sendall(data[place : place + 1])

    def reply(self) -> str:
        lines = [self._replies.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self._replies.readline())
        return b"".join(lines).decode()

    def ask(self, line: str) -> str:
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def rest(self) -> bytes:
        return self._replies.read()

    def secure(self, context: ssl.SSLContext, name: str = "localhost") -> None:
        self._replies.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=name, suppress_ragged_eofs=False)
        self._replies = self.socket.makefile("rb")

    def end_of_sending(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._replies.close()
        self.socket.close()


@pytest.fixture
def dial() -> Iterator[Dial]:
    with ExitStack() as closing:

        def dial_port(port: Port) -> RawClient:
            client = RawClient(port.address)
            closing.callback(client.close)
            return client

        yield dial_port


@pytest.fixture
def questioned() -> Questioned:
    """Starts a program that answers each line with one of its own; gives what asks it."""

    @contextmanager
    def question(*command: str) -> Iterator[Callable[[], str]]:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 # ours
            reads, writes = child.stdout, child.stdin
            assert reads is not None
            assert writes is not None

            def ask() -> str:
                writes.write("\n")
                writes.flush()
                return reads.readline().strip()

            yield ask
            writes.close()

    return question


@pytest.fixture
def eventually() -> Eventually:
    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 5
        assert next(held for held in iter(holds, object()) if held or time.monotonic() > deadline)

    return wait


@pytest.fixture
def connected() -> Connected:
    @asynccontextmanager
    async def connect(client: aiosmtplib.SMTP) -> AsyncIterator[aiosmtplib.SMTP]:
        wires: list[socket.socket] = []
        try:
            async with client:
                assert client.transport is not None
                wires.append(client.transport.get_extra_info("socket"))
                yield client
        finally:
            # aiosmtplib doesn't wait for the end of TLS, and the test's loop would be closed before it has come.
            deadline = time.monotonic() + 5
            while any(wire.fileno() >= 0 for wire in wires):
                assert time.monotonic() < deadline
                await asyncio.sleep(0)

    return connect


@pytest.fixture
def providing() -> Iterator[Providing]:
    """Opens one port that is like none of the shipped ones, at a provider's host name."""
    with ExitStack() as closing:

        def provide(number: int, *plugins: object, **changes: object) -> SMTPPorts:
            profile = replace(PROFILES[number], **changes)
            smtpports = closing.enter_context(SMTPPorts([profile], plugins=plugins))
            smtpports.route(HOST)
            return smtpports

        yield provide


@pytest.fixture
def provider() -> Iterator[SMTPPorts]:
    """The four ports as shipped, at a provider's host name."""
    with SMTPPorts() as smtpports:
        smtpports.route(HOST)
        yield smtpports


@pytest.fixture
def send() -> Send:
    """Sends by smtplib, as code does that knows its port: TLS and a login, where it is not told otherwise."""

    def by_smtplib(
        number: int,
        *recipients: str,
        tls: bool = True,
        login: bool = True,
        password: str = LOGIN["password"],
        mail: str = MAIL,
        timeout: float = 5.0,
        **options: object,
    ) -> dict[str, tuple[int, bytes]]:
        context = ssl.create_default_context()
        kind, ways = (smtplib.SMTP_SSL, {"context": context}) if number == 465 else (smtplib.SMTP, {})
        with kind(HOST, number, timeout=timeout, **ways) as client:
            if tls and number in (587, 2525):
                client.starttls(context=context)
            if login and number != 25:
                client.login(LOGIN["username"], password)
            return client.sendmail(SENDER, recipients or (RECIPIENT,), mail, **options)

    return by_smtplib


@pytest.fixture
def send_async(connected: Connected) -> SendAsync:
    """The same by aiosmtplib."""

    async def by_aiosmtplib(
        number: int,
        *recipients: str,
        tls: bool = True,
        login: bool = True,
        password: str = LOGIN["password"],
        mail: str = MAIL,
        timeout: float = 5.0,
        **options: object,
    ) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
        use_tls, start_tls = number == 465, tls and number in (587, 2525)
        client = aiosmtplib.SMTP(hostname=HOST, port=number, timeout=timeout, use_tls=use_tls, start_tls=start_tls)
        async with connected(client):
            if login and number != 25:
                await client.login(LOGIN["username"], password)
            return await client.sendmail(SENDER, list(recipients or (RECIPIENT,)), mail, **options)

    return by_aiosmtplib


@pytest.fixture
def met() -> Met:
    """The only connection, which ended in that way, and of which no secret is told."""

    def connection(smtpports: SMTPPorts, outcome: Outcome, reason: str) -> Connection:
        (only,) = smtpports.connections
        assert (only.host, only.outcome, only.reason) == (HOST, outcome, reason)
        told = str(only)
        assert not any(secret in told for secret in ("'password'", "cGFzc3dvcmQ", "AHVzZXIA"))
        return only

    return connection


@pytest.fixture
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads that earlier tests have left, and that end by themselves, are none of this test's."""
    left = [thread.name for thread in threading.enumerate()]
    monkeypatch.setattr(_spared, "_HARMLESS", (*_spared._HARMLESS, *left))
