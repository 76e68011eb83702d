"""The command line: `smtpports`, or `python -m pytest_smtpports`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from ._codes import ENDED_BY, INTERRUPT, NOT_DONE
from ._signals import ignore

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, those of the process unless others are given.

    Returns:
        the exit code.

    Raises:
        SystemExit: code 2, an argument that can't be meant; code 0, help was asked for.
    """
    try:
        # What takes long to load is loaded here, so that Ctrl-C may come meanwhile.
        from . import _run

        words, behind = _run.split(sys.argv[1:] if arguments is None else arguments)
        chosen = parser().parse_args(words, argparse.Namespace(behind=behind))
        code: int = chosen.command(chosen)
        sys.stdout.flush()
    except BrokenPipeError:
        # As the documentation of Python's signal module has it: what is left can't be written at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_DONE
    except KeyboardInterrupt:
        return ENDED_BY + INTERRUPT
    if arguments is None:
        # The process ends now, which is all that they ask for.
        ignore()
    return code


def parser() -> argparse.ArgumentParser:
    """What reads the arguments; the documentation is compared with it."""
    from . import _describe, _run, _serve

    made = argparse.ArgumentParser(prog="smtpports", description="SMTP ports as they behave in the world.")
    made.add_argument("--version", action=_Version, help="tell the version")
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for command in (_serve, _run, _describe):
        command.add(commands)
    return made


class _Version(argparse.Action):
    """Tells the version; only who asks for it has it looked up."""

    def __init__(self, option_strings: Sequence[str], dest: str, **others: Any) -> None:  # argparse's own
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **others)

    def __call__(self, parser: argparse.ArgumentParser, *_others: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"pytest-smtpports {version('pytest-smtpports')}\n")
        parser.exit()
