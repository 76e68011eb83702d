"""Every link from one file of this repository to another leads somewhere, to the heading that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
# What was in double braces comes from elsewhere, where Sphinx checks it.
LINK = re.compile(r"\]\(([^)\s]+)\)")


def targets(text: str) -> list[str]:
    """Where the links of a page go, but for those to other sites."""
    return [target for target in LINK.findall(FENCED.sub("", text)) if re.match(r"[a-z]+:", target) is None]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(target: str, page: Path) -> bool:
    """Whether there is no such file, or no such heading in it."""
    place, _, anchor = target.partition("#")
    aim = page.parent / place if place else page
    return not aim.exists() or bool(anchor and anchor not in anchors(aim.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", FILES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in targets(page.read_text(encoding="utf-8")) if leads_nowhere(target, page)] == []


@pytest.mark.parametrize(
    ("target", "is_so"),
    [
        ("README.md", False),
        ("docs", False),
        ("README.md#try-it", False),
        ("#what-it-does", False),
        ("READYOU.md", True),
        ("README.md#try-that", True),
        ("#what-it-doesnt", True),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target: str, is_so: bool) -> None:  # a parameter
    assert leads_nowhere(target, ROOT / "README.md") is is_so


def test_a_link_to_another_site_and_code_are_left_alone() -> None:
    assert targets("[a](https://example.org/)\n```python\n[b](c.md)\n```\n[d](e.md#f)") == ["e.md#f"]
