"""Every benchmark in turn, each in a process of its own, and a table of what they told."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ._measure import Row, spread

SCRIPTS = (
    "pytest_start",
    "idle_test",
    "message_test",
    "connection_each",
    "connection_kept",
    "large_messages",
    "in_process",
    "big_message",
    "tls_connections",
    "teardown",
    "soak",
    "assertions",
)
# Seconds for one of them.
TIMEOUT = 600.0

_HEAD = """\
| what (least < median < most) | ours | peer | the peer's | ratio, or difference | goal |
|---|---|---|---|---|---|
"""


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--table", type=Path, help="the file for a table of the results, in Markdown")
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=f"some of them alone: {', '.join(SCRIPTS)}")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.scripts if name not in SCRIPTS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(SCRIPTS)}")

    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "figures.json")
        kept.touch()
        failed = [name for name in arguments.scripts or SCRIPTS if not _run(name, kept)]
        rows = [Row(**json.loads(line)) for line in kept.read_text().splitlines()]
    if arguments.table is not None:
        arguments.table.write_text(_table(rows, failed))
    return 1 if failed else 0


def _run(name: str, kept: Path) -> bool:
    print(f"# {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(kept)]
    try:
        return subprocess.run(command, timeout=TIMEOUT, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"{name} did not end in {TIMEOUT:g} s", file=sys.stderr)
        return False


def _table(rows: list[Row], failed: list[str]) -> str:
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    peers = ", ".join(filter(None, map(_versioned, ("pytest", "aiosmtpd", "smtpdfix"))))
    where = (
        f"{today}, {platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores; {peers}."
    )
    missing = f"\nNot measured: {', '.join(failed)}.\n" if failed else ""
    return f"{where}\n\n{_HEAD}{''.join(map(_line, rows))}{missing}"


def _versioned(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return ""


def _line(row: Row) -> str:
    theirs = f"{spread(row.theirs)} {row.unit}" if row.theirs else ""
    compared = spread(row.compared, signed=row.difference) if row.compared else ""
    unit = f" {row.unit}" if row.difference else ""
    goal = f"{row.goal}: {'met' if row.met else 'missed'}" if row.goal else ""
    cells = (row.what, f"{spread(row.ours)} {row.unit}", row.peer, theirs, f"{compared}{unit}", goal)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(_main())
