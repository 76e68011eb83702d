"""Reading what strangers wrote: no byte of theirs is an exception of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
U = TypeVar("U")


def safely(read: Callable[[], T], otherwise: U) -> T | U:
    """What `read` gives, or a stand-in where the standard library's parser chokes on a stranger's bytes."""
    try:
        return read()
    except Exception:
        return otherwise


def trouble(read: Callable[[], object]) -> str | None:
    """What the standard library's parser chokes on, as words, or None where it does not."""
    try:
        read()
    except Exception as error:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    return None
