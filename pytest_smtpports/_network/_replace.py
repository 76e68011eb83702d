"""Something of ours in the place of somebody's function, for a time."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# A replacement of ours has itself here, and what lies below it: a copy of its attributes, as `functools.wraps` makes
# one, is none of ours, and neither is a mock, which has every attribute.
_BELOW = "_pytest_smtpports_below"


def below(found: Any) -> Any:
    """What was found in place, or what lies below it where it is an earlier replacement of ours.

    Somebody who had put theirs on top of ours, and took it away later than we did, has put ours back.
    """
    while isinstance(found, FunctionType):
        owner, deeper = vars(found).get(_BELOW, (None, None))
        if owner is not found:
            break
        found = deeper
    return found


def replace(owner: Any, name: str, replacement: Callable[..., object]) -> Callable[[], None]:
    """Put a function in the place of a class's, or a module's.

    Returns:
        what puts back what was found; what somebody else has put on top stays: it calls ours, which calls that.
    """
    found = below(getattr(owner, name))
    bases = owner.__mro__[1:] if isinstance(owner, type) else ()
    inherited = any(vars(base).get(name) is found for base in bases)
    setattr(replacement, _BELOW, (replacement, found))
    setattr(owner, name, replacement)

    def put_back() -> None:
        if vars(owner).get(name) is not replacement:
            return
        if inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, found)

    return put_back
