"""pytest's hooks under the guard; registered while it is on, so that a run without it has none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        return (yield from self._watched(item, "setup"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the test itself."""
        return (yield from self._watched(item, "call"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """End, after the last fixture."""
        try:
            return (yield from self._watched(item, "teardown"))
        finally:
            if self._is_on:
                self._guard.end()

    def _watched(self, item: pytest.Item, when: str) -> Generator[None, object, object]:
        """Fail what has dialled the world, also where the code under test has swallowed that it was refused."""
        try:
            result = yield
        except (pytest.skip.Exception, pytest.xfail.Exception):
            # To skip a test when there is no network is to swallow what was refused.
            self._fail_if_refused()
            raise
        except BaseException:
            for error in self._guard.take_refused():
                item.add_report_section(when, HEADING, str(error))
            raise
        self._fail_if_refused()
        return result

    def _fail_if_refused(self) -> None:
        if refused := self._guard.take_refused():
            pytest.fail("\n".join(map(str, refused)), pytrace=False)


def _is_guarded(item: pytest.Item) -> bool:
    marks = (mark.kwargs for mark in item.iter_markers("smtpports"))
    return next((said["guard"] for said in marks if "guard" in said), True) is not False
