"""A local port that can be opened, refused or dropped, and stays the same port throughout."""

from __future__ import annotations

import errno
import socket
import threading
from typing import TYPE_CHECKING, Protocol

from .._errors import ClosedError, ConfigurationError, is_ours
from .._ports._kinds import Drop, Throttle
from .._server._black_hole import BlackHole
from .._server._originals import original
from ._spared import MOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._ports._blocks import Block

__tracebackhide__ = is_ours


_ALWAYS = "127.0.0.1"
# What can be done where a number that was asked for can't be had.
_REMEDIES = {
    errno.EADDRINUSE: ": another program does. `ss -ltnp` or `lsof -i` shows which; end it, or take another number.",
    errno.EACCES: ": low numbers belong to the administrator. Take one from 1024 on, or have the administrator allow "
    "it; on Linux `sysctl net.ipv4.ip_unprivileged_port_start=25` does.",
}


class Answer(Protocol):
    """What stands behind an open door."""

    @property
    def drops(self) -> bool:
        """Whether a SYN is dropped."""
        ...

    def close(self) -> None:
        """Take no more clients, but those who have begun to dial."""
        ...


def unavailable(host: str, local_port: int, error: OSError) -> str:
    """Why nothing can listen at an address, and what else can be done."""
    what = f"{host}:{local_port}" if local_port else host
    reason = f"Nothing can listen on {what} on this machine ({error.strerror})"
    remedy = _REMEDIES.get(error.errno or 0) if local_port else None
    return f"{reason}{remedy or ('.' if host == _ALWAYS else f'; {_ALWAYS} always works.')}"


class Door:
    """One local port: an ephemeral one unless a number is told.

    A socket that is bound and never listens keeps the number for the door's life: alone it refuses connections, and
    what answers is opened on the same number beside it.

    Attributes:
        address: where it is.
        block: what holds for it.
    """

    def __init__(
        self,
        host: str,
        answer: Callable[[socket.socket, Block | None], Answer],
        block: Block | None,
        local_port: int = 0,
    ) -> None:
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._answer = answer
        # Whoever dials while the door is turned waits for the end of that.
        self._turning = threading.Lock()
        try:
            self._guard = self._bind((host, local_port))
        except OSError as error:
            raise ConfigurationError(unavailable(host, local_port, error)) from error
        self.address: tuple[str, int] = self._guard.getsockname()[:2]
        self._behind: Answer | None = None
        self._spared = self._entered = 0
        self._is_closed = False
        self.block = block
        try:
            self._open()
        except OSError as error:
            self._guard.close()
            raise ConfigurationError(unavailable(host, local_port, error)) from error

    def set(self, block: Block | None) -> None:
        """Block the door, in a way or another, or open it; nothing happens where it is so already."""
        if block == self.block:
            return
        with self._turning:
            self._shut()
            self.block = block
            self._open()

    def enter(self, begin: Callable[[Block | None, bool], object]) -> tuple[Block | None, bool]:
        """Have a dial begin under what holds now, never between two blocks.

        Args:
            begin: called with what holds, and with whether the SYN of this dial is dropped; what it announces is waited
                for before the door is turned.

        Returns:
            the same.

        Raises:
            ClosedError: the port was given back.
        """
        with self._turning:
            if self._is_closed:
                raise ClosedError
            # Dials of this process are counted when they begin, and not when they are taken in.
            self._entered += 1
            is_one_too_many = isinstance(self.block, Throttle) and self._entered > self.block.connections
            drops = is_one_too_many or (self._behind is not None and self._behind.drops)
            begin(self.block, drops)
            return self.block, drops

    def may_spare(self) -> bool:
        """Whether one wait more may be spared at this port."""
        return self._spared < MOST

    def count_spared(self) -> None:
        """One was."""
        self._spared += 1

    def renew(self) -> None:
        """Begin to count anew."""
        self._spared = 0
        if isinstance(self.block, Throttle):
            with self._turning:
                self._shut()
                self._open()

    def close(self) -> None:
        """Give the port back."""
        with self._turning:
            self._is_closed = True
            self._shut()
            self._guard.close()

    def _open(self) -> None:
        self._entered = 0
        if self.block is None or self.block.answers:
            bound = self._bind(self.address)
            try:
                self._behind = self._answer(bound, self.block)
            except BaseException:
                bound.close()
                raise
        elif isinstance(self.block, Drop):
            self._behind = BlackHole(self._bind(self.address))

    def _shut(self) -> None:
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.close()

    def _bind(self, address: tuple[str, int]) -> socket.socket:
        # A protocol number, so that what is accepted is TCP for everybody who asks.
        bound: socket.socket = original("socket", "socket")(self._family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
        return bound
