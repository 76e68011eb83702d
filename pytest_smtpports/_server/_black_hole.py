"""A local port at which every SYN is dropped."""

from __future__ import annotations

import socket

from ._fork import let_go_in_children
from ._originals import original


def fill(listening: socket.socket) -> None:
    """Have the kernel drop every SYN to a socket that is bound, or listens, as a silent firewall does.

    With a backlog of 0 Linux queues one connection, and one that its client has closed goes on filling the queue.
    """
    listening.listen(0)
    kind = original("socket", "socket")
    with kind(listening.family, socket.SOCK_STREAM) as filler:
        # It doesn't wait: where a client was faster, the queue is full already.
        filler.setblocking(False)
        # Past the socket patch, which would write it down as a dial of the test's.
        super(kind, filler).connect_ex(listening.getsockname())


class BlackHole:
    """A port like that: give it a bound socket, and it owns it from then on."""

    drops = True

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        let_go_in_children(bound)
        fill(bound)

    def close(self) -> None:
        """Let go of the queue; a client that still waits is refused at its next SYN."""
        self._socket.close()
