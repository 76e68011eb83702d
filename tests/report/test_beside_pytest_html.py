"""From a test's row in the report of pytest-html to its mail on our page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import Browser


def test_a_click_on_the_link_opens_the_mail_of_the_test(pytester: pytest.Pytester, browser: Browser) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("to", ["ada@example.org", "bob@example.org/é"])
        def test_mail(smtpports, to):
            with smtpports.ports[25].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", f"Subject: To the {to[:3]}\\\\r\\\\n")
    """)
    ran = pytester.runpytest_subprocess("-p", "no:asyncio", "--html=out/report.html", "--smtpports-report=mail.html")
    ran.assert_outcomes(passed=2)
    context = browser.new_context()
    page = context.new_page()
    page.goto((pytester.path / "out" / "report.html").as_uri())

    with context.expect_page() as opened:
        page.locator("tbody", has_text="bob").locator("a.col-links__extra.url").click()

    ours = opened.value
    ours.wait_for_selector("body[data-opened]")
    shown = ours.locator("#opened").inner_text()
    assert "bob@example.org" in shown
    assert "To the bob" in shown
    context.close()
