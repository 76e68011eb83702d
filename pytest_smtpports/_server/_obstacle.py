"""What a client meets where a network lets the connection come about, and nothing of SMTP through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._ports._kinds import HTTP, Close, Reset, Silent
from ._hindrance import Deaf
from ._wire import Wire

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Mapping

    from .._ports._blocks import Block
    from ._journal import Entry
    from ._loop import BackgroundLoop
    from ._service import Service

# Seconds before a reset: who has not seen yet that it is connected would be told so by its connect, not by its read.
PAUSE = 0.05
# RFC 9112 §3, RFC 9110 §15.5.1: what a web server says to whom it does not understand.
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TEST_ENDED = "the test ended with the connection open"


class Obstacle:
    """One client at it; to the listener the same as a session.

    Args:
        service: what the port lends.
        entry: where the connection is written down.
        background: where it is met.
        gone: called when the socket is closed.
    """

    # Nobody waits for a word of the client's.
    silent_since = None

    def __init__(
        self, service: Service, entry: Entry, background: BackgroundLoop, gone: Callable[[Obstacle], object]
    ) -> None:
        assert service.block is not None
        self.entry = entry
        self._meet = MEETINGS[type(service.block)]
        self._background = background
        self._gone = gone
        self._timer: asyncio.TimerHandle | None = None

    # What the listener calls

    def begin(self, client: socket.socket) -> None:
        """Meet a client."""
        self._wire = Wire(client, self._background, Deaf(self._abort), self._leave)
        self._meet(self)

    def abort(self) -> None:
        """End the connection now: the test that it belongs to has ended."""
        self.entry.closed(_TEST_ENDED)
        self._wire.abort()

    def release(self) -> None:
        """Let go of everything that holds on to it in turn."""
        del self._wire, self._gone, self._meet

    def be_idle(self) -> None:
        """It is never asked for."""

    def _abort(self) -> None:
        self._wire.abort()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.entry.closed()
        self._gone(self)

    # What it does

    def _reset(self) -> None:
        self._timer = self._background.loop.call_later(PAUSE, self._wire.reset)

    def _close(self) -> None:
        self._wire.write_last(b"")

    def _speak_http(self) -> None:
        self._wire.write_last(_BAD_REQUEST)

    def _be_silent(self) -> None:
        pass


MEETINGS: Mapping[type[Block], Callable[[Obstacle], None]] = {
    Reset: Obstacle._reset,
    Close: Obstacle._close,
    Silent: Obstacle._be_silent,
    HTTP: Obstacle._speak_http,
}
