"""Routes in a child process: what its parent has written down is asked there as the parent asks its own tables.

A child of any Python from 3.10 on can load this, whatever is installed there: nothing here needs more than the standard
library.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._names import exchanges_of, is_meant
from ._patch import PATCH, as_family
from ._resolver import RESOLVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._patch import Connect, Destination


class WrittenTable:
    """The routes of the parent, read again whenever it has changed them.

    Args:
        path: the file that the parent writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state: tuple[int, int] | None = None
        self._names: dict[str, dict[str, Any]] = {}

    def routes(self, name: str) -> bool:
        """Whether a name leads to the parent."""
        return self._ports(name) is not None

    def look_up(self, name: str, port: int | None) -> bool:
        """The same.

        Raises:
            socket.gaierror: the parent hides it.
        """
        ports = self._ports(name)
        if ports is None:
            return False
        hidden = [each.get("hidden", False) for number, each in ports.items() if port is None or number == str(port)]
        if hidden and all(hidden):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return True

    def destination(self, name: str | None, address: str, port: int) -> Destination | None:
        """Where a connect leads, or None for what is not routed."""
        ports = self._ports(name or "")
        # A number that is not emulated is refused.
        return None if ports is None else _Dial(ports.get(str(port), {"error": errno.ECONNREFUSED}))

    def exchanges(self, domain: str) -> tuple[str, ...]:
        """The routed hosts that take a domain's mail."""
        return exchanges_of(domain, self._read())

    def _ports(self, name: str) -> dict[str, Any] | None:
        written = self._read()
        return next((written[each] for each in reversed(written) if each == name or is_meant(name, each)), None)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            seen = self._path.stat()
            state = (seen.st_mtime_ns, seen.st_ino)
            if state != self._state:
                self._names, self._state = json.loads(self._path.read_text(encoding="utf-8")), state
        except FileNotFoundError:
            # The parent routes nothing any more.
            self._names, self._state = {}, None
        return self._names


class _Dial:
    def __init__(self, place: dict[str, Any]) -> None:
        self._place = place

    def dial(self, client: socket.socket, connect: Connect) -> Any:  # what the socket's method returns
        """Connect as the parent says."""
        if (error := self._place.get("error")) is not None:
            raise OSError(error, os.strerror(error))
        return connect(as_family(client, self._place["to"]))


def install(path: str) -> Callable[[], None]:
    """Have this process follow what its parent writes to a file, for as long as it lives, or until that is called."""
    table = WrittenTable(Path(path))
    PATCH.add(table)
    RESOLVER.add(table)

    def uninstall() -> None:
        RESOLVER.remove(table)
        PATCH.remove(table)

    return uninstall
