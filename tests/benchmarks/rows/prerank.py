"""Pre-ranked enrichment: 20,000 ranked features, sets of 15 to 200, permuted features."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from exomics.stats.running_sum import PrerankTests, prerank, rank_features
from tests.benchmarks.inputs import random_sets
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def against_gseapy(workspace: Workspace, *, n_sets: int, n_permutations: int) -> Contest:
    """The enrichment scores are compared; the permutations differ."""
    n_features = workspace.size(20_000, 400)
    rng = np.random.default_rng(9)
    statistic = rng.standard_normal(n_features)
    sets = random_sets(rng, n_features, workspace.size(n_sets, 10))
    columns = np.concatenate(sets)
    offsets = np.concatenate([[0], np.cumsum([len(members) for members in sets])])
    n_drawn = workspace.size(n_permutations, 50)

    def ours() -> PrerankTests:
        generator = np.random.default_rng(1)
        return prerank(rank_features(statistic), columns, offsets, generator=generator, n_permutations=n_drawn)

    ranked = pd.Series(statistic, index=[f"g{feature}" for feature in range(n_features)]).sort_values(ascending=False)
    named = {f"S{number}": [f"g{column}" for column in members] for number, members in enumerate(sets)}
    return python_contest(
        ours,
        workspace.python_peer("gseapy", lambda: _gseapy(ranked, named, n_drawn)),
        numbers=lambda value, peer: (value.score, peer.set_index("Term").loc[list(named), "ES"].to_numpy(dtype=float)),
    )


def _gseapy(ranked: pd.Series, sets: dict[str, list[str]], n_permutations: int) -> pd.DataFrame:
    import gseapy  # a peer: imported only when it is asked to run

    return gseapy.prerank(
        ranked,
        sets,
        outdir=None,
        min_size=1,
        max_size=1000,
        permutation_num=n_permutations,
        threads=1,
        no_plot=True,
        verbose=False,
    ).res2d


ROWS = (
    Row(
        "prerank_50_1000",
        "gseapy prerank",
        partial(against_gseapy, n_sets=50, n_permutations=1000),
        Target(ratio=200, memory=300),
    ),
    Row(
        "prerank_50_10000",
        "gseapy prerank",
        partial(against_gseapy, n_sets=50, n_permutations=10_000),
        Target(ratio=200, memory=300),
        large=True,
        note="the peer takes 10 GB",
    ),
    Row(
        "prerank_1000_1000",
        "gseapy prerank",
        partial(against_gseapy, n_sets=1000, n_permutations=1000),
        Target(ratio=200, memory=300),
        large=True,
        note="the peer takes 7 GB",
    ),
)
