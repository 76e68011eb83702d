"""A stream that lines go to: one that a person looks at, or that a program reads, or that nobody reads any more."""

from __future__ import annotations

import os
import select
import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

# After how many seconds a line that nobody takes is given up, where somebody wants the end.
PATIENCE = 1.0
# SGR (ECMA-48 §8.3.117).
_COLOURS = {"bad": "31", "faint": "2", "strong": "1"}


class Output:
    """Writes lines, each at once.

    Args:
        stream: where they go.
        environment: what it says of colours.

    Attributes:
        is_terminal: whether a person looks at it.
        is_broken: whether a line could not be written, and all further ones are dropped.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._since: float | None = None
        self.is_broken = False
        self.is_terminal = stream.isatty()
        # https://no-color.org: any value but an empty one.
        self._has_colour = (
            self.is_terminal and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"
        )

    @property
    def width(self) -> int | None:
        """How many characters a line has room for, or None where that does not matter."""
        return shutil.get_terminal_size().columns if self.is_terminal else None

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where there are any: "plain", "bad", "faint", "strong"."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._has_colour and colour in _COLOURS else text

    def write(self, *lines: str) -> None:
        """Write lines, as long as somebody reads them."""
        try:
            self._since = time.monotonic()
            self._stream.write("".join(writable(line, self._stream) + "\n" for line in lines))
            self._stream.flush()
        except OSError:
            # The reader has gone, the terminal is closed, the disk is full.
            self.is_broken = True
            # As the documentation of Python's signal module has it: what is left can't be written at the exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        finally:
            self._since = None

    def give_up(self) -> None:
        """From a signal's handler: end a write that nobody has taken for some time.

        Raises:
            BrokenPipeError: there is one.
        """
        if self._since is not None and time.monotonic() - self._since > PATIENCE:
            raise BrokenPipeError

    @property
    def is_unread(self) -> bool:
        """Whether it is a pipe whose reader has gone."""
        if not hasattr(select, "poll"):
            return False
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            return False
        poll = select.poll()
        poll.register(descriptor, 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))


def complain(parser: argparse.ArgumentParser, kind: str, text: str) -> None:
    """Tell of something that went wrong, as the parser does of arguments."""
    Output(sys.stderr).write(f"{parser.prog}: {kind}: {text}")


def writable(line: str, stream: TextIO) -> str:
    """The line, as far as the stream's encoding has it."""
    encoding = stream.encoding or "ascii"
    return line.encode(encoding, "replace").decode(encoding)
