"""Environment variables, lent in layers: whoever leaves first, the rest stays in force, and at last what was found."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Environment:
    """The layers of variables over those that were found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers: list[Mapping[str, str]] = []
        self._found: dict[str, str | None] = {}

    def lay(self, layer: Mapping[str, str]) -> Callable[[], None]:
        """Set some variables, until what is returned is called; once."""
        with self._lock:
            for name in layer:
                self._found.setdefault(name, os.environ.get(name))
            self._layers.append(layer)
            os.environ.update(layer)
        return lambda: self._lift(layer)

    def _lift(self, layer: Mapping[str, str]) -> None:
        with self._lock:
            self._layers = [each for each in self._layers if each is not layer]
            for name, value in layer.items():
                below = [each[name] for each in self._layers if name in each]
                next_value = below[-1] if below else self._found.pop(name)
                # What somebody else has set meanwhile is theirs.
                if os.environ.get(name) == value:
                    _set(name, next_value)


def _set(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value


# There is one environment for the whole process.
ENVIRONMENT = Environment()
