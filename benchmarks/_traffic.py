"""Messages per second, as Postfix's `smtp-source` counts them from another process."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from ._client import HOST, Client, lines
from ._measure import OURS, Goal, interleaved, row, tell
from ._servers import serving, tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._servers import Server

ROUNDS = 7
UNITS = ("messages/s", "messages/s of processor time")


def measure(what: str, length: int, messages: int, *options: str, aiosmtpd: float, sink: float | None = None) -> None:
    """Send so many messages of a length to us and to the peers.

    Args:
        what: what is measured.
        length: bytes in a message.
        messages: how many there are in a round.
        options: further ones of smtp-source.
        aiosmtpd: how many times faster than plain aiosmtpd we are to be.
        sink: the same for Postfix's smtp-sink, if it is to be compared.
    """
    if tool("smtp-source") is None:
        sys.exit("smtp-source is not installed; on Debian it comes with the package postfix.")

    def sending(name: str) -> Callable[[], tuple[float, float]]:
        def run() -> tuple[float, float]:
            with serving(name) as server:
                return rates(server, length, messages, *options)

        return run

    names = {OURS: "ours", "aiosmtpd": "aiosmtpd", "smtp-sink": "smtp-sink"}
    taken = interleaved({peer: sending(name) for peer, name in names.items()}, ROUNDS)
    goals = {"aiosmtpd": Goal("aiosmtpd", aiosmtpd)} | ({"smtp-sink": Goal("smtp-sink", sink)} if sink else {})
    for place, unit in enumerate(UNITS):
        figures = {peer: [both[place] for both in each] for peer, each in taken.items()}
        mine = figures.pop(OURS)
        tell(
            *(
                # The goals are about the clock; the server's processor time tells who was waited for.
                row(what, unit, mine, peer, theirs, goal=None if place else goals.get(peer), more_is_better=True)
                for peer, theirs in figures.items()
            )
        )


def rates(server: Server, length: int, messages: int, *options: str) -> tuple[float, float]:
    """Messages per second: by the clock, and by the server's processor time, which others do not disturb."""
    before = server.processor
    by_the_clock = rate(server.port, length, messages, *options)
    return by_the_clock, messages / (server.processor - before)


def rate(port: int, length: int, messages: int, *options: str) -> float:
    """Messages per second; from one raw socket on a kept connection where smtp-source is not installed."""
    source = tool("smtp-source")
    started = time.perf_counter()
    if source is None:
        _send(port, length, messages)
    else:
        command = [source, "-s", "8", "-l", str(length), "-m", str(messages), *options, f"{HOST}:{port}"]
        subprocess.run(command, check=True, timeout=120)
    return messages / (time.perf_counter() - started)


def _send(port: int, length: int, messages: int) -> None:
    message = lines(length)
    with Client(port) as client:
        for _ in range(messages):
            client.deliver(message)
