"""Non-negative least squares: 547 features, 22 profiles, 1,000 mixtures; the peer is a loop over scipy's nnls."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from exomics.stats.constrained_regression import nonnegative_fit
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """The coefficients are compared."""
    rng = np.random.default_rng(11)
    profiles = rng.gamma(0.5, 2.0, (547, 22))
    fractions = np.maximum(rng.normal(0.1, 0.2, (workspace.size(1000, 12), 22)), 0)
    mixtures = fractions @ profiles.T + rng.normal(0, 0.5, (len(fractions), 547))
    return python_contest(
        lambda: nonnegative_fit(profiles, mixtures),
        workspace.python_peer("scipy", lambda: np.array([optimize.nnls(profiles, row)[0] for row in mixtures])),
        numbers=lambda value, peer: (value, peer),
    )


ROWS = (Row("nnls_547_22_1000", "scipy nnls", prepare, Target(ratio=4)),)
