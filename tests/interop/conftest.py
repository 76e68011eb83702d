"""What the tests beside other projects share: programs that run in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def run() -> Callable[[str], str]:
    """Runs a Python program, and returns what it has said."""

    def run_program(program: str) -> str:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # our own words
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    return run_program
