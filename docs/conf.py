"""Sphinx's configuration, and the page that is made from data."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

project = "pytest-smtpports"
author = "The pytest-smtpports maintainers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "pytest-smtpports"
exclude_patterns = ["_build", "examples"]
default_role = "code"
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False


def _personalities(_app: object) -> None:
    """Write the page of the personalities from their data."""
    data = json.loads((_HERE.parent / "pytest_smtpports" / "_data" / "personalities.json").read_text(encoding="utf-8"))
    lines = [
        "# Personalities",
        "",
        "What each says and does other than `rfc`, with the source of every fact; for the rest it is `rfc`.",
        "In braces stands what the session fills in.",
    ]
    for name, each in data.items():
        facts = {**each["facts"], **each["facts"]["replies"]}
        del facts["replies"]
        lines += ["", f"## {name}", "", each["is"] + ".", "", "| what | is | source |", "|---|---|---|"]
        lines += [f"| {_words(what)} | {_cell(value)} | {source} |" for what, (value, source) in facts.items()]
        lines += ["", "Sources:", ""]
        lines += [f"- {source}: {place}" for source, place in each["sources"].items()]
    (_HERE / "personalities.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _cell(value: object) -> str:
    lines = value if isinstance(value, list) else str(value).split("\n")
    return ", ".join(f"`` {line} ``".replace("|", "\\|") for line in lines)


def setup(app: Any) -> None:  # Sphinx's own application class
    """Have the generated page there before Sphinx looks for pages."""
    app.connect("builder-inited", _personalities)
