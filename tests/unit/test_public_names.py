"""What stands in `__all__`, and nothing else, is public."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass

import pytest

import pytest_smtpports

CLASSES = [name for name in pytest_smtpports.__all__ if inspect.isclass(getattr(pytest_smtpports, name))]


def test_each_public_name_stands_there_once() -> None:
    assert len(pytest_smtpports.__all__) == len(set(pytest_smtpports.__all__))


def test_each_public_name_has_a_home_and_each_home_a_public_name() -> None:
    assert set(pytest_smtpports.__all__) == set(pytest_smtpports._HOME_OF)


def test_each_name_has_one_home() -> None:
    assert sum(map(len, pytest_smtpports._HOMES.values())) == len(pytest_smtpports._HOME_OF)


@pytest.mark.parametrize("name", pytest_smtpports.__all__)
def test_a_public_name_is_found(name: str) -> None:
    assert getattr(pytest_smtpports, name) is not None


def test_a_star_import_gives_the_public_names() -> None:
    given: dict[str, object] = {}

    exec("from pytest_smtpports import *", given)  # noqa: S102 # a star import stands at a module's level

    assert set(given) - {"__builtins__"} == set(pytest_smtpports.__all__)


def test_everything_but_what_is_shipped_and_one_function_is_a_class() -> None:
    assert set(pytest_smtpports.__all__) - set(CLASSES) == {"FAULTS", "KINDRED", "PROFILES", "accept_then"}


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_calls_itself_by_the_name_that_users_import(name: str) -> None:
    public = getattr(pytest_smtpports, name)

    assert (public.__module__, public.__qualname__) == ("pytest_smtpports", name)


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_has_a_docstring_with_an_example(name: str) -> None:
    docstring = inspect.getdoc(getattr(pytest_smtpports, name)) or ""

    assert "\nExample:\n" in docstring


@pytest.mark.parametrize("name", [name for name in CLASSES if is_dataclass(getattr(pytest_smtpports, name))])
def test_a_public_value_cannot_be_changed(name: str) -> None:
    assert getattr(pytest_smtpports, name).__dataclass_params__.frozen


@pytest.mark.parametrize("name", ["Smtpports", "_Journal", "__path_to_nowhere__"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pytest_smtpports, name)

    assert str(caught.value) == f"module 'pytest_smtpports' has no attribute {name!r}"


def test_the_public_names_are_listed() -> None:
    assert set(pytest_smtpports.__all__) <= set(dir(pytest_smtpports))


def test_the_listing_is_sorted_and_names_each_once() -> None:
    listing = pytest_smtpports.__dir__()

    assert listing == sorted(set(listing))
