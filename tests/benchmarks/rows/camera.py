"""camera on a voom object: 14,201 x 50, 50 sets of 15 to 200, eight contrasts, correlation 0.01."""

from __future__ import annotations

import numpy as np

from exomics.stats.competitive_tests import camera
from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import voom
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.inputs import random_sets, write_sets
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace

N_SETS = 50


def prepare(workspace: Workspace) -> Contest:
    """The P values are compared."""
    study = plain_design(workspace)
    sets = random_sets(np.random.default_rng(8), study.counts.shape[1], N_SETS)
    write_sets(study.folder, sets)
    found = voom(study.counts, study.design, norm_factors=normalization_factors(study.counts))

    def ours() -> np.ndarray:
        tests = [
            camera(
                found.expression,
                study.design,
                contrast,
                sets,
                weights=found.weights,
                inter_gene_correlation=0.01,
            ).p_value
            for contrast in study.contrasts.T
        ]
        return np.column_stack(tests)

    peer = workspace.r_peer("camera", study.folder, "edgeR")
    return python_contest(ours, peer, numbers=lambda value, p: (value.ravel(order="F"), p))


ROWS = (Row("camera_50_sets", "limma camera", prepare, Target(ratio=10)),)
