"""limma-voom on counts with given factors, to the tables of eight contrasts.

Both sides: voom, weighted least squares, contrasts by limma's approximation, moderated t, Benjamini-Hochberg. R also
computes log odds, ours confidence limits.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods.limma_voom import limma_voom
from exomics.stats.multiple_testing import adjust_over_contrasts
from exomics.stats.normalization import normalization_factors
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.inputs import CountStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def contest(workspace: Workspace, study: CountStudy) -> Contest:
    """Ours beside R; t statistics are compared."""
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        tests = limma_voom(
            study.counts,
            study.design,
            study.contrasts,
            library_sizes=sizes,
            contrast_errors="classic",
            prior="moments",
        )
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    peer = workspace.r_peer("voom", study.folder, "edgeR")
    return python_contest(ours, peer, numbers=lambda value, t: (value[0].statistic.ravel(order="F"), t))


def real(workspace: Workspace) -> Contest:
    """14,201 x 50."""
    return contest(workspace, plain_design(workspace))


def simulated(workspace: Workspace, *, n_samples: int) -> Contest:
    """20,000 x n_samples."""
    return contest(workspace, workspace.simulated_counts(workspace.size(20_000, 300), workspace.size(n_samples, 20)))


ROWS = (
    Row("limma_voom_14k_50", "limma-voom", real, Target(ratio=8)),
    Row(
        "limma_voom_20k_500",
        "limma-voom",
        partial(simulated, n_samples=500),
        Target(ratio=8, memory_of_peer=True),
    ),
)
