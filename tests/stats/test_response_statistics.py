"""Response statistics: parity with R, planted truth both ways, levels held by simulation, bad input."""

from __future__ import annotations

from math import erf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.arm_variances import fit_arm_variances
from exomics.stats.auc_ceiling import auc_ceiling
from exomics.stats.individual_response import individual_response, share_responding
from exomics.stats.reliable_change import (
    change_interval,
    minimal_detectable_change,
    smallest_worthwhile_change,
    typical_error,
    typical_error_from_cv,
)
from exomics.stats.repeated_response import cohen_kappa, crossover_response, repeated_response
from exomics.stats.response_variance import response_variance, signed_root, variance_difference

EXPECTED = Path(__file__).parents[1] / "parity" / "response" / "expected"
ERROR_SD = 2**0.5  # of a change, in typical errors


def read(name):
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def trial():
    return read("inputs.tsv")


@pytest.mark.parametrize("name", ["means", "baseline", "moderated"])
def test_arm_variances_equal_gls(trial, name):
    arm, before, age = (trial[column].to_numpy(dtype=float) for column in ("trained", "before", "age"))
    one = np.ones(len(arm))
    design = {"means": [one, arm], "baseline": [one, arm, before], "moderated": [one, arm, age, before, arm * age]}
    fit = fit_arm_variances(trial["change"], np.column_stack(design[name]), arm)
    expected = read("gls.tsv").query("design == @name")
    np.testing.assert_allclose(fit.coefficients, expected["coefficient"], rtol=2e-6)
    np.testing.assert_allclose(fit.standard_error, expected["se"], rtol=2e-6)
    np.testing.assert_allclose(fit.response.variances[0], expected["variance_trained"].iloc[0], rtol=2e-6)
    np.testing.assert_allclose(fit.response.variances[1], expected["variance_control"].iloc[0], rtol=2e-6)
    assert fit.response.df.sum() == pytest.approx(len(arm) - len(design[name]))


def test_arm_variances_without_covariates_are_those_of_the_arms(trial):
    trained = trial["trained"] == 1
    arms = trial["change"][trained], trial["change"][~trained]
    plain = response_variance(*arms)
    design = np.column_stack([np.ones(len(trial)), trained])
    fit = fit_arm_variances(trial["change"], design, trained).response
    np.testing.assert_allclose(
        [fit.estimate, fit.ci_low, fit.ci_high, fit.p_value],
        [plain.estimate, plain.ci_low, plain.ci_high, plain.p_value],
        rtol=1e-10,
    )
    expected = read("scalars.tsv").set_index("quantity")["value"]
    assert plain.p_value == pytest.approx(expected["f_test_p"], rel=1e-12)
    assert cohen_kappa(trial["label"], trial["second"]).estimate == pytest.approx(expected["kappa"], rel=1e-13)


def test_the_interval_excludes_zero_exactly_where_the_f_test_does():
    for ratio in np.linspace(1.5, 4.0, 26):
        found = variance_difference([ratio, 1.0], [17.0, 11.0])
        assert (found.ci_low > 0.0) == (found.p_value < 0.025)


def test_a_negative_variance_stays_negative_and_exchanging_the_arms_mirrors_it():
    one, other = variance_difference([1.0, 4.0], [9.0, 14.0]), variance_difference([4.0, 1.0], [14.0, 9.0])
    assert one.estimate == -3.0
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low))
    assert one.sd[0] == pytest.approx(-(3.0**0.5))
    assert signed_root(-4.0) == -2.0


@pytest.mark.parametrize(("ratio", "expected"), [(0.25, 0.58), (0.5, 0.65), (1.0, 0.77), (2.0, 0.89)])
def test_ceiling_of_a_median_split(ratio, expected):
    found = auc_ceiling(ratio, ERROR_SD)
    rho = ratio / np.hypot(ratio, ERROR_SD)
    assert found == pytest.approx(0.5 + 2.0 / np.pi * np.arcsin(rho / 2**0.5), abs=1e-5)
    assert round(found, 2) == expected


def test_ceiling_against_drawn_labels():
    rng = np.random.default_rng(3)
    response = rng.normal(1.0, 1.2, 4000)
    change = response + rng.normal(0.0, 1.0, 4000)
    positive, negative = response[change > 2.5], response[change <= 0.5]
    drawn = (positive[:, None] > negative).mean()
    assert auc_ceiling(1.2, 1.0, mean=1.0, above=2.5, below=0.5) == pytest.approx(drawn, abs=0.015)
    assert auc_ceiling(-0.7, 1.0) == 0.5
    assert auc_ceiling(1.0, 0.0) == 1.0


