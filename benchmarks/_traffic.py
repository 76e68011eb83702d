"""Messages per second, as Postfix's `smtp-source` counts them from another process."""

from __future__ import annotations

import subprocess
import sys
import time

from ._client import HOST, Client, lines
from ._measure import Goal, Run, compare
from ._servers import serving, tool


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

    def sending(name: str) -> Run:
        def run() -> float:
            with serving(name) as server:
                return rate(server.port, length, messages, *options)

        return run

    goals = [Goal("aiosmtpd", aiosmtpd)] + ([Goal("smtp-sink", sink)] if sink else [])
    peers = {name: sending(name) for name in ("aiosmtpd", "smtp-sink")}
    compare(what, "messages/s", sending("ours"), peers, *goals, more_is_better=True)


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
