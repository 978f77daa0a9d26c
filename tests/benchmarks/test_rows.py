"""Every row runs, on tiny data; sides written in Python agree; verdicts say what they should. Nothing is timed here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import row as row_module
from tests.benchmarks import table
from tests.benchmarks.catalog import ROWS
from tests.benchmarks.row import Contest, Measured, Row, Target, measure
from tests.benchmarks.rows.commands import command_line
from tests.benchmarks.sides import CommandSide, PythonSide, has_r, python_command
from tests.benchmarks.workspace import Workspace

PEERS_IN_PYTHON = (
    "ssgsea_1000_50",
    "mean_log2_1000_50_sparse",
    "prerank_50_1000",
    "nnls_547_22_1000",
    "read_matrix_20k_500",
    "read_matrix_20k_5000_polars",
    "read_matrix_20k_5000_floor",
)
PEERS_IN_R = {
    "muscle_recipe": 1e-6,
    "limma_voom_14k_50": 1e-6,
    "limma_voom_20k_500": 1e-6,
    "voom_groups_14k_50": 1e-6,
    "voom_blocks_14k_50": 1e-3,
    "limma_trend_20k_50": 1e-6,
    "limma_trend_20k_500": 1e-6,
    "tmm_14k_50": 1e-6,
    "tmm_20k_500": 1e-6,
    "duplicate_corr_14k_50": 1e-4,
    "camera_50_sets": 1e-6,
    "roast_50_sets": 1e-6,
    "array_weights_14k_50": 1e-6,
    "meta_analysis_20k_10": 1e-2,
    "rank_updown_1000_50": 1e-6,
    "mean_log2_1000_50_r": 1e-6,
    "cox_screen_20k_195": 1e-6,
    "nested_cv_20k_120": 1e-3,
    "read_table_142k": 1e-6,
}
"""By how much the two sides may differ: more than rounding where the peer stops its search early."""


def named(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("bench"), tiny=True)


@pytest.fixture
def alone(workspace: Workspace) -> Workspace:
    return Workspace(workspace.folder, tiny=True, peers=False)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_runs_without_its_peer(row: Row, alone: Workspace) -> None:
    contest = row.prepare(alone)
    assert contest.ours.run() >= 0.0
    assert contest.ours.value() is not None


@pytest.mark.parametrize("name", PEERS_IN_PYTHON)
def test_both_sides_compute_the_same(name: str, workspace: Workspace) -> None:
    found = measure(named(name), workspace, repeats=1, peer_repeats=1)
    assert found.difference is not None
    assert found.difference < 1e-6
    assert found.ratio is not None


@pytest.mark.slow
@pytest.mark.skipif(not has_r("edgeR", "metafor", "survival", "matrixStats", "statmod"), reason="R or its packages")
@pytest.mark.parametrize("name", PEERS_IN_R)
def test_both_sides_compute_the_same_as_r(name: str, workspace: Workspace) -> None:
    found = measure(named(name), workspace, repeats=1, peer_repeats=1)
    assert found.difference is not None
    assert found.difference < PEERS_IN_R[name]


def test_names_are_unique() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("command", ["differential", "score"])
def test_kernels_are_compiled_once_per_installation(command: str, alone: Workspace) -> None:
    fresh = CommandSide(python_command("-m", "tests.benchmarks.stages", *command_line(alone, command)))
    for _ in range(2):
        fresh.run()
    assert json.loads(fresh.value())["compiled"] == 0


@pytest.mark.parametrize(("command", "more"), [("differential", ()), ("score", ("scipy.linalg", "exomics.preprocess"))])
def test_commands_start_without_what_they_do_not_use(command: str, more: tuple[str, ...]) -> None:
    slow = (
        "scipy.optimize",
        "scipy.interpolate",
        "scipy.stats",
        "statsmodels",
        "sklearn",
        "scanpy",
        "lifelines",
        *more,
    )
    code = f"import sys, exomics.cli.{command}; print([name for name in {slow} if name in sys.modules])"
    fresh = CommandSide(python_command("-c", code))
    fresh.run()
    assert fresh.value().strip() == "[]"


class Scripted:
    """A side that takes the seconds it is told to."""

    share = 1.0

    def __init__(self, seconds: Sequence[float], memory: float | None = None) -> None:
        self._seconds = iter(seconds)
        self._memory = memory
        self.closed = False

    def run(self) -> float:
        return next(self._seconds)

    def value(self) -> Any:
        return np.array([1.0, np.nan])

    def peak_memory(self) -> float | None:
        return self._memory

    def close(self) -> None:
        self.closed = True


def scripted(ours: Sequence[float], peer: Sequence[float] | None, target: Target) -> tuple[Row, list[Scripted]]:
    sides = [Scripted(ours), *([] if peer is None else [Scripted(peer)])]
    contest = Contest(*sides, numbers=lambda mine, theirs: (mine, theirs))
    return Row("scripted", "a peer", lambda workspace: contest, target), sides


def test_the_warm_up_is_not_counted_and_medians_are_taken(alone: Workspace) -> None:
    row, sides = scripted([9.0e-1, 1.0, 3.0, 2.0], [9.0e-2, 8.0, 4.0, 6.0], Target(ratio=2.5))
    found = measure(row, alone, repeats=3, peer_repeats=3)
    assert (found.seconds, found.peer_seconds, found.ratio) == (2.0, 6.0, 3.0)
    assert found.verdict == "met"
    assert found.difference == 0.0
    assert all(side.closed for side in sides)


def test_a_slow_peer_is_asked_less_often(alone: Workspace) -> None:
    row, _ = scripted([1.0] * 6, [30.0, 30.0], Target(ratio=40.0))
    found = measure(row, alone)
    assert (len(found.ours), len(found.peer)) == (5, 2)
    assert found.verdict == "SHORT: ratio"


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (Target(), "-"),
        (Target(ratio=2.0), "no peer"),
        (Target(seconds=2.0), "met"),
        (Target(seconds=0.5), "SHORT: time"),
        (Target(ratio=2.0, seconds=2.0), "met without peer"),
    ],
)
def test_verdicts_without_a_peer(target: Target, verdict: str, alone: Workspace) -> None:
    row, _ = scripted([1.0] * 6, None, target)
    found = measure(row, alone)
    assert found.verdict == verdict
    assert "not installed" in table.line(found)


def test_memory_counts(alone: Workspace) -> None:
    row, _ = scripted([], None, Target(memory=100.0))
    assert Measured(row, (1.0,), (), memory=101.0).verdict == "SHORT: memory"
    assert Measured(row, (1.0,), (), memory=99.0).verdict == "met"
    row, _ = scripted([], None, Target(memory_of_peer=True))
    assert Measured(row, (1.0,), (2.0,), memory=101.0, peer_memory=100.0).verdict == "SHORT: memory"


def test_a_difference_in_shape_or_missing_values_is_infinite() -> None:
    sides = PythonSide(lambda: None), PythonSide(lambda: None)
    for theirs in (np.array([1.0]), np.array([1.0, 2.0])):
        contest = Contest(*sides, numbers=lambda mine, peer, theirs=theirs: (np.array([1.0, np.nan]), theirs))
        assert row_module.difference(contest) == np.inf


def test_a_failed_row_is_printed_in_its_place() -> None:
    line = table.failed(named("help"), RuntimeError("first\nthe reason"))
    assert "FAILED" in line
    assert line.endswith("the reason")


def test_summary_names_what_falls_short(alone: Workspace) -> None:
    row, _ = scripted([1.0] * 6, None, Target(seconds=0.5))
    text = table.summary([measure(row, alone)])
    assert "0 targets met, 1 short: scripted" in text


def test_the_inputs_are_the_same_for_both_sides(tmp_path: Path) -> None:
    study = Workspace(tmp_path, tiny=True).simulated_counts(30, 20)
    raw = np.fromfile(study.folder / "counts.i32", dtype=np.int32).reshape(20, 30)
    np.testing.assert_array_equal(raw, study.counts)
    design = np.fromfile(study.folder / "design.f64").reshape(study.design.shape, order="F")
    np.testing.assert_array_equal(design, study.design)
