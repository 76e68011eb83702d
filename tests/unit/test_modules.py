"""Something of ours in a module of others that may be loaded later."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports._network._modules import when_loaded
from pytest_smtpports._network._replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "a_module_that_is_loaded_late"


def ours() -> str:
    return "ours"


def replace_in(module: Any) -> list[Callable[[], None]]:
    return [replace(module, "said", ours)]


@pytest.fixture(autouse=True)
def _put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{NAME}.py").write_text("def said():\n    return 'theirs'\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = list(sys.meta_path)
    yield
    sys.modules.pop(NAME, None)
    assert sys.meta_path == before


def test_a_module_that_is_loaded_is_replaced_in_at_once_and_put_back() -> None:
    module = importlib.import_module(NAME)
    put_back = when_loaded(NAME, replace_in)
    assert module.said() == "ours"
    put_back()
    assert module.said() == "theirs"


def test_a_module_that_is_loaded_later_is_replaced_in_then() -> None:
    put_back = when_loaded(NAME, replace_in)
    module = importlib.import_module(NAME)
    assert module.said() == "ours"
    assert "exec_module" not in vars(module.__spec__.loader)
    put_back()
    assert module.said() == "theirs"


def test_nobody_waits_any_more_for_a_module_that_is_loaded_too_late() -> None:
    when_loaded(NAME, replace_in)()
    assert importlib.import_module(NAME).said() == "theirs"


def test_a_wait_that_ends_while_the_module_is_loaded_leaves_it_alone(tmp_path: Path) -> None:
    put_back = when_loaded(NAME, replace_in)
    (tmp_path / f"{NAME}.py").write_text("import sys\nsys.put_back()\ndef said():\n    return 'theirs'\n")
    sys.put_back = put_back  # type: ignore[attr-defined] # for the module
    try:
        assert importlib.import_module(NAME).said() == "theirs"
    finally:
        del sys.put_back  # type: ignore[attr-defined] # as above


def test_a_module_that_is_not_there_is_missed_as_ever() -> None:
    put_back = when_loaded("a_module_that_is_not_there", replace_in)
    with pytest.raises(ModuleNotFoundError, match="No module named 'a_module_that_is_not_there'"):
        importlib.import_module("a_module_that_is_not_there")
    put_back()


def test_two_can_wait_for_one_module() -> None:
    def second() -> str:
        return "second"

    put_back = [when_loaded(NAME, replace_in), when_loaded(NAME, lambda module: [replace(module, "said", second)])]
    module = importlib.import_module(NAME)
    assert module.said() == "second"
    for each in put_back:
        each()
    assert module.said() == "theirs"
