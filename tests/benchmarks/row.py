"""A row of the benchmark: the work, the two sides, the target; and how it is run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.benchmarks import ONE_THREAD
from tests.benchmarks.sides import CHECKOUT, PythonSide, Side, python_command
from tests.benchmarks.workspace import Workspace

SLOW_SECONDS = 4.0
PATIENCE_SECONDS = 40.0
"""A peer that has used so much CPU time is not asked again."""


@dataclass(frozen=True)
class Target:
    """What performance.md asks of a row; None where it asks nothing."""

    ratio: float | None = None
    seconds: float | None = None
    memory: float | None = None
    memory_of_peer: bool = False

    def __str__(self) -> str:
        parts = [
            f">= {self.ratio:g}x" if self.ratio is not None else "",
            f"<= {self.seconds:g} s" if self.seconds is not None else "",
            f"< {self.memory:g} MB" if self.memory is not None else "",
            "memory <= peer" if self.memory_of_peer else "",
        ]
        return ", ".join(filter(None, parts)) or "-"


@dataclass(frozen=True)
class Contest:
    """Both sides, ready to run. `peer` is None where it is not installed (or there is none).

    ``numbers`` turns the two values into arrays that should agree; ``explain`` says where our time went.
    """

    ours: Side
    peer: Side | None = None
    numbers: Callable[[Any, Any], tuple[np.ndarray, np.ndarray]] | None = None
    explain: Callable[[], str] | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table. ``peer`` is its name, "" where a row has an absolute target only."""

    name: str
    peer: str
    prepare: Callable[[Workspace], Contest]
    target: Target = field(default_factory=Target)
    large: bool = False
    note: str = ""

    @property
    def module(self) -> str:
        """Where the row is declared."""
        return getattr(self.prepare, "func", self.prepare).__module__

    @property
    def wants_memory(self) -> bool:
        """Whether our peak memory is measured, in a fresh process."""
        return self.target.memory is not None or self.target.memory_of_peer


@dataclass(frozen=True)
class Measured:
    """What a row gave."""

    row: Row
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    difference: float | None = None
    memory: float | None = None
    peer_memory: float | None = None
    explanation: str = ""

    @property
    def seconds(self) -> float:
        """Median of ours."""
        return statistics.median(self.ours)

    @property
    def peer_seconds(self) -> float | None:
        """Median of the peer, if it ran."""
        return statistics.median(self.peer) if self.peer else None

    @property
    def ratio(self) -> float | None:
        """Peer over ours."""
        return None if self.peer_seconds is None else self.peer_seconds / self.seconds

    @property
    def verdict(self) -> str:
        """``met``, what is short, ``-`` without a target, ``no peer`` where the target cannot be judged."""
        target, short, judged = self.row.target, [], False
        for what, got, limit in (
            ("ratio", _negative(self.ratio), _negative(target.ratio)),
            ("time", self.seconds, target.seconds),
            ("memory", self.memory, target.memory),
            ("memory", self.memory, self.peer_memory if target.memory_of_peer else None),
        ):
            if got is not None and limit is not None:
                judged = True
                if got > limit:
                    short.append(what)
        if str(target) == "-":
            return "-"
        if short:
            return f"SHORT: {', '.join(short)}"
        if target.ratio is not None and self.ratio is None:
            return "met without peer" if judged else "no peer"
        return "met"


def measure(row: Row, workspace: Workspace, *, repeats: int = 5, peer_repeats: int = 5) -> Measured:
    """Run both sides in turn; the first run of each warms up and is not counted, unless it took long."""
    contest = row.prepare(workspace)
    try:
        ours, peer = _alternate(contest, repeats, peer_repeats)
        return Measured(
            row,
            tuple(ours),
            tuple(peer),
            difference=difference(contest),
            memory=_fresh_memory(row, workspace) if row.wants_memory and not workspace.tiny else None,
            peer_memory=contest.peer.peak_memory() if contest.peer else None,
            explanation=contest.explain() if contest.explain else "",
        )
    finally:
        contest.ours.close()
        if contest.peer is not None:
            contest.peer.close()


def _alternate(contest: Contest, repeats: int, peer_repeats: int) -> tuple[list[float], list[float]]:
    first = contest.ours.run()
    ours = [first] if first > SLOW_SECONDS else []
    peer: list[float] = []
    spent = 0.0
    if contest.peer is not None:
        first = contest.peer.run()
        spent = first * contest.peer.share
        peer = [first] if spent > SLOW_SECONDS else []
    while len(ours) < repeats or (contest.peer and len(peer) < peer_repeats and spent < PATIENCE_SECONDS):
        if len(ours) < repeats:
            ours.append(contest.ours.run())
        if contest.peer and len(peer) < peer_repeats and (spent < PATIENCE_SECONDS or not peer):
            peer.append(contest.peer.run())
            spent += peer[-1] * contest.peer.share
    return ours, peer


def difference(contest: Contest) -> float | None:
    """Largest difference of the two sides' numbers, relative above 1; NaN must stand where NaN stands."""
    if contest.peer is None or contest.numbers is None:
        return None
    mine, theirs = contest.numbers(contest.ours.value(), contest.peer.value())
    if mine.shape != theirs.shape or not np.array_equal(np.isnan(mine), np.isnan(theirs)):
        return float("inf")
    return float(np.nanmax(np.abs(mine - theirs) / np.maximum(1.0, np.abs(theirs))))


def _fresh_memory(row: Row, workspace: Workspace) -> float | None:
    command = python_command("-m", "tests.benchmarks.peak", row.module, row.name, str(workspace.folder))
    done = subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["peak_memory"]


def python_contest(ours: Callable[[], Any], peer: Side | None, **more: Any) -> Contest:
    """A contest whose first side is a function in this process."""
    return Contest(PythonSide(ours), peer, **more)


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
