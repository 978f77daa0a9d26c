"""voomLmFit with one weight per group of samples (``var.group``), robust, 14,201 x 50, eight contrasts."""

from __future__ import annotations

import numpy as np

from exomics.differential.methods import FeatureTests
from exomics.differential.methods._moderation import moderate
from exomics.stats.multiple_testing import adjust_over_contrasts
from exomics.stats.normalization import effective_library_sizes, normalization_factors
from exomics.stats.precision_weights import voom_lm_fit
from tests.benchmarks.gastrocnemius import plain_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """Log2 fold changes are compared (see `muscle_recipe`)."""
    study = plain_design(workspace)
    sizes = effective_library_sizes(study.counts, None, normalization_factors(study.counts))
    groups = study.design.argmax(axis=1)

    def ours() -> tuple[FeatureTests, np.ndarray]:
        found = voom_lm_fit(study.counts, study.design, library_sizes=sizes, sample_groups=groups)
        tests = moderate(found.fit, study.contrasts, {"robust": True, "contrast_errors": "classic"})
        return tests, adjust_over_contrasts(tests.p_value, np.arange(tests.p_value.shape[1]))

    peer = workspace.r_peer("voom_groups", study.folder, "edgeR", "statmod")
    return python_contest(ours, peer, numbers=lambda value, effect: (value[0].effect.ravel(order="F"), effect))


ROWS = (Row("voom_groups_14k_50", "edgeR voomLmFit", prepare, Target(ratio=20)),)
