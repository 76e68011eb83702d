"""The one background thread, and the asyncio loop that runs in it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from .. import _clock
from .._errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

# Nothing that is asked of the loop takes long; more than this many seconds means that it is stuck.
DEADLINE = 10.0


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose timers follow the real clock, also in a test that has frozen it."""

    def time(self) -> float:
        return _clock.monotonic()


class BackgroundLoop:
    """A daemon thread with an asyncio loop, running from construction until `stop()`."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = _Loop()
        self.loop.set_exception_handler(self._note_error)
        self._errors: list[BaseException] = []
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
        if self._is_this_thread:
            # A hook runs here, and may change the ports.
            return function(*args)
        future: Future[T] = Future()
        self.post(_settle, future, function, args)
        return _result(future)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the loop run a coroutine and wait for what it returns; not from the loop's thread.

        Raises:
            ServerError: as for `call`.
        """
        return _result(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    @property
    def _is_this_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def catch_up(self) -> None:
        """Have the loop deal with everything that clients have sent, or closed, up to now."""
        if not self._is_this_thread:
            self.run(turn())

    def take_errors(self) -> tuple[BaseException, ...]:
        """What went wrong in the loop's callbacks so far, but for what the network does; told once."""
        errors, self._errors = tuple(self._errors), []
        return errors

    def stop(self) -> None:
        """Stop the loop, close it, and wait for the thread to end."""
        self.post(self.loop.stop)
        self._thread.join(DEADLINE)

    def _note_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        # A connection that breaks is the client's doing, and its entry tells of it.
        if error is not None and not isinstance(error, OSError):
            self._errors.append(error)

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()


# From the arrival of a TLS alert to the note of a failed handshake a loop goes round five times.
_TURNS = 10


async def turn() -> None:
    """Let the loop go round until what is under way has come to where it waits for the network."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _result(future: Future[T]) -> T:
    try:
        return future.result(DEADLINE)
    except FutureTimeoutError:
        raise ServerError(
            f"The server's thread did not answer within {DEADLINE:g} s. It runs the hooks as well: "
            "one that waits for something keeps every port waiting; have it return at once."
        ) from None


def _settle(future: Future[Any], function: Callable[..., Any], args: tuple[object, ...]) -> None:
    try:
        future.set_result(function(*args))
    except BaseException as error:  # whoever called gets it
        future.set_exception(error)
