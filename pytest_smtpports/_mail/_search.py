"""Looking for messages that meet criteria, while more of them come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._criteria import Criteria
    from ._message import Message


class Search:
    """What has been found so far; a message is looked at once, however often it is asked.

    Args:
        criteria: what is asked of a message.
        behind: given a number, tells how many messages are forgotten, and which there are but for so many.

    Attributes:
        seen: every message that has been looked at.
        found: those that meet the criteria.
    """

    def __init__(self, criteria: Criteria, behind: Callable[[int], tuple[int, Iterable[Message]]]) -> None:
        self.criteria = criteria
        self.seen: list[Message] = []
        self.found: list[Message] = []
        self._behind = behind
        self._forgotten = 0

    def count(self) -> int:
        """How many there are by now."""
        forgotten, messages = self._behind(self._forgotten + len(self.seen))
        if forgotten > self._forgotten:
            self._forgotten = forgotten
            self.seen.clear()
            self.found.clear()
        for message in messages:
            # First of all: where a user's function raises, it is not asked again.
            self.seen.append(message)
            if self.criteria.match(message):
                self.found.append(message)
        return len(self.found)
