"""The examples of the documentation that need frameworks or other languages, run as suites of their own."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
# Those that pass in each of the networks that the examples of CI name.
SUITE = ("welcome.py", "test_fallback.py", "test_networks.py")
WITHOUT_WARNINGS = "[pytest]\nfilterwarnings = default\npythonpath = .\nasyncio_default_fixture_loop_scope = function\n"


def copied(folder: str, pytester: pytest.Pytester) -> None:
    shutil.copytree(EXAMPLES / folder, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def test_the_examples_with_frameworks_pass_as_a_suite(pytester: pytest.Pytester) -> None:
    copied("interop", pytester)
    shutil.copy(EXAMPLES / "welcome.py", pytester.path)

    # Django is set up once in a process.
    result = pytester.runpytest_subprocess(timeout=100)

    result.assert_outcomes(passed=18)


def test_the_examples_with_programs_pass_as_a_suite(pytester: pytest.Pytester) -> None:
    copied("other", pytester)

    result = pytester.runpytest_subprocess("test_programs.py", timeout=100)

    result.assert_outcomes(passed=7)


@pytest.fixture
def _nodemailer() -> None:
    found = subprocess.run(["node", "-e", "require('nodemailer')"], capture_output=True, check=False, timeout=30)  # noqa: S607 # the one that a user has
    if found.returncode:
        pytest.skip("npm install nodemailer, and have NODE_PATH name its node_modules")


@pytest.mark.usefixtures("_nodemailer")
def test_the_examples_with_node_pass_as_a_suite(pytester: pytest.Pytester) -> None:
    copied("other", pytester)

    result = pytester.runpytest_subprocess("test_node.py", timeout=100)

    result.assert_outcomes(passed=2)


@pytest.mark.usefixtures("_nodemailer")
@pytest.mark.parametrize(
    "line",
    [
        "smtpports run -- npm test",
        "smtpports run --port 465 -- sh send.sh ada@example.org",
        "smtpports run --route smtp.example.com -- node routed.cjs ada@example.org",
    ],
)
def test_a_command_in_another_language_finds_the_ports(line: str, pytester: pytest.Pytester) -> None:
    copied("other", pytester)

    result = pytester.run(sys.executable, "-m", "pytest_smtpports", *shlex.split(line)[1:], timeout=60)

    assert result.ret == 0
    result.stderr.fnmatch_lines(["*1 message came*", "*shop@example.com to ada@example.org*Welcome*"])


def test_what_was_there_before_passes_with_the_other_packages(pytester: pytest.Pytester) -> None:
    copied("before", pytester)
    for name in ("codes.py", "welcome.py", "hasty.py"):
        shutil.copy(EXAMPLES / name, pytester.path)
    pytester.makefile(".ini", pytest=WITHOUT_WARNINGS)

    result = pytester.runpytest_subprocess(timeout=60)

    result.assert_outcomes(passed=7)


def commands(file: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What a file of CI runs by pytest, once for each value of its matrix, with what stands for it."""
    said = yaml.safe_load((EXAMPLES / "ci" / file).read_text(encoding="utf-8"))
    jobs = said["jobs"].values() if "jobs" in said else (each for each in said.values() if "script" in each)
    for job in jobs:
        lines = job["script"] if "script" in job else [step["run"] for step in job["steps"] if "run" in step]
        for line in lines:
            if line.startswith("pytest"):
                yield from ((line, each) for each in matrix_of(job))


def matrix_of(job: dict[str, Any]) -> list[dict[str, str]]:
    """The variables of each run of a job: at GitHub in an expression, at GitLab in the environment."""
    if "strategy" in job:
        ((name, values),) = job["strategy"]["matrix"].items()
        return [{f"${{{{ matrix.{name} }}}}": value} for value in values]
    if "parallel" in job:
        ((name, values),) = job["parallel"]["matrix"][0].items()
        return [{f"${name}": value} for value in values]
    return [{}]


@pytest.mark.parametrize("file", ["github.yml", "gitlab.yml"])
def test_what_ci_is_told_to_run_passes(
    file: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for name in SUITE:
        shutil.copy(EXAMPLES / name, pytester.path)
    pytester.makefile(".ini", pytest="[pytest]\npythonpath = .\n")
    ran = []

    for line, variables in commands(file):
        for variable, value in variables.items():
            line = line.replace(variable, value)
        assert not re.search(r"[$<>|&]", line), line
        pytester.runpytest_subprocess(*shlex.split(line)[1:], timeout=60).assert_outcomes(passed=4)
        ran.append(line)

    assert len(ran) == 4
    assert list((pytester.path / "mail").rglob("*.eml"))
    assert "smtpports_saved" in (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert (pytester.path / "mail.html").is_file()
    assert "|" in summary.read_text(encoding="utf-8")
