"""Keeps a test from sending mail to the world: who dials an SMTP port of another machine is refused, and told of."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .._errors import OutboundConnectionError
from ._addresses import is_this_machine
from ._caller import location
from ._patch import PATCH

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from ._patch import Connect, Destination

# The ports by which mail leaves a machine (RFC 5321 §4.5.4.2, RFC 8314 §7.3, RFC 6409 §3.1; 2525 by custom).
PORTS = frozenset({25, 465, 587, 2525})


class Guard:
    """Asked for every connect while it is on, behind every route and block.

    Args:
        more: further port numbers.
    """

    def __init__(self, more: Iterable[int] = ()) -> None:
        self._ports = PORTS.union(more)
        self._refused: list[OutboundConnectionError] = []
        self._earlier_threads: frozenset[threading.Thread] = frozenset()

    def begin(self) -> None:
        """Look at every connect of this process."""
        self._earlier_threads = frozenset(threading.enumerate()) - {threading.current_thread()}
        PATCH.add_behind(self)

    def end(self) -> None:
        """Look no more."""
        PATCH.remove(self)

    def take_refused(self) -> tuple[OutboundConnectionError, ...]:
        """The connects that were refused so far; they are told once."""
        refused = tuple(self._refused)
        # Another thread may be dialling.
        del self._refused[: len(refused)]
        return refused

    # What the socket patch asks

    def routes(self, name: str) -> bool:
        """No name leads here."""
        return False

    def look_up(self, name: str, port: int | None) -> bool:
        """As above."""
        return False

    def destination(self, name: str | None, address: str, port: int) -> Destination | None:
        """Nowhere, where it would leave this machine by an SMTP port."""
        if port not in self._ports or is_this_machine(address):
            return None
        thread = threading.current_thread()
        earlier = thread.name if thread in self._earlier_threads else None
        return _Refusal(self._refused, PATCH.name_of(address), port, earlier)


class _Refusal:
    def __init__(self, refused: list[OutboundConnectionError], host: str, port: int, thread: str | None) -> None:
        self._refused = refused
        self._host = host
        self._port = port
        self._thread = thread

    def dial(self, client: socket.socket, connect: Connect) -> Any:  # what the socket's method would return
        """Refuse, before a packet leaves."""
        error = OutboundConnectionError(self._host, self._port, location(), self._thread)
        self._refused.append(error)
        raise error
