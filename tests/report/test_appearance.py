"""How the page looks: narrow, dark, on paper; and how it is read by who does not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pytest_smtpports._report._captured import Captured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

PLACES = ["", "#mail-1", "#mail-1/headers", "#mail-1/source", "#mail-1/dialogue", "#connection-1", "#test-1"]

# WCAG 2.2 §1.4.3: the lowest contrast of any text in sight, with what has it.
LOWEST_CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parts = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (color) => [...parts(color)].slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (parts(color)[3] === 255) return color;
    }
    return "white";
  };
  let lowest = [99, "nothing"];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || node.closest("noscript, script, .unseen, svg")) continue;
    const [text, behind] = [light(getComputedStyle(node).color), light(ground(node))];
    const contrast = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    if (contrast < lowest[0]) lowest = [contrast, node.className + ": " + node.textContent.slice(0, 40)];
  }
  return lowest;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_text_can_be_read_on_its_ground(
    show: Callable[..., Page], run: Sequence[Captured], place: str, scheme: str
) -> None:
    page = show(run, place, color_scheme=scheme)

    contrast, where = page.evaluate(LOWEST_CONTRAST)

    assert contrast >= 4.5, where


@pytest.mark.parametrize("place", ["", *PLACES])
def test_nothing_sticks_out_at_360_pixels(show: Callable[..., Page], run: Sequence[Captured], place: str) -> None:
    page = show(run, place, viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("document.getElementById('opened').scrollWidth <= 360")


def test_a_narrow_page_shows_the_list_or_what_is_opened(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, viewport={"width": 360, "height": 740})
    expect(page.locator("#opened")).to_be_hidden()

    page.get_by_text("Invoice 7").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Invoice 7")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("listbox")).to_be_visible()

    page.get_by_role("button", name="Overview").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("This run")


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


def test_the_theme_is_the_system_s_until_somebody_chooses(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, color_scheme="light")
    light = ground(page)

    page.get_by_label("Theme").select_option("dark")
    assert ground(page) != light
    page.reload()
    page.wait_for_selector("body[data-opened]")
    assert ground(page) != light
    page.get_by_label("Theme").select_option("")

    assert ground(page) == light


def test_paper_gets_what_is_opened_or_else_the_list(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)
    page.emulate_media(media="print")
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("#filters")).to_be_hidden()

    page.evaluate("location.hash = 'mail-1'")

    expect(page.locator("#opened h2")).to_have_text("Welcome")
    expect(page.locator("#list")).to_be_hidden()


def test_paper_gets_rows_that_are_not_in_sight(show: Callable[..., Page]) -> None:
    page = show([Captured(f"test_{number}", "passed", (), ()) for number in range(3002)])
    assert page.locator(".row").count() < 100

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".row").count() == 3000
    expect(page.locator(".track > p")).to_have_text("and 2 more rows")

    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".row").count() < 100


def test_what_can_be_used_has_a_name(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#mail-1")

    expect(page.locator("main")).to_match_aria_snapshot(
        """
        - main:
          - region "What was captured":
            - search:
              - searchbox "Search subjects, addresses, tests, reasons and texts"
              - combobox "Show"
              - combobox "Port"
              - combobox "TLS"
              - combobox "Result"
              - combobox "Test"
              - paragraph:
                - status: 2 mails, 2 connections in 4 tests
            - listbox "Tests, mails and connections":
              - option /passed test_falls_back/
              - option /2525 Welcome/ [selected]
          - article "What is opened":
            - heading "Welcome" [level=2]
            - tablist "Views of the mail":
              - tab "HTML" [selected]
              - tab "Text"
            - tabpanel "HTML":
              - iframe
        """
    )
