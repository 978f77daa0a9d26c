"""A gzipped matrix of counts, features in rows, to numbers: 20,000 x 500 (5,000 with --large)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import polars as pl
from isal import igzip
from numba import njit

from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace, *, n_samples: int, peer: str) -> Contest:
    """The numbers are compared. No peer checks labels, quotes or decimal marks; the floor knows whole numbers only."""
    study = workspace.simulated_counts(workspace.size(20_000, 300), workspace.size(n_samples, 20))
    path = study.folder / "counts.tsv.gz"
    if not path.is_file():
        _write(path, study.counts)
    shape = study.counts.shape[::-1]

    def ours() -> np.ndarray:
        file = read_matrix(path)
        return numbers(file, file.numeric).T

    return python_contest(
        ours,
        workspace.python_peer("isal" if peer == "floor" else peer, lambda: READERS[peer](path, shape)),
        numbers=lambda value, theirs: (value, np.asarray(theirs, dtype=np.float64)),
    )


def _pandas(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    return pd.read_csv(path, sep="\t", index_col=0).to_numpy(dtype=np.float64)


def _polars(path: Path, shape: tuple[int, ...]) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t").drop("gene")


def _floor(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers at the speed of the bytes, the number of rows known before: what no reader can be asked for."""
    with igzip.open(path) as stream:
        text = np.frombuffer(stream.read(), dtype=np.uint8)
    values = np.empty(shape, dtype=np.int32)
    _parse_wholes(text, int(np.argmax(text == 10)) + 1, values)
    return values


@njit
def _parse_wholes(text: np.ndarray, start: int, values: np.ndarray) -> None:
    position = start
    for row in range(values.shape[0]):
        while text[position] != 9:
            position += 1
        for column in range(values.shape[1]):
            position += 1
            value = 0
            while text[position] >= 48:
                value = value * 10 + (text[position] - 48)
                position += 1
            values[row, column] = value
        position += 1


READERS: Final[Mapping[str, Callable[[Path, tuple[int, ...]], object]]] = {
    "pandas": _pandas,
    "polars": _polars,
    "floor": _floor,
}


def _write(path: Path, counts: np.ndarray) -> None:
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as stream:
        stream.write("\t".join(["gene", *(f"s{sample}" for sample in range(len(counts)))]) + "\n")
        for gene, values in enumerate(counts.T.astype(np.int64)):
            stream.write("\t".join([f"g{gene}", *map(str, values.tolist())]) + "\n")


ROWS = (
    Row("read_matrix_20k_500", "pandas read_csv", partial(prepare, n_samples=500, peer="pandas"), Target(ratio=2)),
    Row(
        "read_matrix_20k_5000",
        "pandas read_csv",
        partial(prepare, n_samples=5000, peer="pandas"),
        Target(ratio=2, memory=1200),
        large=True,
    ),
    Row(
        "read_matrix_20k_5000_polars",
        "polars read_csv",
        partial(prepare, n_samples=5000, peer="polars"),
        Target(ratio=1),
        large=True,
    ),
    Row(
        "read_matrix_20k_5000_floor",
        "isal and a parser of whole numbers",
        partial(prepare, n_samples=5000, peer="floor"),
        Target(ratio=0.67),
        large=True,
    ),
)
