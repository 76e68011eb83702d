"""Wires on which a network lets the session go on, but not as it should."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from .._ports._kinds import Stall, Tarpit
from ._conversation import pace
from ._wire import Wire

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from .._ports._blocks import Block
    from ._journal import Entry
    from ._wire import Desk, Ear


class Connect(Protocol):
    """What makes a wire of an accepted socket."""

    def __call__(self, client: socket.socket, desk: Desk, ear: Ear, closed: Callable[[], object]) -> Wire:
        """The arguments are those of `Wire`."""
        ...


def wire_at(block: Block | None, entry: Entry) -> Connect:
    """The kind of wire that a client has behind a block."""
    if isinstance(block, Tarpit):
        return partial(SlowWire, block.bytes_per_second)
    if isinstance(block, Stall):
        return partial(StallingWire, block.replies, lambda: entry.obstructed(block))
    return Wire


class SlowWire(Wire):
    """One on which so many bytes leave in a second, one after the other, the bytes of TLS among them."""

    def __init__(
        self, bytes_per_second: float, client: socket.socket, desk: Desk, ear: Ear, closed: Callable[[], object]
    ) -> None:
        self._piece, self._pause = pace(bytes_per_second)
        self._next: asyncio.TimerHandle | None = None
        super().__init__(client, desk, ear, closed)

    def abort(self) -> None:
        """End the connection now."""
        if self._next is not None:
            self._next.cancel()
        super().abort()

    def _needs(self) -> float:
        return len(self._unsent) / self._piece * self._pause

    def _send(self, data: bytes | bytearray) -> None:
        self._unsent += data
        if self._next is None:
            self._drip()

    def _drip(self) -> None:
        self._next = None
        try:
            sent = self._socket.send(self._unsent[: self._piece])
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._lose()
            return
        del self._unsent[:sent]
        if self._unsent:
            self._next = self._loop.call_later(self._pause, self._drip)
        elif self.is_closing:
            self._close()


class StallingWire(Wire):
    """One on which so many replies leave, and then nothing, either way."""

    def __init__(
        self,
        replies: int,
        stalled: Callable[[], object],
        client: socket.socket,
        desk: Desk,
        ear: Ear,
        closed: Callable[[], object],
    ) -> None:
        self._replies = replies
        self._stalled = stalled
        # Who is no more told what comes, but that nothing does.
        self._talker = ear
        super().__init__(client, desk, ear, closed)

    def write(self, data: bytes | bytearray) -> None:
        """Send what still gets through."""
        super().write(self._through(data))

    def write_last(self, data: bytes | bytearray) -> None:
        """The same; only who is through altogether comes to an end."""
        through = self._through(data)
        if self._replies:
            super().write_last(through)
        else:
            super().write(through)

    def lets_through(self, pending: bytes | bytearray) -> bool:
        """Whether one reply more gets through behind those that are about to leave."""
        return sum(line[3:4] == b" " for line in bytes(pending).splitlines()) < self._replies

    def _through(self, data: bytes | bytearray) -> bytes:
        lines = bytes(data).splitlines(keepends=True)
        through: list[bytes] = []
        while lines and self._replies:
            through.append(lines.pop(0))
            # RFC 5321 §4.2.1: the last line of a reply has a blank behind its code.
            if through[-1][3:4] == b" ":
                self._count()
        return b"".join(through)

    def _count(self) -> None:
        self._replies -= 1
        if not self._replies:
            self._ear = Deaf(self._end)
            self._stalled()

    def _end(self) -> None:
        self.abort()
        self._talker.lose()


class Deaf:
    """Who hears nothing of what a client says, but that it is gone.

    Args:
        gone: called then.
    """

    is_busy = False

    def __init__(self, gone: Callable[[], object]) -> None:
        self._gone = gone

    def hear(self, data: memoryview) -> None:
        """It is lost."""

    def hear_no_more(self) -> None:
        """The client has given up."""
        self._gone()

    def hold(self) -> None:
        """Nothing is said anyway."""

    def release(self) -> None:
        """As above."""

    def lose(self) -> None:
        """The connection is broken."""
        self._gone()
