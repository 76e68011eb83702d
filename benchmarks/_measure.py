"""Interleaved rounds, and how they are told: medians, and ratios or differences round by round."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

Run = Callable[[], float]
Spread = tuple[float, float, float]
T = TypeVar("T")

OURS = "pytest-smtpports"


class Kind(str, Enum):
    """What a goal bounds: how many times better than the peer, how much more than the peer, how much at all."""

    TIMES = "{:g} times or more"
    MORE = "{:+g} {unit} or less"
    MOST = "{:g} {unit} or less"


@dataclass(frozen=True)
class Goal:
    """What is to hold between us and one peer, or of our own figure.

    Attributes:
        peer: its name; empty where there is none.
        bound: what the median is to reach, or not to exceed.
        kind: of what.
    """

    peer: str
    bound: float
    kind: Kind = Kind.TIMES

    def told(self, unit: str) -> str:
        """The goal in words."""
        return self.kind.value.format(self.bound, unit=unit).replace("  ", " ")

    def met(self, ours: Spread, compared: Spread | None) -> bool:
        """Whether the medians reach it."""
        if self.kind is Kind.MOST:
            return ours[1] <= self.bound
        assert compared is not None, "a goal that is about a peer needs one"
        return compared[1] >= self.bound if self.kind is Kind.TIMES else compared[1] <= self.bound


@dataclass(frozen=True)
class Row:
    """One line of the results; each spread is least, median, most.

    Attributes:
        what: what was measured.
        unit: of our figures and the peer's.
        ours: our figures.
        peer: whom we are compared with; empty for nobody.
        theirs: the peer's figures.
        compared: round by round how many times better we are, or by how much our figure exceeds the peer's.
        difference: whether it is the latter.
        goal: what is to hold, in words; empty for nothing.
        met: whether it does.
    """

    what: str
    unit: str
    ours: Spread
    peer: str = ""
    theirs: Spread | None = None
    compared: Spread | None = None
    difference: bool = False
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        parts = [f"{self.what}: {spread(self.ours)} {self.unit}".rstrip()]
        if self.theirs is not None:
            parts.append(f"{self.peer}: {spread(self.theirs)} {self.unit}".rstrip())
        if self.compared is not None:
            name = "difference" if self.difference else "ratio"
            parts.append(f"{name} {spread(self.compared, signed=self.difference)}")
        if self.goal:
            parts.append(f"to be {self.goal}: {'met' if self.met else 'missed'}")
        return "; ".join(parts)


def compare(
    what: str,
    unit: str,
    ours: Run,
    peers: Mapping[str, Run],
    *goals: Goal,
    rounds: int = 7,
    more_is_better: bool = False,
    difference: bool = False,
) -> list[Row]:
    """Run everybody in turn, so many times, behind a round that does not count; print a line for each peer.

    Args:
        what: what is measured.
        unit: of what the runs return.
        ours: measures us once.
        peers: measures each peer once; nobody, for a figure of ours alone.
        goals: what is to hold.
        rounds: how many count.
        more_is_better: the runs return a rate, not a time.
        difference: compare by what we take more than the peer, not by how many times better we are.
    """
    taken = interleaved({OURS: ours, **peers}, rounds)
    rows = [
        row(
            what,
            unit,
            taken[OURS],
            peer,
            taken.get(peer, ()),
            goal=next((goal for goal in goals if goal.peer == peer), None),
            more_is_better=more_is_better,
            difference=difference,
        )
        for peer in (peers or ("",))
    ]
    tell(*rows)
    return rows


def interleaved(runs: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each run returned in each round; every other round goes backwards, and the first does not count."""
    taken: dict[str, list[T]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name in list(runs)[:: -1 if number % 2 else 1]:
            gc.collect()
            figure = runs[name]()
            if number:
                taken[name].append(figure)
    return taken


def row(
    what: str,
    unit: str,
    ours: Sequence[float],
    peer: str = "",
    theirs: Sequence[float] = (),
    *,
    goal: Goal | None = None,
    more_is_better: bool = False,
    difference: bool = False,
) -> Row:
    """The line for our figures and, round by round, a peer's."""

    def against(mine: float, its: float) -> float:
        if difference:
            return mine - its
        return mine / its if more_is_better else its / mine

    mine, its, compared = _three(ours), None, None
    if theirs:
        its = _three(theirs)
        compared = _three([against(*pair) for pair in zip(ours, theirs, strict=True)])
    told, met = (goal.told(unit), goal.met(mine, compared)) if goal else ("", None)
    return Row(what, unit, mine, peer, its, compared, difference, told, met)


def tell(*rows: Row) -> None:
    """Print rows, and keep them where `--json` says."""
    for each in rows:
        print(each, flush=True)
    kept = _arguments().json
    if kept is not None:
        with kept.open("a") as file:
            file.writelines(f"{json.dumps(asdict(each))}\n" for each in rows)


def spread(figures: Sequence[float], *, signed: bool = False) -> str:
    """Figures in a line, with about three digits each; a single one where they are all the same."""
    sign = "+" if signed else ""
    told = [f"{figure:{sign}.0f}" if abs(figure) >= 100 else f"{figure:{sign}.3g}" for figure in figures]
    return told[0] if len(set(told)) == 1 else " < ".join(told)


def _three(figures: Sequence[float]) -> Spread:
    return min(figures), statistics.median(figures), max(figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, help="a file to which the figures are added, a line each")
    return parser.parse_known_args()[0]
