"""What the wire tests share: a client that speaks bytes, and the record of one that has to be waited for."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    import aiosmtplib

    from pytest_smtpports import Port

    Dial = Callable[[Port], "RawClient"]
    Connected = Callable[[aiosmtplib.SMTP], AbstractAsyncContextManager[aiosmtplib.SMTP]]
    Questioned = Callable[..., AbstractContextManager[Callable[[], str]]]
    Eventually = Callable[[Callable[[], object]], None]


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
        async with client:
            assert client.transport is not None
            wire = client.transport.get_extra_info("socket")
            yield client
        # aiosmtplib doesn't wait for the end of TLS, and the test's loop would be closed before it has come.
        deadline = time.monotonic() + 5
        while wire.fileno() >= 0:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)

    return connect
