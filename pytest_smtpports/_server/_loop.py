"""The one background thread, and the asyncio loop that runs in it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from .. import _clock
from .._errors import ServerError
from ._watch import watch
from ._wire import ROOM

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

T = TypeVar("T")

# Nothing that is asked of the loop takes long; more than this many seconds means that it is stuck.
DEADLINE = 10.0


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose timers follow the real clock, also in a test that has frozen it."""

    time = staticmethod(_clock.Real.monotonic)


def _new_loop(kind: str) -> asyncio.AbstractEventLoop:
    if kind == "uvloop":
        import uvloop

        # Its timers follow the system's own clock as well.
        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return loop
    return _Loop()


class BackgroundLoop:
    """A daemon thread with an asyncio loop, running from construction until `stop()`.

    Args:
        kind: "asyncio" or "uvloop".
    """

    def __init__(self, kind: str = "asyncio") -> None:
        self.loop = _new_loop(kind)
        self.loop.set_exception_handler(self._note_error)
        self.watch = watch(self.loop)
        # What clients send is read into this.
        self.room = memoryview(bytearray(ROOM))
        self._errors: deque[BaseException] = deque()
        self._thread = threading.Thread(target=self._run, name="pytest-smtpports", daemon=True)
        self._thread.start()

    def post(self, function: Callable[..., object], *args: object) -> None:
        """Have the loop's thread call a function, without waiting for it."""
        self.loop.call_soon_threadsafe(function, *args)

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Have the loop's thread call a function and wait for what it returns.

        Raises:
            ServerError: the loop's thread did not get to it; a hook that blocks is the likely reason.
        """
        if self.is_this_thread:
            # A hook runs here, and may change the ports.
            return function(*args)
        call = _Call(function, args)
        self.post(call.make)
        return call.result()

    def finish(self, function: Callable[..., object], *args: object) -> None:
        """The same; and wait for what it has left for the loop's next turn."""
        if self.is_this_thread:
            function(*args)
            return
        call = _Call(function, args)
        self.post(call.make, self.loop.call_soon)
        call.result()

    @property
    def is_this_thread(self) -> bool:
        """Whether this is called by the loop."""
        return threading.current_thread() is self._thread

    def catch_up(self) -> None:
        """Have the loop deal with everything that clients have sent, or closed, up to now."""
        if not self.is_this_thread:
            round_trip = _Call(int, ())
            self.post(self._turn, _TURNS, round_trip.make)
            round_trip.result()

    def take_errors(self) -> tuple[BaseException, ...]:
        """What went wrong in the loop's callbacks so far, but for what the network does; told once."""
        # One may come meanwhile.
        return tuple(self._errors.popleft() for _ in range(len(self._errors)))

    def stop(self) -> None:
        """Stop the loop, close it, and wait for the thread to end."""
        self.post(self.loop.stop)
        if not self.is_this_thread:
            # A hook that closes the ports can't wait for the end of its own thread.
            self._thread.join(DEADLINE)

    def _turn(self, turns: int, then: Callable[[], object]) -> None:
        """Let the loop go round so many times before something is done."""
        if turns:
            self.loop.call_soon(self._turn, turns - 1, then)
        else:
            then()

    def _note_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        # A connection that breaks is the client's doing, and its entry tells of it.
        if error is not None and not isinstance(error, OSError):
            self._errors.append(error)

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            self.watch.close()
            self.loop.close()


# A client that has connected, spoken and gone is accepted in one turn, read in the next, and its end seen in a third;
# what is asked of the loop comes a turn before what the network has to say.
_TURNS = 8


class _Call(Generic[T]):
    """A function that another thread is to call. Not a `Future`, which takes twice the time."""

    def __init__(self, function: Callable[..., T], args: tuple[object, ...]) -> None:
        self._function = function
        self._args = args
        self._made = threading.Lock()
        self._made.acquire()
        self._error: BaseException | None = None

    def make(self, then: Callable[[Callable[[], object]], object] | None = None) -> None:
        """Call it, in the other thread; `then` has the result wait."""
        try:
            self._result = self._function(*self._args)
        except BaseException as error:  # whoever waits gets it
            self._error = error
        if then is not None:
            then(self._made.release)
        else:
            self._made.release()

    def result(self) -> T:
        """Wait for what it returns, or raise what it raises."""
        if not self._made.acquire(timeout=DEADLINE):
            raise ServerError(
                f"The server's thread did not answer within {DEADLINE:g} s. It runs the hooks as well: "
                "one that waits for something keeps every port waiting; have it return at once."
            )
        if self._error is not None:
            raise self._error
        return self._result
