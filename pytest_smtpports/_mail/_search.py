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
        behind: gives the messages that came after so many others.

    Attributes:
        seen: every message that has been looked at.
        found: those that meet the criteria.
    """

    def __init__(self, criteria: Criteria, behind: Callable[[int], Iterable[Message]]) -> None:
        self.criteria = criteria
        self.seen: list[Message] = []
        self.found: list[Message] = []
        self._behind = behind

    def count(self) -> int:
        """How many there are by now."""
        for message in self._behind(len(self.seen)):
            # First of all: what a user's function raises is not to be met twice.
            self.seen.append(message)
            if self.criteria.match(message):
                self.found.append(message)
        return len(self.found)
