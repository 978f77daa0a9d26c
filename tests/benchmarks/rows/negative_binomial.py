"""Negative binomial models: 14,201 x 50, eight contrasts, from counts to adjusted P values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods.deseq2_lrt import negative_binomial_lrt
from exomics.differential.methods.deseq2_wald import negative_binomial_wald
from exomics.stats.multiple_testing import adjust_over_contrasts
from exomics.stats.normalization import normalization_factors
from exomics.stats.quasi_likelihood import fit_quasi_likelihood
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def as_deseq2(
    workspace: Workspace, *, task: str, test: Callable[..., FeatureTests], numbers: Callable[[FeatureTests], np.ndarray]
) -> Contest:
    """Effects or statistics are compared; DESeq2 stops before the optimum, ours at it."""
    study = plain_design(workspace)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        tests = test(study.counts, study.design, study.contrasts)
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    return python_contest(
        ours,
        workspace.r_peer(task, study.folder, "edgeR", "DESeq2"),
        numbers=lambda value, peer: _where_both(numbers(value[0]).ravel(order="F"), peer),
    )


def quasi_likelihood(workspace: Workspace) -> Contest:
    """F statistics are compared; the trended dispersions, and so the statistics, differ a little."""
    study = plain_design(workspace)
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        fit = fit_quasi_likelihood(study.counts, study.design, library_sizes=sizes, generation="moments")
        tests = [fit.f_tests(contrast[:, None]) for contrast in study.contrasts.T]
        p_values = np.column_stack([test.p_value for test in tests])
        adjusted = adjust_over_contrasts(p_values, np.arange(p_values.shape[1]))
        return np.column_stack([test.statistic for test in tests]), adjusted

    peer = workspace.r_peer("quasi_likelihood", study.folder, "edgeR")
    return python_contest(ours, peer, numbers=lambda value, f: _where_both(value[0].ravel(order="F"), f))


def _where_both(ours: np.ndarray, peer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A feature that rests on one outlying count has no effect in ours; DESeq2 leaves out its P value only."""
    tested = ~(np.isnan(ours) | np.isnan(peer))
    return ours[tested], peer[tested]


def _effects(tests: FeatureTests) -> np.ndarray:
    return tests.effect


def _statistics(tests: FeatureTests) -> np.ndarray:
    return tests.statistic


WALD = partial(as_deseq2, task="wald", test=negative_binomial_wald, numbers=_effects)
LIKELIHOOD_RATIO = partial(as_deseq2, task="likelihood_ratio", test=negative_binomial_lrt, numbers=_statistics)
ROWS = (
    Row("nb_wald_14k_50", "DESeq2, 8 results()", WALD, Target(ratio=10, seconds=2.5)),
    Row("nb_lrt_14k_50", "DESeq2, 8 nbinomLRT()", LIKELIHOOD_RATIO, Target(ratio=10)),
    Row("nb_ql_14k_50", "edgeR glmQLFit, 8 tests", quasi_likelihood),
)
