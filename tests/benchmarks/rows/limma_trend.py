"""limma-trend on counts with given factors: log counts per million, least squares, trend, tables of eight contrasts."""

from __future__ import annotations

from functools import partial

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods.limma_trend import limma_trend
from exomics.stats.multiple_testing import adjust_over_contrasts
from exomics.stats.normalization import log_counts_per_million, normalization_factors
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace, *, n_samples: int) -> Contest:
    """t statistics are compared."""
    study = workspace.simulated_counts(workspace.size(20_000, 300), workspace.size(n_samples, 20))
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        values = log_counts_per_million(study.counts, library_sizes=sizes)
        tests = limma_trend(values, study.design, study.contrasts, contrast_errors="classic", prior="moments")
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    peer = workspace.r_peer("trend", study.folder, "edgeR")
    return python_contest(ours, peer, numbers=lambda value, t: (value[0].statistic.ravel(order="F"), t))


ROWS = (
    Row("limma_trend_20k_50", "limma-trend", partial(prepare, n_samples=50), Target(ratio=3)),
    Row("limma_trend_20k_500", "limma-trend", partial(prepare, n_samples=500), Target(ratio=8)),
    Row(
        "limma_trend_20k_5000",
        "limma-trend",
        partial(prepare, n_samples=5000),
        Target(ratio=20, memory=2500),
        large=True,
    ),
)
