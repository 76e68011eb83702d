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
        others: what holds for every other port, also one that comes later; or None where nothing is said of them.
        is_network: whether it is a whole network, which another one replaces.
    """

    blocks: Mapping[int, Block | None]
    scope: object = None
    others: Block | None = None
    is_network: bool = False


def effective(layers: Sequence[Layer], number: int, scope: object = None) -> Block | None:
    """The block that holds for a port on one way to it: the latest layer that speaks of it wins."""
    is_in_network = False
    for layer in reversed(layers):
        if layer.scope not in (None, scope) or (layer.is_network and is_in_network):
            continue
        is_in_network |= layer.is_network
        if number in layer.blocks:
            return layer.blocks[number]
        if layer.others is not None:
            return layer.others
    return None
