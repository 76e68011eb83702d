"""What a network does to a port: the kinds of block, and which of several holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .._errors import UnknownName, is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__tracebackhide__ = is_ours


class Block:
    """What a network does to a port.

    Attributes:
        kind: the name that `how=` takes.
        reason: what happens to a client, as a sentence.

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


@dataclass(frozen=True, slots=True)
class Drop(Block):
    """The SYN is dropped: a connect waits until its timeout, as most hosts and clouds do it.

    Example:
        >>> from pytest_smtpports import Drop
        >>> Drop().reason
        'the SYN was not answered'
    """

    __module__ = "pytest_smtpports"

    kind = "drop"
    reason = "the SYN was not answered"


@dataclass(frozen=True, slots=True)
class Refuse(Block):
    """The SYN is answered with RST: a connect fails at once with `ConnectionRefusedError`.

    Example:
        >>> from pytest_smtpports import Refuse
        >>> Refuse().reason
        'the connection was refused'
    """

    __module__ = "pytest_smtpports"

    kind = "refuse"
    reason = "the connection was refused"


KINDS: Mapping[str, type[Block]] = {kind.kind: kind for kind in (Drop, Refuse)}


def block_of(how: str | Block) -> Block:
    """The block that `how=` means.

    Raises:
        UnknownName: no kind of that name.
    """
    if isinstance(how, Block):
        return how
    if how not in tuple(KINDS):
        raise UnknownName("block kind", how, KINDS)
    return KINDS[how]()


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
