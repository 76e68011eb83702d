"""pytest in a process of its own; and what a test of `suites` takes there, with one plugin and no other."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._measure import Run

SUITES = Path(__file__).parent / "suites"
TIMEOUT = 120.0
# Of each test so many runs do not count, for what they import and make for the session.
LEFT_OUT = 10
# What would load further plugins, or slow everything down.
_UNWANTED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONDEVMODE", "PYTHONWARNINGS")
_ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

OURS = "pytest_smtpports.plugin"
SMTPDFIX = "smtpdfix.fixture"


def pytest(
    arguments: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], interpreter: Sequence[str] = ()
) -> int:
    """Run pytest in a folder, with these environment variables, and options of the interpreter; its exit code."""
    command = [sys.executable, *interpreter, "-m", "pytest", "-q", *arguments]
    wanted = {name: value for name, value in os.environ.items() if name not in _UNWANTED} | dict(environment)
    done = subprocess.run(command, cwd=folder, env=wanted, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 5):  # 5: there is no test
        sys.exit(f"{done.stdout}\n{done.stderr}")
    return done.returncode


def ours(test: str, times: int) -> Run:
    """Milliseconds of a test of `test_smtpports.py`."""
    return _per_test(OURS, f"test_smtpports.py::{test}", times, {})


def smtpdfix(test: str, times: int, **environment: str) -> Run:
    """Milliseconds of a test of `test_smtpdfix.py`."""
    # On one address, as ours; the name localhost has two.
    return _per_test(SMTPDFIX, f"test_smtpdfix.py::{test}", times, {"SMTPD_HOST": "127.0.0.1", **environment})


def _per_test(plugin: str, test: str, times: int, environment: Mapping[str, str]) -> Run:
    """The median of so many runs of a test, without what an empty test takes in the same process."""

    def run() -> float:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            taken = folder / "taken.json"
            arguments = [f"--basetemp={folder / 'temp'}", f"--times={times + LEFT_OUT}", f"--taken={taken}"]
            tests = [f"{SUITES / 'test_empty.py'}", f"{SUITES / test}"]
            pytest(["-p", plugin, *arguments, *tests], folder=folder, environment={**_ALONE, **environment})
            figures: dict[str, list[float]] = json.loads(taken.read_text())
            empty, full = figures.values()
        return (statistics.median(full[LEFT_OUT:]) - statistics.median(empty[LEFT_OUT:])) * 1000

    return run
