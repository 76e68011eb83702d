"""What the standard library had before gevent put its own in the place of it, where gevent did."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def original(module: str, name: str) -> Any:  # whatever stands there
    """The standard library's own.

    gevent's sockets are closed only when its hub gets to it, so that their port is in use for longer.
    """
    monkey = sys.modules.get("gevent.monkey")
    return getattr(import_module(module), name) if monkey is None else monkey.get_original(module, name)
