"""Sets tested in samples, on a voom object: 14,201 x 50, 50 sets of 15 to 200."""

from __future__ import annotations

import numpy as np

from exomics.stats.competitive_tests import camera
from exomics.stats.linear_effects import linear_effects
from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import VoomResult, voom
from exomics.stats.rotation_tests import RoastResult, roast
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.inputs import CountStudy, random_sets, write_sets
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace

N_SETS = 50
N_ROTATIONS = 1999


def competitive(workspace: Workspace) -> Contest:
    """camera for eight contrasts, correlation 0.01; the P values are compared."""
    study, found, sets = _material(workspace)

    def ours() -> np.ndarray:
        model = {"weights": found.weights, "inter_gene_correlation": 0.01}
        tests = [camera(found.expression, study.design, contrast, sets, **model) for contrast in study.contrasts.T]
        return np.column_stack([test.p_value for test in tests])

    peer = workspace.r_peer("camera", study.folder, "edgeR")
    return python_contest(ours, peer, numbers=lambda value, p: (value.ravel(order="F"), p))


def rotations(workspace: Workspace) -> Contest:
    """mroast for one contrast; the shares of changed members are compared, P values are random."""
    study, found, sets = _material(workspace)

    def ours() -> RoastResult:
        effects = linear_effects(found.expression, study.design, study.contrasts[:, 0], weights=found.weights)
        return roast(effects, sets, generator=np.random.default_rng(1), n_rotations=N_ROTATIONS)

    peer = workspace.r_peer("roast", study.folder, "edgeR", "statmod")
    return python_contest(ours, peer, numbers=lambda value, shares: (value.proportion_up, shares))


def _material(workspace: Workspace) -> tuple[CountStudy, VoomResult, list[np.ndarray]]:
    study = plain_design(workspace)
    sets = random_sets(np.random.default_rng(8), study.counts.shape[1], N_SETS)
    write_sets(study.folder, sets)
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)
    return study, voom(study.counts, study.design, library_sizes=sizes), sets


ROWS = (
    Row("camera_50_sets", "limma camera", competitive, Target(ratio=10)),
    Row("roast_50_sets", "limma mroast", rotations, Target(ratio=10)),
)
