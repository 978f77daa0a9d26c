"""TMM factors."""

from __future__ import annotations

from functools import partial

from exomics.stats.normalization import normalization_factors
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.inputs import CountStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def contest(workspace: Workspace, study: CountStudy) -> Contest:
    """The factors are compared."""
    peer = workspace.r_peer("tmm", study.folder, "edgeR")
    return python_contest(
        lambda: normalization_factors(study.counts), peer, numbers=lambda value, factors: (value, factors)
    )


def real(workspace: Workspace) -> Contest:
    """14,201 x 50."""
    return contest(workspace, plain_design(workspace))


def simulated(workspace: Workspace, *, n_samples: int) -> Contest:
    """20,000 x n_samples."""
    return contest(workspace, workspace.simulated_counts(workspace.size(20_000, 300), workspace.size(n_samples, 20)))


ROWS = (
    Row("tmm_14k_50", "edgeR calcNormFactors", real),
    Row("tmm_20k_500", "edgeR calcNormFactors", partial(simulated, n_samples=500), Target(ratio=8)),
    Row("tmm_20k_5000", "edgeR calcNormFactors", partial(simulated, n_samples=5000), large=True),
)
