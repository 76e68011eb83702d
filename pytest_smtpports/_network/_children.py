"""Routes for the processes that a test starts: a file with the routes, and what has Python and Node read it."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._environment import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE, _BOOT_FILE = "routes.json", "sitecustomize.py"
# What Node loads at its start. It stays where it is: a Node that doesn't find what it is to load doesn't start.
_NODE = Path(__file__).with_name("_child.cjs")
# What Python imports at its start (see `site`); it stands in front of one that would be found otherwise, and loads it.
_BOOT = """\
import os, sys


def _go_on():
    import importlib.machinery
    import importlib.util

    here = os.path.dirname(os.path.abspath(__file__))
    others = [path for path in sys.path[sys.path.index(here) + 1 :] if os.path.abspath(path) != here]
    spec = importlib.machinery.PathFinder.find_spec(__name__, others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _lead(routes, package):
    if not os.path.exists(routes):
        return
    sys.path.append(package)
    try:
        from pytest_smtpports._network._child import install
    except Exception as error:
        sys.stderr.write("pytest-smtpports: routes do not hold in this process: %r\\n" % (error,))
    else:
        install(routes)
    finally:
        sys.path.remove(package)


_go_on()
_lead({routes!r}, {package!r})
"""


class Children:
    """The folder that children look into; it is in the environment for as long as somebody routes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[object, Mapping[str, Mapping[str, Any]]] = {}
        self._folder = self._new()
        self._laid = ExitStack()

    def follow(self, owner: object, routes: Mapping[str, Mapping[str, Any]]) -> None:
        """Have children follow somebody's routes as they are now: by name and number, what a child meets."""
        with self._lock:
            is_first = not self._routes
            # The latest comes last, and before the others.
            self._routes[owner] = routes
            folder = self._made()
            if is_first:
                self._laid.callback(ENVIRONMENT.lay(_variables(folder)))
            self._write(folder)

    def leave(self, owner: object) -> None:
        """Have them follow somebody no more; the last one takes the folder out of the environment."""
        with self._lock:
            if self._routes.pop(owner, None) is None:
                return
            folder = self._made()
            if self._routes:
                self._write(folder)
            else:
                self._laid.close()
                (folder / _FILE).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder; if it is needed again, it has the same name, for who has children that live on."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _new(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="pytest-smtpports-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        _furnish(folder)
        return folder

    def _made(self) -> Path:
        """The folder, made again where it was removed."""
        try:
            self._folder.mkdir(mode=0o700)
        except FileExistsError:
            if not (self._folder / _BOOT_FILE).exists():
                # Somebody else has taken its name.
                self._folder = self._new()
        else:
            _furnish(self._folder)
        return self._folder

    def _write(self, folder: Path) -> None:
        names: dict[str, Mapping[str, Any]] = {}
        for routes in self._routes.values():
            names = {name: ports for name, ports in names.items() if name not in routes} | dict(routes)
        # Whoever reads meanwhile has the old file or the new one.
        draft = folder / "draft"
        draft.write_text(json.dumps(names), encoding="utf-8")
        draft.replace(folder / _FILE)


def _variables(folder: Path) -> dict[str, str]:
    # Within quotes a blank is part of the path, and a backslash stands before what is meant as it is.
    quoted = re.sub(r'(["\\])', r"\\\1", str(_NODE))
    options = " ".join(filter(None, (os.environ.get("NODE_OPTIONS"), f'--require "{quoted}"')))
    return {
        "PYTHONPATH": _in_front(str(folder), "PYTHONPATH"),
        "NODE_OPTIONS": options,
        "SMTPPORTS_ROUTES": _in_front(str(folder / _FILE), "SMTPPORTS_ROUTES"),
    }


def _in_front(path: str, variable: str) -> str:
    return os.pathsep.join(filter(None, (path, os.environ.get(variable))))


def _furnish(folder: Path) -> None:
    text = _BOOT.format(routes=str(folder / _FILE), package=str(Path(__file__).parents[2]))
    (folder / _BOOT_FILE).write_text(text, encoding="utf-8")
