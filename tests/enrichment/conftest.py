"""A differential table with planted sets, and the consortium's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.enrichment import GeneSets
from exomics.results import DifferentialTable, Provenance
from exomics.stats.multiple_testing import adjust_p_values
from exomics.stats.t_distribution import t_tests

CONTRASTS = {"F_8W - F_SED": 1.5, "M_8W - M_SED": -1.5}


def differential_rows(contrast: str, shift: float, rng: np.random.Generator) -> pd.DataFrame:
    """500 features; the first 30 are shifted."""
    statistic = rng.normal(size=500) + np.where(np.arange(500) < 30, shift, 0.0)
    p_value, _ = t_tests(statistic, 40.0)
    return pd.DataFrame(
        {
            "feature_id": [f"ENSG{i:04d}" for i in range(500)],
            "feature_name": [f"GENE{i}" for i in range(500)],
            "contrast": contrast,
            "log2_fold_change": statistic / 4,
            "mean_expression": rng.normal(5, 2, 500),
            "test": "t",
            "statistic": statistic,
            "degrees_of_freedom": 40.0,
            "p_value": p_value,
            "adj_p_value": adjust_p_values(p_value),
            "family": "trained",
            "n_samples": 20,
            "status": "ok",
            "note": "",
        }
    )


@pytest.fixture
def table() -> DifferentialTable:
    """Two contrasts of one family: the first 30 of 500 features rise in one and fall in the other."""
    rng = np.random.default_rng(21)
    frame = pd.concat([differential_rows(name, shift, rng) for name, shift in CONTRASTS.items()], ignore_index=True)
    return DifferentialTable(
        frame.reindex(columns=list(DifferentialTable.columns)), Provenance(method="made", acknowledgments=("thanks",))
    )


@pytest.fixture
def sets() -> GeneSets:
    """A planted set, two random ones, one with members that were not measured, one below the floor, one absent."""
    rng = np.random.default_rng(22)

    def random(size: int) -> tuple[str, ...]:
        return tuple(f"GENE{i}" for i in 30 + rng.choice(470, size, replace=False))

    return GeneSets(
        "mine",
        {
            "planted": tuple(f"GENE{i}" for i in range(30)),
            "random_20": random(20),
            "partly": (*random(10), "ABSENT1", "ABSENT2"),
            "random_60": random(60),
            "rare": ("GENE5", "GENE6", "ABSENT3"),
            "absent": ("ABSENT4", "ABSENT5"),
        },
    )


@pytest.fixture
def from_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mirror is there and is used, offline."""
    monkeypatch.setenv("EXOMICS_MIRROR", str(mirror))
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    return mirror
