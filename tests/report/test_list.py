"""The list: what stands in it, search and filters, the keyboard, and addresses that can be shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

    from pytest_smtpports._report._captured import Captured


def rows(page: Page) -> list[str]:
    """The rows in sight, each as its words."""
    return [" ".join(text.split()) for text in page.locator(".row").all_inner_texts()]


def test_mails_and_failures_are_listed_by_test(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    assert rows(page) == [
        "✓ test_falls_back tests/test_a.py",
        (
            "2525 Welcome Hello Ada https://app.example.com/confirm?token=1 "
            "app@example.com → ada@example.org 12:00:00 TLS 1.3"
        ),
        "587 ⊘ blocked the SYN was not answered 12:00:00",
        "✗ test_logs_in tests/test_a.py",
        "465 ✗ auth-failed the login of 'ada' was refused 12:00:00 TLS 1.3",
        "✓ test_in_clear tests/test_b.py",
        "25 Invoice 7 the needle is here app@example.com → ada@example.org ? in clear",
        "\N{EN DASH} test_idle tests/test_b.py",
    ]
    expect(page.locator("#found")).to_have_text("2 mails, 2 connections in 4 tests")


@pytest.mark.parametrize(
    ("choice", "value", "found"),
    [
        ("kind", "mail", "2 mails in 2 tests"),
        ("kind", "connection", "0 mails, 4 connections in 3 tests"),
        ("port", "465", "0 mails, 1 connection in 1 test"),
        ("tls", "tls", "1 mail, 1 connection in 2 tests"),
        ("tls", "clear", "1 mail in 1 test"),
        ("result", "blocked", "0 mails, 1 connection in 1 test"),
        ("result", "not acknowledged", "1 mail in 1 test"),
        ("outcome", "skipped", "0 mails in 1 test"),
    ],
)
def test_a_filter_leaves_what_matches(
    show: Callable[..., Page], run: Sequence[Captured], choice: str, value: str, found: str
) -> None:
    page = show(run)

    page.locator(f"#by-{choice}").select_option(value)

    expect(page.locator("#found")).to_have_text(found)


def test_a_filter_is_taken_back(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)
    page.locator("#by-port").select_option("25")
    expect(page.locator("#found")).to_have_text("1 mail in 1 test")

    page.get_by_role("button", name="Clear").click()

    expect(page.locator("#found")).to_have_text("2 mails, 2 connections in 4 tests")
    expect(page.get_by_role("button", name="Clear")).to_be_hidden()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("invoice", "1 mail in 1 test"),
        ("NEEDLE", "1 mail in 1 test"),
        ("bob@example.net", "1 mail in 1 test"),
        ("welcome ada@example.org", "1 mail in 1 test"),
        ("test_logs_in", "0 mails, 1 connection in 1 test"),
        ("535 5.7.8", "0 mails, 1 connection in 1 test"),
        ("SYN", "0 mails, 1 connection in 1 test"),
        ("idle", "0 mails in 1 test"),
        ("nowhere", "0 mails in 0 tests"),
    ],
)
def test_search_finds_words_wherever_they_stand(
    show: Callable[..., Page], run: Sequence[Captured], words: str, found: str
) -> None:
    page = show(run)

    page.get_by_role("searchbox").fill(words)

    expect(page.locator("#found")).to_have_text(found)


def test_a_mail_opens_by_a_click_and_has_an_address(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    page.get_by_text("Invoice 7").click()

    expect(page.get_by_role("heading", level=2)).to_have_text("Invoice 7")
    assert page.url.endswith("#mail-2")
    expect(page.locator('[aria-selected="true"][role="option"]')).to_contain_text("Invoice 7")


def test_an_address_leads_to_its_mail_and_view(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#mail-1/headers")

    expect(page.get_by_role("heading", level=2)).to_have_text("Welcome")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Headers")


@pytest.mark.parametrize("fragment", ["#mail-99", "#mail-0", "#nonsense", "#mail-1e9", "#constructor-1", "#%"])
def test_an_address_that_leads_nowhere_shows_the_run(
    show: Callable[..., Page], run: Sequence[Captured], fragment: str
) -> None:
    page = show(run, fragment)

    expect(page.get_by_role("heading", level=2)).to_have_text("This run")


def test_back_leads_back(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)
    page.get_by_text("Invoice 7").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Invoice 7")

    page.go_back()

    expect(page.get_by_role("heading", level=2)).to_have_text("This run")


def test_the_keyboard_alone_is_enough(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)
    heading = page.get_by_role("heading", level=2)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Welcome")
    expect(page.get_by_role("tab", name="HTML")).to_be_focused()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Text")).to_be_focused()
    page.keyboard.press("]")
    expect(page.get_by_role("tab", name="Headers")).to_be_focused()
    assert page.url.endswith("#mail-1/headers")

    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(heading).to_contain_text("587")
    page.keyboard.press("k")
    expect(heading).to_have_text("Welcome")
    page.keyboard.press("End")
    expect(heading).to_have_text("tests/test_b.py::test_idle")
    page.keyboard.press("Home")
    expect(heading).to_have_text("tests/test_a.py::test_falls_back")


def test_slash_searches_and_escape_leads_back_to_the_list(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jinvoice/")
    expect(page.get_by_role("searchbox")).to_have_value("jinvoice/")
    page.keyboard.press("Escape")

    expect(page.get_by_role("listbox")).to_be_focused()


def test_the_active_row_is_told_to_who_does_not_see_it(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    page.get_by_role("listbox").focus()
    page.keyboard.press("j")

    assert page.get_by_role("listbox").get_attribute("aria-activedescendant") == "row-mail-1"
    option = page.locator("#row-mail-1")
    assert (option.get_attribute("aria-posinset"), option.get_attribute("aria-setsize")) == ("2", "8")


def test_a_question_mark_shows_the_keys(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()


def test_an_empty_run_says_so(show: Callable[..., Page]) -> None:
    page = show([])

    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing was captured")
    expect(page.get_by_role("listbox")).to_have_text("Nothing was captured.")


def test_without_a_script_there_is_a_list_that_says_what_is_needed(
    show: Callable[..., Page], run: Sequence[Captured]
) -> None:
    page = show(run, java_script_enabled=False)

    expect(page.locator(".plain p")).to_contain_text("allow it")
    assert page.locator(".plain li").all_inner_texts() == [
        "tests/test_a.py::test_falls_back: passed",
        "2525, TLSv1.3: 'Welcome' from 'app@example.com' to 'ada@example.org'",
        "587: blocked (drop): the SYN was not answered [app/mail.py:12]",
        "tests/test_a.py::test_logs_in: failed",
        "465: login failed: the login of 'ada' was refused [app/mail.py:12]",
        "tests/test_b.py::test_in_clear: passed",
        "25, in clear: 'Invoice 7' from 'app@example.com' to 'ada@example.org'",
        "25: open: open [app/mail.py:12]",
        "tests/test_b.py::test_idle: skipped",
    ]
