"""The examples of the documentation that need a test suite of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

INI = """
[pytest]
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""


def test_the_examples_of_hooks_pass_as_a_suite(pytester: pytest.Pytester) -> None:
    shutil.copytree(EXAMPLES / "hooks", pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    pytester.makefile(".ini", pytest=INI)

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=4)


def test_a_message_with_an_unfilled_template_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((EXAMPLES / "hooks" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(
        """
        import smtplib

        import pytest


        def test_greets(smtpports):
            with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPDataError, match="451"):
                client.sendmail("app@example.com", "ada@example.org", "Subject: Hi\\r\\n\\r\\nDear {{ name }}")
        """
    )

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ServerError: *AssertionError: a template was not filled in*"])


def test_the_examples_with_workers_pass_as_a_suite_and_what_they_captured_is_merged(pytester: pytest.Pytester) -> None:
    shutil.copytree(EXAMPLES / "xdist", pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    options = ("--dist", "loadgroup", "--smtpports-save=mail", "--smtpports-report=mail.html")
    result = pytester.runpytest_subprocess("-n", "2", *options, timeout=60)

    result.assert_outcomes(passed=6)
    assert len(list((pytester.path / "mail").rglob("*.eml"))) == 6
    assert (pytester.path / "mail.html").is_file()


def test_what_was_there_before_with_mocks_passes(pytester: pytest.Pytester) -> None:
    for name in ("welcome.py", "hasty.py", "before/test_mocks.py", "before/test_patched_send.py"):
        shutil.copy(EXAMPLES / name, pytester.path)
    pytester.makefile(".ini", pytest=f"{INI}pythonpath = .\n")

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=4)


def test_the_example_of_the_guard_fails_where_a_setting_was_forgotten(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REAL_SMTP_HOST", raising=False)
    shutil.copytree(EXAMPLES / "guard", pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    result = pytester.runpytest("-p", "no:randomly")

    result.stdout.fnmatch_lines(["*192.0.2.1:25*test_guard.py:12*"])
    assert result.parseoutcomes()["skipped"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
