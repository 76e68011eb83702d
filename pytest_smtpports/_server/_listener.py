"""A listening socket in the loop, and those who connect to it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from ._session import Session

if TYPE_CHECKING:
    from ._journal import Entry
    from ._loop import BackgroundLoop
    from ._service import Service

# How many clients may wait to be accepted.
BACKLOG = 256
# How many seconds later a client is accepted for whom there was no descriptor.
ACCEPT_AGAIN = 0.1


class Listener:
    """A port that answers: give it a bound socket, and it owns it from then on."""

    def __init__(self, bound: socket.socket, service: Service, background: BackgroundLoop) -> None:
        self._socket = bound
        self._service = service
        self._background = background
        self._number = service.precedents.policy.profile.number
        self._sessions: set[Session] = set()
        bound.setblocking(False)
        # Clients may connect from here on; the kernel keeps them until the loop gets round to them.
        bound.listen(BACKLOG)
        background.post(self._start)

    def close(self) -> None:
        """Take no more clients; those who are there stay. Called from any thread but the loop's."""
        if self._socket.fileno() >= 0:
            self._background.call(self._stop)

    def drop_clients(self) -> None:
        """In the loop's thread: end every connection now, without waiting for its client."""
        for session in tuple(self._sessions):
            session.abort()

    def abort(self) -> None:
        """The same, and take no more clients."""
        self._stop()
        self.drop_clients()

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
        entry = service.journal.accept(self._number, service.host, (str(peer[0]), int(peer[1])))
        try:
            self._welcome(client, entry)
        except BaseException:
            entry.closed()
            client.close()
            raise

    def _welcome(self, client: socket.socket, entry: Entry) -> None:
        client.setblocking(False)
        # A reply does not wait for the acknowledgement of the one before (RFC 896 is for keystrokes).
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(self._service, entry, self._background.loop, self._sessions.discard)
        self._sessions.add(session)
        session.begin(client, self._background.room)
