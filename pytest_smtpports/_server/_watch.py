"""How the loop hears of clients at sockets that other threads open and close, and of what these clients send."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Protocol

from ._running import running_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Watch(Protocol):
    """Calls a function in the loop's thread when there is something to be read; any thread may ask it."""

    def begin(self, descriptor: int, call: Callable[[], object]) -> None:
        """Watch a socket, given by its descriptor."""
        ...

    def end(self, descriptor: int) -> None:
        """Watch it no more, before it is closed."""
        ...

    def close(self) -> None:
        """Watch nothing any more; in the loop's thread."""
        ...


class NestedWatch:
    """A selector that the loop watches as one more socket.

    So nothing has to wake it for each port of each test, and it has one thing to do for all clients that have spoken.
    epoll and kqueue can do it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = selectors.DefaultSelector()
        loop.add_reader(self._fileno(), self._look)

    def begin(self, descriptor: int, call: Callable[[], object]) -> None:
        """Watch a socket."""
        self._selector.register(descriptor, selectors.EVENT_READ, call)

    def end(self, descriptor: int) -> None:
        """Watch it no more; a call that is due already comes yet."""
        self._selector.unregister(descriptor)

    def close(self) -> None:
        """Watch nothing any more."""
        self._loop.remove_reader(self._fileno())
        self._selector.close()

    def _fileno(self) -> int:
        return int(self._selector.fileno())

    def _look(self) -> None:
        for key, _ in self._selector.select(0):
            try:
                key.data()
            except Exception as error:  # noqa: PERF203 # as the loop does it: the others have their turn
                self._loop.call_exception_handler({"message": "a client was not heard", "exception": error})


class PostedWatch:
    """The loop's own watching, asked for in its thread; for systems whose selector is no socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: dict[int, Callable[[], object]] = {}

    def begin(self, descriptor: int, call: Callable[[], object]) -> None:
        """Watch a socket."""
        self._calls[descriptor] = call
        self._ask_for(descriptor)

    def end(self, descriptor: int) -> None:
        """Watch it no more."""
        del self._calls[descriptor]
        self._ask_for(descriptor)

    def close(self) -> None:
        """Watch nothing any more."""
        for descriptor in tuple(self._calls):
            self._loop.remove_reader(descriptor)

    def _ask_for(self, descriptor: int) -> None:
        if running_loop() is self._loop:
            # What is about to be closed must be gone before the loop looks again.
            self._follow(descriptor)
        else:
            self._loop.call_soon_threadsafe(self._follow, descriptor)

    def _follow(self, descriptor: int) -> None:
        """Do as was asked last: the same descriptor may be another socket by now."""
        call = self._calls.get(descriptor)
        # A selector that knows the number would not look at another socket.
        self._loop.remove_reader(descriptor)
        if call is not None:
            self._loop.add_reader(descriptor, call)


def watch(loop: asyncio.AbstractEventLoop) -> Watch:
    """The way that this system knows."""
    return NestedWatch(loop) if hasattr(selectors.DefaultSelector, "fileno") else PostedWatch(loop)
