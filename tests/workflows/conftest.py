"""Studies of a user's own, small and with the gene names of the embedded study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from tests.shared import must

N_GENES, N_CHANGED = 1200, 60
TRAINED = ("--design", "~ 0 + group", "--contrast", "training=trained - control")


def own_counts(effect: float, seed: int) -> pd.DataFrame:
    """Counts of 12 libraries; in the second half 60 genes are `effect` times as high, and 60 as low."""
    muscle = load("embedded_muscle_rna")
    mean = np.asarray(muscle.layers["counts"], dtype=np.float64).mean(axis=0)
    most = np.argsort(-mean)[:N_GENES]
    expected = np.repeat(mean[most][:, np.newaxis], 12, axis=1)
    expected[:N_CHANGED, 6:] *= effect
    expected[N_CHANGED : 2 * N_CHANGED, 6:] /= effect
    generator = np.random.default_rng(seed)
    values = generator.poisson(expected * generator.gamma(20.0, 1 / 20.0, size=expected.shape))
    names = pd.Index(muscle.var["feature_name"].astype(str).to_numpy()[most], name="gene")
    return pd.DataFrame(values, index=names, columns=[f"L{number:02d}" for number in range(12)])


@pytest.fixture
def sheet() -> pd.DataFrame:
    """The sample sheet of `own_counts`."""
    return pd.DataFrame(
        {
            "library": [f"L{number:02d}" for number in range(12)],
            "group": ["control"] * 6 + ["trained"] * 6,
            "donor": [f"d{number}" for number in range(12)],
        }
    )


def ready(folder: Path, *words: object, controls: int = 20) -> Path:
    """`exomics init`, and few random sets, for speed."""
    must("init", folder, *words)
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert "controls: 1000" in text
    config.write_text(text.replace("controls: 1000", f"controls: {controls}"), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
