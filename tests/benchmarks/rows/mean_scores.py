"""Mean of the members: 20,000 features x 1,000 samples, 50 sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from exomics.scoring.methods.mean_log2 import mean_log2
from tests.benchmarks.inputs import ScoreStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def against_decoupler(workspace: Workspace) -> Contest:
    """decoupler's weighted aggregate, without permutations."""
    study = workspace.scores(workspace.size(1000, 12))
    return _contest(workspace, study, "decoupler", lambda: _waggr(study))


def against_r(workspace: Workspace) -> Contest:
    """colMeans of the members' rows, set by set."""
    study = workspace.scores(workspace.size(1000, 12))
    signatures = study.signatures
    return python_contest(
        lambda: mean_log2(study.expression, signatures),
        workspace.r_peer("mean_scores", study.folder, "matrixStats"),
        numbers=lambda value, peer: (value.ravel(order="F"), peer),
    )


def against_sparse_product(workspace: Workspace) -> Contest:
    """One product with the sparse matrix of memberships, which is made beforehand."""
    study = workspace.scores(workspace.size(1000, 12))
    sizes = [len(columns) for columns in study.sets]
    weights = np.repeat(1.0 / np.array(sizes), sizes).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    members = sparse.csr_matrix(
        (weights, np.concatenate(study.sets), offsets), shape=(len(sizes), study.expression.shape[1])
    )
    return _contest(workspace, study, "scipy", lambda: (members @ study.expression.T).T)


def _contest(workspace: Workspace, study: ScoreStudy, package: str, peer: Callable[[], Any]) -> Contest:
    signatures = study.signatures
    return python_contest(
        lambda: mean_log2(study.expression, signatures),
        workspace.python_peer(package, peer),
        numbers=lambda value, peer: (value, np.asarray(peer, dtype=np.float64)),
    )


def _waggr(study: ScoreStudy) -> pd.DataFrame:
    import decoupler  # a peer: imported only when it is asked to run

    pairs = [(name, gene) for name, genes in study.gene_sets.items() for gene in genes]
    network = pd.DataFrame(pairs, columns=["source", "target"]).assign(weight=1.0)
    scores, _ = decoupler.mt.waggr(study.frame.T, network, tmin=1, times=0, fun="wmean", verbose=False)
    return scores[list(study.gene_sets)]


ROWS = (
    Row("mean_log2_1000_50", "decoupler waggr", against_decoupler, Target(ratio=50)),
    Row("mean_log2_1000_50_r", "colMeans in R", against_r),
    Row("mean_log2_1000_50_sparse", "scipy sparse product", against_sparse_product, note="float32 sums in the peer"),
)
