"""The command line: `smtpports`, or `python -m pytest_smtpports`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

from ._errors import UnknownFault, UnknownName
from ._layout import record, table
from ._ports._description import TOPICS, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ._ports._description import Topic

# As the shell has it: all is well; nobody reads what is written.
OK, NOT_READ = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, those of the process unless others are given.

    Returns:
        the exit code.

    Raises:
        SystemExit: code 2, an argument that can't be meant; code 0, help was asked for.
    """
    parser = argparse.ArgumentParser(prog="smtpports", description="SMTP ports as they behave in the world.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_describe(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.command(chosen)
        sys.stdout.flush()
    except BrokenPipeError:
        # As the documentation of Python's signal module has it: what is left can't be written at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    return code


def _add_describe(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    describe = commands.add_parser(
        "describe",
        help="tell what is shipped",
        description="Tell what is shipped. A terminal gets an overview, a pipe a line with everything for each.",
    )
    describe.add_argument("topic", metavar="TOPIC", type=_topic, help=f"one of {', '.join(TOPICS)}")
    describe.add_argument("names", metavar="NAME", nargs="*", help="tell everything about these alone")
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
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in _told(chosen.topic, topic, names, width):
        sys.stdout.write(_writable(line) + "\n")
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


def _writable(line: str) -> str:
    """The line, as far as the terminal's encoding has it."""
    encoding = sys.stdout.encoding or "ascii"
    return line.encode(encoding, "replace").decode(encoding)
