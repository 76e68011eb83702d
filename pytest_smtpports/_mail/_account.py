"""What a failing test tells of its mail and its connections. Pure functions; the length is bounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._explain import MOST_LISTED, advice, arrived, brief, last_dialogue, told, told_faults
from ._shown import counted, shown_line

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from ._connection import Connection
    from ._message import Message

# How many messages of an earlier test are told of.
MOST_REMEMBERED = 3


def account(
    messages: Sequence[Message],
    connections: Sequence[Connection],
    *,
    blocks: Iterable[tuple[str, str]],
    faults: Iterable[tuple[str, int]],
    now: datetime.datetime,
    said: str,
    alone: bool = True,
) -> str:
    """What came, who came, and what was in the way, but for what the failure has said itself.

    Args:
        messages: everything that came.
        connections: every connection and attempt.
        blocks: the active blocks as (port, kind).
        faults: the faults that are set, or were set and never fired, and how often each has fired.
        now: the time to count ages from.
        said: the text of the failure.
        alone: whether these are all that it can have spoken of.
    """
    lines = arrived(messages, now)
    if lines[0] in said:
        # One of our own assertions has failed, and has explained itself.
        lines = []
    else:
        lines += _too_late(len(messages), said) if alone else []
        lines += [*_came(connections), *last_dialogue(connections), *advice(messages, connections)]
        lines += [f"blocked: {port} ({kind})" for port, kind in blocks]
    return "\n".join([*lines, *(line for line in told_faults(faults) if line not in said)])


# What an assertion of ours has said of those that had come.
_SAID = re.compile(r"^E? *(?:no message|(\d+) messages?) came:?$", re.MULTILINE)


def _too_late(messages: int, said: str) -> list[str]:
    """Of how many the assertion that failed did not know."""
    found = _SAID.search(said)
    late = messages - int(found[1] or 0) if found else 0
    which = "the last of them" if late == 1 else f"the last {late} of them"
    return [f"  ({which} came too late: by then the assertion had failed)"] if late > 0 else []


def told_late(messages: Sequence[Message]) -> list[str]:
    """Messages that came too late, a line each."""
    return arrived(messages, None)[1:]


def told_got(test: str, messages: Sequence[Message]) -> list[str]:
    """What a test got, for those behind it that get none; the latest of it a line each."""
    came = counted(len(messages), "message", "messages")
    latest = f", the latest {MOST_REMEMBERED}" if len(messages) > MOST_REMEMBERED else ""
    heading = shown_line(f"{came} came in an earlier test, {test}{latest}:")
    return [heading, *(f"  {brief(message)}" for message in messages[-MOST_REMEMBERED:])]


def told_cut(connections: Sequence[Connection]) -> list[str]:
    """Those that were still open when a test began, if any."""
    if not connections:
        return []
    which = counted(len(connections), "connection", "connections")
    heading = f"{which} of an earlier test, cut when this one began:"
    return [heading, *(f"  {line}" for line in told_open(connections))]


def told_open(connections: Sequence[Connection]) -> list[str]:
    """Connections that go on, a line each."""
    lines = [told(connection) for connection in connections[:MOST_LISTED]]
    if len(connections) > MOST_LISTED:
        lines.append(f"and {len(connections) - MOST_LISTED} more")
    return lines


def _came(connections: Sequence[Connection]) -> list[str]:
    if not connections:
        return []
    lines = [f"{counted(len(connections), 'connection', 'connections')}:"]
    lines += [f"  {told(connection)}" for connection in connections[-MOST_LISTED:]]
    if len(connections) > MOST_LISTED:
        lines.append(f"  (the latest {MOST_LISTED}; {len(connections) - MOST_LISTED} came before them)")
    return lines
