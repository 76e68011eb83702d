"""Streams of every loop lead where a route does; what no patch can reach is refused on this machine."""

from __future__ import annotations

import _socket
import asyncio
import socket
import ssl
from contextlib import closing
from typing import TYPE_CHECKING

import anyio
import pytest
import trio

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import SMTPPorts

HOST = "smtp.example.com"


async def read_under_trio(number: int) -> bytes:
    stream = await trio.open_tcp_stream(HOST, number)
    async with stream:
        if number != 465:
            return bytes(await stream.receive_some())
        async with trio.SSLStream(stream, ssl.create_default_context(), server_hostname=HOST) as secured:
            return bytes(await secured.receive_some())


async def read_under_anyio(number: int) -> bytes:
    async with await anyio.connect_tcp(HOST, number, tls=number == 465, tls_standard_compatible=False) as stream:
        return await stream.receive()


async def read_under_asyncio(number: int, **options: object) -> bytes:
    tls = {"ssl": ssl.create_default_context()} if number == 465 else {}
    reader, writer = await asyncio.open_connection(HOST, number, **tls, **options)
    said = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return said


@pytest.mark.parametrize("number", [25, 465])
@pytest.mark.parametrize(
    "read",
    [
        lambda number: trio.run(read_under_trio, number),
        lambda number: anyio.run(read_under_anyio, number, backend="trio"),
        lambda number: anyio.run(read_under_anyio, number, backend="asyncio"),
        lambda number: asyncio.run(read_under_asyncio(number)),
        lambda number: asyncio.run(read_under_asyncio(number, happy_eyeballs_delay=0.25)),
        lambda number: asyncio.run(read_under_asyncio(number, family=socket.AF_INET6)),
    ],
    ids=["trio", "anyio on trio", "anyio on asyncio", "asyncio", "happy eyeballs", "IPv6 sockets"],
)
def test_streams_of_every_loop_lead_here_with_the_certificate_checked(
    smtpports: SMTPPorts, read: Callable[[int], bytes], number: int
) -> None:
    smtpports.route(HOST)

    assert read(number) == b"220 smtp.example.com ESMTP ready\r\n"
    (connection,) = smtpports.connections
    assert (connection.host, connection.port, connection.tls is not None) == (HOST, number, number == 465)


# As code does that was imported before: bound to the C function, which no patch reaches.
EARLY_CONNECT = socket.socket.connect


def test_a_client_that_the_patch_can_not_reach_is_refused_on_this_machine(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    (*_, address) = socket.getaddrinfo(HOST, 25, socket.AF_INET, socket.SOCK_STREAM)[0]

    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        EARLY_CONNECT(client, address)
    with closing(_socket.socket(socket.AF_INET)) as client, pytest.raises(ConnectionRefusedError):
        client.connect(address)

    assert address[0].startswith("127.")
    assert smtpports.connections == ()
