"""The differential table of the muscle recipe (142,010 rows, 18 columns): written and read, all digits kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from exomics.datasets import read_data
from exomics.differential import fit_recipe
from exomics.results import DifferentialTable
from tests.benchmarks.gastrocnemius import gastrocnemius
from tests.benchmarks.row import Contest, Row, python_contest
from tests.benchmarks.workspace import Workspace


def write(workspace: Workspace) -> Contest:
    """R writes 15 digits, ours as many as restore the number."""
    path = _table(workspace)
    table = DifferentialTable.from_tsv(path)
    target = path.with_name("ours.tsv")
    return python_contest(lambda: table.to_tsv(target), workspace.r_peer("write_table", path.parent))


def read(workspace: Workspace) -> Contest:
    """Four columns are compared."""
    path = _table(workspace)
    columns = ["log2_fold_change", "statistic", "p_value", "adj_p_value"]
    return python_contest(
        lambda: DifferentialTable.from_tsv(path),
        workspace.r_peer("read_table", path.parent),
        numbers=lambda table, peer: (table.frame[columns].to_numpy(dtype=np.float64).ravel(order="F"), peer),
    )


def _table(workspace: Workspace) -> Path:
    path = workspace.folder / "tables" / "table.tsv"
    if not path.is_file():
        fit_recipe(read_data(gastrocnemius(workspace)), "motrpac_muscle_rna").to_tsv(path)
    return path


ROWS = (
    Row("write_table_142k", "R write.table", write),
    Row("read_table_142k", "R read.delim", read),
)
