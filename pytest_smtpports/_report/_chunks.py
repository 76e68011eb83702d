"""The page's data in pieces: rows to be read at once, contents packed until somebody opens one."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._mail._message import in_memory
from . import _contents, _rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ._captured import Captured
    from ._rows import Values

# Characters of contents after which a new chunk begins: as many as a browser unpacks without anybody noticing.
ENOUGH = 262_144

# What would end a script element, or begin a comment in it, is written as JSON may write any character.
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows, and the contents of as many.

    Attributes:
        rows: a JSON array that may stand in a script element.
        contents: a JSON array of the contents in the rows' order, null for a test; as gzip, as base64.
    """

    rows: str
    contents: str


def chunks(captured: Iterable[Captured]) -> Iterator[Chunk]:
    """All of it, in order, a chunk at a time."""
    rows: list[str] = []
    contents: list[str] = []
    length = 0
    for row, content in _items(captured):
        rows.append(_json(row))
        contents.append(_json(content))
        length += len(contents[-1])
        if length >= ENOUGH:
            yield _chunk(rows, contents)
            rows, contents, length = [], [], 0
    if rows:
        yield _chunk(rows, contents)


def _items(captured: Iterable[Captured]) -> Iterator[tuple[Values, Values | None]]:
    """Each test, and behind it its mails and its connections."""
    for each in captured:
        yield _rows.row_of_test(each), None
        for place, message in enumerate((*each.messages, *each.late)):
            # A message keeps what it has read of itself; the copy goes at once, and all that with it.
            read = in_memory(message)
            yield _rows.row_of_mail(read, late=place >= len(each.messages)), _contents.mail(read)
        for connection in each.connections:
            yield _rows.row_of_connection(connection), _contents.connection(connection)


def _json(value: Values | None) -> str:
    return json.dumps(value, separators=(",", ":"))


def _chunk(rows: Sequence[str], contents: Sequence[str]) -> Chunk:
    packed = gzip.compress(f"[{','.join(contents)}]".encode("ascii"), compresslevel=6, mtime=0)
    return Chunk(f"[{','.join(rows)}]".translate(_ESCAPED), b64encode(packed).decode("ascii"))
