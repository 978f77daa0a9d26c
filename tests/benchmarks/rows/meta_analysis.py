"""Random effects by restricted likelihood: 20,000 features x 10 studies; metafor does 200 of them."""

from __future__ import annotations

import numpy as np

from exomics.stats.meta_analysis import combine_effects
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace

N_STUDIES = 10


def prepare(workspace: Workspace) -> Contest:
    """Estimates and standard errors of the peer's features are compared."""
    n_features, n_sampled = workspace.size(20_000, 60), workspace.size(200, 20)
    errors = workspace.array("meta/errors", lambda: _errors(n_features))
    effects = workspace.array("meta/effects", lambda: _effects(errors))
    folder = workspace.folder / "meta"
    for name, values in (("errors", errors), ("effects", effects)):
        values[:n_sampled].ravel(order="F").tofile(folder / f"{name}.f64")
    (folder / "shape.txt").write_text(f"{n_sampled} {N_STUDIES}\n", encoding="utf-8")
    return python_contest(
        lambda: combine_effects(effects, errors),
        workspace.r_peer("meta_analysis", folder, "metafor", share=n_sampled / n_features),
        numbers=lambda value, peer: _where_converged(
            np.concatenate([value.estimate[:n_sampled], value.standard_error[:n_sampled]]), peer
        ),
    )


def _where_converged(ours: np.ndarray, peer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """metafor's Fisher scoring ends in an error for some features."""
    found = ~np.isnan(peer)
    return ours[found], peer[found]


def _errors(n_features: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(0.1, 0.5, (n_features, N_STUDIES))


def _effects(errors: np.ndarray) -> np.ndarray:
    """Around a mean of their own for each feature, with a between-study variance that is often small."""
    rng = np.random.default_rng(6)
    mean, between = rng.normal(0.0, 0.3, (len(errors), 1)), rng.gamma(1.0, 0.05, (len(errors), 1))
    return rng.normal(mean, np.sqrt(errors**2 + between))


ROWS = (
    Row(
        "meta_analysis_20k_10",
        "metafor rma, loop",
        prepare,
        Target(seconds=0.5),
        note="peer on 200 features x 100",
    ),
)
