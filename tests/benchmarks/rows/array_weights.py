"""Sample weights, gene by gene, of a voom object: 14,201 x 50."""

from __future__ import annotations

from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import voom
from exomics.stats.sample_weights import estimate_sample_weights
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """The weights are compared."""
    study = plain_design(workspace)
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)
    found = voom(study.counts, study.design, library_sizes=sizes)
    return python_contest(
        lambda: estimate_sample_weights(found.expression, study.design, weights=found.weights),
        workspace.r_peer("array_weights", study.folder, "edgeR", "statmod"),
        numbers=lambda value, weights: (value, weights),
    )


ROWS = (Row("array_weights_14k_50", "limma arrayWeights", prepare, Target(ratio=10)),)
