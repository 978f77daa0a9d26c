"""singscore's rank score: 20,000 features x 1,000 samples, 50 sets; the peer is its published formula in R."""

from __future__ import annotations

from exomics.scoring.methods.rank_updown import rank_updown
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """The scores are compared."""
    study = workspace.scores(workspace.size(1000, 12))
    signatures = study.signatures
    return python_contest(
        lambda: rank_updown(study.expression, signatures),
        workspace.r_peer("rank_scores", study.folder, "matrixStats"),
        numbers=lambda value, peer: (value.ravel(order="F"), peer),
    )


ROWS = (Row("rank_updown_1000_50", "singscore formula in R", prepare, Target(ratio=10)),)
