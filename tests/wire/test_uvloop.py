"""uvloop, which looks up and connects by itself: routes and blocks hold for it too, and leave it alone otherwise."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
import anyio
import pytest
import uvloop

from pytest_smtpports import Outcome, SMTPPorts
from pytest_smtpports._network import _loops

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
OWN = ("create_connection", "getaddrinfo", "sock_connect")


@pytest.fixture
def routed(smtpports: SMTPPorts) -> SMTPPorts:
    smtpports.route(HOST)
    return smtpports


@pytest.fixture(autouse=True)
def _put_back(smtpports: SMTPPorts) -> Iterator[None]:
    yield
    smtpports.reset()
    assert not set(OWN).intersection(vars(uvloop.Loop))


def send(port: int, **options: object) -> Coroutine[object, object, object]:
    return aiosmtplib.send(
        MAIL, sender="app@example.com", recipients=["ada@example.org"], hostname=HOST, port=port, timeout=5, **options
    )


def test_a_routed_name_leads_here(routed: SMTPPorts) -> None:
    uvloop.run(send(25, start_tls=False))

    assert routed.assert_sent(port=25).host == HOST


@pytest.mark.parametrize(("port", "options"), [(465, {"use_tls": True}), (587, {"start_tls": True})])
def test_a_routed_name_is_verified(routed: SMTPPorts, port: int, options: dict[str, object]) -> None:
    login = {"username": routed.username, "password": routed.password}
    uvloop.run(send(port, **options, **login, tls_context=ssl.create_default_context()))

    tls = routed.assert_sent(port=port, tls=True).tls
    assert tls is not None
    assert tls.sni == HOST


def test_a_certificate_that_does_not_fit_is_refused_and_the_socket_closed(routed: SMTPPorts) -> None:
    routed.block(465, how="intercept")

    with pytest.raises(aiosmtplib.SMTPConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        uvloop.run(send(465, use_tls=True, tls_context=ssl.create_default_context()))

    assert routed.connections[0].outcome is Outcome.TLS_FAILED


def test_a_port_that_is_not_emulated_is_refused(routed: SMTPPorts) -> None:
    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        uvloop.run(send(588, start_tls=False))

    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_a_name_that_is_not_resolved_is_told(routed: SMTPPorts) -> None:
    routed.block(25, how="dns")

    with pytest.raises(aiosmtplib.SMTPConnectError) as caught:
        uvloop.run(send(25, start_tls=False))

    assert isinstance(caught.value.__cause__, socket.gaierror)
    assert routed.connections[0].location is not None


def test_streams_of_anyio_lead_here(routed: SMTPPorts) -> None:
    async def main() -> bytes:
        async with await anyio.connect_tcp(HOST, 25) as stream:
            return await stream.receive()

    assert uvloop.run(main()) == b"220 smtp.example.com ESMTP ready\r\n"


def test_a_source_address_is_kept(routed: SMTPPorts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]

    async def main() -> None:
        _, writer = await asyncio.open_connection(HOST, 25, local_addr=("127.0.0.1", number))
        writer.close()
        await writer.wait_closed()

    uvloop.run(main())

    assert routed.connections[0].peer == ("127.0.0.1", number)


@pytest.mark.parametrize("address", ["name", "number"])
def test_a_socket_of_its_own_leads_here(routed: SMTPPorts, address: str) -> None:
    target = (HOST, 25) if address == "name" else routed.ports[25].address

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, target)
            return await loop.sock_recv(client, 100)

    assert uvloop.run(main()).startswith(b"220 ")
    assert len(routed.connections) == 1


def test_a_socket_of_another_family_goes_its_own_way(routed: SMTPPorts, tmp_path: Path) -> None:
    # The name of a local socket is short, and that of a folder may be long.
    place = os.path.relpath(tmp_path / "socket")

    async def main() -> None:
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(place)
            server.listen()
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, place)
            assert client.getpeername() == place

    uvloop.run(main())
    assert not routed.connections


def test_a_look_up_gives_what_the_socket_module_gives(routed: SMTPPorts) -> None:
    async def main() -> object:
        return await asyncio.get_running_loop().getaddrinfo(HOST, 25, type=socket.SOCK_STREAM)

    assert uvloop.run(main()) == socket.getaddrinfo(HOST, 25, type=socket.SOCK_STREAM)


def test_what_is_not_routed_goes_its_own_way(routed: SMTPPorts) -> None:
    async def main(port: int) -> None:
        loop = asyncio.get_running_loop()
        assert await loop.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            with socket.socket() as other:
                other.connect(("127.0.0.1", port))
                other.setblocking(False)
                _, writer = await asyncio.open_connection(sock=other)
                writer.close()

    with socket.create_server(("127.0.0.1", 0)) as somebody:
        uvloop.run(main(somebody.getsockname()[1]))

    assert routed.connections == ()


def test_an_address_that_can_not_be_bound_is_told(routed: SMTPPorts) -> None:
    async def main() -> None:
        # RFC 5737 §3: no machine has it.
        await asyncio.open_connection(HOST, 25, local_addr=("192.0.2.1", 0))

    with pytest.raises(OSError, match="assign requested address"):
        uvloop.run(main())


def test_a_loop_that_runs_when_the_route_begins_and_ends_follows_it(smtpports: SMTPPorts) -> None:
    async def main() -> None:
        with smtpports.route(HOST):
            await send(25, start_tls=False)
        assert not set(OWN).intersection(vars(uvloop.Loop))

    uvloop.run(main())

    assert len(smtpports.messages) == 1


def test_a_socket_that_is_ready_after_its_client_has_left_is_nobodys_any_more() -> None:
    async def main() -> None:
        left = asyncio.get_running_loop().create_future()
        left.cancel()
        _loops._settle(left)
        assert left.cancelled()

    uvloop.run(main())
