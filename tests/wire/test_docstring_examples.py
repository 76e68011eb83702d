"""The examples in the docstrings of everything public, run as they stand there."""

from __future__ import annotations

import doctest
import inspect

import pytest

import pytest_smtpports

# The public names that are no classes.
WITHOUT_DOCSTRING = {"FAULTS", "KINDRED", "PROFILES"}
NAMES = [name for name in pytest_smtpports.__all__ if name not in WITHOUT_DOCSTRING]


def examples_of(name: str) -> list[doctest.DocTest]:
    """The examples of a public object and of its methods; the house it lives in is not looked at."""
    # False means that no module is sought, so that what stands in another file counts too.
    found = doctest.DocTestFinder().find(getattr(pytest_smtpports, name), name, module=False, globs={})
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_has_an_example(name: str) -> None:
    public = getattr(pytest_smtpports, name)

    assert inspect.isclass(public) or inspect.isfunction(public)
    assert name in [test.name for test in examples_of(name)]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_give_what_they_say(name: str) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)

    for test in examples_of(name):
        runner.run(test, out=report.append)

    assert not report, "".join(report)
    assert runner.tries > 0
