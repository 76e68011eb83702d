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

    from ._journal import Entry
    from ._loop import BackgroundLoop
    from ._service import Service

# How many clients may wait to be accepted.
BACKLOG = 256
# How many seconds later a client is accepted for whom there was no descriptor.
ACCEPT_AGAIN = 0.1
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
        self._implicit = service.policy.profile.tls is TLSMode.IMPLICIT
        self._clients: dict[asyncio.Task[None], Session] = {}
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
            if self._implicit and not session.begun:
                # It waits for a handshake, which only this ends.
                task.cancel()
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
        except (BlockingIOError, ConnectionAbortedError):
            # The client has gone again.
            return
        except OSError:
            # No descriptor is left, most likely. The kernel keeps the client; to ask at once again would spin the loop.
            self._background.loop.remove_reader(self._socket)
            self._background.loop.call_later(ACCEPT_AGAIN, self._start)
            return
        service = self._service
        entry = service.journal.accept(service.policy.profile.number, service.host, (str(peer[0]), int(peer[1])))
        try:
            self._welcome(client, entry)
        except BaseException:
            entry.closed()
            client.close()
            raise

    def _welcome(self, client: socket.socket, entry: Entry) -> None:
        loop = self._background.loop
        client.setblocking(False)
        session = Session(self._service, entry, loop)
        task = loop.create_task(self._serve(client, session, entry))
        self._clients[task] = session
        task.add_done_callback(self._clients.pop)
        # Not in the task itself: one that is cancelled before its first step does nothing.
        task.add_done_callback(lambda _: client.close())

    async def _serve(self, client: socket.socket, session: Session, entry: Entry) -> None:
        try:
            if self._implicit:
                await self._shake_hands(client, session, entry)
            else:
                await self._background.loop.connect_accepted_socket(lambda: session, client)
            await session.over()
        except Exception as error:
            entry.closed()
            self._service.journal.fail(error)

    async def _shake_hands(self, client: socket.socket, session: Session, entry: Entry) -> None:
        try:
            await self._background.loop.connect_accepted_socket(
                lambda: session, client, ssl=self._service.context(), ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except ssl.SSLError as error:
            entry.tls_failed(self._service.describe_failure(error))
        except (OSError, asyncio.CancelledError):
            entry.tls_failed(_NO_HANDSHAKE)
        else:
            return
        # The transport may have been made all the same, and its callbacks be on their way.
        await turn()
        session.abort()
