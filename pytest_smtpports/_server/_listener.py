"""A listening socket in the loop, and what becomes of those who connect to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._ports._profile import TLSMode
from ._loop import turn
from ._session import HANDSHAKE_TIMEOUT, Session

if TYPE_CHECKING:
    import socket

    from ._loop import BackgroundLoop
    from ._session import Service

# How many clients may wait to be accepted.
BACKLOG = 256
_NO_HANDSHAKE = (
    "no TLS handshake came: this port speaks TLS from the first byte (RFC 8314) and says nothing in clear; "
    "was the client waiting for a greeting?"
)


End = Callable[[], "list[asyncio.Task[None]]"]


async def settled(ends: list[End]) -> None:
    """Bring some connections to their end, in the loop's thread, and wait until nothing is left of them."""
    tasks = [task for end in ends for task in end()]
    await asyncio.gather(*tasks, return_exceptions=True)
    # What they have closed is gone only when the loop has gone round.
    await turn()


class Listener:
    """A port that answers: give it a bound socket, and it owns it from then on."""

    def __init__(self, bound: socket.socket, service: Service, background: BackgroundLoop) -> None:
        self._socket = bound
        self._service = service
        self._background = background
        # None for a client whose session can't begin yet.
        self._clients: dict[asyncio.Task[None], Session | None] = {}
        bound.setblocking(False)
        # Clients may connect from here on; the kernel keeps them until the loop gets round to them.
        bound.listen(BACKLOG)
        background.post(self._start)

    def close(self) -> None:
        """Take no more clients; those who are there stay. Called from any thread but the loop's."""
        if self._socket.fileno() >= 0:
            self._background.call(self._stop)

    def drop_clients(self) -> list[asyncio.Task[None]]:
        """In the loop's thread: end every connection now, without waiting for its client.

        Returns:
            the tasks that are still to be awaited.
        """
        for task, session in self._clients.items():
            if session is None:
                # It waits for a handshake with implicit TLS, which only this ends.
                task.cancel()
            else:
                session.abort()
        return list(self._clients)

    def abort(self) -> list[asyncio.Task[None]]:
        """The same, and take no more clients."""
        self._stop()
        return self.drop_clients()

    def _start(self) -> None:
        if self._socket.fileno() >= 0:
            self._background.loop.add_reader(self._socket, self._accept)

    def _stop(self) -> None:
        if self._socket.fileno() >= 0:
            self._background.loop.remove_reader(self._socket)
            self._socket.close()

    def _accept(self) -> None:
        try:
            client, peer = self._socket.accept()
        except OSError:
            # The client has gone again, or another wake-up took it.
            return
        task = self._background.loop.create_task(self._serve(client, (str(peer[0]), int(peer[1]))))
        self._clients[task] = None
        task.add_done_callback(self._clients.pop)
        # Not in the task itself: one that is cancelled before its first step does nothing.
        task.add_done_callback(lambda _: client.close())

    async def _serve(self, client: socket.socket, peer: tuple[str, int]) -> None:
        try:
            await self._converse(client, peer)
        except Exception as error:
            self._service.journal.fail(error)

    async def _converse(self, client: socket.socket, peer: tuple[str, int]) -> None:
        service, loop = self._service, self._background.loop
        entry = service.journal.accept(service.profile.number, service.host, peer)
        session = Session(service, entry, loop)
        implicit = service.profile.tls is TLSMode.IMPLICIT
        client.setblocking(False)
        try:
            await loop.connect_accepted_socket(
                lambda: session,
                client,
                ssl=service.context() if implicit else None,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if implicit else None,
            )
        except (OSError, asyncio.CancelledError) as error:
            if implicit:
                known = isinstance(error, ssl.SSLError)
                entry.tls_failed(service.describe_failure(error) if known else _NO_HANDSHAKE)
            # The transport may have been made all the same, and its callbacks be on their way.
            await turn()
            session.abort()
        else:
            self._clients[_this_task(loop)] = session
        await session.over()


def _this_task(loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    task = asyncio.current_task(loop)
    assert task is not None
    return task
