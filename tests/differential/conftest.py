"""Small studies with a declared scale, and the published tables of the gastrocnemius."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.schema import Scale, annotate

GROUPS = ("F_SED", "F_8W", "M_SED", "M_8W")


@pytest.fixture
def samples() -> pd.DataFrame:
    """Four groups of five samples, with a covariate and a plex that is balanced over the groups."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "group": pd.Categorical(np.repeat(GROUPS, 5), categories=GROUPS),
            "rin": rng.normal(8.0, 0.5, 20),
            "plex": [f"S{i % 5}" for i in range(20)],
        },
        index=[f"s{i:02d}" for i in range(20)],
    )


@pytest.fixture
def log2_study(samples: pd.DataFrame) -> AnnData:
    """log2 ratios of 300 features; the first 30 differ in F_8W; some values are missing."""
    rng = np.random.default_rng(8)
    values = rng.normal(0.0, rng.gamma(4.0, 0.1, 300), (20, 300)) + rng.normal(3.0, 2.0, 300)
    values[5:10, :30] += 2.0
    values[rng.random(values.shape) < 0.05] = np.nan
    var = pd.DataFrame({"feature_name": [f"name{i}" for i in range(300)]}, index=[f"f{i}" for i in range(300)])
    return annotate(AnnData(values, obs=samples, var=var), assay="protein", scale=Scale(kind="log2", quantity="ratio"))


@pytest.fixture
def count_study(samples: pd.DataFrame) -> AnnData:
    """Counts of 400 features; in M_8W the first 20 are tripled, the next 20 a third; normalization factors are 1."""
    rng = np.random.default_rng(9)
    means = rng.gamma(1.0, 150.0, 400) + 5.0
    fold = np.ones((20, 400))
    fold[15:, :20] = 3.0
    fold[15:, 20:40] = 1 / 3
    counts = rng.poisson(means * fold * rng.gamma(20.0, 1 / 20.0, (20, 400)))
    var = pd.DataFrame(index=[f"g{i}" for i in range(400)])
    obs = samples.assign(normalization_factor=1.0)
    table = AnnData(counts.astype(float), obs=obs, var=var)
    return annotate(table, assay="rna", scale=Scale(kind="counts", quantity="count"))


@pytest.fixture
def from_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mirror is there and is used, offline."""
    monkeypatch.setenv("EXOMICS_MIRROR", str(mirror))
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    return mirror


@pytest.fixture
def published(from_mirror: Path) -> Callable[[str], pd.DataFrame]:
    """Both published tables of a dataset, one below the other."""
    from exomics.datasets import fetch, published_differential

    def read(dataset: str) -> pd.DataFrame:
        path = fetch(dataset, roles=["published"])["published"]
        return pd.concat([published_differential(path, table) for table in ("trained_vs_SED", "MvF")])

    return read
