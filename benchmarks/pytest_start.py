"""A whole run of pytest over an empty file, where a plugin is installed and unused, and where none is."""

from __future__ import annotations

import resource
import tempfile
import time
from importlib import metadata
from pathlib import Path

import pytest_smtpports

from ._measure import OURS, Goal, Kind, interleaved, row, tell
from ._suite import pytest

ROUNDS = 40
SMTPDFIX = "smtpdfix"
NOBODY = "no plugin"


def _taken(site: Path, folder: Path) -> tuple[float, float]:
    """Milliseconds by the clock, by `perf_counter()`; and of the processor, by `getrusage()` of the ended child."""
    # Whatever is imported is compiled in the round that does not count, as an installer does it.
    environment = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONPATH": str(site),
    }
    arguments = ["-p", "no:cacheprovider", f"--rootdir={folder}", "test_nothing.py"]
    before, started = _processor(), time.perf_counter()
    # Without `site` there are no packages but those of the folder.
    pytest(arguments, folder=folder, environment=environment, interpreter=["-S"])
    return (time.perf_counter() - started) * 1000, (_processor() - before) * 1000


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sites(folder: Path) -> dict[str, Path]:
    """Folders with what is installed here, as links: with us, with no plugin of pytest, and with smtpdfix."""
    plugins = {
        each.name: _linked(each) for each in metadata.distributions() if each.entry_points.select(group="pytest11")
    }
    installed = {path.name: path for path in Path(metadata.distribution("pytest").locate_file("")).iterdir()}
    plain = {name: path for name, path in installed.items() if not any(name in each for each in plugins.values())}
    # Ours may be somewhere else, and what is installed a hint at it.
    package = Path(pytest_smtpports.__file__).parent
    ours = {**plugins["pytest-smtpports"], package.name: package}
    contents = {OURS: plain | ours, NOBODY: plain, SMTPDFIX: plain | plugins["smtpdfix"]}
    for name, links in contents.items():
        (folder / name).mkdir(parents=True)
        for link, path in links.items():
            (folder / name / link).symlink_to(path)
    return {name: folder / name for name in contents}


def _linked(distribution: metadata.Distribution) -> dict[str, Path]:
    """What a distribution has put beside the others."""
    names = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
    return {name: Path(distribution.locate_file(name)) for name in names}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        Path(name, "test_nothing.py").touch()
        sites = _sites(Path(name, "sites"))
        runs = {peer: lambda site=site: _taken(site, Path(name)) for peer, site in sites.items()}
        taken = interleaved(runs, ROUNDS)
    for place, what in enumerate(("start of pytest, by the clock", "start of pytest, processor time")):
        figures = {peer: [both[place] for both in each] for peer, each in taken.items()}
        goals = {NOBODY: Goal(NOBODY, 2, Kind.MORE)}
        mine = figures.pop(OURS)
        tell(
            *(
                row(what, "ms", mine, peer, theirs, goal=goals.get(peer), difference=True)
                for peer, theirs in figures.items()
            )
        )
