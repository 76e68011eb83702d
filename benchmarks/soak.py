"""Very many messages in one `SMTPPorts`: whether it slows down, and how much memory its process has at its worst."""

from __future__ import annotations

from ._measure import Goal, row, tell
from ._servers import Server, serving
from ._traffic import rate

TENTHS = 10


def _measure(what: str, length: int, messages: int) -> None:
    with serving("ours") as server:
        first, *_, last = [_tenth(server, length, messages // TENTHS) for _ in range(TENTHS)]
    peer = "the first tenth"
    units = ("messages/s", "messages/s of processor time")
    tell(
        *(
            row(f"{what}: the last tenth", unit, [end], peer, [begin], goal=Goal(peer, 0.8), more_is_better=True)
            for unit, end, begin in zip(units, last, first, strict=True)
        ),
        row(f"{what}: memory at its peak, for {messages * length / 1e6:.0f} MB of bodies", "MB", [server.peak / 1e6]),
    )


def _tenth(server: Server, length: int, messages: int) -> tuple[float, float]:
    """Messages per second, by the clock and by the server's processor time; the latter is not disturbed by others."""
    before = server.processor
    by_the_clock = rate(server.port, length, messages)
    return by_the_clock, messages / (server.processor - before)


if __name__ == "__main__":
    _measure("100,000 messages of 2 KB", 2000, 100_000)
    _measure("10,000 messages of 100 KB", 100_000, 10_000)
