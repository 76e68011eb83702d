"""pytest's hooks under the guard; registered while it is on, so that a run without it has none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ._network._guard import Guard

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

# The heading in the report of a test that failed anyway.
HEADING = "smtpports: refused by the guard"


class Guarding:
    """The guard of each test, and what it has to tell.

    Args:
        more: the ports that are guarded besides the usual ones.
    """

    def __init__(self, more: Iterable[int]) -> None:
        self._guard = Guard(more)
        self._is_on = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin, before the first fixture."""
        self._is_on = _is_guarded(item)
        if self._is_on:
            self._guard.begin()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """End, after the last fixture."""
        try:
            return (yield)
        finally:
            if self._is_on:
                self._guard.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail what has dialled the world, also where the code under test has swallowed that it was refused.

        To skip a test when there is no network, or to expect its failure, is to swallow what was refused.
        """
        report = yield
        refused = "\n".join(map(str, self._guard.take_refused()))
        if refused and report.outcome == "failed":
            report.sections.append((HEADING, refused))
        elif refused:
            report.outcome, report.longrepr = "failed", _failure(item, refused)
            vars(report).pop("wasxfail", None)
        return report


def _failure(item: pytest.Item, message: str) -> Any:  # what pytest has for a failure's text
    try:
        pytest.fail(message, pytrace=False)
    except pytest.fail.Exception as failure:
        return item.repr_failure(pytest.ExceptionInfo.from_exception(failure))


def _is_guarded(item: pytest.Item) -> bool:
    marks = (mark.kwargs for mark in item.iter_markers("smtpports"))
    return next((said["guard"] for said in marks if "guard" in said), True) is not False
