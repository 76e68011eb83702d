"""Signals that ask a process to end, in the hands of somebody for a time."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The last of them comes when a terminal is closed, and is not there on Windows.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def ignore() -> None:
    """Have none of them do anything from now on."""
    for number in _known():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def handling(handler: Callable[[int], object], *, ignored_ones: bool) -> Iterator[None]:
    """Have a function called at each of the signals, with its number.

    Args:
        handler: the function.
        ignored_ones: also at those that whoever started this process has it ignore, but for SIGHUP: `nohup` means that.
    """
    before: dict[signal.Signals, signal._HANDLER] = {}
    for number in _known():
        is_ignored = signal.getsignal(number) is signal.SIG_IGN
        if not is_ignored or (ignored_ones and number.name != "SIGHUP"):
            before[number] = signal.signal(number, lambda caught, _frame: handler(caught))
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _known() -> list[signal.Signals]:
    return [signal.Signals[name] for name in NAMES if name in signal.Signals.__members__]
