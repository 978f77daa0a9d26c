"""Stabl: 30 penalties on 1,000 half-samples of 100 samples x 20,000 features, each with its decoy."""

from __future__ import annotations

import numpy as np

from exomics.stats.stability_selection import select_against_decoys
from tests.benchmarks.row import Contest, Row, Target
from tests.benchmarks.sides import PythonSide
from tests.benchmarks.workspace import Workspace

N_SAMPLES, N_HALVES = 100, 1000


def prepare(workspace: Workspace) -> Contest:
    """50 half-samples are timed, and scaled to 1,000."""
    n_features, n_pairs = workspace.size(20_000, 60), workspace.size(25, 2)
    labels = np.tile([0, 1], N_SAMPLES // 2)

    def made() -> np.ndarray:
        features = np.random.default_rng(9).normal(size=(N_SAMPLES, n_features))
        features[:, :10] += labels[:, np.newaxis]
        return features

    features = workspace.array("stability/features", made)
    return Contest(
        PythonSide(
            lambda: select_against_decoys(features, labels, n_pairs=n_pairs, generator=np.random.default_rng(1)),
            share=2.0 * n_pairs / N_HALVES,
        )
    )


ROWS = (Row("stabl_1000_30_20k", "", prepare, Target(seconds=120.0), note="50 half-samples x 20"),)
