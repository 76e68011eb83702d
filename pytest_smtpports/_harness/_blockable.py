"""The verbs that say what the network lets through: alike for all ports and for those of one route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import ConfigurationError, is_ours
from .._ports._kinds import block_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._ports._blocks import Block
    from ._handle import Handle
    from ._world import World

__tracebackhide__ = is_ours


class Blockable:
    """Ports that can be blocked; what is said here holds for new connections."""

    _world: World
    _scope: object = None

    def block(self, *numbers: int, how: str | Block = "drop") -> Handle:
        """Block ports.

        Args:
            numbers: the emulated numbers, one at least.
            how: a kind, such as "drop" or "refuse", or a `Block`, such as `Tarpit(bytes_per_second=5)`.

        Raises:
            UnknownPort: a number that is not emulated.
            UnknownName: a kind that does not exist.
            ConfigurationError: no number.
        """
        if not numbers:
            raise ConfigurationError("block() takes the ports to block, such as block(587); for all of them: only().")
        block = block_of(how)
        return self._lay(dict.fromkeys(map(self._checked, numbers), block))

    def unblock(self, *numbers: int) -> Handle:
        """Let ports through that are blocked; without a number, all of them.

        Raises:
            UnknownPort: a number that is not emulated.
        """
        chosen = numbers or self._numbers()
        return self._lay(dict.fromkeys(map(self._checked, chosen)))

    def only(self, *numbers: int, how: str | Block = "drop") -> Handle:
        """Let these ports through and block every other one, also what a provider adds later; without one, block all.

        Raises:
            UnknownPort: a number that is not emulated.
            UnknownName: a kind that does not exist.
        """
        block = block_of(how)
        through = set(map(self._checked, numbers))
        return self._lay({number: None if number in through else block for number in self._numbers()}, block)

    def _numbers(self) -> tuple[int, ...]:
        """Every number that can be blocked here, those of routed providers among them."""
        return tuple(sorted(self._world.network.numbers))

    def _checked(self, number: object) -> int:
        return self._world.checked(number, self._numbers())

    def _lay(self, blocks: Mapping[int, Block | None], others: Block | None = None) -> Handle:
        return self._world.lay(blocks, self._scope, others)
