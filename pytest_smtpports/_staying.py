"""pytest's hooks where pytest-socket is installed: it takes away, after each test, what stands in the socket module.

It does so before the fixtures of the test end, and before other tests of a route that lasts for longer.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# The name under which pytest-socket is registered.
REMOVER = "socket"


class Staying:
    """Puts our patch back where somebody routes, blocks or guards."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Before the first fixture ends: what is added last is called first, and pytest-socket has been by then."""
        # An item whose setup has not begun has nothing to take down, and takes nothing.
        with suppress(AssertionError, KeyError):
            item.addfinalizer(stay)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self) -> None:
        """Before a fixture begins."""
        stay()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Before the test."""
        stay()
        return (yield)


def stay() -> None:
    """Have the patch in its place, if anybody needs it."""
    if (module := sys.modules.get("pytest_smtpports._network._patch")) is not None:
        module.PATCH.stay()
