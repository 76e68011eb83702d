"""The page: what a run captured as one HTML file that asks nothing of a network.

The only code that knows Jinja2.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .._errors import ConfigurationError
from ._chunks import chunks
from ._plain import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Template

    from ._captured import Captured

TITLE = "Mail of this test run"

# What the page is made of, in order: a name in a later script may stand for something in an earlier one.
_SCRIPTS = (
    "elements",
    "data",
    "html",
    "dialogue",
    "files",
    "mail",
    "connection",
    "overview",
    "list",
    "filters",
    "opening",
    "keys",
    "dress",
    "start",
)

# Lines that are listed for who has no script.
MOST_PLAIN = 500


def page(captured: Sequence[Captured], title: str = TITLE) -> str:
    """The page as a whole.

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    return "".join(pieces(captured, title))


def pieces(captured: Sequence[Captured], title: str = TITLE) -> Iterator[str]:
    """The page piece by piece, for a file (in UTF-8): as a whole it may be large.

    Raises:
        ConfigurationError: Jinja2 is not installed; at once, before the first piece is taken.
    """
    script, style = _script(), _file("page.css")
    plain = list(islice(lines(captured), MOST_PLAIN + 1))
    return template().generate(
        title=title,
        policy=_policy(script),
        style=style,
        script=script,
        tests=_count(len(captured), "test"),
        mails=_count(sum(len(each.messages) + len(each.late) for each in captured), "mail"),
        connections=_count(sum(len(each.connections) for each in captured), "connection"),
        plain=plain[:MOST_PLAIN],
        most_plain=MOST_PLAIN,
        cut=len(plain) > MOST_PLAIN,
        chunks=chunks(captured),
    )


@lru_cache
def template() -> Template:
    """What the page is rendered by.

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise ConfigurationError(
            "--smtpports-report needs Jinja2, which is not installed; pip install 'pytest-smtpports[report]' does it."
        ) from None
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_file("page.html"))


def _policy(script: str) -> str:
    """What the browser lets the page do, and the mails in it: a frame of `srcdoc` is bound by its parent's policy too.

    That is why styles are not bound to a hash: a mail would lose its own. Nothing of a mail gets into the page itself
    but as text.
    """
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; script-src 'sha256-{digest}'; {_REST}"


# Trusted Types: the one place that takes HTML takes it from the function that has tamed it.
_REST = (
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types mail"
)


def _script() -> str:
    """All scripts as one; it is strict, and its names are nobody else's."""
    return "\n".join(['"use strict";', "{", *(_file(f"{name}.js") for name in _SCRIPTS), "}"])


def _file(name: str) -> str:
    return Path(__file__).with_name("page").joinpath(name).read_text(encoding="utf-8")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
