"""voomLmFit beyond the muscle recipe, robust, 14,201 x 50, eight contrasts: weights of groups, or blocks of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods._moderation import moderate
from exomics.stats.multiple_testing import adjust_over_contrasts
from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import voom_lm_fit
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.inputs import CountStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def groups(workspace: Workspace) -> Contest:
    """One weight per group (``var.group``)."""
    study = plain_design(workspace)
    return _contest(workspace, study, "voom_groups", sample_groups=study.design.argmax(axis=1))


def blocks(workspace: Workspace) -> Contest:
    """25 blocks of two samples; limma's search for each correlation stops early."""
    study = plain_design(workspace)
    return _contest(workspace, study, "voom_blocks", blocks=np.arange(len(study.counts)) // 2)


def _contest(workspace: Workspace, study: CountStudy, task: str, **options: Any) -> Contest:
    """Log2 fold changes are compared (see `muscle_recipe`)."""
    sizes = study.counts.sum(axis=1) * normalization_factors(study.counts)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        found = voom_lm_fit(study.counts, study.design, library_sizes=sizes, **options)
        tests = moderate(found.fit, study.contrasts, {"robust": True, "contrast_errors": "classic"})
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    peer = workspace.r_peer(task, study.folder, "edgeR", "statmod")
    return python_contest(ours, peer, numbers=lambda value, effect: (value[0].effect.ravel(order="F"), effect))


ROWS = (
    Row("voom_groups_14k_50", "edgeR voomLmFit", groups, Target(ratio=20)),
    Row("voom_blocks_14k_50", "edgeR voomLmFit", blocks, Target(ratio=20)),
)
