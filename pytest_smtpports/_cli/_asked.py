"""What `serve` and `run` are asked for: the options that both have, and what they say, checked."""

from __future__ import annotations

import argparse
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .._errors import ConfigurationError, UnknownFault, UnknownName, UnknownPort
from .._ports import _networks
from .._ports._kinds import DNS, KINDS
from .._ports._profile import KINDRED, PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._ports._profile import Profile

T = TypeVar("T")

MAX_PORT = 65535
KNOWN: Mapping[int, Profile] = {**PROFILES, **KINDRED}
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        profiles: what the ports are.
        local_ports: by emulated number the real one that is asked for.
        host: the address to bind.
        network: the network that the ports are behind, or None.
        blocks: the kind of block by number.
        faults: the names of faults, and how often each happens, or None for always.
        routes: the host names that lead here, for child processes.
        username: who may log in.
        password: with which password.
        save: the folder for mail and dialogues, or None.
        report: the file of the HTML page, or None.
        ports_file: the file that tells programs of the ports, or None.
    """

    profiles: tuple[Profile, ...]
    local_ports: Mapping[int, int]
    host: str
    network: str | None
    blocks: Mapping[int, str]
    faults: tuple[tuple[str, int | None], ...]
    routes: tuple[str, ...]
    username: str
    password: str = field(repr=False)
    save: Path | None
    report: Path | None
    ports_file: Path | None


def add_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options that both commands have; the group of those that say what is told."""
    ports = parser.add_argument_group("the ports")
    ports.add_argument(
        "--ports", nargs="+", type=number_of, default=list(PROFILES), metavar="NUMBER", help="default: 25 465 587 2525"
    )
    ports.add_argument(
        "--bind",
        action="append",
        type=_binding,
        default=[],
        metavar="NUMBER=PORT",
        help="have a port at a real number of this machine, such as 25=2525; one that nobody uses unless told",
    )
    ports.add_argument("--host", type=_address, default=LOOPBACK, metavar="ADDRESS", help=f"default: {LOOPBACK}")
    ports.add_argument("--username", type=_word, default="user", help="who may log in; default: user")
    ports.add_argument("--password", type=_word, default="password", help="with which password; default: password")
    world = parser.add_argument_group("what goes wrong")
    world.add_argument("--network", type=_network, metavar="NAME", help="be behind a network, such as digitalocean")
    world.add_argument(
        "--block",
        action="append",
        type=_block,
        default=[],
        metavar="NUMBER[=KIND]",
        help=f"block a port; kinds: {', '.join(KINDS)}; default: drop",
    )
    world.add_argument(
        "--fail",
        action="append",
        type=_fault,
        default=[],
        metavar="FAULT[=TIMES]",
        help="have a fault happen, such as mailbox-full, always or so many times",
    )
    told = parser.add_argument_group("what is told")
    told.add_argument("--ports-file", type=_path, metavar="FILE", help="tell programs of the ports, passwords included")
    told.add_argument("--save", type=_path, metavar="DIR", help="write each mail and each dialogue there")
    told.add_argument("--report", type=_path, metavar="FILE.html", help="write a page with all of it, at the end")
    return told


def asked_by(chosen: argparse.Namespace) -> Asked:
    """What is asked for, as far as one option depends on another.

    Raises:
        ConfigurationError: something is said twice, or speaks of a port that is not asked for, or can't be met.
    """
    numbers = chosen.ports
    _check_once("--ports", numbers)
    local_ports = _by_number("--bind", chosen.bind, numbers)
    _check_once("--bind", local_ports.values())
    blocks = _by_number("--block", chosen.block, numbers)
    routes = tuple(getattr(chosen, "route", ()))
    if DNS.kind in blocks.values() and not routes:
        raise ConfigurationError(f"--block: {DNS.kind!r} hides names that lead here, and none does.")
    return Asked(
        tuple(KNOWN[number] for number in numbers),
        local_ports,
        chosen.host,
        chosen.network,
        blocks,
        tuple(chosen.fail),
        routes,
        chosen.username,
        chosen.password,
        chosen.save,
        chosen.report,
        chosen.ports_file,
    )


def _check_once(option: str, numbers: Iterable[int]) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number in seen:
            raise ConfigurationError(f"{option}: {number} is said twice.")
        seen.add(number)


def _by_number(option: str, said: Sequence[tuple[int, T]], numbers: Sequence[int]) -> dict[int, T]:
    _check_once(option, (number for number, _ in said))
    for number, _ in said:
        if number not in numbers:
            known = UnknownPort(number, tuple(sorted(numbers)))
            raise ConfigurationError(f"{option}: {known} --ports says which there are.")
    return dict(said)


# The types of single values; what argparse shows is the error's own sentence.


def number_of(word: str) -> int:
    number = _port(word)
    if number not in KNOWN:
        raise argparse.ArgumentTypeError(str(UnknownPort(number, tuple(sorted(KNOWN)))))
    return number


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"{word!r} is not a port number; those are 1 to {MAX_PORT}")
    return int(word)


def _binding(word: str) -> tuple[int, int]:
    number, equals, port = word.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{word!r} is not of the form NUMBER=PORT, such as 25=2525")
    return number_of(number), _port(port)


def _block(word: str) -> tuple[int, str]:
    number, equals, kind = word.partition("=")
    return number_of(number), _known("block kind", kind, KINDS) if equals else "drop"


def _network(word: str) -> str:
    return _known("network", word, _networks.shipped())


def _fault(word: str) -> tuple[str, int | None]:
    # Only who names a fault has them made.
    from .._ports._catalogue import FAULTS

    name, equals, times = word.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(str(UnknownFault(name, FAULTS)))
    if equals and not (times.isascii() and times.isdigit() and int(times)):
        raise argparse.ArgumentTypeError(f"{times!r} is not how many times a fault may happen, such as {name}=2")
    return name, int(times) if equals else None


def _known(what: str, word: str, known: Iterable[str]) -> str:
    names = tuple(known)
    if word not in names:
        raise argparse.ArgumentTypeError(str(UnknownName(what, word, names)))
    return word


def _address(word: str) -> str:
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is not an address to bind, such as 127.0.0.1 or ::1") from None


def _word(word: str) -> str:
    if not word or not word.isprintable():
        raise argparse.ArgumentTypeError("this takes a word of characters that can be printed")
    return word


def _path(word: str) -> Path:
    if not word:
        raise argparse.ArgumentTypeError("no path is given")
    return Path(word)
