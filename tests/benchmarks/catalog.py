"""All rows for which there is a kernel, in the order in which they are printed, and the rows that have none yet."""

from __future__ import annotations

from tests.benchmarks.row import Row
from tests.benchmarks.rows import (
    array_weights,
    commands,
    constrained_regression,
    cox_screen,
    duplicate_correlation,
    enrichment_scores,
    limma_trend,
    limma_voom,
    mean_scores,
    meta_analysis,
    muscle_recipe,
    negative_binomial,
    nested_elastic_net,
    normalization,
    nu_regression,
    prerank,
    rank_scores,
    read_matrix,
    result_tables,
    set_tests,
    standardized_scores,
    start_up,
    voom_lm_fit,
)

ROWS: tuple[Row, ...] = (
    *muscle_recipe.ROWS,
    *limma_voom.ROWS,
    *voom_lm_fit.ROWS,
    *limma_trend.ROWS,
    *normalization.ROWS,
    *duplicate_correlation.ROWS,
    *negative_binomial.ROWS,
    *set_tests.ROWS,
    *array_weights.ROWS,
    *meta_analysis.ROWS,
    *enrichment_scores.ROWS,
    *rank_scores.ROWS,
    *mean_scores.ROWS,
    *standardized_scores.ROWS,
    *prerank.ROWS,
    *constrained_regression.ROWS,
    *nu_regression.ROWS,
    *cox_screen.ROWS,
    *nested_elastic_net.ROWS,
    *read_matrix.ROWS,
    *result_tables.ROWS,
    *start_up.ROWS,
    *commands.ROWS,
)

NO_KERNEL = (
    "1000-shuffle permutation test",
    "Stabl",
)
