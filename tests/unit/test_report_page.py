"""The report's page as text; what a browser makes of it is told in tests/report."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import ConfigurationError, Message, Outcome
from pytest_smtpports._report import _chunks, _page
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._page import page, pieces, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
ROWS = re.compile(r'<script type="application/json" class="rows">(.*?)</script>', re.DOTALL)
CONTENTS = re.compile(r'<script type="application/gzip" class="contents">(.*?)</script>', re.DOTALL)


def rows_of(text: str) -> list[dict[str, Any]]:
    return [row for rows in ROWS.findall(text) for row in json.loads(rows)]


def contents_of(text: str) -> list[dict[str, Any] | None]:
    return [each for packed in CONTENTS.findall(text) for each in json.loads(gzip.decompress(base64.b64decode(packed)))]


@pytest.fixture
def captured(make_message: Callable[..., Message], make_connection: Callable[..., Connection]) -> tuple[Captured, ...]:
    """One test with a mail and an attempt, one without anything."""
    blocked = make_connection(587, Outcome.BLOCKED, "the SYN was not answered", block="drop")
    delivered = make_connection(25, Outcome.DELIVERED, "1 message taken")
    return (
        Captured("test_a.py::test_one", "passed", (make_message(),), (delivered, blocked)),
        Captured("test_a.py::test_two", "skipped", (), ()),
    )


def test_the_page_holds_a_row_and_a_content_for_each(captured: tuple[Captured, ...]) -> None:
    text = page(captured)

    assert [row["kind"] for row in rows_of(text)] == ["test", "mail", "connection", "connection", "test"]
    contents = contents_of(text)
    assert [content is None for content in contents] == [True, False, False, False, True]
    assert contents[1] is not None
    assert contents[1]["text"] == "Hello Ada\n"
    assert "1 mail, 2 connections" in text
    assert "2 tests, " in text


def test_the_pieces_are_the_page(captured: tuple[Captured, ...]) -> None:
    assert "".join(pieces(captured)) == page(captured)
    assert sum(1 for _ in pieces(captured)) > 1


def test_the_policy_names_the_one_script_and_nothing_of_the_network(captured: tuple[Captured, ...]) -> None:
    text = page(captured)

    (script,) = SCRIPT.findall(text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', text)
    assert policy is not None
    assert html.unescape(policy[1]).split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{digest}'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types mail",
    ]


def test_the_page_refers_to_nothing_outside_and_has_no_handler_or_style_in_an_attribute() -> None:
    text = page([])

    markup = SCRIPT.sub("", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    assert re.findall(r'\s(?:src|href)="(?!#|data:,")', markup) == []
    assert re.findall(r"\s(?:on\w+|style)=", markup) == []


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "<!--<script>", "&lt;", "\u2028", "\udcff"])
def test_what_was_captured_ends_no_element(make_message: Callable[..., Message], hostile: str) -> None:
    subject = f"Subject: {hostile}\r\n\r\n{hostile}".encode("utf-8", "surrogateescape")
    message = make_message(subject, host=hostile, user=hostile, mail_from=hostile, recipients=(hostile,))
    usual = page([Captured("test", "passed", (make_message(),), ())])

    text = page([Captured(f"test[{hostile}]", "passed", (message,), ())])

    assert text.count("<script") == usual.count("<script")
    assert text.count("<!--") == usual.count("<!--")
    assert rows_of(text)[0]["test"] == f"test[{hostile}]"
    assert rows_of(text)[1]["to"] == [hostile]
    text.encode("utf-8")


def test_the_title_is_escaped() -> None:
    assert "<title>&lt;b&gt;Mail</title>" in page([], "<b>Mail")


def test_an_empty_page_says_so_without_a_script() -> None:
    assert "<li>Nothing was captured: no test used the ports.</li>" in page([])


def test_without_a_script_there_is_a_line_for_each(captured: tuple[Captured, ...]) -> None:
    assert [html.unescape(line) for line in re.findall(r"<li>(.*?)</li>", page(captured))] == [
        "test_a.py::test_one: passed",
        "25, in clear: 'Welcome' from 'app@example.com' to 'ada@example.org'",
        "587: blocked (drop): the SYN was not answered",
        "test_a.py::test_two: skipped",
    ]


def test_a_long_list_without_a_script_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_page, "MOST_PLAIN", 2)

    text = page([Captured(f"test_{number}", "passed", (), ()) for number in range(3)])

    assert "Without it there is this list, of the first 2 lines." in text
    assert re.findall(r"<li>(.*?)</li>", text) == ["test_0: passed", "test_1: passed"]


def test_much_is_packed_in_several_chunks(
    make_message: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_chunks, "ENOUGH", 1000)
    messages = tuple(make_message(f"Subject: {number}\r\n\r\n{'x' * 300}".encode()) for number in range(5))

    text = page([Captured("test", "passed", messages, ())])

    assert len(ROWS.findall(text)) == len(CONTENTS.findall(text)) > 1
    assert [row["subject"] for row in rows_of(text)[1:]] == ["0", "1", "2", "3", "4"]
    assert [content["subject"] for content in contents_of(text)[1:] if content] == ["0", "1", "2", "3", "4"]


def test_a_page_leaves_messages_as_they_were(make_message: Callable[..., Message]) -> None:
    message = make_message()
    before = dict(vars(message))

    page([Captured("test", "passed", (message,), ())])

    assert vars(message) == before


def test_the_same_gives_the_same_page(captured: tuple[Captured, ...]) -> None:
    assert page(captured) == page(captured)


def test_without_jinja2_the_error_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    template.cache_clear()

    with pytest.raises(ConfigurationError) as caught:
        pieces([])

    assert str(caught.value) == (
        "--smtpports-report needs Jinja2, which is not installed; pip install 'pytest-smtpports[report]' does it."
    )
