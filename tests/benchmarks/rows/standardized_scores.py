"""z-score, AUCell and GSVA: 20,000 features x 1,000 samples, 50 sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from exomics.scoring.methods.aucell import aucell
from exomics.scoring.methods.gsva import gsva
from exomics.scoring.methods.zscore import zscore
from tests.benchmarks.inputs import ScoreStudy
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace

Kernel = Callable[..., Any]


def z_scores(workspace: Workspace) -> Contest:
    """decoupler standardizes every sample by its own features: another number, the same work."""
    return _against_decoupler(workspace, zscore, "zscore")


def recovery(workspace: Workspace) -> Contest:
    """The areas are compared; float32 ties are broken otherwise there."""
    study = workspace.scores(workspace.size(1000, 12))
    n_up = int(np.ceil(0.05 * study.expression.shape[1]))
    return _against_decoupler(workspace, aucell, "aucell", n_up=n_up)


def variation(workspace: Workspace) -> Contest:
    """gseapy reads the normal distribution at every pair of samples from a table of step 0.001; ours is exact here, and
    scores differ by a few places of a ranking (tests/scoring/test_gseapy.py).
    """
    study = workspace.scores(workspace.size(1000, 12))
    signatures, frame, sets = study.signatures, study.frame, study.gene_sets
    return python_contest(
        lambda: gsva(study.expression, signatures),
        workspace.python_peer("gseapy", lambda: _gseapy(frame, sets)),
        numbers=lambda value, peer: (value, _in_order(peer, study)),
    )


def _against_decoupler(workspace: Workspace, kernel: Kernel, name: str, **options: Any) -> Contest:
    study = workspace.scores(workspace.size(1000, 12))
    signatures = study.signatures
    return python_contest(
        lambda: kernel(study.expression, signatures),
        workspace.python_peer("decoupler", lambda: _decoupler(study, name, options)),
    )


def _decoupler(study: ScoreStudy, name: str, options: dict[str, Any]) -> pd.DataFrame:
    import decoupler  # a peer: imported only when it is asked to run

    pairs = [(source, gene) for source, genes in study.gene_sets.items() for gene in genes]
    network = pd.DataFrame(pairs, columns=["source", "target"]).assign(weight=1.0)
    found = getattr(decoupler.mt, name)(study.frame.T, network, tmin=1, verbose=False, **options)
    return found[0][list(study.gene_sets)]


def _gseapy(frame: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    import gseapy  # a peer: imported only when it is asked to run

    return gseapy.gsva(frame, sets, outdir=None, min_size=1, max_size=1000, threads=1, verbose=False).res2d


def _in_order(found: pd.DataFrame, study: ScoreStudy) -> np.ndarray:
    table = found.pivot(index="Name", columns="Term", values="ES")
    return table.loc[study.frame.columns, list(study.gene_sets)].to_numpy(dtype=float)


ROWS = (
    Row("zscore_1000_50", "decoupler zscore", z_scores, Target(ratio=3)),
    Row("aucell_1000_50", "decoupler aucell", recovery, Target(ratio=10)),
    Row("gsva_1000_50", "gseapy gsva", variation, Target(ratio=15), note="coarse normal table in the peer"),
)
