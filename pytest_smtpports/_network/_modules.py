"""Modules of others that may be loaded while something of ours is to stand in them: replaced in now, or then."""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    PutBack = Callable[[], None]
    ReplaceIn = Callable[[Any], Iterable[PutBack]]


def when_loaded(name: str, replace_in: ReplaceIn) -> PutBack:
    """Replace something in a module: now if it is loaded, else as soon as it is.

    Args:
        name: the module's.
        replace_in: takes the module; what it returns puts things back.

    Returns:
        what puts everything back, and waits for the module no more.
    """
    awaited = _Awaited(name, replace_in)
    awaited.begin()
    return awaited.end


class _Awaited:
    """Finds one module by way of all the others who find modules (see `sys.meta_path`), and sees it loaded."""

    def __init__(self, name: str, replace_in: ReplaceIn) -> None:
        self._name = name
        self._replace_in = replace_in
        self._lock = threading.Lock()
        self._put_back: list[PutBack] = []
        self._is_over = self._is_looking = False

    def begin(self) -> None:
        """Replace, or wait."""
        if (module := sys.modules.get(self._name)) is not None:
            self._replace(module)
        else:
            sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Put back, and wait no more."""
        with self._lock:
            self._is_over = True
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            while self._put_back:
                self._put_back.pop()()

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """The import system's question."""
        if name != self._name or self._is_looking:
            return None
        self._is_looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_looking = False
        if spec is not None and spec.loader is not None:
            self._see_loaded(spec.loader)
        return spec

    def _see_loaded(self, loader: Any) -> None:  # any loader has the method; the loader is this module's alone
        execute, own = loader.exec_module, vars(loader).get("exec_module")

        def execute_and_replace(module: ModuleType) -> None:
            # Another one may wait for the same module.
            if own is None:
                del loader.exec_module
            else:
                loader.exec_module = own
            execute(module)
            self._replace(module)

        loader.exec_module = execute_and_replace

    def _replace(self, module: ModuleType) -> None:
        with self._lock:
            if not self._is_over:
                self._put_back += self._replace_in(module)
