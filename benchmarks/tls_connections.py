"""TLS connections from another process, one after the other: connect, handshake, EHLO, QUIT."""

from __future__ import annotations

import time

from ._client import Client
from ._measure import Goal, Run, compare
from ._servers import serving, tls_of

CONNECTIONS = 300


def _connecting(name: str) -> Run:
    def run() -> float:
        with serving(name) as server:
            started = time.perf_counter()
            for _ in range(CONNECTIONS):
                with Client(server.port, tls_of(name)):
                    pass
            return CONNECTIONS / (time.perf_counter() - started)

    return run


def _measure(what: str, tls: str, goal: Goal, *others: str) -> None:
    peers = {peer: _connecting(f"{peer}-{tls}") for peer in (goal.peer, *others)}
    compare(what, "connections/s", _connecting(f"ours-{tls}"), peers, goal, more_is_better=True)


if __name__ == "__main__":
    _measure("TLS connections, implicit", "implicit", Goal("aiosmtpd", 1.2))
    _measure("TLS connections, STARTTLS", "starttls", Goal("smtpdfix", 2.2), "aiosmtpd")
