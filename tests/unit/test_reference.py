"""The pages of the reference ask for everything that there is, and for nothing else; what they ask for is filled in."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_smtpports
from pytest_smtpports import plugin
from pytest_smtpports._harness._client_settings import STYLES
from pytest_smtpports._mail._criteria import CRITERIA
from pytest_smtpports._settings import MARKER_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in sorted((DOCS / "reference").glob("*.md"))}
ASKED = re.compile(r"\{\{ (\w+)\((.*?)\) \}\}", re.DOTALL)


@pytest.fixture(scope="module")
def pages() -> Iterator[Any]:
    """What fills the pages; it is no part of the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield import_module("_pages")


def asked(function: str) -> list[str]:
    """With which names the pages ask for something, all together."""
    calls = [given for page in PAGES.values() for called, given in ASKED.findall(page) if called == function]
    return [name for given in calls for name in ast.literal_eval(f"({given},)")]


def test_every_public_name_has_its_place_among_the_objects() -> None:
    assert sorted([*asked("objects"), "FAULTS", "KINDRED", "PROFILES"]) == sorted(pytest_smtpports.__all__)
    assert all(f"`{name}`" in PAGES["objects"] for name in ("FAULTS", "KINDRED", "PROFILES"))


def test_every_option_and_every_ini_value_is_told_of(pages: Any) -> None:
    declared = pages._code.Declared()

    assert asked("option") == list(declared.options)
    assert sorted(asked("ini")) == sorted(declared.inis)


@pytest.mark.parametrize("function", ["option", "ini", "fixture", "argument", "settings"])
def test_what_is_told_of_a_name_stands_under_it(function: str) -> None:
    for page in PAGES.values():
        headed = re.findall(rf'^#+ `?([\w-]+)`?\n(?:(?!^#).)*?\{{\{{ {function}\("([\w-]+)"\)', page, re.M | re.DOTALL)
        assert [name for _, name in headed] == [heading for heading, _ in headed]


def test_every_argument_of_the_marker_is_told_of_in_the_order_in_which_it_is_applied() -> None:
    assert asked("argument") == list(MARKER_ARGUMENTS)
    assert re.findall(r"(\w+)=\.\.\.", plugin._MARKER) == list(MARKER_ARGUMENTS)


def test_every_fixture_is_told_of(pages: Any) -> None:
    assert sorted(asked("fixture")) == sorted(pages._code.fixtures())
    assert {*asked("fixture")} == {*plugin.FIXTURES, "smtpports_profiles"}


def test_the_scope_of_a_fixture_is_found(pages: Any) -> None:
    scopes = {name: scope for name, (scope, _) in pages._code.fixtures().items()}

    assert scopes == {
        "smtpports_profiles": "session",
        "smtpports_server": "session",
        "smtpports": "function",
        "each_smtpport": "function",
    }


def test_every_style_of_settings_is_told_of() -> None:
    assert asked("settings") == list(STYLES)


def test_every_criterion_is_told_of() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGES["criteria"], re.M)

    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(CRITERIA)


def test_whatever_can_be_asked_for_is_asked_for(pages: Any) -> None:
    called = {function for page in PAGES.values() for function, _ in ASKED.findall(page)}

    assert called == {*pages._code.__all__, *pages._facts.__all__}


def test_every_page_is_listed(pages: Any) -> None:
    listed = re.findall(r"^[a-z-]+$", PAGES["index"].partition(":hidden:")[2], re.M)
    linked = re.findall(r"\]\(([a-z-]+)\.md\)", PAGES["index"])

    assert sorted({"index", *listed}) == sorted({*PAGES, "commands"})
    assert sorted(linked) == sorted(listed)


# What needs no port; the settings of clients do.
@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"client-settings"}))
def test_a_page_is_filled(page: str, pages: Any) -> None:
    filled = pages.filled(PAGES[page])

    assert "{{ " not in filled
    for row in re.findall(r"^\|.*\|$", filled, re.M):
        assert "\n" not in row
        assert " None " not in row


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("blocks", "_ports._kinds.KINDS"),
        ("bad-tls", "_ports._flaws.FLAWS"),
        ("checks", "_mail._lint.RULES"),
        ("faults", "_ports._catalogue.FAULTS"),
    ],
)
def test_a_table_has_a_row_for_every_name(page: str, names: str, pages: Any) -> None:
    module, _, table = names.rpartition(".")
    rows = re.findall(r"^\| \[?`([^`]+)`", pages.filled(PAGES[page]), re.M)

    assert set(rows) == set(getattr(import_module(f"pytest_smtpports.{module}"), table))


def test_an_unknown_name_is_no_empty_place(pages: Any) -> None:
    with pytest.raises(KeyError, match="smtpports_prots"):
        pages.filled('{{ ini("smtpports_prots") }}')


def test_a_cell_of_a_table_stays_in_its_row(pages: Any) -> None:
    table = pages._markdown.table(("one", "two"), [("a|b", "c\nd")])

    assert table.splitlines() == ["| one | two |", "| --- | --- |", "| a\\|b | c<br>d |"]


@pytest.mark.parametrize(
    ("value", "written"), [("", ""), ("drop", "`drop`"), ("a `b`", "`` a `b` ``"), (" x", "``  x ``"), (20, "`20`")]
)
def test_a_value_is_written_as_code(value: object, written: str, pages: Any) -> None:
    assert pages._markdown.code(value) == written


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "(a: int, *, b: str = 'x', _hook: Callable[[], object] | None = None, _c: object = None)",
            "(a: int, *, b: str = 'x')",
        ),
        ("(a: int)", "(a: int)"),
        ("()", "()"),
        (None, None),
    ],
)
def test_a_signature_tells_nothing_that_is_private(written: str | None, told: str | None, pages: Any) -> None:
    assert pages.signature("pytest_smtpports.SMTPPorts", written) == told
    assert pages.signature("pytest_smtpports.Port", written) == ""
