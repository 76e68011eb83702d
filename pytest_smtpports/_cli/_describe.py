"""`smtpports describe`: what is shipped."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from .._errors import UnknownFault, UnknownName
from .._layout import record, table
from .._ports._description import TOPICS, described
from ._codes import OK
from ._output import Output, writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._ports._description import Topic


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    describe = commands.add_parser(
        "describe",
        help="tell what is shipped",
        description="Tell what is shipped. A terminal gets an overview, a pipe a line with everything for each.",
    )
    describe.add_argument("topic", metavar="TOPIC", type=_topic, help=f"one of {', '.join(TOPICS)}")
    describe.add_argument("names", metavar="NAME", nargs="*", default=[], help="tell everything about these alone")
    describe.add_argument("--json", action="store_true", help="everything as JSON")
    describe.set_defaults(command=lambda chosen: _describe(describe, chosen))


def _topic(name: str) -> str:
    if name not in TOPICS:
        raise argparse.ArgumentTypeError(str(UnknownName("topic", name, TOPICS)))
    return name


def _describe(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    topic, names = described(chosen.topic), tuple(dict.fromkeys(chosen.names))
    for name in names:
        if name not in topic.rows:
            parser.error(str(_unknown(chosen.topic, name, topic)))
    if chosen.json:
        facts = {name: topic.facts[name] for name in names or topic.facts}
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return OK
    width = Output(sys.stdout).width
    for line in _told(chosen.topic, topic, names, width):
        sys.stdout.write(writable(line, sys.stdout) + "\n")
    return OK


def _unknown(topic: str, name: str, known: Topic) -> UnknownName:
    # There are too many faults to be listed.
    return UnknownFault(name, known.rows) if topic == "faults" else UnknownName(topic[:-1], name, known.rows)


def _told(chosen: str, topic: Topic, names: Sequence[str], width: int | None) -> Iterator[str]:
    if not names:
        rows = topic.rows.values()
        yield from table(rows, tuple(next(iter(rows))) if width is None else topic.brief, width)
        if width is not None:
            yield ""
            yield f"smtpports describe {chosen} NAME tells everything about one."
    for place, name in enumerate(names):
        if place:
            yield ""
        yield from record(topic.rows[name], width)
