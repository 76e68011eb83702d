"""The conversation with one client, driven from what the client sends: no task, no turn of the loop in between.

What is said is a coroutine's business; this is how it is kept going, what it hears, and when its words go out.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Protocol

from .._ports._framing import Framing

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Generator

# How many lines of one client are dealt with before the others have their turn.
LINES_IN_A_ROW = 256
# How many bytes may wait to go out before they do, in the middle of what the client has sent.
MOST_UNSENT = 65_536
# Seconds between two pieces of a reply that comes in pieces, at least: the timers of a loop are no finer than that is
# worth.
_SHORTEST_PAUSE = 0.02


class ClientLeft(Exception):
    """The client has closed its side, and everything that it said has been answered."""


class SpokeTLS(ClientLeft):
    """The client speaks TLS where a line is awaited, and no SMTP any more."""


class Mouth(Protocol):
    """What speaks to the client."""

    def write(self, data: bytearray) -> None:
        """Say it."""
        ...

    def write_last(self, data: bytearray) -> None:
        """Say it, and then nothing any more."""
        ...


class Conversation:
    """A coroutine between what has come and what is to go out.

    Args:
        loop: where it runs.
        over: called when the coroutine has ended, with what it raised, if it did.

    Attributes:
        silent_since: when the client was heard last, by the loop's time, or None where it is not missed.
        is_busy: the client has said so much that others have their turn before it is read any further.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, over: Callable[[BaseException | None], object]) -> None:
        self._loop = loop
        self._now = loop.time
        self._over = over
        self._framing = Framing()
        self._unsent = bytearray()
        self._coroutine: Coroutine[None, None, None] | None = None
        self._mouth: Mouth | None = None
        self._is_talking = False
        self._is_elsewhere = False
        self.is_busy = False
        self.silent_since: float | None = None
        self._at_end = False
        self._ended = False
        self._held = False
        self._lines_left = LINES_IN_A_ROW

    # From outside

    def start(self, coroutine: Coroutine[None, None, None], mouth: Mouth) -> None:
        """Begin; what is said goes out at once for each piece that comes in."""
        self._coroutine = coroutine
        self._mouth = mouth
        self.silent_since = self._now()
        self._go_on()

    def hear(self, data: bytes | memoryview) -> None:
        """The client has sent something."""
        self._lines_left = LINES_IN_A_ROW
        self._framing.feed(data)
        if self.silent_since is not None:
            self.silent_since = self._now()
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
        if self.silent_since is not None:
            self.silent_since = self._now()
        self._go_on_if_it_listens()

    def come_back(self) -> None:
        """What kept the coroutine elsewhere is over."""
        self._is_elsewhere = False
        self.silent_since = self._now()
        self._go_on()

    def end(self) -> None:
        """Break off; a coroutine that is talking at this moment comes to its next word, and no further."""
        self.silent_since = None
        if self._is_talking:
            self._framing.clear()
            self._at_end, self._held = True, False
            return
        if self._coroutine is not None:
            self._coroutine.close()
        self._end(None)

    lose = end

    # From the coroutine

    async def line(self, limit: int) -> bytes:
        """The next line.

        Raises:
            LineTooLong: it was longer than `limit`.
            ClientLeft: there is none.
            SpokeTLS: nor will there be.
        """
        if self._lines_left <= 0 or self._held or len(self._unsent) > MOST_UNSENT:
            await self._give_way()
        framing = self._framing
        while True:
            if framing.is_tls:
                raise SpokeTLS
            if (line := framing.line(limit)) is not None:
                break
            if self._at_end:
                raise ClientLeft
            await _wait()
        self._lines_left -= 1
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

    def say(self, data: bytes | bytearray) -> None:
        """Have bytes go out when the coroutine waits for the next time."""
        self._unsent += data

    @property
    def unsent(self) -> bytearray:
        """What was said, and has not gone out yet."""
        return self._unsent

    @property
    def has_more(self) -> bool:
        """Whether the client has sent more than was heard yet."""
        return self._framing.has_more

    def forget_input(self) -> None:
        """Forget what the client has sent and was not heard yet."""
        self._framing.clear()

    async def elsewhere(self, begin: Callable[[], object]) -> None:
        """Say what is to be said, begin something, and wait for `come_back()`; the client is not missed meanwhile.

        Raises:
            ClientLeft: there is nobody any more.
        """
        self.flush()
        if self._at_end:
            raise ClientLeft
        self.silent_since = None
        self._is_elsewhere = True
        begin()
        await _wait()

    async def pause(self, seconds: float) -> None:
        """Say what is to be said, and nothing for so many seconds.

        Raises:
            ClientLeft: there is nobody any more.
        """
        timers: list[asyncio.TimerHandle] = []
        try:
            await self.elsewhere(lambda: timers.append(self._loop.call_later(seconds, self.come_back)))
        finally:
            # Where it is broken off, nobody comes back.
            for timer in timers:
                timer.cancel()

    async def drip(self, bytes_per_second: float) -> None:
        """Say what is to be said a few bytes at a time.

        Raises:
            ClientLeft: there is nobody any more.
        """
        data, self._unsent = self._unsent, bytearray()
        piece, seconds = pace(bytes_per_second)
        for place in range(0, len(data), piece):
            self.say(data[place : place + piece])
            await self.pause(seconds)

    async def hang(self) -> None:
        """Say nothing any more, and hear nothing, until the client has gone.

        Raises:
            ClientLeft: it has.
        """
        self.flush()
        self.silent_since = None
        while not self._at_end:
            self._framing.clear()
            await _wait()
        raise ClientLeft

    def flush(self) -> None:
        """Send what was said."""
        if self._unsent and self._mouth is not None:
            data, self._unsent = self._unsent, bytearray()
            self._mouth.write(data)

    # Inside

    async def _more(self) -> None:
        if self._at_end:
            raise ClientLeft
        await _wait()

    async def _give_way(self) -> None:
        """Have the client read, and the others be heard, before going on with what one has sent at once."""
        if len(self._unsent) > MOST_UNSENT:
            self.flush()
        while self._held:
            await _wait()
        if self._lines_left <= 0:
            self._lines_left = LINES_IN_A_ROW
            self.is_busy = True
            self._loop.call_soon(self._have_its_turn)
            await _wait()

    def _have_its_turn(self) -> None:
        self.is_busy = False
        self._go_on_if_it_listens()

    def _go_on_if_it_listens(self) -> None:
        if self._coroutine is not None and not (self._is_elsewhere or self.is_busy):
            self._go_on()

    def _go_on(self) -> None:
        assert self._coroutine is not None
        self._is_talking = True
        try:
            self._coroutine.send(None)
        except StopIteration:
            self._end(None)
        except BaseException as error:  # whoever is to know is told
            self._end(error)
        else:
            self.flush()
        finally:
            self._is_talking = False

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        self._coroutine = None
        self.silent_since = None
        self._over(error)
        mouth, self._mouth = self._mouth, None
        if mouth is not None:
            mouth.write_last(self._unsent)


def pace(bytes_per_second: float) -> tuple[int, float]:
    """How many bytes go out at once, and how many seconds lie between."""
    piece = max(1, int(bytes_per_second * _SHORTEST_PAUSE))
    return piece, piece / bytes_per_second


@types.coroutine
def _wait() -> Generator[None, None, None]:
    yield
