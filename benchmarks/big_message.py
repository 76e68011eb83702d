"""One big message by raw socket: the time from its first byte to the reply, and the memory of the server's process."""

from __future__ import annotations

import time

from ._client import Client, lines
from ._measure import Goal, Kind, interleaved, row, tell
from ._servers import serving, tool

_PIECE = lines(250_000)


def _taken(name: str, size: int) -> tuple[float, float]:
    """Seconds, and how many times the message is in memory; 0 where the server does not tell."""
    with serving(name) as server, Client(server.port) as client:
        client.begin()
        started = time.perf_counter()
        for _ in range(size // len(_PIECE)):
            client.send(_PIECE)
        client.say(b".", 250)
        seconds = time.perf_counter() - started
    return seconds, server.peak / size


def _measure(megabytes: int, rounds: int) -> None:
    names = ["ours", "aiosmtpd"] + (["smtp-sink"] if tool("smtp-sink") else [])
    runs = {name: lambda name=name: _taken(name, megabytes * 1_000_000) for name in names}
    taken = interleaved(runs, rounds)
    seconds = {name: [time for time, _ in figures] for name, figures in taken.items()}
    memory = {name: [times for _, times in figures] for name, figures in taken.items()}
    ours, what = seconds.pop("ours"), f"one message of {megabytes} MB"
    goals = {"aiosmtpd": Goal("aiosmtpd", 9), "smtp-sink": Goal("smtp-sink", 1.3)}
    tell(
        *(row(what, "s", ours, peer, theirs, goal=goals[peer]) for peer, theirs in seconds.items()),
        row(
            f"{what}: memory at its peak",
            "times the message",
            memory["ours"],
            "aiosmtpd",
            memory["aiosmtpd"],
            goal=Goal("aiosmtpd", 1.1, Kind.MOST),
        ),
    )


if __name__ == "__main__":
    _measure(25, rounds=7)
    _measure(100, rounds=5)
