"""What a client gave away in clear, as the dialogue of its connection tells."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .._texts import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ._connection import Connection, Line

# How many of the client's responses hold the secret itself, the last of them included, by mechanism: RFC 4616, the
# user's name before the password in LOGIN, RFC 7628. Others prove that they know it, and do not say it (RFC 2195,
# RFC 5802).
_RESPONSES: Mapping[str, int] = {"PLAIN": 1, "LOGIN": 2, "XOAUTH2": 1, "OAUTHBEARER": 1}


def mechanisms_in_clear(connection: Connection) -> tuple[str, ...]:
    """The mechanisms by which the client said its secret where anybody on the way could read it; accepted or not."""
    before = place_of_tls(connection.dialogue) if connection.tls else len(connection.dialogue)
    return tuple(_given_away(connection.dialogue[:before]))


def place_of_tls(dialogue: Sequence[Line]) -> int:
    """How many lines were said before TLS began: up to the 220 to a STARTTLS (RFC 3207 §4), or none."""
    for place, (before, line) in enumerate(pairwise(dialogue), start=2):
        is_asked_for = before.direction == "C" and before.text.strip().upper() == "STARTTLS"
        if is_asked_for and line.direction == "S" and line.text.startswith("220"):
            return place
    return 0


def _given_away(dialogue: Sequence[Line]) -> Iterator[str]:
    mechanism, missing = "", 0
    for line in dialogue:
        if line.direction != "C":
            continue
        words = line.text.split()
        if len(words) > 1 and words[0].upper() == "AUTH":
            mechanism = words[1].upper()
            missing = _RESPONSES.get(mechanism, 0)
        if missing and words[-1:] == [MASK]:
            missing -= 1
            if not missing:
                yield mechanism
