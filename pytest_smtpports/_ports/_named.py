"""What is known by its name: networks and providers, shipped or of a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from .._errors import ConfigurationError, UnknownName, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__tracebackhide__ = is_ours


class Named(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


N = TypeVar("N", bound=Named)


def by_name(kind: type[N], things: Iterable[object]) -> dict[str, N]:
    """Things of one kind by their names; the later of two in place of the earlier.

    Raises:
        ConfigurationError: something that is of another kind.
    """
    found: dict[str, N] = {}
    for thing in things:
        if not isinstance(thing, kind):
            raise ConfigurationError(f"A {kind.__name__} is expected, not {thing!r}.")
        found[thing.name] = thing
    return found


def named(kind: type[N], name: object, known: Mapping[str, N]) -> N:
    """The one of that name.

    Raises:
        UnknownName: there is none.
    """
    if not isinstance(name, str) or name not in known:
        raise UnknownName(kind.__name__.lower(), name, known)
    return known[name]


def check_name(kind: type[N], name: object) -> None:
    """Make sure that something can be found by a name.

    Raises:
        ConfigurationError: it can't.
    """
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"A {kind.__name__.lower()} has a name such as 'ours', not {name!r}.")
