"""pytest-html's report leads to the mail of each test."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = pytest.mark.parametrize("distributed", [(), ("-n", "2")], ids=["in one process", "by two workers"])
SUITE = """
    import pytest
    from mail import send

    @pytest.mark.parametrize("to", ["ada/é#1?"])
    def test_mail(smtpports, to):
        send(smtpports.ports[25].address)

    def test_nothing_was_sent(smtpports):
        assert not smtpports.messages

    def test_without_ports():
        pass
"""


@pytest.fixture
def links(pytester: pytest.Pytester) -> Callable[..., dict[str, list[tuple[str, str]]]]:
    """Runs the suite with pytest-html, and gives each test's links as (name, URL)."""

    def run(*arguments: str) -> dict[str, list[tuple[str, str]]]:
        pytester.makepyfile(SUITE)
        pytester.runpytest("--html=out of/report.html", *arguments).assert_outcomes(passed=3)
        page = Path("out of/report.html").read_text(encoding="utf-8")
        found = re.search(r'data-jsonblob="([^"]*)"', page)
        assert found is not None
        tests = json.loads(unescape(found[1]))["tests"]
        return {
            name.rpartition("::")[2]: [(each["name"], each["content"]) for each in rows[0]["extras"]]
            for name, rows in tests.items()
        }

    return run


@RUNS
def test_a_test_with_mail_has_a_link_to_the_page_and_to_its_folder(
    links: Callable[..., dict[str, list[tuple[str, str]]]], distributed: tuple[str, ...]
) -> None:
    found = links("--smtpports-report=mail/all.html", "--smtpports-save=mail/saved", *distributed)

    mail = next(each for name, each in found.items() if name.startswith("test_mail"))
    (page, leads), (folder, saved) = mail
    assert (page, folder) == ("mail", "saved mail")
    place, _, test = leads.partition("#test=")
    assert Path("out of", unquote(place)).is_file()
    assert unquote(test).startswith("test_a_test_with_mail_has_a_link_to_the_page_and_to_its_folder.py::test_mail[ada/")
    assert "/" not in test
    assert [path.suffix for path in sorted(Path("out of", unquote(saved)).iterdir())] == [".eml", ".txt"]
    assert found["test_nothing_was_sent"] == found["test_without_ports"] == []


def test_there_is_no_link_to_what_is_not_written(links: Callable[..., dict[str, list[tuple[str, str]]]]) -> None:
    saved = links("--smtpports-save=mail")

    assert [name for each in saved.values() for name, _ in each] == ["saved mail"]


def test_without_our_files_there_are_no_links(links: Callable[..., dict[str, list[tuple[str, str]]]]) -> None:
    assert not any(links().values())
