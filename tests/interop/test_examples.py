"""The examples of the documentation that need frameworks, run as a suite of their own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "interop"


def test_the_examples_with_frameworks_pass_as_a_suite(pytester: pytest.Pytester) -> None:
    shutil.copytree(EXAMPLES, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    # Django is set up once in a process.
    result = pytester.runpytest_subprocess(timeout=100)

    result.assert_outcomes(passed=10)
