"""ssGSEA enrichment scores (ES): 20,000 features, 50 sets, 1,000 samples (10,000 with --large)."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from exomics.scoring.methods.ssgsea_es import ssgsea_es
from tests.benchmarks.inputs import ScoreStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def against_gseapy(workspace: Workspace) -> Contest:
    """The unnormalized scores are compared; a sample's ties (float32) are broken by position there."""
    study = workspace.scores(workspace.size(1000, 12))
    signatures, frame, sets = study.signatures, study.frame, study.gene_sets
    return python_contest(
        lambda: ssgsea_es(study.expression, signatures),
        workspace.python_peer("gseapy", lambda: _gseapy(frame, sets)),
        numbers=lambda value, peer: (value, _in_order(peer, study)),
    )


def against_gsva(workspace: Workspace) -> Contest:
    """The package GSVA."""
    study = workspace.scores(workspace.size(1000, 12))
    signatures = study.signatures
    return python_contest(
        lambda: ssgsea_es(study.expression, signatures),
        workspace.r_peer("ssgsea", study.folder, "GSVA"),
        numbers=lambda value, peer: (value.ravel(order="F"), peer),
    )


def alone(workspace: Workspace, *, n_samples: int) -> Contest:
    """No peer takes this size in reasonable time."""
    study = workspace.scores(workspace.size(n_samples, 24))
    signatures = study.signatures
    return python_contest(lambda: ssgsea_es(study.expression, signatures), None)


def _gseapy(frame: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    import gseapy  # a peer: imported only when it is asked to run

    return gseapy.ssgsea(
        frame, sets, outdir=None, min_size=1, max_size=1000, threads=1, no_plot=True, verbose=False
    ).res2d


def _in_order(found: pd.DataFrame, study: ScoreStudy) -> np.ndarray:
    table = found.pivot(index="Name", columns="Term", values="ES")
    return table.loc[study.frame.columns, list(study.gene_sets)].to_numpy(dtype=float)


ROWS = (
    Row("ssgsea_1000_50", "gseapy ssgsea", against_gseapy, Target(ratio=60), note="ties by position in the peer"),
    Row("ssgsea_1000_50_gsva", "GSVA ssgsea", against_gsva, Target(ratio=120), note="ties by position in the peer"),
    Row("ssgsea_10000_50", "", partial(alone, n_samples=10_000), Target(seconds=3, memory=2400), large=True),
)
