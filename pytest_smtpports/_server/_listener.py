"""A listening socket in the loop, and those who connect to it."""

from __future__ import annotations

import socket
import threading
from itertools import islice
from typing import TYPE_CHECKING

from .._ports._kinds import DNS, Throttle, hindrance
from ._black_hole import fill
from ._fork import let_go_in_children
from ._obstacle import MEETINGS, Obstacle
from ._session import Session
from ._silence import Silence

if TYPE_CHECKING:
    from typing import Any

    from .._ports._blocks import Block
    from .._ports._profile import Profile
    from ._journal import Entry
    from ._loop import BackgroundLoop
    from ._service import Service

    Guest = Session | Obstacle

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
        profile = service.precedents.policy.profile
        self._number = profile.number
        self._guests: set[Guest] = set()
        self._silence = Silence(background.loop, profile.idle_timeout, self._guests)
        # Whoever closes the port knows whether somebody was taken in before.
        self._lock = threading.Lock()
        self._is_watched = False
        self._clients = 0
        self._guest = Obstacle if type(service.block) in MEETINGS else Session
        # How many more are let through, or None for everybody.
        self._left = service.block.connections if isinstance(service.block, Throttle) else None
        let_go_in_children(bound)
        bound.setblocking(False)
        # Clients may connect from here on; the kernel keeps them until the loop gets round to them.
        bound.listen(BACKLOG if self._left is None else self._left - 1)
        self._watch(on=True)

    @property
    def has_clients(self) -> bool:
        """Whether anything of a client is left in the loop; once the port is closed, this is the last word on it."""
        return self._clients > 0

    def close(self) -> None:
        """Take no more clients, but those who have begun to dial; whoever is there stays. Any thread may."""
        if self.is_open and not self._background.is_this_thread:
            # A client may think that it is connected before the kernel shows it here.
            self._service.journal.await_dials(self._number, self._service.host)
        while (accepted := self._accepted()) is not None:
            self._background.post(self._welcome, *accepted)
        self.shut()

    def shut(self) -> None:
        """Take no more clients, whoever is connected."""
        with self._lock:
            self._watch(on=False)
            self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether it takes clients."""
        return self._socket.fileno() >= 0

    @property
    def drops(self) -> bool:
        """Whether so many clients were let through that nobody else is."""
        return self._left == 0

    def drop_clients(self) -> None:
        """In the loop's thread: end every connection now, without waiting for its client."""
        # Whoever is still to be taken in has connected before.
        self._accept()
        for guest in tuple(self._guests):
            guest.abort()

    def _watch(self, *, on: bool) -> None:
        if on and not self._is_watched:
            self._background.watch.begin(self._socket.fileno(), self._accept)
        elif self._is_watched and not on and self.is_open:
            self._background.watch.end(self._socket.fileno())
        self._is_watched = on

    def _rest(self) -> None:
        self._background.loop.call_later(ACCEPT_AGAIN, self._watch_again)

    def _watch_again(self) -> None:
        with self._lock:
            if self._socket.fileno() >= 0:
                self._watch(on=True)

    def _accept(self) -> None:
        for client, address in islice(iter(self._accepted, None), BACKLOG):
            self._welcome(client, address)

    def _accepted(self) -> tuple[socket.socket, tuple[Any, ...]] | None:
        with self._lock:
            if not self._is_watched:
                return None
            try:
                client, address = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                # There is no more, or the client has gone again.
                return None
            except OSError:
                # No descriptor is left, most likely. The kernel keeps the client; to ask at once again would spin.
                self._watch(on=False)
                self._background.post(self._rest)
                return None
            self._clients += 1
            if self._left is not None:
                self._left -= 1
                if self._left:
                    # The kernel queues one more than it is told.
                    self._socket.listen(self._left - 1)
                else:
                    self._watch(on=False)
                    fill(self._socket)
            return client, address

    def _welcome(self, client: socket.socket, address: tuple[Any, ...]) -> None:
        entry: Entry | None = None
        guest: Guest | None = None
        try:
            entry = self._service.journal.accept(self._number, self._service.host, (str(address[0]), int(address[1])))
            if self._service.block is not None:
                _tell_of(self._service.block, self._service.precedents.policy.profile, entry)
            guest = self._guest(self._service, entry, self._background, self._see_off)
            self._guests.add(guest)
            self._silence.begin()
            client.setblocking(False)
            # A reply does not wait for the acknowledgement of the one before (RFC 896 is for keystrokes).
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            guest.begin(client)
        except BaseException:
            if entry is not None:
                entry.closed()
            if guest is None or guest in self._guests:
                # Nobody has seen it off.
                client.close()
                self._forget(guest)
                # What went wrong is told first.
                self._background.loop.call_soon(self._count_off)
            raise

    def _see_off(self, guest: Guest) -> None:
        self._forget(guest)
        # It may be in the middle of a word.
        self._background.loop.call_soon(self._let_go, guest)

    def _forget(self, guest: Guest | None) -> None:
        if guest is not None:
            self._guests.discard(guest)
        if not self._guests:
            self._silence.end()

    def _let_go(self, guest: Guest) -> None:
        guest.release()
        self._service.journal.end(guest.entry)
        self._count_off()

    def _count_off(self) -> None:
        self._clients -= 1


def _tell_of(block: Block, profile: Profile, entry: Entry) -> None:
    """Write down what is in a client's way; who is let through has met nothing."""
    if block.stops:
        entry.obstructed(block)
    elif not isinstance(block, (Throttle, DNS)):
        entry.met(block, hindrance(block, profile))
