"""Two-group comparisons against pROC, metafor and glm, and on separated or degenerate groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from exomics.errors import InputError
from exomics.stats.discrimination import (
    LOGISTIC_STATUS,
    area_under_curve,
    logistic_screen,
    standardized_mean_difference,
)

EXPECTED = Path(__file__).parents[1] / "parity" / "discrimination" / "expected"


def read(name):
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def study():
    table = read("inputs.tsv")
    return table.drop(columns="positive").to_numpy(), table["positive"].to_numpy()


@pytest.fixture(scope="module")
def expected():
    return read("features.tsv")


def test_auc_equals_proc(study, expected):
    auc = area_under_curve(*study)
    np.testing.assert_allclose(auc.estimate, expected["auc"], rtol=1e-13)
    np.testing.assert_allclose(auc.standard_error**2, expected["auc_variance"], rtol=1e-12)
    np.testing.assert_array_equal(auc.n_positive, expected["n_positive"])
    np.testing.assert_array_equal(auc.n_positive + auc.n_negative, expected["n_samples"])


def test_auc_interval_is_symmetric_on_the_logit_scale(study):
    auc = area_under_curve(*study, level=0.9)
    low, middle, high = (special.logit(part) for part in (auc.ci_low, auc.estimate, auc.ci_high))
    np.testing.assert_allclose(high - middle, middle - low, rtol=1e-12)
    slope = auc.estimate * (1.0 - auc.estimate)
    np.testing.assert_allclose((high - low) * slope, 2 * 1.6448536269514722 * auc.standard_error, rtol=1e-12)


def test_auc_of_swapped_labels_is_the_complement(study):
    x, positive = study
    one, other = area_under_curve(x, positive), area_under_curve(x, 1.0 - positive)
    np.testing.assert_allclose(one.estimate, 1.0 - other.estimate, rtol=1e-14)
    np.testing.assert_allclose(one.standard_error, other.standard_error, rtol=1e-13)


def test_auc_at_the_ends():
    auc = area_under_curve(np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]]), [0, 0, 1, 1])
    np.testing.assert_array_equal(auc.estimate, [1.0, 0.5])
    assert np.isnan(auc.ci_low[0])
    lonely = area_under_curve([[1.0, np.nan], [2.0, 3.0], [0.5, 1.0]], [1, 0, 0])
    assert lonely.estimate[0] == 0.5
    assert np.isnan(lonely.standard_error[0])
    assert np.isnan(lonely.estimate[1])


def test_mean_difference_equals_escalc(study, expected):
    difference = standardized_mean_difference(*study)
    np.testing.assert_allclose(difference.estimate, expected["smd"], rtol=2e-9)
    np.testing.assert_allclose(difference.standard_error**2, expected["smd_variance"], rtol=1e-10)


def test_uncorrected_mean_difference_is_cohens_d():
    plain = standardized_mean_difference([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], small_sample_correction=False)
    assert plain.estimate[0] == pytest.approx(2.0 / np.sqrt(0.5))


def test_mean_difference_of_degenerate_features_is_missing():
    x = np.array([[1.0, np.nan], [1.0, 2.0], [2.0, np.nan], [2.0, 3.0]])
    assert np.isnan(standardized_mean_difference(x, [0, 0, 1, 1]).estimate).all()


def test_logistic_slope_equals_glm(study, expected):
    fit = logistic_screen(*study)
    assert {LOGISTIC_STATUS[code] for code in fit.status} == {"converged"}
    np.testing.assert_allclose(fit.log_odds_ratio, expected["slope"], rtol=1e-9)
    np.testing.assert_allclose(fit.intercept, expected["intercept"], rtol=1e-9)
    # glm takes its standard error from the weights before the last step
    np.testing.assert_allclose(fit.standard_error, expected["se"], rtol=1e-7)
    np.testing.assert_array_equal(fit.n_samples, expected["n_samples"])
    np.testing.assert_array_equal(fit.n_positive, expected["n_positive"])


def test_published_stop_is_close_to_the_optimum(study):
    exact, published = logistic_screen(*study), logistic_screen(*study, optimum="published")
    assert (published.status == 0).all()
    np.testing.assert_allclose(published.log_odds_ratio, exact.log_odds_ratio, rtol=1e-5)
    assert (published.log_odds_ratio != exact.log_odds_ratio).any()


@pytest.mark.parametrize("separated", [False, True])
def test_firth_maximizes_the_penalized_likelihood(separated):
    rng = np.random.default_rng(4)
    x = rng.normal(size=30)
    y = (x > 0.2).astype(float) if separated else (rng.random(30) < special.expit(x)).astype(float)
    design = np.column_stack([np.ones(30), x])

    def minus_penalized(beta):
        predictor = design @ beta
        p = special.expit(predictor)
        information = design.T @ (design * (p * (1 - p))[:, None])
        return -(y @ predictor - np.logaddexp(0, predictor).sum() + 0.5 * np.linalg.slogdet(information)[1])

    best = optimize.minimize(minus_penalized, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    fit = logistic_screen(x, y, firth=True)
    assert LOGISTIC_STATUS[fit.status[0]] == "converged"
    assert fit.log_odds_ratio[0] == pytest.approx(best.x[1], rel=1e-6)
    assert fit.intercept[0] == pytest.approx(best.x[0], rel=1e-5, abs=1e-7)


def test_separation_is_reported():
    labels = np.array([0, 0, 0, 1, 1, 1.0])
    x = np.column_stack([np.arange(6.0), -np.arange(6.0), [1.0, 2, 3, 3, 4, 5], [0.0, 0, 1, 0, 1, 1]])
    fit = logistic_screen(x, labels)
    statuses = [LOGISTIC_STATUS[code] for code in fit.status]
    assert statuses == ["separated", "separated", "separated", "converged"]
    np.testing.assert_array_equal(fit.log_odds_ratio[:3], [np.inf, -np.inf, np.inf])
    assert np.isnan(fit.p_value[:3]).all()
    assert np.isfinite(logistic_screen(x, labels, firth=True).p_value).all()


def test_degenerate_features_have_a_status():
    x = np.array([[1.0, np.nan, 1.0], [1.0, np.nan, 2.0], [1.0, 2.0, 1.5], [1.0, 3.0, 2.5]])
    fit = logistic_screen(x, [0, 0, 1, 1])
    assert [LOGISTIC_STATUS[code] for code in fit.status] == ["constant", "one_group", "converged"]


def test_unlabeled_samples_do_not_count(study):
    x, positive = study
    labeled = ~np.isnan(positive)
    np.testing.assert_array_equal(
        logistic_screen(x, positive).log_odds_ratio, logistic_screen(x[labeled], positive[labeled]).log_odds_ratio
    )


def test_bad_input_is_refused():
    for function in (area_under_curve, standardized_mean_difference, logistic_screen):
        with pytest.raises(InputError, match="must be 1"):
            function([1.0, 2.0], [0, 2])
        with pytest.raises(InputError, match="one label per sample"):
            function([1.0, 2.0], [0])
    with pytest.raises(InputError, match="between 0 and 1"):
        area_under_curve([1.0, 2.0], [0, 1], level=95)
    with pytest.raises(InputError, match="without firth"):
        logistic_screen([1.0, 2.0], [0, 1], firth=True, optimum="published")