def test_typical_error_of_two_and_of_more_tests():
    rng = np.random.default_rng(8)
    person = rng.normal(40.0, 6.0, (400, 1))
    tests = person + np.array([0.0, 1.0, 1.5]) + rng.normal(0.0, 2.0, (400, 3))
    found = typical_error(tests)
    assert found.df == 798.0
    assert found.ci_low < 2.0 < found.ci_high
    two = typical_error(tests[:, :2])
    assert two.estimate == pytest.approx(np.std(tests[:, 1] - tests[:, 0], ddof=1) / 2**0.5, rel=1e-12)
    assert typical_error_from_cv(4.94, 44.95) == pytest.approx(2.22053)
    assert minimal_detectable_change(2.0) == pytest.approx(1.959963985 * 2**0.5 * 2.0)


def test_change_intervals_hold_the_true_change():
    rng = np.random.default_rng(5)
    error = typical_error(rng.normal(0.0, 1.5, (12, 2)))
    true = rng.normal(2.0, 3.0, 4000)
    limits = change_interval(true + rng.normal(0.0, 1.5, 4000) * (1 + 1 / 3) ** 0.5, 1.5, n_tests=(1, 3))
    assert 0.94 < ((limits.low < true) & (true < limits.high)).mean() < 0.96
    wider = change_interval(true, error.estimate, df=error.df)
    assert (wider.high - wider.low > 2 * minimal_detectable_change(error.estimate)).all()


def test_repeated_training_recovers_the_component_and_a_null_has_none():
    rng = np.random.default_rng(12)
    person = rng.normal(0.0, 1.5, (300, 1))
    found = repeated_response(2.0 + person + rng.normal(0.0, 1.0, (300, 2)))
    assert found.ci_low < 1.5**2 < found.ci_high
    assert found.ci_low > 0.0
    null = repeated_response(rng.normal(0.0, 1.0, (300, 2)))
    assert null.ci_low < 0.0 < null.ci_high


def test_a_crossover_separates_the_response_from_stable_trends_of_persons():
    rng = np.random.default_rng(2)
    trend, response = rng.normal(0.0, 2.0, (200, 1)), rng.normal(0.0, 1.0, (200, 1))
    control = trend + rng.normal(0.0, 0.8, (200, 2))
    trained = 3.0 + trend + response + rng.normal(0.0, 0.8, (200, 3))
    found = crossover_response(trained, control)
    assert found.ci_low < 1.0 < found.ci_high
    assert repeated_response(trained).ci_low > 1.0  # takes the trend for a response
    null = crossover_response(trained - response, control)
    assert null.ci_low < 0.0 < null.ci_high
    assert null.df.tolist() == [199.0, 199.0 * 3.0]


def test_median_splits_of_noise_do_not_agree_between_periods():
    rng = np.random.default_rng(4)
    changes = rng.normal(size=(2000, 2))
    labels = changes > np.median(changes, axis=0)
    kappa = cohen_kappa(labels[:, 0], labels[:, 1])
    assert kappa.ci_low < 0.0 < kappa.ci_high
    response = rng.normal(size=(2000, 1))
    with_response = response + ERROR_SD * rng.normal(size=(2000, 2))
    labels = with_response > np.median(with_response, axis=0)
    assert cohen_kappa(labels[:, 0], labels[:, 1]).estimate == pytest.approx(0.22, abs=0.05)


def test_kappa_interval_holds_its_level():
    rng = np.random.default_rng(6)
    first = rng.random((1000, 60)) < 0.5
    second = np.where(rng.random((1000, 60)) < 0.7, first, ~first)  # kappa 0.4
    inside = [k.ci_low < 0.4 < k.ci_high for k in map(cohen_kappa, first, second)]
    assert 0.92 <= np.mean(inside) <= 0.98


@pytest.mark.parametrize("response_sd", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("n", [10, 20, 40, 200])
def test_the_interval_of_the_response_variance_holds_its_level(n, response_sd):
    rng = np.random.default_rng(100 + n)
    trained = rng.normal(0.0, np.hypot(ERROR_SD, response_sd), (1000, n)).var(axis=1, ddof=1)
    control = rng.normal(0.0, ERROR_SD, (1000, n)).var(axis=1, ddof=1)
    found = [variance_difference(pair, [n - 1, n - 1]) for pair in zip(trained, control, strict=True)]
    assert 0.92 <= np.mean([one.ci_low <= response_sd**2 <= one.ci_high for one in found]) <= 0.98
    if response_sd == 0.0:
        assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)
        assert np.mean([one.ci_low > 0.0 for one in found]) <= 0.04  # otherwise: abstain


