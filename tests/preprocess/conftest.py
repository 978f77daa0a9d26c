"""One small object on each scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.schema import Scale, annotate


@pytest.fixture
def log2_table() -> AnnData:
    rng = np.random.default_rng(1)
    values = rng.normal(2.0, 1.0, (12, 40)) + np.repeat([0.0, 1.0, -1.0], 4)[:, None]
    values[rng.random(values.shape) < 0.1] = np.nan
    obs = pd.DataFrame(
        {
            "group": ["SED", "RUN"] * 6,
            "batch": np.repeat(["p1", "p2", "p3"], 4),
            "rin": rng.normal(8.0, 1.0, 12),
        },
        index=[f"s{i}" for i in range(12)],
    )
    var = pd.DataFrame(
        {
            "protein_id": ["NP_1"] * 30 + ["CON_1"] * 10,
            "is_contaminant": ["FALSE"] * 30 + ["TRUE"] * 10,
            "site_id": [f"site{i}" for i in range(40)],
        },
        index=[f"f{i}" for i in range(40)],
    )
    return annotate(AnnData(values, obs=obs, var=var), assay="protein", scale=Scale(kind="log2", quantity="ratio"))


@pytest.fixture
def count_table() -> AnnData:
    rng = np.random.default_rng(2)
    counts = rng.poisson(rng.gamma(0.5, 100.0, 200) * rng.gamma(10.0, 0.1, (12, 1)), (12, 200)).astype(float)
    obs = pd.DataFrame(
        {"group": ["SED", "RUN"] * 6, "rin": rng.normal(8.0, 1.0, 12)}, index=[f"s{i}" for i in range(12)]
    )
    table = AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"g{i}" for i in range(200)]))
    return annotate(table, assay="rna", scale=Scale(kind="counts", quantity="count"))
