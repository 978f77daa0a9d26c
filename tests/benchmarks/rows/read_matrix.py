"""A gzipped matrix of counts, features in rows, to numbers: 20,000 x 500 (5,000 with --large)."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace, *, n_samples: int) -> Contest:
    """The numbers are compared. The peer is pandas' own reader in C, without checks of labels."""
    study = workspace.simulated_counts(workspace.size(20_000, 300), workspace.size(n_samples, 20))
    path = study.folder / "counts.tsv.gz"
    if not path.is_file():
        _write(path, study.counts)

    def ours() -> np.ndarray:
        file = read_matrix(path)
        return numbers(file, file.numeric).T

    return python_contest(
        ours,
        workspace.python_peer("pandas", lambda: pd.read_csv(path, sep="\t", index_col=0).to_numpy(dtype=np.float64)),
        numbers=lambda value, peer: (value, peer),
    )


def _write(path: Path, counts: np.ndarray) -> None:
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as stream:
        stream.write("\t".join(["gene", *(f"s{sample}" for sample in range(len(counts)))]) + "\n")
        for gene, values in enumerate(counts.T.astype(np.int64)):
            stream.write("\t".join([f"g{gene}", *map(str, values.tolist())]) + "\n")


ROWS = (
    Row("read_matrix_20k_500", "pandas read_csv", partial(prepare, n_samples=500), Target(ratio=2)),
    Row(
        "read_matrix_20k_5000",
        "pandas read_csv",
        partial(prepare, n_samples=5000),
        Target(ratio=2, memory=1200),
        large=True,
    ),
)
