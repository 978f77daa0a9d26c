"""The rows of performance.md for which there is a kernel, in its order; each module names its own."""

from __future__ import annotations

from tests.benchmarks.row import Row
from tests.benchmarks.rows import (
    array_weights,
    commands,
    cox_screen,
    enrichment_scores,
    limma_trend,
    limma_voom,
    mean_scores,
    meta_analysis,
    muscle_recipe,
    normalization,
    rank_scores,
    read_matrix,
    result_tables,
    start_up,
    voom_groups,
)

ROWS: tuple[Row, ...] = (
    *muscle_recipe.ROWS,
    *limma_voom.ROWS,
    *voom_groups.ROWS,
    *limma_trend.ROWS,
    *normalization.ROWS,
    *array_weights.ROWS,
    *meta_analysis.ROWS,
    *enrichment_scores.ROWS,
    *rank_scores.ROWS,
    *mean_scores.ROWS,
    *cox_screen.ROWS,
    *read_matrix.ROWS,
    *result_tables.ROWS,
    *start_up.ROWS,
    *commands.ROWS,
)

NO_KERNEL = (
    "duplicateCorrelation",
    "voomLmFit with blocks",
    "NB Wald and LRT",
    "camera",
    "mroast",
    "z-score",
    "AUCell",
    "GSVA",
    "prerank",
    "NNLS",
    "nu-SVR",
    "elastic-net nested CV",
    "1000-shuffle permutation test",
    "Stabl",
)


def find_row(name: str) -> Row:
    """The row called `name`."""
    return next(row for row in ROWS if row.name == name)
