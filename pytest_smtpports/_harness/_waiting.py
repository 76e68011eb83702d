"""Waiting for mail: woken by the event, never by looking again and again; by the real clock."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import _clock
from .._errors import BlockingWaitError, ConfigurationError, is_ours
from .._server._running import running_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._server._engine import Engine
    from .._server._journal import Journal

__tracebackhide__ = is_ours


def until(journal: Journal, found: Callable[[], bool], seconds: float, called: str, twin: str) -> bool:
    """Block until `found` holds or the seconds are over; whether it holds.

    Raises:
        BlockingWaitError: an event loop runs in this thread.
    """
    if seconds > 0 and is_in_loop():
        raise BlockingWaitError(called, twin)
    return journal.wait(found, seconds)


def checked_seconds(name: str, seconds: object) -> float:
    """How long is to be waited, as it was given by a keyword of this name.

    Raises:
        ConfigurationError: it is no number of seconds, or one without an end.
    """
    # NaN is not within any bounds.
    if isinstance(seconds, (int, float)) and 0 <= seconds <= _LONGEST:
        return float(seconds)
    raise ConfigurationError(
        f"{name}= takes the seconds to wait, from 0 to {_LONGEST:,} (a day), such as {name}=5, not {seconds!r}."
    )


_LONGEST = 86_400


def is_in_loop() -> bool:
    """Whether an event loop runs in this thread."""
    return running_loop() is not None or _in_trio()


async def until_async(journal: Journal, engine: Engine, found: Callable[[], bool], seconds: float) -> bool:
    """The same, awaited, under asyncio or trio. The deadline is kept by our own loop, whose clock nobody freezes."""
    deadline = _clock.monotonic() + seconds
    while not found():
        left = deadline - _clock.monotonic()
        if left <= 0:
            return False
        await _woken(journal, engine, found, left)
    return True


async def _woken(journal: Journal, engine: Engine, found: Callable[[], bool], seconds: float) -> None:
    wait, wake = _trio_event() if _in_trio() else _asyncio_event()
    background = engine.background
    timer = background.call(background.loop.call_later, seconds, wake)
    stop_listening = journal.listen(wake)
    try:
        # What came before we listened woke nobody.
        if not found():
            await wait()
    finally:
        stop_listening()
        background.post(timer.cancel)


def _asyncio_event() -> tuple[Callable[[], Awaitable[object]], Callable[[], None]]:
    import asyncio

    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def wake() -> None:
        # A loop that has been closed in the meantime has nobody to wake.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(event.set)

    return event.wait, wake


def _trio_event() -> tuple[Callable[[], Awaitable[object]], Callable[[], None]]:
    import trio

    token = trio.lowlevel.current_trio_token()
    event = trio.Event()

    def wake() -> None:
        # As above: trio.RunFinishedError is a RuntimeError.
        with suppress(RuntimeError):
            token.run_sync_soon(event.set)

    return event.wait, wake


def _in_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
