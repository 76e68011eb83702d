"""The conversation with one client, driven from what the client sends: no task, no turn of the loop in between.

What is said is a coroutine's business; this is how it is kept going, what it hears, and when its words go out.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any

from .._ports._framing import Framing

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

# What the coroutine waits for: None for more from the client, or something that needs the loop.
Wait = Coroutine[Any, Any, None] | None


# How many lines of one client are dealt with before the others have their turn.
LINES_IN_A_ROW = 256
# How many bytes may wait to go out before they do, in the middle of what the client has sent.
MOST_UNSENT = 65_536


class ClientLeft(Exception):
    """The client has closed its side, and everything that it said has been answered."""


class Conversation:
    """A coroutine between what has come and what is to go out.

    Args:
        loop: where it runs.
        idle_timeout: how many seconds a client may be silent.
        write: sends bytes to the client; called once for all that one piece of input has led to.
        idle: called when the client has been silent for too long.
        over: called when the coroutine has ended, with what it raised, if it did.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        idle_timeout: float,
        *,
        write: Callable[[bytes], object],
        idle: Callable[[], object],
        over: Callable[[BaseException | None], object],
    ) -> None:
        self._loop = loop
        self._idle_timeout = idle_timeout
        self._write = write
        self._idle = idle
        self._over = over
        self._framing = Framing()
        self._unsent = bytearray()
        self._coroutine: Coroutine[Wait, None, None] | None = None
        self._apart: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._at_end = False
        self._ended = False
        self._held = False
        self._lines_left = LINES_IN_A_ROW

    # From outside

    def start(self, coroutine: Coroutine[Wait, None, None]) -> None:
        """Begin."""
        self._coroutine = coroutine
        self._watch()
        self._go_on()

    def hear(self, data: bytes) -> None:
        """The client has sent something."""
        self._heard_at = self._loop.time()
        self._framing.feed(data)
        self._go_on_if_it_listens()

    def hear_no_more(self) -> None:
        """The client has closed its side; what it has sent before is still answered."""
        self._at_end = True
        self._go_on_if_it_listens()

    def hold(self) -> None:
        """The client does not read what it is told: say nothing more for now."""
        self._held = True

    def release(self) -> None:
        """It does again, and was not idle meanwhile."""
        self._held = False
        self._heard_at = self._loop.time()
        self._go_on_if_it_listens()

    def end(self) -> None:
        """Break off."""
        self._be_unwatched()
        if self._apart is not None:
            # What runs in a task ends the coroutine when it has come to its own end.
            self._apart.cancel()
        else:
            if self._coroutine is not None:
                self._coroutine.close()
            self._end(None)

    # From the coroutine

    async def line(self, limit: int) -> bytes:
        """The next line.

        Raises:
            LineTooLong: it was longer than `limit`.
            ClientLeft: there is none.
        """
        await self._give_way()
        while (line := self._framing.line(limit)) is None:
            await self._more()
        return line

    async def message(self, limit: int | None) -> bytes:
        """The message up to the dot.

        Raises:
            MessageTooLong: it was far beyond `limit` octets.
            ClientLeft: it does not come to its end.
        """
        while (raw := self._framing.message(limit)) is None:
            await self._more()
        return raw

    async def some(self, most: int) -> bytes:
        """What comes next, at least one octet of it.

        Raises:
            ClientLeft: there is nothing.
        """
        while not (some := self._framing.some(most)):
            await self._more()
        return some

    def say(self, data: bytes) -> None:
        """Have bytes go out when the coroutine waits for the next time."""
        self._unsent += data

    def forget_input(self) -> None:
        """Forget what the client has sent and was not heard yet."""
        self._framing.clear()

    async def apart(self, task: Coroutine[Any, Any, None]) -> None:
        """Do something that needs the loop, in a task; the client is not heard, nor missed, meanwhile."""
        self._be_unwatched()
        await _wait(task)
        self._watch()

    def flush(self) -> None:
        """Send what was said."""
        if self._unsent:
            data, self._unsent = bytes(self._unsent), bytearray()
            self._write(data)

    # Inside

    async def _more(self) -> None:
        if self._at_end:
            raise ClientLeft
        await _wait(None)

    async def _give_way(self) -> None:
        """Have the client read, and the others be heard, before going on with what one has sent at once."""
        if len(self._unsent) > MOST_UNSENT:
            self.flush()
        while self._held:
            await _wait(None)
        self._lines_left -= 1
        if not self._lines_left:
            self._lines_left = LINES_IN_A_ROW
            self._loop.call_soon(self._go_on_if_it_listens)
            await _wait(None)

    def _go_on_if_it_listens(self) -> None:
        if self._coroutine is not None and self._apart is None:
            self._go_on()

    def _go_on(self) -> None:
        assert self._coroutine is not None
        try:
            waits_for = self._coroutine.send(None)
        except StopIteration:
            self._end(None)
        except BaseException as error:  # whoever is to know is told
            self._end(error)
        else:
            self.flush()
            if waits_for is not None:
                self._apart = self._loop.create_task(waits_for)
                self._apart.add_done_callback(self._together)

    def _together(self, task: asyncio.Task[None]) -> None:
        self._apart = None
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            assert self._coroutine is not None
            self._coroutine.close()
            self._end(error)
        else:
            self._go_on()

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        self._coroutine = None
        self._be_unwatched()
        self.flush()
        self._over(error)

    # Silence

    def _watch(self) -> None:
        self._heard_at = self._loop.time()
        self._timer = self._loop.call_later(self._idle_timeout, self._look)

    def _be_unwatched(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Has it been silent since? One timer for many commands, instead of one for each."""
        left = self._heard_at + self._idle_timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._timer = None
            self._idle()


@types.coroutine
def _wait(what: Wait) -> Generator[Wait, None, None]:
    yield what
