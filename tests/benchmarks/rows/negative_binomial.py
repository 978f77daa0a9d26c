"""Negative binomial Wald tests: 14,201 x 50, eight contrasts, from counts to adjusted P values."""

from __future__ import annotations

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods.deseq2_wald import negative_binomial_wald
from exomics.stats.multiple_testing import adjust_over_contrasts
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """Log2 fold changes are compared; DESeq2 stops before the optimum, ours at it."""
    study = plain_design(workspace)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        tests = negative_binomial_wald(study.counts, study.design, study.contrasts)
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    return python_contest(
        ours,
        workspace.r_peer("wald", study.folder, "edgeR", "DESeq2"),
        numbers=lambda value, effect: _where_tested(value[0].effect.ravel(order="F"), effect),
    )


def _where_tested(ours: np.ndarray, peer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A feature that rests on one outlying count has no effect in ours; DESeq2 leaves out its P value only."""
    tested = ~np.isnan(ours)
    return ours[tested], peer[tested]


ROWS = (Row("nb_wald_14k_50", "DESeq2, 8 results()", prepare, Target(ratio=10, seconds=2.5)),)
