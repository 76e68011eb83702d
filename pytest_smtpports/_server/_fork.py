"""What a forked child must let go of: the sockets of ports and of their clients, which its parent goes on to serve."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

# What a child keeps open is open: clients would go on to be taken, and not learn of the end of their connection.
_OURS: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def let_go_in_children(ours: socket.socket) -> None:
    """Have children close a socket that is theirs only by being forked."""
    _OURS.add(ours)


def _let_go() -> None:
    for ours in tuple(_OURS):
        # The selector that watches it is one and the same for parent and child, and is not asked.
        if (descriptor := ours.detach()) >= 0:
            os.close(descriptor)


# Windows has no such children.
getattr(os, "register_at_fork", dict)(after_in_child=_let_go)
