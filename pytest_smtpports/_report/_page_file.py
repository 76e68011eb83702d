"""The file of the HTML page: whether it can be written, and the writing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from .._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ._captured import Captured


def check_page(path: Path) -> None:
    """Make sure, before anything is captured, that the page can be made.

    Raises:
        ConfigurationError: Jinja2 is not installed, or the file can't be written.
    """
    if find_spec("jinja2") is None:
        raise ConfigurationError("Jinja2 is not installed; pip install 'pytest-smtpports[report]' does it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"{str(path)!r} can't be written ({error.strerror}); give a file that can be written, or made."
        ) from None


def write_page(path: Path, captured: Sequence[Captured]) -> None:
    """Write the page.

    Raises:
        OSError: it can't be written.
    """
    # Jinja2 is loaded where a page is asked for, and nowhere else.
    from ._page import pieces

    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces(captured))
