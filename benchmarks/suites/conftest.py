"""Repeats each test of these modules, and writes down how long each took, set-up and teardown included."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# So many runs of a test stand together, before as many of the next: what disturbs one test disturbs them all.
BLOCK = 25

_TAKEN = pytest.StashKey["defaultdict[str, list[float]]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    parser.addoption("--times", type=int, default=1, help="how often each test runs")
    parser.addoption("--taken", type=Path, required=True, help="the file for the seconds by the test's name")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing."""
    config.stash[_TAKEN] = defaultdict(list)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test is told which of its runs it is in."""
    metafunc.parametrize("number", range(metafunc.config.option.times))


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Take the tests block by block."""
    items.sort(key=lambda item: item.callspec.params["number"] // BLOCK)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Function) -> Generator[None, object, object]:
    """Time a test, and whatever comes with it."""
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        item.config.stash[_TAKEN][item.originalname].append(time.perf_counter() - started)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write it down."""
    session.config.option.taken.write_text(json.dumps(session.config.stash[_TAKEN]))
