"""How much came in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._mail._connection import Outcome

if TYPE_CHECKING:
    from .._mail._connection import Connection


@dataclass(slots=True)
class Totals:
    """Counts while it goes on.

    Attributes:
        messages: that came.
        connections: that have ended, or were cut at the end.
        without_mail: those of them that brought none.
        seconds: how long it went on, once it is over.
    """

    messages: int = 0
    connections: int = 0
    without_mail: int = 0
    seconds: float = 0.0

    def count(self, connection: Connection) -> None:
        """One connection more."""
        self.connections += 1
        self.without_mail += connection.outcome is not Outcome.DELIVERED