def test_probabilities_of_response_are_calibrated_and_integrate_over_the_variance():
    rng = np.random.default_rng(9)
    said, held = [], []
    for _ in range(150):
        response = rng.normal(1.0, 1.5, 30)
        trained = response + rng.normal(0.5, 1.0, 30)
        control = rng.normal(0.5, 1.0, 30)
        said.append(individual_response(trained, control, threshold=1.0).probability)
        held.append(response > 1.0)
    said, held = np.concatenate(said), np.concatenate(held)
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        chosen = (said >= low) & (said <= high)
        assert held[chosen].mean() == pytest.approx(said[chosen].mean(), abs=0.06)


def test_a_plug_in_variance_is_more_certain_than_the_integral():
    rng = np.random.default_rng(1)
    trained, control = rng.normal(2.0, 1.8, 12), rng.normal(0.0, 1.0, 12)
    found = individual_response(trained, control, threshold=trained.mean() - control.mean())
    variances = trained.var(ddof=1), control.var(ddof=1)
    shrinkage = 1.0 - variances[1] / variances[0]
    plug_in = np.abs(shrinkage * (trained - trained.mean())) / (variances[0] * shrinkage * (1.0 - shrinkage)) ** 0.5
    integrated = np.abs(found.mean - (trained.mean() - control.mean())) / found.standard_deviation
    assert (integrated < plug_in).all()
    assert np.isnan(individual_response([*trained, np.nan], control, threshold=1.0).probability[-1])


def test_the_share_of_responders_is_centered_on_the_net_mean():
    rng = np.random.default_rng(7)
    trained, control = rng.normal(3.0, 2.0, 2000), rng.normal(2.0, 1.0, 2000)  # net 1, SD_IR sqrt 3
    share = share_responding(trained, control, threshold=1.0)
    assert share.estimate == pytest.approx(0.5, abs=0.03)
    assert share.ci_low < 0.5 < share.ci_high
    assert np.isnan(share_responding(control, trained, threshold=1.0).estimate)


@pytest.mark.parametrize(("n", "response_sd"), [(15, 1.0), (60, 0.5)])
def test_the_interval_of_the_share_of_responders_holds_its_level(n, response_sd):
    rng = np.random.default_rng(15)
    true, inside = 0.5 * (1.0 + erf(0.5 / response_sd / 2**0.5)), []
    for _ in range(200):
        trained = rng.normal(1.0, np.hypot(response_sd, 1.0), n)
        share = share_responding(trained, rng.normal(0.0, 1.0, n), threshold=0.5)
        inside.append(share.ci_low <= true <= share.ci_high)
    assert 0.90 <= np.mean(inside) <= 1.0  # 200 intervals of 95 %, three standard errors


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: typical_error([[1.0], [2.0], [3.0]]), "two or more tests"),
        (lambda: typical_error([[1.0, 2.0], [2.0, np.nan], [3.0, 3.0]]), "three subjects"),
        (lambda: typical_error_from_cv(0.0, 10.0), "positive"),
        (lambda: change_interval([1.0], -1.0), "positive"),
        (lambda: smallest_worthwhile_change([1.0, np.nan]), "two baseline values"),
        (lambda: response_variance([1.0, 2.0], [1.0, 2.0, 3.0]), "three changes"),
        (lambda: response_variance([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), "positive variances"),
        (lambda: variance_difference([1.0, 1.0], [3.0, 3.0], interval="wide"), "one of exact_f, normal"),
        (lambda: individual_response([1.0, 2.0], [1.0, 2.0, 3.0], threshold=0.0), "three changes"),
        (lambda: auc_ceiling(1.0, -1.0), "noise of 0 or more"),
        (lambda: auc_ceiling(1.0, 1.0, above=0.0, below=1.0), "below <= above"),
        (lambda: repeated_response([[1.0], [2.0], [3.0]]), "two or more periods"),
        (lambda: crossover_response(np.ones((4, 1)), np.ones((4, 2))), "periods of each kind"),
        (lambda: crossover_response(np.ones((4, 2)), np.ones((3, 2))), "the same subjects"),
        (lambda: cohen_kappa(["a"], ["a", "b"]), "two labels of each subject"),
        (lambda: fit_arm_variances([1.0, np.nan], np.ones((2, 1)), [1.0, 0.0]), "without missing values"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_designs_that_cannot_be_fitted_are_refused():
    arm = np.repeat([1.0, 0.0], 4)
    change = np.arange(8.0) ** 2
    with pytest.raises(DesignError, match="depend on each other"):
        fit_arm_variances(change, np.column_stack([np.ones(8), arm, 1.0 - arm]), arm)
    with pytest.raises(DesignError, match="degrees of freedom"):
        fit_arm_variances(change, np.column_stack([arm, 1.0 - arm, arm * change, arm * np.arange(8.0)]), arm)
