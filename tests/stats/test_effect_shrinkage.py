"""Shrinkage of effects: closed forms, planted priors, error rates, invariances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exomics.errors import InputError
from exomics.stats.effect_shrinkage import shrink_effects

EXPECTED = Path(__file__).parents[1] / "parity" / "negative_binomial" / "expected"


@pytest.fixture
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, estimates and errors: nine in ten features do not change, one in ten by several units."""
    rng = np.random.default_rng(1)
    error = rng.uniform(0.1, 0.6, 5000)
    truth = np.where(rng.random(5000) < 0.1, rng.normal(0.0, 2.0, 5000), 0.0)
    return truth, truth + rng.normal(0.0, error), error


def test_a_normal_prior_is_found_and_its_posterior_is_the_closed_form():
    rng = np.random.default_rng(2)
    error = rng.uniform(0.2, 0.5, 4000)
    estimates = rng.normal(0.0, 1.5, 4000) + rng.normal(0.0, error)
    found = shrink_effects(estimates, error, prior="normal")
    assert found.deviations[0] == pytest.approx(1.5, rel=0.05)
    share = found.deviations[0] ** 2 / (found.deviations[0] ** 2 + error**2)
    np.testing.assert_allclose(found.effect, share * estimates, rtol=1e-12)
    np.testing.assert_allclose(found.standard_deviation, np.sqrt(share) * error, rtol=1e-7)


def test_a_normal_prior_shrinks_as_deseq2_does():
    """DESeq2 fits the counts again under its prior; the posterior of estimate and error is the same to second order.

    Its variance matches a quantile of the estimates, ours is of maximum likelihood: 2.03 and 0.95 here. Features with
    a replaced count are left out: its second fit has the count again.
    """
    table, results = (
        pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")
        for name in ("shrinkage", "outlier_results")
    )
    table = table[(results["replace"].astype(str) == "False") & table["effect"].notna()]
    variance = table["prior_variance"].iloc[0]
    share = variance / (variance + table["error"] ** 2)
    away = (share * table["effect"] - table["shrunken"]).abs() / table["error"]
    assert len(table) > 500 and away.median() < 1e-4 and away.quantile(0.95) < 0.02
    spread = np.sqrt(share) * table["error"] / table["shrunken_error"]
    assert (spread - 1.0).abs().median() < 0.03
    own = shrink_effects(table["effect"], table["error"], prior="normal")
    assert np.corrcoef(own.effect, table["shrunken"])[0, 1] > 0.95
    assert 0.3 < own.deviations[0] ** 2 / variance < 1.0


def test_the_mixture_is_of_highest_penalized_likelihood(study):
    """A concave problem: no component's slope exceeds the number of features, and that of a used one reaches it."""
    _, estimates, error = study
    found = shrink_effects(estimates, error)
    total = found.deviations**2 + error[:, None] ** 2
    density = np.exp(-0.5 * (np.log(total) + estimates[:, None] ** 2 / total))
    slope = (density / (density @ found.weights)[:, None]).sum(axis=0)
    slope[0] += 9.0 / found.weights[0]
    slope /= estimates.size + 9.0
    assert slope.max() < 1.0 + 1e-5
    used = found.weights > 1e-3
    assert used.sum() >= 2
    np.testing.assert_allclose(slope[used], 1.0, atol=1e-3)


