"""How the loop hears of clients at listening sockets that other threads open and close."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Watch(Protocol):
    """Calls a function in the loop's thread when there is a client; any thread may ask it."""

    def begin(self, listening: int, call: Callable[[], object]) -> None:
        """Watch a socket, given by its descriptor."""
        ...

    def end(self, listening: int) -> None:
        """Watch it no more, before it is closed."""
        ...

    def close(self) -> None:
        """Watch nothing any more; in the loop's thread."""
        ...


class NestedWatch:
    """A selector that the loop watches as one more socket, so that nothing has to wake it for each port of each test.

    epoll and kqueue can do it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = selectors.DefaultSelector()
        loop.add_reader(self._fileno(), self._look)

    def begin(self, listening: int, call: Callable[[], object]) -> None:
        """Watch a socket."""
        self._selector.register(listening, selectors.EVENT_READ, call)

    def end(self, listening: int) -> None:
        """Watch it no more."""
        self._selector.unregister(listening)

    def close(self) -> None:
        """Watch nothing any more."""
        self._loop.remove_reader(self._fileno())
        self._selector.close()

    def _fileno(self) -> int:
        return int(self._selector.fileno())

    def _look(self) -> None:
        for key, _ in self._selector.select(0):
            key.data()


class PostedWatch:
    """The loop's own watching, asked for in its thread; for systems whose selector is no socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: dict[int, Callable[[], object]] = {}

    def begin(self, listening: int, call: Callable[[], object]) -> None:
        """Watch a socket."""
        self._calls[listening] = call
        self._loop.call_soon_threadsafe(self._follow, listening)

    def end(self, listening: int) -> None:
        """Watch it no more."""
        del self._calls[listening]
        self._loop.call_soon_threadsafe(self._follow, listening)

    def close(self) -> None:
        """Watch nothing any more."""
        for listening in tuple(self._calls):
            self._loop.remove_reader(listening)

    def _follow(self, listening: int) -> None:
        """Do as was asked last: the same descriptor may be another socket by now."""
        call = self._calls.get(listening)
        if call is None:
            self._loop.remove_reader(listening)
        else:
            self._loop.add_reader(listening, call)


def watch(loop: asyncio.AbstractEventLoop) -> Watch:
    """The way that this system knows."""
    return NestedWatch(loop) if hasattr(selectors.DefaultSelector, "fileno") else PostedWatch(loop)
