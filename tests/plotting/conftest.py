"""Tables and axes that the figure tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure


@pytest.fixture
def axes() -> Axes:
    """Axes of a figure that belongs to no pyplot state."""
    return Figure(figsize=(5, 4), layout="constrained").subplots()


@pytest.fixture
def differential() -> pd.DataFrame:
    """300 features in two contrasts: 12 up and 5 down in both, 3 opposite, 20 in the first only, the rest null."""
    generator = np.random.default_rng(11)
    signs = {"F": np.zeros(300), "M": np.zeros(300)}
    signs["F"][:12], signs["M"][:12] = 1, 1
    signs["F"][12:17], signs["M"][12:17] = -1, -1
    signs["F"][17:20], signs["M"][17:20] = 1, -1
    signs["F"][20:40] = 1
    frames = []
    for contrast, sign in signs.items():
        effect = np.where(sign == 0, generator.normal(0, 0.1, 300), sign * generator.uniform(0.6, 1.2, 300))
        called = sign != 0
        frame = pd.DataFrame(
            {
                "feature_id": [f"id{number:03d}" for number in range(300)],
                "feature_name": ["" if number == 0 else f"Gene{number}" for number in range(300)],
                "contrast": contrast,
                "log2_fold_change": effect,
                "ci_low": effect - 0.2,
                "ci_high": effect + 0.2,
                "p_value": np.where(called, 1e-6 / (1 + np.arange(300)), generator.uniform(0.1, 1, 300)),
                "adj_p_value": np.where(called, 1e-3, 0.9),
            }
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def performance() -> pd.DataFrame:
    """Three cohorts, one of them not estimated, and their pooled rows."""
    base = {"signature_id": "imm.cyt", "endpoint": "os", "metric": "log_hazard_ratio", "note": "", "n_events": 20}
    rows = [
        base | {"cohort_id": "one", "estimate": -0.5, "ci_low": -0.7, "ci_high": -0.3, "n_samples": 200},
        base | {"cohort_id": "two", "estimate": 0.1, "ci_low": -0.7, "ci_high": 0.9, "n_samples": 30},
        base | {"cohort_id": "three", "estimate": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n_samples": 12},
    ]
    pooled = base | {"cohort_id": "pooled_reml", "estimate": -0.45, "ci_low": -0.65, "ci_high": -0.25, "n_samples": 230}
    rows += [pooled, pooled | {"metric": "prediction_interval", "ci_low": -1.2, "ci_high": 0.3}]
    return pd.DataFrame(rows)
