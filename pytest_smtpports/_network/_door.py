"""A local port that can be opened, refused or dropped, and stays the same port throughout."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from .._errors import ConfigurationError, is_ours
from .._ports._blocks import Block, Drop

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = is_ours


class Answer(Protocol):
    """What stands behind an open door."""

    def close(self) -> None:
        """Take no more clients."""
        ...


class BlackHole:
    """A listening socket whose queue is full: the kernel drops every further SYN, as a silent firewall does.

    With a backlog of 0 Linux queues one connection, and one that its client has closed goes on filling the queue.
    """

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        bound.listen(0)
        with socket.socket(bound.family, socket.SOCK_STREAM) as filler:
            # It doesn't wait: where a client was faster, the queue is full already.
            filler.setblocking(False)
            # Past the socket patch, which would write it down as a dial of the test's.
            super(socket.socket, filler).connect_ex(bound.getsockname())

    def close(self) -> None:
        """Let go of the queue; a client that still waits is refused at its next SYN."""
        self._socket.close()


class Door:
    """One local port.

    A socket that is bound and never listens keeps the number for the door's life: alone it refuses connections, and
    what answers is opened on the same number beside it.
    """

    def __init__(self, host: str, answer: Callable[[socket.socket], Answer], block: Block | None) -> None:
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._answer = answer
        self._closing = ExitStack()
        try:
            guard = self._closing.enter_context(self._bind((host, 0)))
        except OSError as error:
            raise ConfigurationError(
                f"Nothing can listen on {host} on this machine ({error.strerror}); 127.0.0.1 always works."
            ) from error
        self.address: tuple[str, int] = guard.getsockname()[:2]
        self._behind: Answer | None = None
        self.block = block
        self._open()

    def set(self, block: Block | None) -> None:
        """Block the door, in a way or another, or open it; nothing happens where it is so already."""
        if block != self.block:
            self._shut()
            self.block = block
            self._open()

    def close(self) -> None:
        """Give the port back."""
        self._shut()
        self._closing.close()

    def _open(self) -> None:
        if self.block is None:
            self._behind = self._answer(self._bind(self.address))
        elif isinstance(self.block, Drop):
            self._behind = BlackHole(self._bind(self.address))

    def _shut(self) -> None:
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.close()

    def _bind(self, address: tuple[str, int]) -> socket.socket:
        # A protocol number, so that what is accepted is TCP for everybody who asks.
        bound = socket.socket(self._family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
        return bound
