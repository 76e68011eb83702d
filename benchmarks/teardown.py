"""The end of an `SMTPPorts` to which 30 TLS clients are connected, in development mode with warnings as errors."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import time

from ._client import DEADLINE, Client
from ._measure import Goal, Kind, compare
from ._servers import ROOT

# How this module is told to be the process that is measured.
_MEASURED = "--measured"


def _closing() -> float:
    """Seconds of `close()`, measured in a process that has nothing to say but that."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "benchmarks.teardown", _MEASURED]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    if told.returncode or told.stderr:
        sys.exit(f"closing did not go in silence:\n{told.stderr}")
    return float(told.stdout)


def _measured() -> None:
    from pytest_smtpports import SMTPPorts

    # In development mode asyncio tells at this level of what takes long, as loading cryptography does.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    smtpports = SMTPPorts()
    clients = [
        Client(smtpports.ports[number].port, tls)
        for number, tls in ((465, "implicit"), (587, "starttls"))
        for _ in range(15)
    ]
    started = time.perf_counter()
    smtpports.close()
    taken = time.perf_counter() - started
    for client in clients:
        client.close()
    # A socket or transport that nobody closed says so when it is collected.
    del smtpports, clients
    gc.collect()
    print(taken)


if __name__ == "__main__":
    if _MEASURED in sys.argv:
        _measured()
    else:
        goal = Goal("", 0.1, Kind.MOST)
        compare("close() with 30 live TLS connections", "s", _closing, {}, goal, rounds=9)
