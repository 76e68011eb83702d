"""A code that a mail brings, to be typed in somewhere: found in its texts, or why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, is_ours
from ._shown import LONGEST_VALUE, shown, shown_line

if TYPE_CHECKING:
    from collections.abc import Mapping

FOUR_TO_EIGHT_DIGITS = r"\b\d{4,8}\b"

__tracebackhide__ = is_ours


def code_in(texts: Mapping[str, str], pattern: object, whose: str) -> str:
    """The first code in the first of the texts that has one.

    Args:
        texts: what they are, and what they say.
        pattern: what a code is; with a group, the group is.
        whose: the message, for the text of a failure.

    Raises:
        AssertionError: there is none; it tells how each text begins.
        ConfigurationError: `pattern` is no pattern of text.
    """
    __tracebackhide__ = True
    wanted = _compiled(pattern)
    found = next(filter(None, map(wanted.search, texts.values())), None)
    if found is None:
        raise AssertionError("\n".join(_without(texts, wanted, whose)))
    return str(found[0] if not wanted.groups or found[1] is None else found[1])


def _compiled(pattern: object) -> re.Pattern[str]:
    if isinstance(pattern, str):
        try:
            return re.compile(pattern)
        except re.error as error:
            raise ConfigurationError(
                f"code() takes a pattern as re.compile() does, and {pattern!r} is none: {error}; re.escape() makes one "
                "of words that are to be taken as they stand."
            ) from None
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return pattern
    raise ConfigurationError(
        f'code() takes a pattern of text, such as "[0-9]{{6}}" or re.compile("PIN: (.+)"), not {pattern!r}.'
    )


def _without(texts: Mapping[str, str], wanted: re.Pattern[str], whose: str) -> list[str]:
    lines = [shown_line(f"no {shown(wanted)} in {whose}")]
    for what, text in texts.items():
        begins = text.strip()
        lines.append(f"  its {what} " + (f"begins {shown(begins[: LONGEST_VALUE + 1])}" if begins else "is empty"))
    return [*lines, 'What is a code here? For one of another kind: code("PIN: (.+)")']
