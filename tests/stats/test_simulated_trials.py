"""Simulated trials: closed forms, the models of one trial at a time, and the level under no effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from exomics.errors import InputError
from exomics.stats import simulated_trials
from exomics.stats._trial_fits import fit_cox, fit_linear, fit_logistic
from exomics.stats.interactions import interaction_screen
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stats.power_estimates import PowerEstimate, estimate_power, require_size
from exomics.stats.simulated_trials import TrialModel, simulate_response_trials, simulate_trials

N_TRIALS = 4000


def _power(model: TrialModel, n: int, seed: int = 1) -> float:
    found = simulate_trials(model, n, n_trials=N_TRIALS, generator=np.random.default_rng(seed))
    return estimate_power(found.p_value).power


def _within(power: float, exact: float, slack: float = 0.0) -> bool:
    return bool(abs(power - exact) < 4.0 * np.sqrt(exact * (1.0 - exact) / N_TRIALS) + slack)


@pytest.mark.parametrize(("effect", "n"), [(0.5, 128), (0.8, 40), (0.2, 100)])
def test_a_difference_of_means_has_the_power_of_the_t_test(effect: float, n: int) -> None:
    critical = stats.t.isf(0.025, n - 2)
    shift = effect * np.sqrt(n) / 2.0
    exact = stats.nct.sf(critical, n - 2, shift) + stats.nct.cdf(-critical, n - 2, shift)
    assert _within(_power(TrialModel("continuous", effect), n), exact)


def test_unequal_arms_and_dropout_cost_what_they_should() -> None:
    model = TrialModel("continuous", 0.5, share_trained=0.25, dropout=0.2)
    critical = stats.t.isf(0.025, 158)
    exact = stats.nct.sf(critical, 158, 0.5 * np.sqrt(160 * 0.25 * 0.75))
    assert _within(_power(model, 200), exact)


@pytest.mark.parametrize(("interaction", "n"), [(False, 520), (True, 2080)])
def test_survival_has_the_power_of_schoenfelds_formula(interaction: bool, n: int) -> None:
    """Events needed: 4 (z_a + z_b)^2 / log(HR)^2 for an effect, four times as many for an interaction of that size."""
    model = TrialModel("survival", float(np.log(0.72)), interaction=interaction, control_rate=0.6)
    generator = np.random.default_rng(2)
    found = simulate_trials(model, n, n_trials=1000, generator=generator)
    quarter = 4.0 if interaction else 1.0
    exact = special.ndtr(np.sqrt(found.n_events / (4.0 * quarter)) * -np.log(0.72) - stats.norm.isf(0.025))
    assert abs(estimate_power(found.p_value).power - exact) < 0.05
    assert 0.75 < exact < 0.85


def test_odds_ratios_have_the_power_of_their_standard_error() -> None:
    expected = np.array([0.3, special.expit(special.logit(0.3) + np.log(2.0))])
    error = np.sqrt((1.0 / (200 * expected * (1.0 - expected))).sum())
    exact = special.ndtr(np.log(2.0) / error - stats.norm.isf(0.025))
    assert _within(_power(TrialModel("binary", float(np.log(2.0)), control_rate=0.3), 400), exact, slack=0.02)


@pytest.mark.parametrize("outcome", ["continuous", "binary", "survival"])
@pytest.mark.parametrize("prevalence", [0.5, None])
def test_no_interaction_is_found_as_often_as_the_level_says(outcome: str, prevalence: float | None) -> None:
    model = TrialModel(outcome, 0.0, True, 0.5, 0.7, prevalence, control_rate=0.5)  # type: ignore[arg-type]
    assert _within(_power(model, 160), 0.05, slack=0.01)


def test_an_interaction_of_the_same_size_needs_four_times_and_of_half_the_size_sixteen_times() -> None:
    same = _power(TrialModel("continuous", 0.8), 50)
    assert _within(_power(TrialModel("continuous", 0.8, interaction=True), 200), same, slack=0.03)
    assert _within(_power(TrialModel("continuous", 0.4, interaction=True), 800), same, slack=0.03)


@pytest.mark.parametrize("outcome", ["linear", "logistic", "cox"])
def test_batches_equal_fits_one_at_a_time(outcome: str) -> None:
    generator = np.random.default_rng(3)
    arm, marker = np.tile([0.0, 1.0], (5, 30)), generator.normal(size=(5, 60))
    marker = (marker - marker.mean(axis=1, keepdims=True)) / marker.std(axis=1, ddof=1, keepdims=True)
    design = np.stack([arm, marker, arm * marker], axis=2)
    full = np.concatenate([np.ones((5, 60, 1)), design], axis=2)
    signal = 0.5 * design.sum(axis=2)
    time, event = generator.exponential(np.exp(-signal)), (generator.random((5, 60)) < 0.7).astype(float)
    happened = (generator.random((5, 60)) < special.expit(signal)).astype(float)
    start = np.array([0.5, 0.5, 0.5])
    fits, outcomes = {
        "linear": lambda: (fit_linear(full, signal + event), list(signal + event)),
        "logistic": lambda: (fit_logistic(full, happened, np.array([0.0, *start])), list(happened)),
        "cox": lambda: (fit_cox(design, time, event, start), list(np.stack([time, event], axis=2))),
    }[outcome]()
    for trial, observed in enumerate(outcomes):
        one = interaction_screen(marker[trial], arm[trial], observed, family=outcome)  # type: ignore[arg-type]
        np.testing.assert_allclose(fits.coefficients[trial, -1], one.interaction, rtol=1e-6)
        np.testing.assert_allclose(fits.errors[trial, -1], one.standard_error, rtol=1e-5)


def test_what_separates_or_is_singular_has_no_p_value() -> None:
    arm = np.tile([0.0, 1.0], (2, 10))
    full = np.stack([np.ones((2, 20)), arm], axis=2)
    assert np.isnan(fit_logistic(full, arm, np.zeros(2)).coefficients).all()
    assert np.isnan(fit_linear(np.ones((2, 20, 2)), arm).errors).all()


@pytest.mark.parametrize("n_arm", [10, 20, 40, 100, 200])
@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_heterogeneity_has_the_power_of_the_f_test(n_arm: int, ratio: float) -> None:
    generator = np.random.default_rng(4)
    found = simulate_response_trials(ratio, 2 * n_arm, n_trials=N_TRIALS, share_trained=0.5, generator=generator)
    df = n_arm - 1
    exact = stats.f.sf(stats.f.isf(0.05, df, df) / (1.0 + ratio**2 / 2.0), df, df)
    assert _within(estimate_power(found.p_value).power, exact)


@pytest.mark.parametrize(("n_arm", "half", "whole"), [(40, 0.09, 0.32), (100, 0.13, 0.63), (200, 0.21, 0.88)])
def test_heterogeneity_agrees_with_the_table_of_the_field(n_arm: int, half: float, whole: float) -> None:
    """Power measured with a normal test of the same variances; in small arms that test is too cautious."""
    generator = np.random.default_rng(5)
    for ratio, recorded in ((0.5, half), (1.0, whole)):
        found = simulate_response_trials(ratio, 2 * n_arm, n_trials=N_TRIALS, share_trained=0.5, generator=generator)
        assert abs(estimate_power(found.p_value).power - recorded) < 0.04


def test_chunks_change_nothing_but_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TrialModel("continuous", 0.5)
    whole = simulate_trials(model, 60, n_trials=50, generator=np.random.default_rng(6)).p_value
    monkeypatch.setattr(simulated_trials, "_MOST_VALUES", 600)
    parts = simulate_trials(model, 60, n_trials=50, generator=np.random.default_rng(6)).p_value
    np.testing.assert_allclose(whole, parts, rtol=1e-9)


def test_many_markers_cost_power_as_benjamini_hochberg_does() -> None:
    generator = np.random.default_rng(7)
    p = 2.0 * special.ndtr(-np.abs(generator.normal(4.0, 1.0, 6000)))
    alone = estimate_power(p).power
    among = estimate_power(p, n_markers=1000, generator=generator)
    bonferroni = float(np.mean(p <= 0.05 / 1000))
    assert alone > among.power > bonferroni
    assert among.power - bonferroni < 0.03  # one true marker has little company
    company = estimate_power(p, n_markers=1000, n_true=50, generator=generator)
    assert company.power > among.power + 0.1


def test_discoveries_are_those_of_adjusted_p_values() -> None:
    generator = np.random.default_rng(8)
    true = generator.beta(0.05, 1.0, size=(3000, 3))
    families = np.concatenate([true, generator.random((3000, 37))], axis=1)
    adjusted = np.array([benjamini_hochberg(family)[:3] for family in families])
    beside = estimate_power(true.ravel(), n_markers=40, n_true=3, generator=generator)
    assert abs(beside.power - float((adjusted <= 0.05).mean())) < 4.0 * beside.standard_error


def test_intervals_of_power_cover_it() -> None:
    generator = np.random.default_rng(9)
    covered = []
    for _ in range(400):
        found = estimate_power(np.where(generator.random(300) < 0.8, 0.01, 0.5))
        covered.append(found.ci_low <= 0.8 <= found.ci_high)
    assert 0.92 <= np.mean(covered) <= 0.98
    none = estimate_power(np.ones(200))
    assert (none.power, none.ci_low) == (0.0, 0.0)
    assert 0.0 < none.ci_high < 0.03


def test_the_size_found_covers_the_exact_one() -> None:
    """Of the t test with an effect of 0.5: 128 subjects (127.5)."""
    generator = np.random.default_rng(10)

    def power_at(n: int) -> PowerEstimate:
        power = generator.binomial(1000, special.ndtr(0.25 * np.sqrt(n) - 1.96)) / 1000
        return PowerEstimate(power, float(np.sqrt(power * (1 - power) / 1000)), power, power)

    found = [require_size(power_at) for _ in range(200)]
    exact = ((special.ndtri(0.8) + 1.96) / 0.25) ** 2
    assert abs(np.mean([one.n_subjects for one in found]) - exact) < 2.0
    assert np.mean([one.ci_low <= exact <= one.ci_high for one in found]) > 0.88


def test_bad_input_is_refused() -> None:
    generator = np.random.default_rng(11)
    with pytest.raises(InputError, match="too few"):
        simulate_trials(TrialModel("continuous", 1.0, interaction=True), 6, n_trials=10, generator=generator)
    with pytest.raises(InputError, match="three subjects"):
        simulate_response_trials(1.0, 4, n_trials=10, share_trained=0.5, generator=generator)
    with pytest.raises(InputError, match="level in"):
        estimate_power([0.1], level=1.5)
    with pytest.raises(InputError, match="give a generator"):
        estimate_power([0.1], n_markers=5)
    with pytest.raises(InputError, match="between 0 and 1"):
        require_size(lambda n: PowerEstimate(0.5, 0.01, 0.4, 0.6), target=1.2)
    with pytest.raises(InputError, match="not reached by 64"):
        require_size(lambda n: PowerEstimate(0.5, 0.01, 0.4, 0.6), largest=64)
