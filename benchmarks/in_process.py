"""Messages by smtplib from a thread of the process that serves, as a test sends them."""

from __future__ import annotations

import smtplib
import time

from ._client import DEADLINE, HOST, lines
from ._measure import Goal, Run, compare
from ._servers import in_process


def _sending(name: str, length: int, messages: int, connections: int) -> Run:
    message = b"Subject: Hello\r\n\r\n" + lines(length - 18)

    def run() -> float:
        with in_process(name) as port:
            started = time.perf_counter()
            for _ in range(connections):
                with smtplib.SMTP(HOST, port, local_hostname="client.example.com", timeout=DEADLINE) as client:
                    for _ in range(messages // connections):
                        client.sendmail("app@example.com", "ada@example.org", message)
            return messages / (time.perf_counter() - started)

    return run


def _measure(what: str, length: int, messages: int, connections: int, times: float) -> None:
    runs = {name: _sending(name, length, messages, connections) for name in ("ours", "aiosmtpd", "canned replies")}
    goal = Goal("aiosmtpd", times)
    compare(what, "messages/s", runs.pop("ours"), runs, goal, more_is_better=True)


if __name__ == "__main__":
    _measure("in one process, 1 KB, a connection each", 1000, 400, 400, 1.8)
    _measure("in one process, 1 KB, connection kept", 1000, 800, 1, 2.2)
    _measure("in one process, 100 KB", 100_000, 100, 1, 3.6)
    _measure("in one process, 1 MB", 1_000_000, 16, 1, 4.2)
