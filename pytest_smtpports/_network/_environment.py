"""Environment variables, lent in layers: whoever leaves first, the rest stays in force, and at last what was found."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Layer:
    """Some variables, and what each of them was before."""

    def __init__(self, lent: Mapping[str, str]) -> None:
        self.lent = lent
        self.found = {name: os.environ.get(name) for name in lent}


class Environment:
    """The layers of variables over those that were found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers: list[_Layer] = []
        # By variable and value, what was below each that we have taken back: somebody who had seen it may put it there
        # once more, as a patch does that began before and ends after.
        self._lifted: dict[str, dict[str, str | None]] = {}

    def lay(self, lent: Mapping[str, str]) -> Callable[[], None]:
        """Set some variables, until what is returned is called; once."""
        with self._lock:
            self._settle()
            layer = _Layer(lent)
            self._layers.append(layer)
            os.environ.update(lent)
        return lambda: self._lift(layer)

    def settle(self) -> None:
        """Take back once more what somebody has put back who found it there."""
        with self._lock:
            self._settle()

    def _lift(self, layer: _Layer) -> None:
        with self._lock:
            self._layers.remove(layer)
            for name, value in layer.lent.items():
                above = next((each for each in self._layers if each.found.get(name, "") == value), None)
                self._lifted.setdefault(name, {})[value] = layer.found[name]
                if above is not None:
                    above.found[name] = layer.found[name]
                elif os.environ.get(name) == value:
                    # What somebody else has set meanwhile is theirs.
                    _set(name, layer.found[name])

    def _settle(self) -> None:
        in_force = {(name, value) for layer in self._layers for name, value in layer.lent.items()}
        for name, lifted in self._lifted.items():
            left = dict(lifted)
            while (value := os.environ.get(name)) is not None and value in left and (name, value) not in in_force:
                _set(name, left.pop(value))


def _set(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value


# There is one environment for the whole process.
ENVIRONMENT = Environment()
