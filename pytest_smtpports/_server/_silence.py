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
        now = self._loop.time()
        waits = {
            client: client.silent_since + self._timeout - now
            for client in self._clients
            if client.silent_since is not None
        }
        # Whoever is not waited for can be missed no sooner than that.
        next_look = min((wait for wait in waits.values() if wait > 0), default=self._timeout)
        self._timer = self._loop.call_later(next_look, self._look)
        for client, wait in waits.items():
            if wait <= 0:
                client.be_idle()
