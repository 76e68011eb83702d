"""Who has been silent for too long (RFC 5321 §4.5.3.2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection


class Silent(Protocol):
    """Who may be silent."""

    @property
    def silent_since(self) -> float | None:
        """Since when, by the loop's time, or None where nobody waits for a word."""
        ...

    def be_idle(self) -> None:
        """It has been too long."""
        ...


class Silence:
    """One timer for all clients of a port, instead of one for each of them, or for each command.

    Args:
        loop: whose time it is.
        timeout: how many seconds one may be silent.
        clients: who is there, at each moment.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout: float, clients: Collection[Silent]) -> None:
        self._loop = loop
        self._timeout = timeout
        self._clients = clients
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """There is one client more."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._look)

    def end(self) -> None:
        """There is none any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        next_look = self._timeout
        for client in tuple(self._clients):
            since = client.silent_since
            if since is None:
                continue
            left = since + self._timeout - now
            if left > 0:
                next_look = min(next_look, left)
            else:
                client.be_idle()
        if self._clients:
            self._timer = self._loop.call_later(next_look, self._look)
