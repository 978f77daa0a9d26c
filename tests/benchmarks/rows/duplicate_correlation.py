"""Correlation of two samples of a block, by REML for every feature of a voom object: 14,201 x 50, 25 blocks of 2."""

from __future__ import annotations

import numpy as np

from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import voom
from exomics.stats.within_subject import duplicate_correlation
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """The consensus is compared; limma's own search stops after 20 steps."""
    study = plain_design(workspace)
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)
    found = voom(study.counts, study.design, library_sizes=sizes)
    blocks = np.arange(len(study.counts)) // 2
    return python_contest(
        lambda: duplicate_correlation(found.expression, study.design, blocks, weights=found.weights),
        workspace.r_peer("duplicate_correlation", study.folder, "edgeR", "statmod"),
        numbers=lambda value, consensus: (np.array([value.consensus]), consensus),
    )


ROWS = (Row("duplicate_corr_14k_50", "limma duplicateCorr.", prepare, Target(ratio=50)),)
