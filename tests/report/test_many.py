"""Ten thousand mails in one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pytest_smtpports import Outcome
from pytest_smtpports._report._captured import Captured

from .conftest import DIALOGUE, TLS13, connection_of, mail_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

MAILS = 10_000
PER_TEST = 20
# Milliseconds from navigation until the list is in sight and answers. A machine that does nothing else takes less than
# 2,000; one that is busy may take more, and a page that made an element per mail would take more than this.
LONGEST = 20_000


@pytest.fixture(scope="module")
def many() -> list[Captured]:
    """Five hundred tests with twenty mails each, and a connection for every one."""
    tests = []
    for first in range(0, MAILS, PER_TEST):
        numbers = range(first, first + PER_TEST)
        messages = [message_of(mail_of(f"<p>mail {n}", f"Number {n}"), connection=n - first) for n in numbers]
        connections = [
            connection_of(n - first, 587, Outcome.DELIVERED, "1 message taken", tls=TLS13, dialogue=DIALOGUE)
            for n in numbers
        ]
        tests.append(Captured(f"test_it[{first}]", "passed", tuple(messages), tuple(connections)))
    return tests


@pytest.mark.timeout(300)
def test_ten_thousand_mails_can_be_used_at_once(show: Callable[..., Page], many: list[Captured]) -> None:
    page = show(many)

    page.wait_for_function("performance.getEntriesByName('usable').length")
    assert page.evaluate("performance.getEntriesByName('usable')[0].startTime") < LONGEST
    assert page.locator(".row").count() < 100
    expect(page.locator("#found")).to_have_text("10,000 mails in 500 tests")

    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    expect(page.locator(".row.active")).to_contain_text("Number 9999")
    page.keyboard.press("Enter")
    expect(page.frame_locator("iframe").locator("p")).to_have_text("mail 9999")

    page.keyboard.press("/")
    page.keyboard.type("number 7777")
    expect(page.locator("#found")).to_have_text("1 mail in 1 test", timeout=30_000)
    expect(page.locator(".row.mail")).to_contain_text("Number 7777")
