"""Prognostic accuracy and utility against R's survival and plain formulas, and planted truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.calibration import binary_calibration, survival_calibration
from exomics.stats.competing_risks import cumulative_incidence
from exomics.stats.cox_process import cox_process, firth_limits
from exomics.stats.kaplan_meier import kaplan_meier
from exomics.stats.landmark import landmark, split_at_exposure
from exomics.stats.net_benefit import net_benefit, reclassification
from exomics.stats.restricted_mean import restricted_mean, restricted_mean_difference
from exomics.stats.survival import cox_regression
from exomics.stats.survival_accuracy import auc_at, brier_scores, censoring_survival, uno_concordance

EXPECTED = Path(__file__).parents[1] / "parity" / "survival_accuracy" / "expected"
HORIZON = 5.0


def read(name):
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def study():
    return read("inputs.tsv")


@pytest.fixture(scope="module")
def scalar():
    return read("scalars.tsv").set_index("quantity")["value"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_intervals_equal_coxph(study, ties):
    expected = read("cox_process.tsv").query("ties == @ties")
    x = study[["x1", "x2"]]
    fit = cox_process(x, study["time"], study["event"], start=study["start"], ties=ties)
    np.testing.assert_allclose(fit.log_hazard_ratio, expected["log_hr"], rtol=1e-9)
    np.testing.assert_allclose(fit.standard_error, expected["se"], rtol=1e-9)
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"].iloc[0], rtol=1e-12)
    np.testing.assert_allclose(fit.null_log_likelihood, expected["null_log_likelihood"].iloc[0], rtol=1e-12)
    plain, whole = (
        cox_process(x, study["time"], study["event"], ties=ties),
        cox_regression(x, study["time"], study["event"], ties=ties),
    )
    np.testing.assert_allclose(plain.log_hazard_ratio, whole.log_hazard_ratio, rtol=1e-9)
    np.testing.assert_allclose(plain.covariance, whole.covariance, rtol=1e-8)


def test_firth_equals_the_maximized_formula():
    few, expected = read("firth_inputs.tsv"), read("firth.tsv")
    x = few[["x1", "x2"]]
    fit = cox_process(x, few["time"], few["event"], ties="breslow", firth=True)
    np.testing.assert_allclose(fit.log_hazard_ratio, expected["log_hr"], rtol=1e-5)
    np.testing.assert_allclose(fit.standard_error, expected["se"], rtol=1e-5)
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"].iloc[0], rtol=1e-10)
    limits = firth_limits(x, few["time"], few["event"], ties="breslow")
    np.testing.assert_allclose(limits.ci_low, expected["low"], rtol=1e-5)
    np.testing.assert_allclose(limits.ci_high, expected["high"], rtol=1e-5)
    np.testing.assert_allclose(limits.p_value, expected["p"], rtol=1e-5)


def test_firth_is_finite_where_the_likelihood_is_monotone():
    x, time = np.repeat([0.0, 1.0], 6), np.arange(12.0, 0.0, -1.0)
    event = np.repeat([0.0, 1.0], 6)
    assert cox_process(x, time, event).status == "monotone_likelihood"
    fit = cox_process(x, time, event, firth=True)
    assert fit.status == "converged"
    limits = firth_limits(x, time, event)
    assert 0.0 < limits.ci_low[0] < fit.log_hazard_ratio[0] < limits.ci_high[0] < np.inf
    assert limits.p_value[0] < 0.01


def test_incidence_equals_survfit(study):
    expected, found = read("incidence.tsv"), cumulative_incidence(study["time"], study["cause"])
    np.testing.assert_array_equal(found.time, expected["time"])
    np.testing.assert_array_equal(found.n_at_risk, expected["n_at_risk"])
    np.testing.assert_allclose(found.incidence, expected[["incidence_1", "incidence_2"]], rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, expected[["se_1", "se_2"]], rtol=1e-10, atol=1e-15)
    curve = kaplan_meier(study["time"], study["event"])
    np.testing.assert_allclose(1.0 - found.incidence.sum(axis=1), curve.survival, rtol=1e-10, atol=1e-12)
    alone = kaplan_meier(study["time"], study["cause"] == 1)  # a world without the other cause
    assert (1.0 - alone.survival[-1]) > found.incidence[-1, 0]


def test_restricted_means_equal_survfit(study):
    expected = read("restricted_mean.tsv").set_index("arm")
    means = {}
    for arm in (0, 1):
        part = study[study["x2"] == arm]
        means[arm] = restricted_mean(part["time"], part["event"], horizon=8.0)
        np.testing.assert_allclose(means[arm][:2], expected.loc[arm], rtol=1e-12)
    both = restricted_mean_difference(study["time"], study["event"], study["x2"], horizon=8.0)
    assert both.estimate == pytest.approx(means[1].estimate - means[0].estimate)
    assert both.ci_low < both.estimate < both.ci_high
    swapped = restricted_mean_difference(study["time"], study["event"], 1 - study["x2"], horizon=8.0)
    assert swapped.estimate == pytest.approx(-both.estimate)
    assert swapped.p_value == pytest.approx(both.p_value)


def test_the_interval_of_a_restricted_mean_holds_its_level():
    rng = np.random.default_rng(0)
    true = 1.0 - np.exp(-1.0)  # of an exponential up to 1
    died, lost = rng.exponential(size=(600, 80)), rng.uniform(0.5, 3.0, (600, 80))
    lost[:, :10] = 3.0
    inside = []
    for one, censored in zip(died, lost, strict=True):
        found = restricted_mean(np.minimum(one, censored), one <= censored, horizon=1.0)
        inside.append(found.ci_low <= true <= found.ci_high)
    assert 0.92 <= np.mean(inside) <= 0.98


def test_concordance_and_auc_equal_the_references(study, scalar):
    risk, time, event = study["risk"], study["time"], study["event"]
    assert uno_concordance(risk, time, event) == pytest.approx(scalar["uno"], rel=1e-12)
    assert uno_concordance(risk, time, event, horizon=HORIZON) == pytest.approx(scalar["uno_5"], rel=1e-12)
    assert auc_at(risk, time, event, horizon=5.0) == pytest.approx(scalar["auc_5"], rel=1e-12)
    assert auc_at(risk, time, event, horizon=8.0) == pytest.approx(scalar["auc_8"], rel=1e-12)
    assert auc_at(-risk, time, event, horizon=8.0) == pytest.approx(1.0 - scalar["auc_8"], rel=1e-12)


def test_uno_does_not_depend_on_the_censoring():
    rng = np.random.default_rng(1)
    risk = rng.normal(size=4000)
    died = rng.exponential(1.0 / np.exp(risk))
    whole = uno_concordance(risk, died, np.ones(4000), horizon=1.0)
    lost = rng.uniform(0.0, 2.5, 4000)
    half = uno_concordance(risk, np.minimum(died, lost), died <= lost, horizon=1.0)
    assert half == pytest.approx(whole, abs=0.01)


def test_brier_scores_equal_the_references(study):
    expected = read("brier.tsv")
    survival = (1.0 - study["risk"].to_numpy())[:, None] ** (expected["time"].to_numpy() / HORIZON)
    found = brier_scores(survival, study["time"], study["event"], horizons=expected["time"])
    np.testing.assert_allclose(found.score, expected["score"], rtol=1e-12)
    np.testing.assert_allclose(found.reference, expected["reference"], rtol=1e-12)
    assert found.scaled == pytest.approx(1.0 - found.integrated / found.integrated_reference)


def test_binary_calibration_equals_glm_and_lowess(study, scalar):
    found = binary_calibration(study["risk"], study["label"])
    for name in ("intercept", "slope", "ici", "e50", "e90"):
        assert getattr(found, name) == pytest.approx(scalar[name], rel=1e-9), name
    assert found.intercept_error == pytest.approx(scalar["intercept_se"], rel=1e-9)
    assert found.slope_error == pytest.approx(scalar["slope_se"], rel=1e-7)


def test_survival_calibration_equals_coxph_and_splines(study, scalar):
    found = survival_calibration(study["risk"], study["time"], study["event"], horizon=HORIZON)
    assert found.slope == pytest.approx(scalar["survival_slope"], rel=1e-9)
    assert found.slope_error == pytest.approx(scalar["survival_slope_se"], rel=1e-9)
    assert found.ici == pytest.approx(scalar["survival_ici"], rel=1e-7)
    assert found.e90 == pytest.approx(scalar["survival_e90"], rel=1e-7)
    assert found.observed_risk == pytest.approx(scalar["observed"], rel=1e-12)
    limits = np.array([found.ratio_low, found.ratio_high]) * study["risk"].mean()
    np.testing.assert_allclose(limits, scalar[["observed_low", "observed_high"]], rtol=1e-9)


def test_calibration_tells_right_from_extreme_predictions():
    rng = np.random.default_rng(3)
    logit = rng.normal(-0.5, 1.0, 6000)
    outcome = rng.random(6000) < 1.0 / (1.0 + np.exp(-logit))
    right = binary_calibration(1.0 / (1.0 + np.exp(-logit)), outcome)
    extreme = binary_calibration(1.0 / (1.0 + np.exp(-2.0 * logit)), outcome)
    assert right.slope == pytest.approx(1.0, abs=3 * right.slope_error)
    assert right.intercept == pytest.approx(0.0, abs=3 * right.intercept_error)
    assert extreme.slope == pytest.approx(0.5, abs=3 * extreme.slope_error)
    assert right.ici < 0.03 < extreme.ici


def test_net_benefit_equals_the_plain_formula(study, scalar):
    cuts = [0.2, 0.5]
    binary = net_benefit(study["risk"], study["label"], thresholds=cuts)
    survival = net_benefit(study["risk"], study["event"], thresholds=cuts, time=study["time"], horizon=HORIZON)
    for at, cut in enumerate(cuts):
        assert binary.model[at] == pytest.approx(scalar[f"binary_{cut}"], rel=1e-12)
        assert survival.model[at] == pytest.approx(scalar[f"survival_{cut}"], rel=1e-12)
    nobody_lost = net_benefit(
        study["risk"], study["label"], thresholds=cuts, time=np.where(study["label"] == 1, 1.0, 9.0), horizon=HORIZON
    )
    np.testing.assert_allclose(nobody_lost.model, binary.model, rtol=1e-12)


def test_reclassification_equals_the_plain_formula_and_flatters_a_useless_marker(study, scalar):
    found = reclassification(study["risk"], study["second"], study["label"])
    assert found.nri == pytest.approx(scalar["nri"], rel=1e-12)
    assert found.idi == pytest.approx(scalar["idi"], rel=1e-12)
    same = reclassification(study["risk"], study["risk"], study["label"], cuts=[0.3, 0.6])
    assert (same.nri, same.idi) == (0.0, 0.0)


def test_immortal_time_is_gained_by_naive_adherence_and_by_neither_right_way():
    rng = np.random.default_rng(5)
    time = rng.exponential(10.0, 600)
    reached = rng.uniform(0.0, 12.0, 600)
    begun = np.where(reached < time, reached, np.nan)  # adherence has no effect: who lives longer reaches it
    event = np.ones(600)
    naive = cox_regression(np.isfinite(begun).astype(float), time, event)
    assert naive.log_hazard_ratio[0] < -0.5
    assert naive.p_value[0] < 1e-6
    parts = split_at_exposure(time, event, begun)
    changing = cox_process(parts.exposed, parts.stop, parts.event, start=parts.start)
    late = landmark(time, event, begun, at=4.0)
    fixed = cox_regression(late.exposed, late.time, late.event)
    for right in (changing, fixed):
        assert abs(right.log_hazard_ratio[0]) < 2.5 * right.standard_error[0]


def test_splitting_alone_changes_nothing(study):
    rng = np.random.default_rng(2)
    parts = split_at_exposure(study["time"], study["event"], rng.uniform(0.0, 10.0, len(study)))
    assert parts.event.sum() == study["event"].sum()
    assert (parts.stop - parts.start).sum() == pytest.approx(study["time"].sum())
    x = study["x1"].to_numpy()
    split = cox_process(x[parts.sample], parts.stop, parts.event, start=parts.start)
    whole = cox_process(x, study["time"], study["event"])
    np.testing.assert_allclose(split.log_hazard_ratio, whole.log_hazard_ratio, rtol=1e-9)


TIME, EVENT = [1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cox_process([1.0], TIME, EVENT), "one row each"),
        (lambda: cox_process(TIME, TIME, EVENT, start=TIME), "4 intervals end before they begin"),
        (lambda: cox_process(TIME, TIME, EVENT, ties="exact"), "efron"),
        (lambda: cumulative_incidence(TIME, [0, 0, 0, 0]), "no sample has an event"),
        (lambda: cumulative_incidence(TIME, [0.5, 1, 0, 0]), "0 .censored., 1, 2"),
        (lambda: cumulative_incidence([-1.0, 2.0, 3.0, 4.0], EVENT), "not be negative"),
        (lambda: restricted_mean(TIME, EVENT, horizon=9.0), "follow-up ends at 4, before the horizon 9"),
        (lambda: restricted_mean_difference(TIME, EVENT, [1, 1, 1, 1], horizon=2.0), "two arms"),
        (lambda: uno_concordance([1.0], TIME, EVENT), "4 entries"),
        (lambda: brier_scores(np.ones((4, 1)) * 2.0, TIME, EVENT, horizons=[2.0]), "probabilities"),
        (lambda: brier_scores(np.ones((4, 1)), TIME, EVENT, horizons=[9.0]), "nobody is followed beyond 9"),
        (lambda: brier_scores(np.ones((4, 2)), TIME, EVENT, horizons=[2.0, 1.0]), "ascending"),
        (lambda: binary_calibration([0.2, 1.0], [0, 1]), "strictly between 0 and 1"),
        (lambda: binary_calibration([0.2, 0.4], [1, 1]), "with and without the outcome"),
        (lambda: binary_calibration([0.2, 0.4], [1, 2]), "0 or 1"),
        (lambda: survival_calibration([0.2] * 4, TIME, EVENT, horizon=9.0), "somebody followed as long"),
        (lambda: net_benefit([0.2], [1], thresholds=[0.0]), "strictly between 0 and 1"),
        (lambda: net_benefit([0.2], [1], thresholds=[0.1], horizon=3.0), "go together"),
        (lambda: net_benefit([1.2], [1], thresholds=[0.1]), "probabilities"),
        (lambda: reclassification([0.2, 0.3], [0.2, 0.3], [1, 1]), "with and without"),
        (lambda: landmark(TIME, EVENT, TIME, at=9.0), "nobody is followed beyond the landmark 9"),
        (lambda: landmark(TIME, EVENT, [1.0], at=1.0), "one start of exposure"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_without_pairs_there_is_no_number():
    assert np.isnan(uno_concordance([1.0, 2.0], [1.0, 2.0], [0, 0]))
    assert np.isnan(auc_at([1.0, 2.0], [1.0, 2.0], [0, 0], horizon=3.0))
    assert cox_process([1.0, 2.0], [1.0, 2.0], [0, 0]).status == "no_events"
    assert cox_process([1.0, 1.0], [1.0, 2.0], [1, 1]).status == "constant"
    assert censoring_survival([1.0, 2.0], [1, 1], [5.0]).tolist() == [1.0]
