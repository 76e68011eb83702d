"""The look-up and connect of event loops, led through Python's socket module where they concern us.

asyncio looks up in another thread, where nobody can tell who has asked; uvloop knows nothing of the socket module.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from ._replace import below, replace

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    IsOurs = Callable[[object, object], bool]

# What `create_connection` takes for the connect itself, and not once there is a socket.
_OF_THE_CONNECT = ("family", "proto", "flags", "local_addr", "happy_eyeballs_delay", "interleave", "all_errors")


def replace_look_up(loops: Any, is_ours: IsOurs) -> list[Callable[[], None]]:
    """Have a loop class look up at once, where its client can still be seen, what needs no thread to wait for it.

    Args:
        loops: the class.
        is_ours: whether a host and a port are to be dialled by the socket module.

    Returns:
        what puts things back.
    """
    getaddrinfo = below(loops.getaddrinfo)

    async def patched_getaddrinfo(self: Any, host: object, port: object, **options: int) -> Any:
        if not is_ours(host, port):
            return await getaddrinfo(self, host, port, **options)
        return socket.getaddrinfo(host, port, **options)  # type: ignore[arg-type] # it checks itself

    return [replace(loops, "getaddrinfo", patched_getaddrinfo)]


def replace_connect(loops: Any, is_ours: IsOurs) -> list[Callable[[], None]]:
    """Have a loop class that connects by itself do so by the socket module; otherwise as `replace_look_up()`."""
    create_connection, sock_connect = below(loops.create_connection), below(loops.sock_connect)

    async def patched_sock_connect(self: Any, client: socket.socket, address: Any) -> None:
        # An address of another family is no pair, and may be a string.
        if isinstance(address, tuple) and is_ours(*address[:2]):
            await _connect(self, client, address)
        else:
            await sock_connect(self, client, address)

    async def patched_create_connection(
        self: Any, protocol_factory: Callable[[], object], host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        if host is None or options.get("sock") is not None or not is_ours(host, port):
            return await create_connection(self, protocol_factory, host, port, **options)
        client = await _connected(self, host, port, options)
        for name in _OF_THE_CONNECT:
            options.pop(name, None)
        if options.get("ssl") and options.get("server_hostname") is None:
            options["server_hostname"] = host
        try:
            return await create_connection(self, protocol_factory, sock=client, **options)
        except BaseException:
            client.close()
            raise

    return [
        replace(loops, "sock_connect", patched_sock_connect),
        replace(loops, "create_connection", patched_create_connection),
    ]


async def _connected(
    loop: asyncio.AbstractEventLoop, host: Any, port: Any, options: Mapping[str, Any]
) -> socket.socket:
    """A socket that is connected to the first address that takes it."""
    found = socket.getaddrinfo(
        host, port, options.get("family", 0), socket.SOCK_STREAM, options.get("proto", 0), options.get("flags", 0)
    )
    failure: OSError | None = None
    for family, kind, proto, _, address in found:
        client = socket.socket(family, kind, proto)
        try:
            client.setblocking(False)
            if options.get("local_addr") is not None:
                client.bind(options["local_addr"])
            await _connect(loop, client, address)
        except OSError as error:
            client.close()
            failure = error
        except BaseException:
            client.close()
            raise
        else:
            return client
    assert failure is not None, "a look-up that finds nothing is an error of its own"
    raise failure


async def _connect(loop: asyncio.AbstractEventLoop, client: socket.socket, address: Any) -> None:
    try:
        client.connect(address)
    except BlockingIOError:
        written = loop.create_future()
        loop.add_writer(client, _settle, written)
        try:
            await written
        finally:
            loop.remove_writer(client)
        if error := client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, f"Connect call failed {address}") from None


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
