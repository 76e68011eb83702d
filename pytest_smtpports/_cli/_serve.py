"""`smtpports serve`: the ports, until somebody ends it; what comes is told as it comes."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from .._errors import ConfigurationError, ServerError
from .._mail._message import Message
from ._asked import add_options
from ._codes import NOT_DONE, OK
from ._json import JSONLines
from ._keeping import Keeping
from ._lines import Lines
from ._opened import opened, understood
from ._output import Output, complain
from ._signals import handling
from ._watch import END, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._mail._connection import Connection
    from ._opened import Opened
    from ._totals import Totals

_DESCRIPTION = """\
Open SMTP ports on this machine, and tell of each mail, and of each connection that brought none, until Ctrl-C or
SIGTERM. Nothing is sent on."""
_EPILOG = """\
A mail is forgotten once it is told of, and a connection when it ends; --save writes them to files, --report keeps them
until the end, the bytes of mails beyond 64 MiB in a temporary file.

exit codes: 0 it was ended by Ctrl-C or SIGTERM; 1 a port, folder or file can't be had, or nobody reads the output any
more; 2 an argument can't be meant

example:
  smtpports serve --bind 587=2587 --block 25 --save build/mail
"""


class Teller(Protocol):
    """How it is told."""

    def ready(self, opened: Opened) -> Iterator[str]:
        """The ports are open."""
        ...

    def message(self, message: Message) -> Iterator[str]:
        """A mail came."""
        ...

    def connection(self, connection: Connection) -> Iterator[str]:
        """A connection is over."""
        ...

    def end(self, totals: Totals) -> Iterator[str]:
        """All is over."""
        ...


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="open the ports until Ctrl-C",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = add_options(parser)
    told.add_argument("--json", action="store_true", help="a JSON object in each line, for programs")
    parser.set_defaults(command=partial(_serve, parser))


class _Stop:
    """Asks for the end, from a signal's handler."""

    def __init__(self, queue: SimpleQueue[object], output: Output) -> None:
        self._queue = queue
        self._output = output
        self._is_asked = False

    def ask(self, _number: int) -> None:
        if self._is_asked:
            self._output.give_up()
        self._is_asked = True
        self._queue.put(END)


def _serve(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    output, queue = Output(sys.stdout), SimpleQueue[object]()
    lines: Teller = JSONLines() if chosen.json else Lines(output.paint, output.width, "Ctrl-C ends it.")
    with handling(_Stop(queue, output).ask, ignored_ones=True):
        asked, smtpports = understood(parser, chosen)
        keeping = Keeping(parser.prog, asked.save, asked.report)

        def tell(what: Message | Connection) -> None:
            output.write(*(lines.message(what) if isinstance(what, Message) else lines.connection(what)))
            if output.is_broken:
                queue.put(END)

        with smtpports:
            watch = Watch(smtpports, keeping, tell, queue)
            try:
                with opened(smtpports, asked, keeping) as ready:
                    output.write(*lines.ready(ready))
                    watch.follow(lambda: output.is_unread)
                watch.finish()
            except (ConfigurationError, ServerError) as error:
                complain(parser, "error", str(error))
                return NOT_DONE
        keeping.end("passed")
        output.write(*lines.end(watch.totals))
    for failure in keeping.failures.values():
        complain(parser, "error", failure)
    return NOT_DONE if keeping.failures or output.is_broken else OK
