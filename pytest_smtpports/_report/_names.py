"""File names made of strangers' words: a test's id, a subject, an attachment's name.

They are ASCII, hold no separator, are nowhere reserved, are the same for the same words, and are never too long.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

LONGEST = 80
_DIGITS_OF_DIGEST = 10
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
# What is not to stand where a name begins, or ends: "." hides it, and Windows drops it.
_EDGES = "._-"
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file, with whatever suffix.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST_SUFFIX = 12


def folder_name(test: str) -> str:
    """The folder of a test; no two tests have the same, in any letter case, wherever they run."""
    digest = hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS_OF_DIGEST]
    # The end of an id says more than its beginning.
    return "-".join(filter(None, (_unreserved(_safe(test)[-LONGEST:].strip(_EDGES)), digest)))


def is_folder_name(name: str) -> bool:
    """Whether `folder_name`, or a number behind it, may have made this name."""
    return _FOLDER.fullmatch(name) is not None


_FOLDER = re.compile(rf"[A-Za-z0-9_.-]{{0,{LONGEST + 1}}}-?[0-9a-f]{{{_DIGITS_OF_DIGEST}}}(?:-\d+)?")


def slug(words: str, otherwise: str) -> str:
    """A part of a file name that only reminds of these words."""
    return _safe(words)[:LONGEST].strip(_EDGES).lower() or otherwise


def file_name(given: str) -> str:
    """A file name like the one given, which may be a path of any system."""
    name = _safe(re.split(r"[/\\]", given)[-1]).strip(_EDGES)
    stem, suffix = _halves(name or "unnamed")
    name = stem[: LONGEST - len(suffix)] + suffix
    return _unreserved(name)


def distinct(name: str, taken: Container[str]) -> str:
    """This name, or one with a number where another file has it, in whatever letter case.

    Args:
        name: a file name.
        taken: the names that there are, in lower case.
    """
    stem, suffix = _halves(name)
    number, other = 1, name
    while other.lower() in taken:
        number += 1
        other = f"{stem}-{number}{suffix}"
    return other


def _unreserved(name: str) -> str:
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _halves(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        return name, ""
    return stem, dot + suffix


def _safe(words: str) -> str:
    """Letters without their accents; whatever else has no place in a name is a hyphen."""
    plain = unicodedata.normalize("NFKD", words)
    return _UNSAFE.sub("-", "".join(char for char in plain if not unicodedata.combining(char)))
