"""What the `SMTPPorts` of one session share: the loop thread, the authority, the trust in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .._network._environment import ENVIRONMENT
from .._server._engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from .._network._children import Children
    from .._network._trust import Trust


class Surroundings:
    """Shared and costly things, each made when first needed; `users` counts who is open.

    Args:
        loop: "asyncio" or "uvloop".
    """

    def __init__(self, loop: str = "asyncio") -> None:
        self.engine = Engine(loop)
        self.users = 0
        self._lock = threading.Lock()
        self._trust: Trust | None = None
        self._children: Children | None = None

    @property
    def trust(self) -> Trust:
        """The files of our authority, and the environment that names them."""
        with self._lock:
            if self._trust is None:
                # ssl is not loaded before somebody needs it.
                from .._network._trust import Trust

                self._trust = Trust(self.engine.authority.certificate)
            return self._trust

    @property
    def children(self) -> Children:
        """The folder by which child processes follow routes."""
        with self._lock:
            if self._children is None:
                from .._network._children import Children

                self._children = Children()
            return self._children

    @property
    def ca_file(self) -> Path:
        """Our authority's certificate as a PEM file."""
        return self.trust.ca_file

    def settle(self) -> None:
        """Take out of the environment what a test's patches have put back there after its routes had ended."""
        ENVIRONMENT.settle()

    def rest(self) -> None:
        """End the thread and remove the files, unless somebody is using them; the authority stays."""
        if self.users:
            return
        self.engine.stop()
        trust, self._trust = self._trust, None
        if trust is not None:
            trust.close()
        if self._children is not None:
            self._children.close()
