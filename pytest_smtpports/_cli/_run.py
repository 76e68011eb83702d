"""`smtpports run -- COMMAND`: any command, led to the ports by its environment; what came is told behind it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, ServerError, UnknownPort
from .._mail._message import Message
from .._mail._shown import shown_line
from ._asked import add_options, number_of
from ._child import Child
from ._codes import NOT_DONE, NOT_EXECUTABLE, NOT_FOUND, OK
from ._keeping import Keeping
from ._lines import FILES, Lines, in_all
from ._opened import opened, understood
from ._output import Output, complain
from ._signals import handling
from ._watch import END, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._harness._smtpports import SMTPPorts
    from .._mail._connection import Connection
    from ._asked import Asked

# Of how many mails and connections the report tells.
MOST = 50
# The variable with the path of the ports' file.
FILE = "SMTPPORTS_FILE"

_DESCRIPTION = """\
Run a command, such as a test suite in any language, with SMTP ports for it. It finds one of them by the variables
SMTP_HOST, SMTP_PORT, SMTP_USERNAME, SMTP_PASSWORD, SMTP_TLS (none, starttls or implicit) and SMTP_CA_FILE, and all of
them in the JSON file that SMTPPORTS_FILE names. Python, Node, curl and whoever goes by SSL_CERT_FILE trust the
certificates. What came is told on stderr when it has ended."""
_EPILOG = f"""\
The report tells of the latest {MOST} mails and connections; --save and --report have all of them.

SIGTERM is passed on to the command, and so is SIGINT where no terminal sends it there; the third one kills it.

exit codes: the command's own; 128 and the number of the signal that ended it; 126 it can't be executed; 127 it is not
found; 1 a port, folder or file can't be had; 2 an argument can't be meant

example:
  smtpports run --route smtp.example.com --block 587 -- npm test
"""


def split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The arguments that are ours, and those behind `--`, which are the command's."""
    if list(arguments[:1]) == ["run"] and "--" in arguments:
        place = list(arguments).index("--")
        return arguments[:place], arguments[place + 1 :]
    return arguments, ()


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        usage="smtpports run [OPTION ...] -- COMMAND [ARG ...]",
        help="run a command with the ports",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    led = parser.add_argument_group("how the command finds the ports")
    led.add_argument(
        "--port", type=number_of, metavar="NUMBER", help="the port of which the SMTP_ variables tell; default: 587"
    )
    led.add_argument(
        "--route",
        action="append",
        default=[],
        metavar="HOST",
        help="lead a host name here, in Python and Node, with its certificate",
    )
    parser.set_defaults(command=partial(_run, parser))


class _Report:
    """The latest of what came, told at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lines = Lines(output.paint, None, "")
        self._told: deque[str] = deque(maxlen=MOST)
        self._count = 0

    def tell(self, what: Message | Connection) -> None:
        lines = [*(self._lines.message(what) if isinstance(what, Message) else self._lines.connection(what))]
        self._count += len(lines)
        self._told.extend(lines)

    def write(self, headline: str, behind: Iterator[str]) -> None:
        left_out = self._count - len(self._told)
        self._output.write(
            self._output.paint(f"smtpports: {headline}", "strong"),
            *([f"(the latest {MOST}; {left_out} came before them)"] if left_out else ()),
            *self._told,
            *behind,
        )


def _run(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    command = chosen.behind
    if not command:
        parser.error("the command stands behind --, as in: smtpports run -- npm test")
    number = _number(parser, chosen)
    queue, child, report = SimpleQueue[object](), Child(), _Report(Output(sys.stderr))
    with ExitStack() as closing:
        closing.enter_context(handling(child.tell, ignored_ones=False))
        asked, smtpports = understood(parser, chosen)
        closing.enter_context(smtpports)
        keeping = Keeping(f"{parser.prog} -- {shlex.join(command)}", asked.save, asked.report)
        asked = _with_file(asked, closing)
        watch = Watch(smtpports, keeping, report.tell, queue)
        try:
            with opened(smtpports, asked, keeping), child:
                variables = _variables(smtpports, number, asked)
                hints = [*_hints(smtpports, variables, asked.routes)]
                try:
                    child.start(command, os.environ | variables, lambda: queue.put(END))
                except OSError as error:
                    return _not_started(parser, command[0], error)
                watch.follow(lambda: False)
            watch.finish()
        except (ConfigurationError, ServerError) as error:
            complain(parser, "error", str(error))
            return NOT_DONE
        code = child.code
        keeping.end("passed" if code == OK else "failed")
    report.write(in_all(watch.totals), _behind(watch, keeping, hints))
    return code or (NOT_DONE if keeping.failures else OK)


def _number(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    """The port of which the variables tell."""
    number: int = chosen.port or (587 if 587 in chosen.ports else chosen.ports[0])
    if number not in chosen.ports:
        parser.error(f"--port: {UnknownPort(number, tuple(sorted(chosen.ports)))}")
    return number


def _with_file(asked: Asked, closing: ExitStack) -> Asked:
    """The same, with a file for the ports wherever that may be, if none is asked for."""
    if asked.ports_file is not None:
        return asked
    folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="pytest-smtpports-"))
    return replace(asked, ports_file=Path(folder, "ports.json"))


def _variables(smtpports: SMTPPorts, number: int, asked: Asked) -> dict[str, str]:
    return {**smtpports.env(number), FILE: str(asked.ports_file and asked.ports_file.absolute())}


def _hints(smtpports: SMTPPorts, variables: dict[str, str], routes: Sequence[str]) -> Iterator[str]:
    """Why it may be that nobody came."""
    blocked = [f"{port.number} ({port.blocked.kind})" for port in smtpports.ports if port.blocked]
    if blocked:
        yield f"Blocked, so that nobody may be seen there: {', '.join(blocked)}."
    host, port = variables["SMTP_HOST"], variables["SMTP_PORT"]
    names = "".join(f"{route}, or " for route in routes)
    yield f"Does the command dial {names}SMTP_HOST and SMTP_PORT, which were {host} and {port}?"


def _behind(watch: Watch, keeping: Keeping, hints: Sequence[str]) -> Iterator[str]:
    if not watch.totals.connections:
        yield from hints
    for option, path in keeping.files:
        if path not in keeping.failures:
            yield f"{FILES[option]:7}{shown_line(path)}"
    for failure in keeping.failures.values():
        yield f"smtpports: error: {failure}"


def _not_started(parser: argparse.ArgumentParser, command: str, error: OSError) -> int:
    if isinstance(error, FileNotFoundError):
        where = "there is no such file" if os.sep in command else "no folder of PATH has it"
        complain(parser, "error", f"{command!r} was not found: {where}. Give the command as a shell would start it.")
        return NOT_FOUND
    hint = "A script needs `chmod +x`, and a first line such as #!/bin/sh; or name its interpreter, as in: -- sh script"
    complain(parser, "error", f"{command!r} can't be executed ({error.strerror}). {hint}")
    return NOT_EXECUTABLE
