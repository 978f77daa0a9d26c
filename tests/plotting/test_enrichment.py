"""The running-sum figure shows the score that the method gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting import running_sum
from exomics.stats.running_sum import rank_features, running_sum_scores


@pytest.fixture
def ranked() -> pd.DataFrame:
    """120 features; the first ten fall."""
    statistic = np.random.default_rng(51).normal(size=120) - np.where(np.arange(120) < 10, 2.0, 0.0)
    return pd.DataFrame(
        {"contrast": "c", "feature_name": [f"G{i}" for i in range(120)], "test": "wald", "statistic": statistic,
         "degrees_of_freedom": np.nan, "p_value": 0.5, "mean_expression": 1.0}
    )  # fmt: skip


def test_the_curve_reaches_the_score_and_ends_at_zero(axes: Axes, ranked: pd.DataFrame) -> None:
    members = [f"G{i}" for i in range(10)]
    running_sum(ranked, axes, contrast="c", members=[*members, "absent"], title="falling $set$")
    expected = running_sum_scores(rank_features(ranked["statistic"]), np.arange(10), [0, 10]).score[0]
    curve = axes.lines[1].get_ydata()
    assert np.asarray(curve)[np.abs(curve).argmax()] == pytest.approx(expected, abs=1e-12)
    assert np.asarray(curve)[-1] == pytest.approx(0, abs=1e-12)
    assert axes.get_title(loc="left") == f"falling \\$set\\$: ES {expected:.2f}, 10 members"
    assert len(axes.collections[0].get_segments()) == 10


def test_sets_that_cannot_be_drawn_are_refused(axes: Axes, ranked: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="name measured ones"):
        running_sum(ranked, axes, contrast="c", members=["absent"])
    with pytest.raises(InputError, match="no row has the contrast"):
        running_sum(ranked, axes, contrast="d", members=["G1"])


def test_of_the_features_of_one_name_the_most_expressed_is_drawn(axes: Axes, ranked: pd.DataFrame) -> None:
    doubled = pd.concat([ranked, ranked.assign(statistic=0.0, mean_expression=0.0)], ignore_index=True)
    running_sum(doubled, axes, contrast="c", members=["G1", "G2"])
    assert axes.get_title(loc="left").endswith("2 members")
    assert len(axes.lines[1].get_xdata()) == 121
