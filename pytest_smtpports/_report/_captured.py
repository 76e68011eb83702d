"""What one test captured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._mail._connection import Connection
    from .._mail._message import Message


@dataclass(frozen=True, slots=True)
class Captured:
    """A test, how it ended, and what it captured.

    Attributes:
        test: its node id.
        outcome: "passed", "failed", "skipped", "error", "xfailed" or "xpassed".
        messages: in order of arrival.
        connections: in order of opening, blocked attempts included.
        late: the messages that came after the test and all its fixtures had ended, and that no other test counts.
    """

    test: str
    outcome: str
    messages: tuple[Message, ...]
    connections: tuple[Connection, ...]
    late: tuple[Message, ...] = ()
