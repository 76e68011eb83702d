"""Fills the pages of the reference: a page has prose, and in double braces, such as `{{ faults() }}`, what is known.

What may stand there are the functions of `_code`, which ask the package's own definitions, and of `_facts`, which ask
its data. None of them knows Sphinx, and the pages are MyST Markdown before and after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from . import _code, _facts
from ._code import signature as signature

if TYPE_CHECKING:
    from types import ModuleType


def filled(page: str) -> str:
    """A page with everything in its place.

    Raises:
        jinja2.UndefinedError: it asks for something that nobody here knows.
        KeyError: the same, of a name such as that of an ini value.
    """
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 # Markdown
    environment.globals = {**_functions(_code), **_functions(_facts)}
    return environment.from_string(page).render()


def _functions(module: ModuleType) -> dict[str, object]:
    return {name: getattr(module, name) for name in module.__all__}
