"""`smtpports run` on test suites of other languages, as the documentation shows them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "cli"


def test_a_suite_of_node_passes_and_its_mail_is_told(nodemailer: Path) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("there is no node")
    command = [sys.executable, "-m", "pytest_smtpports", "run", "--route", "smtp.example.com", "--"]
    environment = {**os.environ, "NODE_PATH": str(nodemailer.parent)}

    done = subprocess.run(  # noqa: S603 # our own words
        [*command, node, "--test", str(EXAMPLES / "welcome.test.js")],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )

    assert done.returncode == 0, done.stdout
    assert "# pass 2" in done.stdout or "pass 2" in done.stdout
    headline, *lines = done.stderr.splitlines()
    assert headline.startswith("smtpports: 1 message came by 2 connections in ")
    assert any("app@example.com to ada@example.org  'Welcome'" in line for line in lines)
    assert any("login failed: the login of 'user' was refused" in line for line in lines)
