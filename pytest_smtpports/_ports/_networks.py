"""What named networks block: those that are data, each with its sources, and those of hooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .._data import load
from .._errors import ConfigurationError, is_ours
from ._kinds import KINDS, block_of
from ._named import check_name

if TYPE_CHECKING:
    from ._blocks import Block

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True)
class Network:
    """A network by name, and what it blocks.

    Attributes:
        name: what `network()` takes.
        blocks: by port number, a kind or a `Block`; ports that are not emulated may be among them.

    Raises:
        ConfigurationError: no name, or something that is no number.
        UnknownName: a kind of block that does not exist.

    Example:
        >>> from pytest_smtpports import Network, SMTPPorts
        >>> Network("hotel", {25: "intercept", 465: "drop"}).blocks[465]
        Drop()
        >>> with SMTPPorts() as smtpports:
        ...     _ = smtpports.network("hetzner")
        ...     [port.number for port in smtpports.ports if port.blocked]
        [25, 465]
    """

    __module__ = "pytest_smtpports"

    name: str
    blocks: Mapping[int, Block]

    def __init__(self, name: str, blocks: Mapping[int, str | Block]) -> None:
        check_name(Network, name)
        given: object = blocks
        if not isinstance(given, Mapping):
            raise ConfigurationError(
                f"A network blocks ports by number, each in a way, such as {{587: 'drop'}}, not {given!r}."
            )
        for number in blocks:
            _check_number(number)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "blocks", MappingProxyType({number: block_of(how) for number, how in blocks.items()}))

    def __hash__(self) -> int:
        return hash((self.name, frozenset(self.blocks.items())))

    def __reduce__(self) -> tuple[type[Network], tuple[str, dict[int, Block]]]:
        return type(self), (self.name, dict(self.blocks))


def _check_number(number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool):
        raise ConfigurationError(f"A network blocks ports by number, such as 587, not {number!r}.")


@lru_cache
def shipped() -> Mapping[str, Network]:
    """Those that are data, by name."""
    return MappingProxyType({name: _of(name, facts) for name, facts in load("networks").items()})


def _of(name: str, facts: Mapping[str, Any]) -> Network:  # the values of a JSON file, which a test checks
    return Network(name, {int(number): _block(fact) for number, fact in facts["blocks"].items()})


def _block(fact: Mapping[str, Any]) -> Block:
    parameters = {key: value for key, value in fact.items() if key not in ("how", "source", "assumed")}
    return KINDS[fact["how"]](**parameters)
