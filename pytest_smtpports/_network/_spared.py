"""The waits that a client of this process is spared: what it would get at its timeout, it gets at once."""

from __future__ import annotations

import errno
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from .._server._running import running_loop

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection

# How many waits at one port are spared. Then a client waits for real, lest one that tries again until a deadline spins.
MOST = 100
# Seconds after which Linux tells a client that waits for ever that nobody has answered (tcp_syn_retries is 6).
KERNEL_GIVES_UP = 127.0
# Threads that end no task by themselves: ours, those of a loop's look-ups and those that trio and anyio keep for a
# while, and that by which a worker of xdist is told what to run.
_HARMLESS = ("pytest-smtpports", "asyncio_", "Trio thread", "AnyIO worker thread", "execnet")
# Before Python 3.12 `asyncio.wait_for()` has a timer that nobody can tell from another task's.
TIMERS_ARE_TOLD_APART = sys.hexversion >= 0x030C0000


def time_out(client: socket.socket) -> OSError:
    """What a blocking connect raises when nobody has answered: at its timeout, or when the kernel gives up."""
    timeout = client.gettimeout()
    if timeout is not None and timeout <= KERNEL_GIVES_UP:
        return TimeoutError("timed out")
    return _kernels_error()


def hasten() -> tuple[float | None, OSError | None] | None:
    """Have the nearest timeout of the asyncio task that is running come now, or tell what the kernel would.

    It is looked for among the loop's timers, by names that are not public, and moved by `asyncio.Timeout.reschedule()`.
    Other loops have other timers, and wait.

    Returns:
        the seconds that were left; or nothing but what the connect is to raise, where only the kernel would end it; or
        None where it can't be told what would come to an end.
    """
    loop, asyncio = running_loop(), sys.modules.get("asyncio")
    scheduled = getattr(loop, "_scheduled", None)
    if asyncio is None or scheduled is None or (task := asyncio.current_task()) is None or not _is_awaited():
        return None
    timers = [timer for timer in scheduled if not timer.cancelled()]
    if not timers:
        return (None, _kernels_error()) if _is_alone(loop, asyncio.all_tasks(loop)) else None
    left = _hastened(asyncio, loop, task, timers) if TIMERS_ARE_TOLD_APART else None
    return None if left is None else (left, None)


def _is_awaited() -> bool:
    """Whether it is the loop that connects, for a task that waits; one that doesn't can dial by hand."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("pytest_smtpports."):
        frame = frame.f_back
    return bool(frame.f_globals.get("__name__", "").startswith("asyncio."))


def _is_alone(loop: Any, tasks: Collection[object]) -> bool:
    """Whether nothing in this process could end the one task of a loop without timers before the kernel does."""
    watched: Collection[object] = getattr(getattr(loop, "_selector", None), "get_map", dict)()
    # What a loop watches for itself is the socket by which others wake it.
    is_quiet = len(watched) <= 1 and not loop._ready
    return len(tasks) == 1 and is_quiet and all(map(_is_no_threat, threading.enumerate()))


def _is_no_threat(thread: threading.Thread) -> bool:
    return thread is threading.current_thread() or thread.name.startswith(_HARMLESS)


def _hastened(asyncio: Any, loop: Any, task: Any, timers: list[Any]) -> float | None:
    # Whatever is due before may be what is to end the connect, or another task's; nobody can tell.
    first = min(timers, key=lambda timer: float(timer.when()))
    nearest = getattr(getattr(first, "_callback", None), "__self__", None)
    if not isinstance(nearest, asyncio.Timeout) or nearest._task is not task:
        return None
    now: float = loop.time()
    left: float = nearest.when() - now
    if left > KERNEL_GIVES_UP:
        return None
    nearest.reschedule(now)
    return left if left > 0 else 0.0


def _kernels_error() -> OSError:
    return TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
