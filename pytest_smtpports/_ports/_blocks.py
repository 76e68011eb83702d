"""What a network may do to a port, and which of several words on it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Block:
    """What a network does to a port.

    Attributes:
        kind: the name that `how=` takes.
        reason: what happens to a client, as a sentence.
        answers: whether a connection comes about.
        stops: whether no mail gets through, whatever the client does.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.block(587):
        ...         smtpports.ports[587].blocked
        Drop()
    """

    __module__ = "pytest_smtpports"

    __slots__ = ()

    kind: ClassVar[str]
    reason: ClassVar[str]
    answers: ClassVar[bool] = True
    stops: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One call's word on some ports: a block each, or None where it opens them.

    Attributes:
        blocks: by emulated number.
        scope: the route that it speaks of, or None for every way to the port.
    """

    blocks: Mapping[int, Block | None]
    scope: object = None


def effective(layers: Sequence[Layer], number: int, scope: object = None) -> Block | None:
    """The block that holds for a port on one way to it: the latest layer that speaks of it wins."""
    for layer in reversed(layers):
        if number in layer.blocks and layer.scope in (None, scope):
            return layer.blocks[number]
    return None
