"""Which asyncio loop, if any, has called the code that asks."""

from __future__ import annotations

import sys
import threading
from typing import Any


def running_loop() -> Any:  # asyncio is not loaded for the sake of asking
    """The loop that runs here, or None.

    gevent's greenlets share one thread, and with it what asyncio takes for the loop that runs in it; but each of them
    has an identity as a thread has.
    """
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    # uvloop doesn't tell, and doesn't run in greenlets.
    here = threading.get_ident()
    return loop if getattr(loop, "_thread_id", here) == here else None