@pytest.mark.parametrize("prior", ["adaptive", "normal"])
def test_posteriors_are_bayes_formula_written_out(study, prior):
    """Of each component: a normal of variance v = 1 / (1 / s^2 + 1 / d^2) around b v / s^2, in proportion to
    pi N(b; 0, s^2 + d^2); at d = 0 the effect is 0 for certain.
    """
    _, estimates, error = (values[:40] for values in study)
    found = shrink_effects(estimates, error, prior=prior)
    for b, s, effect, deviation, wrong in zip(
        estimates, error, found.effect, found.standard_deviation, found.false_sign_rate, strict=True
    ):
        shares, means, variances, above, below = [], [], [], [], []
        for pi, d in zip(found.weights, found.deviations, strict=True):
            shares.append(pi * stats.norm.pdf(b, 0.0, np.hypot(s, d)))
            variances.append(1.0 / (1.0 / s**2 + 1.0 / d**2) if d > 0.0 else 0.0)
            means.append(b * variances[-1] / s**2)
            tails = stats.norm(means[-1], np.sqrt(variances[-1])) if d > 0.0 else None
            above.append(tails.sf(0.0) if tails else 0.0)
            below.append(tails.cdf(0.0) if tails else 0.0)
        share = np.array(shares) / np.sum(shares)
        mean = share @ means
        assert effect == pytest.approx(mean, rel=1e-9, abs=1e-12)
        assert deviation == pytest.approx(np.sqrt(share @ (np.square(means) + variances) - mean**2), rel=1e-6)
        assert wrong == pytest.approx(1.0 - max(share @ above, share @ below), abs=1e-9)


def test_the_adaptive_prior_spares_large_effects_and_halves_the_error(study):
    truth, estimates, error = study
    adaptive, normal = (shrink_effects(estimates, error, prior=prior) for prior in ("adaptive", "normal"))
    assert adaptive.weights[adaptive.deviations == 0.0][0] == pytest.approx(0.9, abs=0.05)

    def loss(effect: np.ndarray) -> float:
        return float(((effect - truth) ** 2).mean())

    assert loss(adaptive.effect) < 0.5 * loss(estimates) and loss(adaptive.effect) < loss(normal.effect)
    large = np.abs(estimates) > 3.0
    assert np.abs(adaptive.effect / estimates - 1.0)[large].max() < np.abs(normal.effect / estimates - 1.0)[large].max()
    assert (np.abs(adaptive.effect) <= np.abs(estimates)).all()


def test_s_values_bound_the_rate_of_wrong_signs(study):
    truth, estimates, error = study
    found = shrink_effects(estimates, error)
    called = found.s_value < 0.05
    wrong = (np.sign(truth) != np.sign(found.effect))[called].mean()
    assert called.sum() > 200 and wrong < 0.08
    assert ((found.false_sign_rate >= 0) & (found.false_sign_rate <= 1)).all()


def test_all_null_effects_shrink_to_nothing():
    rng = np.random.default_rng(3)
    found = shrink_effects(rng.normal(0.0, 0.3, 2000), np.full(2000, 0.3))
    assert np.abs(found.effect).max() < 0.1 and (found.s_value > 0.5).all()


@pytest.mark.parametrize("prior", ["adaptive", "normal"])
def test_scale_sign_and_order_of_features(study, prior):
    _, estimates, error = study
    plain = shrink_effects(estimates, error, prior=prior)
    scaled = shrink_effects(3.0 * estimates, 3.0 * error, prior=prior)
    np.testing.assert_allclose(scaled.effect, 3.0 * plain.effect, rtol=1e-4, atol=1e-5)
    flipped = shrink_effects(-estimates, error, prior=prior)
    np.testing.assert_allclose(flipped.effect, -plain.effect, rtol=1e-6, atol=1e-9)
    order = np.random.default_rng(4).permutation(5000)
    moved = shrink_effects(estimates[order], error[order], prior=prior)
    np.testing.assert_allclose(moved.effect, plain.effect[order], rtol=1e-4, atol=1e-6)


def test_missing_effects_stay_missing_and_bad_input_is_named():
    found = shrink_effects([np.nan, 1.0, 2.0, -1.0], [0.5, 0.5, np.nan, 0.5])
    assert np.isnan(found.effect).tolist() == [True, False, True, False]
    with pytest.raises(InputError, match="one length"):
        shrink_effects([1.0], [1.0, 2.0])
    with pytest.raises(InputError, match="positive"):
        shrink_effects([1.0], [0.0])
    with pytest.raises(InputError, match="adaptive"):
        shrink_effects([1.0], [1.0], prior="apeglm")
