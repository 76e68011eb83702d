"""What time it really is, also where a test has frozen the clock.

freezegun replaces the functions that modules hold by name, so they are kept here as default arguments,
which it does not look at. time-machine replaces the functions themselves and offers its own way out.
"""

from __future__ import annotations

import datetime
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Real:
    """The functions as they were before anybody replaced them; in a class, where freezegun does not look either.

    Attributes:
        monotonic: `time.monotonic`.
    """

    monotonic = staticmethod(time.monotonic)


def monotonic() -> float:
    """Seconds on a clock that never jumps; only differences mean something."""
    return Real.monotonic()


def real_datetime(*, _class: type[datetime.datetime] = datetime.datetime) -> type[datetime.datetime]:
    """The `datetime` class as it was before anybody replaced it."""
    return _class


def now(*, _wall: Callable[[], float] = time.time) -> datetime.datetime:
    """The real time, aware, in UTC."""
    escape = getattr(sys.modules.get("time_machine"), "escape_hatch", None)
    seconds = escape.time.time() if escape is not None and escape.is_travelling() else _wall()
    return real_datetime().fromtimestamp(seconds, datetime.timezone.utc)


def after(start: datetime.datetime, seconds: float) -> datetime.datetime:
    """The time so many seconds later."""
    return start + datetime.timedelta(seconds=seconds)
