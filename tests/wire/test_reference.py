"""The settings that the reference shows are those that ports give."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import SMTPPorts
from pytest_smtpports._harness._client_settings import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages() -> Iterator[Any]:
    """What fills the pages; it is no part of the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield import_module("_pages")


@pytest.mark.parametrize("style", STYLES)
def test_the_reference_shows_every_setting(style: str, pages: Any) -> None:
    shown = re.findall(r"^[|-] `([^`]+)`", pages.filled(f'{{{{ settings("{style}") }}}}'), re.M)

    with SMTPPorts() as smtpports:
        given = {name for port in smtpports.ports for name in port.settings(style)}
    assert {name.partition(".")[0] for name in shown} == given


def test_the_reference_shows_nothing_that_is_another_one_each_time(pages: Any) -> None:
    page = (DOCS / "reference" / "client-settings.md").read_text(encoding="utf-8")

    assert pages.filled(page) == pages.filled(page)
