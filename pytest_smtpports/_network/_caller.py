"""Where in the code of this process a call comes from."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from .._mail._connection import Location

if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = str(Path(__file__).parent.parent)
# The standard library and what is installed: not the code under test.
_PATHS = {_PACKAGE, *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib", "scripts"))}
_NOT_THEIRS = tuple(path + os.sep for path in _PATHS)
# Debian's name for it, and a folder that PYTHONPATH adds.
_INSTALLED = re.compile(r"[/\\](dist|site)-packages[/\\]")


def location() -> Location | None:
    """The innermost frame that is neither the standard library's nor an installed package's, if there is one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((*_NOT_THEIRS, "<")) and not _INSTALLED.search(file):
            return Location(file, frame.f_lineno)
        frame = frame.f_back
    return None
