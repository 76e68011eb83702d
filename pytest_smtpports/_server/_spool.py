"""Where the bodies of messages go for which memory has no more room."""

from __future__ import annotations

import tempfile
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._mail._message import Stored


class Spool:
    """Keeps bodies: in memory up to a limit for all of them, then in one temporary file.

    The file has no name, and is gone with the last message in it.

    Args:
        limit: how many bytes stay in memory.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Begin anew; messages that somebody holds can still be read."""
        self._in_memory = 0
        self._file: _File | None = None

    def keep(self, raw: bytes) -> bytes | Stored:
        """The same bytes, or what reads them again.

        Raises:
            OSError: the file can't be written.
        """
        if self._in_memory + len(raw) <= self._limit:
            self._in_memory += len(raw)
            return raw
        if self._file is None:
            self._file = _File()
        return self._file.append(raw)


class _File:
    def __init__(self) -> None:
        # Each body is one write and one read: there is nothing to be buffered.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 # closed when nobody refers to it any more
        self._lock = threading.Lock()
        self._end = 0
        weakref.finalize(self, self._file.close)

    def append(self, raw: bytes) -> _Body:
        with self._lock:
            self._file.seek(self._end)
            left = memoryview(raw)
            while left:
                left = left[self._file.write(left) :]
            body = _Body(self, self._end, len(raw))
            self._end += len(raw)
        return body

    def read(self, place: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(place)
            pieces = []
            # One read gives all of it, but for more than 2 GiB.
            while length and (piece := self._file.read(length)):
                pieces.append(piece)
                length -= len(piece)
        return b"".join(pieces)


class _Body:
    __slots__ = ("_file", "_length", "_place")

    def __init__(self, file: _File, place: int, length: int) -> None:
        self._file = file
        self._place = place
        self._length = length

    def read(self) -> bytes:
        """Fetch it; any thread may."""
        return self._file.read(self._place, self._length)

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        # Another process has no such file.
        return bytes, (self.read(),)
