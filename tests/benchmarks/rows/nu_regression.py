"""Nu support vector regression for mixtures of cells: 547 features, 22 profiles, 1,000 samples, three nus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.scoring.deconvolution.nu_svr import NUS
from exomics.stats.nu_support_vectors import nu_regression_fit
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace

Array = NDArray[np.float64]


def prepare(workspace: Workspace) -> Contest:
    """The coefficients of the peer's samples are compared; it fits 30 of the 1,000."""
    rng = np.random.default_rng(3)
    profiles = rng.lognormal(3, 1.5, (547, 22))
    n_samples, n_peer = workspace.size(1000, 3), workspace.size(30, 1)
    mixtures = rng.dirichlet(np.full(22, 0.3), n_samples) @ profiles.T * rng.lognormal(0, 0.25, (n_samples, 547))
    X = (profiles - profiles.mean()) / profiles.std()
    Z = (mixtures - mixtures.mean(axis=1, keepdims=True)) / mixtures.std(axis=1, keepdims=True)
    return python_contest(
        lambda: np.stack([nu_regression_fit(X, Z, nu).coefficients for nu in NUS]),
        workspace.python_peer("sklearn", lambda: _libsvm(X, Z[:n_peer]), share=n_peer / n_samples),
        numbers=lambda value, peer: (value[:, :n_peer], peer),
    )


def _libsvm(X: Array, Z: Array) -> Array:
    from sklearn.svm import NuSVR  # a peer: imported only when it is asked to run

    return np.array([[NuSVR(nu=nu, kernel="linear", C=1.0).fit(X, z).coef_[0] for z in Z] for nu in NUS])


ROWS = (
    Row("nu_svr_1000", "scikit-learn NuSVR", prepare, Target(ratio=15), note="the peer stops at a tolerance of 1e-3"),
)
