"""Interleaved rounds, and how they are told: medians, and ratios round by round."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

Run = Callable[[], float]


@dataclass(frozen=True)
class Goal:
    """What is to hold between us and one peer.

    Attributes:
        peer: its name.
        ratio: how many times better than it we are to be.
    """

    peer: str
    ratio: float


@dataclass(frozen=True)
class Row:
    """One line of the results."""

    what: str
    unit: str
    ours: tuple[float, float, float]
    peer: str
    theirs: tuple[float, float, float]
    ratio: tuple[float, float, float]
    goal: float | None

    def __str__(self) -> str:
        goal = "" if self.goal is None else f", to be {self.goal:g} or more"
        return (
            f"{self.what}: {_spread(self.ours)} {self.unit}; {self.peer}: {_spread(self.theirs)} {self.unit}; "
            f"ratio {_spread(self.ratio)}{goal}"
        )


def compare(
    what: str,
    unit: str,
    ours: Run,
    peers: Mapping[str, Run],
    *goals: Goal,
    rounds: int = 7,
    more_is_better: bool = False,
) -> list[Row]:
    """Run everybody in turn, so many times, behind a round that does not count; print a line for each peer.

    Args:
        what: what is measured.
        unit: of what the runs return.
        ours: measures us once.
        peers: measures each peer once.
        goals: what is to hold.
        rounds: how many count.
        more_is_better: the runs return a rate, not a time.
    """
    runs = {"pytest-smtpports": ours, **peers}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            gc.collect()
            figure = run()
            if number:
                taken[name].append(figure)
    rows = []
    for peer in peers:
        pairs = zip(taken["pytest-smtpports"], taken[peer], strict=True)
        ratios = [mine / its if more_is_better else its / mine for mine, its in pairs]
        goal = next((each.ratio for each in goals if each.peer == peer), None)
        mine, its = three(taken["pytest-smtpports"]), three(taken[peer])
        rows.append(Row(what, unit, mine, peer, its, three(ratios), goal))
    tell(rows)
    return rows


def three(figures: list[float]) -> tuple[float, float, float]:
    """Least, median, most."""
    return min(figures), statistics.median(figures), max(figures)


def tell(rows: list[Row]) -> None:
    """Print rows, and keep them where `--json` says."""
    for row in rows:
        print(row, flush=True)
    kept = _arguments().json
    if kept is not None:
        with kept.open("a") as file:
            file.writelines(f"{json.dumps(asdict(row))}\n" for row in rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, help="a file to which the figures are added, a line each")
    return parser.parse_known_args()[0]


def _spread(figures: tuple[float, float, float]) -> str:
    return " < ".join(f"{figure:.3g}" for figure in figures)
