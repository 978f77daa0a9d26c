"""Learning curves rise where there is something to learn, and stay where there is nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.power_law import inverse_power_law
from exomics.stratify import CrossValidation, Study
from exomics.stratify.effects import effect_table
from exomics.stratify.evaluation.learning_curve import learning_curve

NAMES = [f"s{number:03d}" for number in range(100)]
QUICK = CrossValidation(n_repeats=1, inner_folds=3)


def _study(effect: float, seed: int) -> Study:
    generator = np.random.default_rng(seed)
    labels = np.tile([0, 1], 50)
    values = generator.normal(size=(100, 20))
    values[:, :6] += effect * labels[:, np.newaxis]
    groups = pd.DataFrame({"subject_id": NAMES}, index=NAMES)
    return Study.of(pd.DataFrame(values, index=NAMES), pd.Series(labels, index=NAMES), groups)


@pytest.mark.parametrize("effect", [0.6, 0.0])
def test_more_subjects_help_where_there_is_something_to_learn(effect: float) -> None:
    frame = learning_curve(_study(effect, 1), QUICK, fractions=(0.2, 0.5, 1.0)).frame.set_index("metric")
    assert frame.index.tolist() == [
        "auc@16", "auc@40", "auc@80", "fitted_auc@100", "fitted_auc@200", "learning_curve_limit"
    ]  # fmt: skip
    assert (frame["ci_low"] <= frame["estimate"] + 1e-9).all()
    assert (frame["estimate"] <= frame["ci_high"] + 1e-9).all()
    first, last = frame.loc["auc@16"], frame.loc["auc@80"]
    assert last["ci_high"] - last["ci_low"] > 0.0
    assert "extrapolated" in frame.loc["fitted_auc@200", "note"]
    if effect:
        assert last["estimate"] > first["estimate"]
        assert frame.loc["fitted_auc@200", "estimate"] >= frame.loc["fitted_auc@100", "estimate"]
    else:
        assert last["ci_low"] < 0.5 < last["ci_high"]


def test_the_same_seed_gives_the_same_bytes() -> None:
    how = CrossValidation(n_folds=3, n_repeats=1, inner_folds=2)
    text = [learning_curve(_study(0.6, 2), how, fractions=(0.3, 0.6, 1.0)).to_text() for _ in range(2)]
    assert text[0] == text[1]


@pytest.mark.parametrize("fractions", [(0.5, 1.0), (0.5, 0.4, 1.0), (0.2, 0.5, 0.9), (0.0, 0.5, 1.0)])
def test_fractions_that_do_not_ascend_to_one_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(DesignError, match="ascend to 1"):
        learning_curve(_study(0.5, 3), QUICK, fractions=fractions)


def test_a_power_law_is_found_with_and_without_noise() -> None:
    sizes = np.array([15.0, 30.0, 60.0, 120.0, 240.0])
    for limit, drop, rate in ((0.95, 1.5, 0.7), (0.8, 0.9, 0.5), (1.0, 2.0, 1.0)):
        fit = inverse_power_law(sizes, limit - drop * sizes**-rate)
        assert (fit.limit, fit.drop, fit.rate) == pytest.approx((limit, drop, rate), abs=1e-6)
    noisy = 0.9 - 1.2 * sizes**-0.6 + np.random.default_rng(1).normal(0, 0.003, 5)
    assert inverse_power_law(sizes, noisy).at(240.0) == pytest.approx(0.9 - 1.2 * 240**-0.6, abs=0.01)


def test_what_falls_or_passes_one_stays_within_reason() -> None:
    falling = inverse_power_law([10.0, 20.0, 40.0], [0.6, 0.55, 0.5])
    assert (falling.drop, falling.limit) == (0.0, pytest.approx(0.55))
    steep = inverse_power_law([10.0, 20.0, 40.0], [0.5, 0.8, 0.99])
    assert steep.limit <= 1.0
    with pytest.raises(InputError, match="three or more sizes"):
        inverse_power_law([10.0, 20.0], [0.5, 0.6])
    with pytest.raises(InputError, match="three or more sizes"):
        inverse_power_law([10.0, 20.0, 0.0], [0.5, 0.6, 0.7])


def test_effects_average_the_samples_of_a_subject() -> None:
    """Four copies of each sample are four samples and no more subjects."""
    study = _study(0.8, 4)
    once = effect_table(study)
    again = {"features": np.tile(study.features, (4, 1)), "labels": np.tile(study.labels, 4)}
    again["groups"] = np.tile(study.groups, 4)
    copied = effect_table(Study(**{**vars(study), **again}))
    pd.testing.assert_frame_equal(once.frame, copied.frame)
    auc = once.frame[once.frame["metric"] == "auc"].set_index("signature_id")
    assert (auc["ci_low"].iloc[:6] > 0.5).sum() >= 5
    assert (auc["ci_low"].iloc[6:] > 0.5).sum() <= 2
    with pytest.raises(DesignError, match="samples of both classes"):
        effect_table(Study(**{**vars(study), "groups": np.arange(100) // 2}))
