"""One connect of this process to a port of ours: where it leads, what it meets, and what becomes of it."""

from __future__ import annotations

import errno
import os
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from .. import _clock
from .._errors import ClosedError
from .._ports._kinds import error_of
from ._caller import location
from ._patch import as_family
from ._spared import hasten, time_out

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .._ports._blocks import Block
    from .._server._journal import Entry, Journal
    from ._door import Door
    from ._patch import Connect, Destination
    from ._site import Site

# A connect of a socket that doesn't block has begun, and its end is not seen here.
_WAITING = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK})
# A socket's own timeout has no number, the kernel's has.
_TIMED_OUT = frozenset({None, errno.ETIMEDOUT})
# A connect on a socket that was dialled before.
_REPEATED = frozenset({errno.EISCONN, errno.EALREADY})


class Dialled(Protocol):
    """The network that is dialled."""

    @property
    def is_real_time(self) -> bool:
        """Whether clients wait as long as they would in the world."""
        ...

    def door(self, number: int, site: Site | None = None) -> Door:
        """The door of a port.

        Raises:
            ClosedError: the way to it has ended.
        """
        ...

    def closed_door(self) -> Door:
        """A door that refuses."""
        ...

    def destination(self, name: str | None, address: str, port: int) -> Destination | None:
        """Where a connect leads, or None for what is not ours."""
        ...


class Dial:
    """One connect of this process to one of our ports."""

    def __init__(self, network: Dialled, journal: Journal, site: Site, number: int) -> None:
        self._network = network
        self._journal = journal
        self._site = site
        self._number = number

    def dial(self, client: socket.socket, connect: Connect) -> Any:  # what the socket's method returns
        """Connect where the number leads now, and write down what becomes of it."""
        if _is_connected(client):
            # A loop asks once more how its connect went.
            return connect(client.getpeername())
        entry = self._journal.open(self._number, self._site.host)
        entry.location = location()
        entry.timeout = client.gettimeout() or None
        if self._number not in self._site.numbers:
            entry.not_emulated()
            return connect(as_family(client, self._network.closed_door().address))
        local_port = _local_port(client)
        try:
            door = self._network.door(self._number, self._site)
            block, drops = door.enter(lambda block, drops: self._begin(entry, client, local_port, block, drops=drops))
        except ClosedError:
            # The route has ended since it was looked up; there may be an earlier one of the name.
            self._journal.discard(entry)
            return self._elsewhere().dial(client, connect)
        if block is not None and (told := error_of(block)) is not None:
            raise OSError(told, os.strerror(told))
        if block is not None and drops:
            self._be_dropped(client, entry, door, block, local_port)
        started = _clock.monotonic()
        error: int | None = None
        try:
            result = connect(as_family(client, door.address))
            error = result or 0
        except OSError as failure:
            error = failure.errno
            raise
        finally:
            if error in _WAITING and client.gettimeout():
                # connect_ex tells a time-out in this way.
                error = None
            waited = _clock.monotonic() - started if error in _TIMED_OUT else None
            self._note(entry, error, block, local_port, waited)
        return result

    def _elsewhere(self) -> Destination:
        """Where the name leads now."""
        found = None if self._site.host is None else self._network.destination(self._site.host, "", self._number)
        return found or _Refusal()

    def _be_dropped(
        self, client: socket.socket, entry: Entry, door: Door, block: Block, local_port: int | None
    ) -> None:
        """Have a client not wait for what it would get in the end; where it waits in a loop, that goes on, and ends."""
        # Those that are let through are to be taken before one more is dropped.
        self._journal.await_dials(self._number, self._site.host)
        if self._network.is_real_time or not door.may_spare():
            return
        timeout = client.gettimeout()
        spared = hasten() if timeout == 0 else (timeout, time_out(client))
        if spared is None:
            return
        timeout, error = spared
        door.count_spared()
        entry.spared(block, timeout)
        if timeout is None:
            self._journal.note_wait(entry)
        if error is not None:
            self._journal.unexpect(local_port)
            raise error

    def _begin(
        self, entry: Entry, client: socket.socket, local_port: int | None, block: Block | None, *, drops: bool
    ) -> None:
        """Write down what is expected; whoever does not wait may be connected before anybody is back here."""
        is_stopped = block is not None and (drops or not block.answers)
        if block is not None and is_stopped:
            entry.blocked(block)
        if local_port is not None and error_of(block) is None:
            self._journal.expect(entry, local_port, _never if is_stopped else _while_open(client))

    def _note(
        self, entry: Entry, error: int | None, block: Block | None, local_port: int | None, waited: float | None
    ) -> None:
        under_way = error == 0 or error in _WAITING
        if error in _REPEATED or (local_port is None and (under_way or block is None)):
            # Told already; or the listener can't know that it is this one, and writes down its own; or no dial at all.
            self._journal.discard(entry)
        elif not under_way and block is not None:
            entry.blocked(block, waited)
        elif not under_way:
            entry.closed("the connect failed")
        if not under_way:
            self._journal.unexpect(local_port)


class _Refusal:
    def dial(self, _client: socket.socket, _connect: Connect) -> Any:  # as a dial
        """Nobody is there any more."""
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def _never() -> bool:
    return False


def _while_open(client: socket.socket) -> Callable[[], bool]:
    """Whether a socket is open, which this does not keep alive."""
    seen = weakref.ref(client)

    def is_open() -> bool:
        still = seen()
        return still is not None and still.fileno() >= 0

    return is_open


def _is_connected(client: socket.socket) -> bool:
    try:
        client.getpeername()
    except OSError:
        return False
    return True


def _local_port(client: socket.socket) -> int | None:
    """The local port of a socket that is about to connect, by which the listener knows it again."""
    try:
        if client.getsockname()[1] == 0:
            client.bind(("", 0))
        return int(client.getsockname()[1])
    except OSError:
        return None
