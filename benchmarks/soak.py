"""Very many messages in one `SMTPPorts`: whether it slows down, and how much memory its process has at its worst."""

from __future__ import annotations

import subprocess
import sys

from ._measure import Goal, row, tell
from ._servers import serving
from ._traffic import UNITS, rates

TENTHS = 10


def _measure(what: str, length: int, messages: int) -> None:
    _touch(3 * messages * length)
    with serving("ours") as server:
        first, *_, last = [rates(server, length, messages // TENTHS) for _ in range(TENTHS)]
    peer = "the first tenth"
    tell(
        *(
            row(f"{what}: the last tenth", unit, [end], peer, [begin], goal=Goal(peer, 0.8), more_is_better=True)
            for unit, end, begin in zip(UNITS, last, first, strict=True)
        ),
        row(f"{what}: memory at its peak, for {messages * length / 1e6:.0f} MB of bodies", "MB", [server.peak / 1e6]),
    )


def _touch(size: int) -> None:
    """Have so many bytes of the machine's memory used once, in a process that ends.

    A virtual machine is given its memory when it is used for the first time, which takes longer than to write a file.
    """
    subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {size}"], check=True, timeout=120)


if __name__ == "__main__":
    _measure("100,000 messages of 2 KB", 2000, 100_000)
    _measure("10,000 messages of 100 KB", 100_000, 10_000)
