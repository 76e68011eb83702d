"""A whole run of pytest over an empty file, with a plugin loaded and unused, and with none."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from ._measure import OURS, Goal, Kind, interleaved, row, tell
from ._suite import OURS as OUR_PLUGIN
from ._suite import SMTPDFIX, pytest

ROUNDS = 40
_PLUGINS = {OURS: OUR_PLUGIN, "no plugin": None, "smtpdfix": SMTPDFIX}


def _taken(plugin: str | None, folder: Path) -> tuple[float, float]:
    """Milliseconds by the clock, by `perf_counter()`; and of the processor, by `getrusage()` of the ended child."""
    # Whatever is imported is compiled in the round that does not count, as an installer does it.
    environment = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    arguments = ["-p", "no:cacheprovider", f"--rootdir={folder}", "test_nothing.py"]
    before, started = _processor(), time.perf_counter()
    pytest(arguments, folder=folder, plugin=plugin, environment=environment)
    return (time.perf_counter() - started) * 1000, (_processor() - before) * 1000


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        Path(name, "test_nothing.py").touch()
        runs = {peer: lambda plugin=plugin: _taken(plugin, Path(name)) for peer, plugin in _PLUGINS.items()}
        taken = interleaved(runs, ROUNDS)
    for place, what in enumerate(("start of pytest, by the clock", "start of pytest, processor time")):
        figures = {peer: [both[place] for both in each] for peer, each in taken.items()}
        goals = {"no plugin": Goal("no plugin", 2, Kind.MORE)}
        mine = figures.pop(OURS)
        tell(
            *(
                row(what, "ms", mine, peer, theirs, goal=goals.get(peer), difference=True)
                for peer, theirs in figures.items()
            )
        )
