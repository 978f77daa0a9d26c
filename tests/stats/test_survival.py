"""Survival analysis against R's survival, and on follow-up that breaks naive code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.survival import COX_STATUS, censor_at, concordance, cox_regression, cox_screen, kaplan_meier

EXPECTED = Path(__file__).parents[1] / "parity" / "survival" / "expected"
FEATURES = [f"x{j}" for j in range(1, 6)]


def read(name):
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def study():
    table = read("inputs.tsv")
    return table[FEATURES].to_numpy(), table["time"].to_numpy(), table["event"].to_numpy()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("adjusted", [False, True])
def test_screen_equals_coxph(study, ties, adjusted):
    x, time, event = study
    table = read("cox.tsv")
    expected = table[(table["ties"] == ties) & (table["adjusted"] == adjusted)]
    features = expected["feature"].to_numpy() - 1
    screen = cox_screen(x[:, features], time, event, ties=ties, adjust_for=x[:, [1, 2]] if adjusted else None)
    assert [COX_STATUS[code] for code in screen.status] == ["converged"] * len(expected)
    np.testing.assert_array_equal(screen.n_samples, expected["n"])
    np.testing.assert_array_equal(screen.n_events, expected["n_events"])
    for field, column in [("log_hazard_ratio", "log_hr"), ("standard_error", "se"), ("z", "z"), ("p_value", "p")]:
        np.testing.assert_allclose(getattr(screen, field), expected[column], rtol=1e-11, err_msg=field)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_five_covariates_equal_coxph(study, ties):
    x, time, event = study
    table = read("cox_five.tsv")
    expected = table[table["ties"] == ties]
    fit = cox_regression(x, time, event, ties=ties)
    assert fit.status == "converged"
    np.testing.assert_allclose(fit.log_hazard_ratio, expected["log_hr"], rtol=1e-11)
    covariance = expected[[column for column in expected if column.startswith("covariance")]]
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-11)
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"].iloc[0], rtol=1e-13)
    np.testing.assert_allclose(fit.null_log_likelihood, expected["null_log_likelihood"].iloc[0], rtol=1e-13)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_screen_equals_single_fits(study, ties):
    x, time, event = study
    screen = cox_screen(x, time, event, ties=ties)
    for j in range(5):
        fit = cox_regression(x[:, j], time, event, ties=ties)
        assert fit.n_samples == screen.n_samples[j]
        np.testing.assert_allclose(fit.log_hazard_ratio[0], screen.log_hazard_ratio[j], rtol=1e-10)
        np.testing.assert_allclose(fit.standard_error[0], screen.standard_error[j], rtol=1e-10)


def test_order_of_samples_and_units_do_not_matter(study):
    x, time, event = study
    order = np.random.default_rng(0).permutation(time.size)
    one = cox_screen(x, time, event)
    other = cox_screen(x[order] * 1e6 + 1e5, time[order] * 30.0, event[order])
    np.testing.assert_allclose(one.log_hazard_ratio, other.log_hazard_ratio * 1e6, rtol=1e-8)
    np.testing.assert_allclose(one.z, other.z, rtol=1e-8)


def test_times_that_differ_by_rounding_are_tied(study):
    x, time, event = study
    jitter = 1e-11 * np.random.default_rng(1).random(time.size)
    one, other = cox_screen(x, time, event), cox_screen(x, time + jitter, event)
    np.testing.assert_array_equal(one.log_hazard_ratio, other.log_hazard_ratio)


def test_monotone_likelihood_is_reported():
    time, event = np.arange(1.0, 9.0), np.ones(8)
    x = np.column_stack([-time, time, np.r_[1.0, np.zeros(7)], [3, 1, 2, 5, 4, 8, 6, 7]])
    screen = cox_screen(x, time, event)
    statuses = [COX_STATUS[code] for code in screen.status]
    assert statuses[:2] == ["monotone_likelihood"] * 2
    np.testing.assert_array_equal(screen.log_hazard_ratio[:2], [np.inf, -np.inf])
    assert np.isnan(screen.p_value[:2]).all()
    assert statuses[2:] == ["monotone_likelihood", "converged"]
    assert cox_regression(x[:, :1], time, event).status == "monotone_likelihood"
    assert cox_regression(x[:, [0, 3]], time, event).status == "monotone_likelihood"
    adjusted = cox_screen(x[:, [0, 3]], time, event, adjust_for=[1.0, 0, 1, 0, 1, 0, 1, 0])
    assert COX_STATUS[adjusted.status[0]] == "monotone_likelihood"
    assert np.isnan(adjusted.log_hazard_ratio[0])


def test_degenerate_features_have_a_status():
    time, event = np.array([4.0, 3, 2, 1]), np.array([1.0, 0, 1, 1])
    x = np.column_stack([np.ones(4), [np.nan] * 4, [1.0, np.nan, 2.0, 1.5], [0.3, 0.1, 0.4, 0.2]])
    x[[0, 2, 3], 2] = [np.nan, np.nan, np.nan]
    statuses = [COX_STATUS[code] for code in cox_screen(x, time, event).status]
    assert statuses == ["constant", "no_events", "no_events", "converged"]
    assert [COX_STATUS[code] for code in cox_screen(x, time, np.zeros(4)).status] == ["no_events"] * 4
    assert cox_regression(x[:, 0], time, event).status == "constant"
    assert cox_regression(x[:, 3], time, np.zeros(4)).status == "no_events"


def test_dependent_covariates_are_singular(study):
    x, time, event = study
    fit = cox_regression(np.column_stack([x[:, 2], 2.0 * x[:, 2] + 1.0]), time, event)
    assert fit.status == "singular"
    assert np.isnan(fit.log_hazard_ratio).all()
    screen = cox_screen(x[:, [2]], time, event, adjust_for=x[:, [2]])
    assert COX_STATUS[screen.status[0]] == "singular"


def test_extreme_values_do_not_overflow():
    rng = np.random.default_rng(2)
    x = rng.standard_t(1, (60, 20)) * 1e8
    screen = cox_screen(x, rng.exponential(size=60), rng.integers(0, 2, 60))
    converged = screen.status == COX_STATUS.index("converged")
    assert converged.sum() >= 18
    assert np.isfinite(screen.p_value[converged]).all()


def test_concordance_equals_survival(study):
    x, time, event = study
    expected = read("concordance.tsv")
    for j, row in expected.iterrows():
        ours = concordance(x[:, j], time, event)
        assert ours.estimate == pytest.approx(row["estimate"], rel=1e-13)
        assert ours.standard_error == pytest.approx(row["se"], rel=1e-12)
        assert (ours.n_concordant, ours.n_discordant, ours.n_tied) == tuple(
            row[["concordant", "discordant", "tied.x"]].astype(int)
        )


def test_concordance_without_comparable_pairs_is_missing():
    assert np.isnan(concordance([1.0, 2.0], [1.0, 2.0], [0, 0]).estimate)


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
def test_kaplan_meier_equals_survfit(study, interval):
    _, time, event = study
    table = read("kaplan_meier.tsv")
    expected = table[table["interval"] == interval]
    curve = kaplan_meier(time, event, interval=interval)
    columns = ["time", "n_at_risk", "n_events", "n_censored", "survival", "se", "low", "high"]
    for ours, column in zip(curve, columns, strict=True):
        np.testing.assert_array_equal(np.isnan(ours), expected[column].isna(), err_msg=column)
        np.testing.assert_allclose(ours, expected[column], rtol=1e-12, err_msg=column)


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
def test_kaplan_meier_to_the_last_death(interval):
    curve = kaplan_meier([1.0, 2.0, 3.0], [0, 1, 1], interval=interval)
    np.testing.assert_allclose(curve.survival, [1.0, 0.5, 0.0])
    assert curve.ci_low[0] == curve.ci_high[0] == 1.0
    assert np.isnan(curve.standard_error[2])


def test_censoring_at_a_horizon():
    time, event = censor_at([1.0, 36.0, 36.5, np.nan, 50.0], [1, 1, 1, 1, 0], 36.0)
    np.testing.assert_array_equal(time, [1.0, 36.0, 36.0, np.nan, 36.0])
    np.testing.assert_array_equal(event, [1, 1, 0, 1, 0])


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1.0, -2.0], [1, 0], "must not be negative"),
        ([1.0, 2.0], [1, 2], "must be 1"),
        ([1.0, 2.0], [1], "one length"),
    ],
)
def test_malformed_follow_up_is_refused(time, event, message):
    for call in (
        lambda: cox_screen(np.zeros((2, 1)), time, event),
        lambda: cox_regression(np.zeros(2), time, event),
        lambda: concordance(np.zeros(2), time, event),
        lambda: kaplan_meier(time, event),
        lambda: censor_at(time, event, 12.0),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_wrong_options_are_refused():
    with pytest.raises(InputError, match="'efron' or 'breslow'"):
        cox_regression([1.0, 2.0], [1.0, 2.0], [1, 1], ties="exact")
    with pytest.raises(InputError, match="one row per follow-up time"):
        cox_screen(np.zeros((3, 2)), [1.0, 2.0], [1, 1])
    with pytest.raises(InputError, match="samples x features"):
        cox_screen(np.zeros(2), [1.0, 2.0], [1, 1])
    with pytest.raises(InputError, match="horizon must be positive"):
        censor_at([1.0], [1], 0.0)
    with pytest.raises(InputError, match="interval must be"):
        kaplan_meier([1.0], [1], interval="arcsin")
    with pytest.raises(InputError, match="one per follow-up time"):
        concordance([1.0], [1.0, 2.0], [1, 1])
