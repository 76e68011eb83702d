"""Sphinx's configuration."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import _pages

project = "pytest-smtpports"
author = "The pytest-smtpports maintainers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "pytest-smtpports"
exclude_patterns = ["_build", "_pages", "examples"]
# What stands in single backticks in a docstring leads to what is called so, where there is such a thing.
default_role = "py:obj"
# Options begin with two dashes, and what is to be typed has straight quotes.
smartquotes = False
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False
python_use_unqualified_type_names = True
autodoc_preserve_defaults = True
# What stands for a type has to lead somewhere, if it is ours. `Condition` is told in words where it is a parameter.
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*"), ("py:class", r"Condition|(datetime|re|smtplib|ssl)\..*")]
linkcheck_timeout = 20


def _fill(_app: object, page: str, source: list[str]) -> None:
    """What a page of the reference asks for, in double braces, stands there before Sphinx reads it."""
    if page.startswith("reference/"):
        source[0] = _pages.filled(source[0])


def _sign(_app: object, _what: str, name: str, *rest: Any) -> tuple[str | None, str | None]:
    """What stands behind a name; the last two tell what Sphinx has found out."""
    *_, signature, returns = rest
    return _pages.signature(name, signature), returns


def setup(app: Any) -> None:  # Sphinx's own application class
    """Have the pages of the reference filled."""
    app.connect("source-read", _fill)
    app.connect("autodoc-process-signature", _sign)
