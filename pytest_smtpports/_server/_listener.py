"""A listening socket in the loop, and those who connect to it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from ._session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        # Whoever closes the port knows whether somebody was taken in before.
        self._lock = threading.Lock()
        self._is_watched = False
        self._has_served = False
        bound.setblocking(False)
        # Clients may connect from here on; the kernel keeps them until the loop gets round to them.
        bound.listen(BACKLOG)
        self._watch(on=True)

    @property
    def has_served(self) -> bool:
        """Whether anybody has been connected since clients were dropped, or is."""
        return self._has_served

    def close(self) -> None:
        """Take no more clients; those who are there stay. Any thread may."""
        with self._lock:
            self._watch(on=False)
            self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether it takes clients."""
        return self._socket.fileno() >= 0

    def drop_clients(self) -> None:
        """In the loop's thread: end every connection now, without waiting for its client."""
        # Whoever is still to be taken in has connected before.
        self._accept()
        for session in tuple(self._sessions):
            session.abort()
        self._has_served = False

    def _watch(self, *, on: bool) -> None:
        if on and not self._is_watched:
            self._background.watch.begin(self._socket.fileno(), self._accept)
        elif self._is_watched and not on:
            self._background.watch.end(self._socket.fileno())
        self._is_watched = on

    def _watch_again(self) -> None:
        with self._lock:
            if self._socket.fileno() >= 0:
                self._watch(on=True)

    def _accept(self) -> None:
        for client, peer in islice(iter(self._accepted, None), BACKLOG):
            self._welcome(client, peer)

    def _accepted(self) -> tuple[socket.socket, tuple[str, int]] | None:
        with self._lock:
            if not self._is_watched:
                return None
            try:
                client, peer = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                # There is no more, or the client has gone again.
                return None
            except OSError:
                # No descriptor is left, most likely. The kernel keeps the client; to ask at once again would spin.
                self._watch(on=False)
                self._background.loop.call_later(ACCEPT_AGAIN, self._watch_again)
                return None
            self._has_served = True
            return client, (str(peer[0]), int(peer[1]))

    def _welcome(self, client: socket.socket, peer: tuple[str, int]) -> None:
        entry = self._service.journal.accept(self._number, self._service.host, peer)
        with self._let_go_on_error(client, entry):
            session = Session(self._service, entry, self._background.loop, self._see_off)
            self._sessions.add(session)
            client.setblocking(False)
            # A reply does not wait for the acknowledgement of the one before (RFC 896 is for keystrokes).
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session.begin(client, self._background.room)

    def _see_off(self, session: Session) -> None:
        self._sessions.discard(session)
        # It may be in the middle of a word.
        self._background.loop.call_soon(session.release)

    @contextmanager
    def _let_go_on_error(self, client: socket.socket, entry: Entry) -> Iterator[None]:
        try:
            yield
        except BaseException:
            entry.closed()
            client.close()
            self._sessions -= {session for session in self._sessions if session.entry is entry}
            raise
