"""Models of benefit and what they are judged by: definitions by hand, planted truth both ways, known integrals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from exomics.errors import InputError
from exomics.stats.arm_effects import arm_effect, difference_of_effects
from exomics.stats.benefit_accuracy import calibrate_benefit, concordance_for_benefit
from exomics.stats.cross_validated_net import cross_validated_net
from exomics.stats.elastic_net import elastic_net_path
from exomics.stats.ranked_benefit import rank_average_effect, uplift_curve
from exomics.stats.restricted_mean import restricted_mean
from exomics.stats.treatment_effects import effect_scores, modified_covariates, r_learner, restricted_mean_values

EXPECTED = Path(__file__).parents[1] / "parity" / "benefit_scores" / "expected"
FOLD = np.arange(400) // 2 % 5


def _trial(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, arm, and a signal in which the first feature modifies the benefit and the second only prognoses."""
    generator = np.random.default_rng(seed)
    x, arm = generator.normal(size=(400, 12)), np.tile([0.0, 1.0], 200)
    return x, arm, 1.5 * x[:, 0] * arm + 1.5 * x[:, 1] + 0.5 * arm


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


RESPONSES = {"gaussian": "change", "binomial": "class", "cox": ["time", "event"]}


@pytest.mark.parametrize("family", RESPONSES)
def test_cross_validated_nets_equal_those_of_r(family: str) -> None:
    inputs, frozen = _read("inputs.tsv"), _read("nets.tsv")
    frozen = frozen[frozen["model"] == family]
    x = inputs.loc[:, "X1":].to_numpy()  # type: ignore[misc]
    found = cross_validated_net(x, inputs[RESPONSES[family]], inputs["fold"], family=family)  # type: ignore[arg-type]
    assert found.penalty == pytest.approx(frozen["penalty"].iloc[0], rel=1e-6)
    values = frozen.groupby("kind")["value"]
    np.testing.assert_allclose(found.coefficients, values.get_group("coefficient"), atol=1e-4)
    held = pd.DataFrame({"ours": found.out_of_fold, "theirs": values.get_group("out_of_fold").to_numpy()})
    if family == "cox":  # whose predictors have no zero
        held -= held.groupby(inputs["fold"]).transform("mean")
    np.testing.assert_allclose(held["ours"], held["theirs"], atol=5e-3)


@pytest.mark.parametrize("model", ["gaussian", "binomial", "cox", "r_learner"])
def test_models_of_benefit_equal_those_of_r(model: str) -> None:
    inputs, frozen = _read("inputs.tsv"), _read("effects.tsv").set_index("model").loc[model].to_numpy(dtype=float)
    x, arm, fold = inputs.loc[:, "X1":].to_numpy(), inputs["arm"], inputs["fold"]  # type: ignore[misc]
    if model == "r_learner":
        nets = _read("nets.tsv").query("model == 'gaussian' and kind == 'out_of_fold'")
        left = inputs["change"] - nets["value"].to_numpy()
        found = r_learner(x, left / left.std(ddof=0), arm, fold, (left.mean() / left.std(ddof=0), 0.5))
    else:
        found = modified_covariates(x, inputs[RESPONSES[model]], arm, fold, 0.5, family=model)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.coefficients * x.std(axis=0), frozen[1:], atol=1e-3)
    assert found.average + found.coefficients @ x.mean(axis=0) == pytest.approx(frozen[0], abs=1e-3)


def test_the_penalty_is_that_of_the_least_held_out_squares() -> None:
    x, _, signal = _trial(1)
    y = signal + np.random.default_rng(1).normal(size=400)
    found = cross_validated_net(x, y, FOLD)
    grid = elastic_net_path(x, y, family="gaussian", penalties=30).penalties
    losses = np.zeros(30)
    for fold in range(5):
        out = fold == FOLD
        path = elastic_net_path(x[~out], y[~out], family="gaussian", penalties=grid)
        predicted = path.intercepts[:, None] + path.coefficients @ x[out].T
        losses += ((y[out] - predicted) ** 2).sum(axis=1)
    assert found.penalty == grid[losses.argmin()]
    assert float(((y - found.out_of_fold) ** 2).sum()) == pytest.approx(losses.min())


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_signal_is_kept_and_noise_is_left_out(family: str) -> None:
    x, _, signal = _trial(2)
    generator = np.random.default_rng(2)
    time = generator.exponential(np.exp(-signal))
    responses = {
        "binomial": (generator.random(400) < special.expit(signal)).astype(float),
        "cox": np.column_stack([np.minimum(time, 3.0), time < 3.0]),
    }
    found = cross_validated_net(x, responses[family], FOLD, family=family)  # type: ignore[arg-type]
    assert np.abs(found.coefficients).argmax() == 1
    shuffled = generator.permutation(responses[family])
    null = cross_validated_net(x, shuffled, FOLD, family=family)  # type: ignore[arg-type]
    assert np.abs(null.coefficients).max() < 0.25 * np.abs(found.coefficients).max()


@pytest.mark.parametrize("family", ["gaussian", "binomial", "cox"])
def test_modified_covariates_find_the_modifier_with_its_sign(family: str) -> None:
    x, arm, signal = _trial(3)
    generator = np.random.default_rng(3)
    outcomes = {
        "gaussian": signal + generator.normal(size=400),
        "binomial": (generator.random(400) < special.expit(signal)).astype(float),
        "cox": np.column_stack([generator.exponential(np.exp(signal)), np.ones(400)]),  # a long life is the gain
    }
    model = modified_covariates(x, outcomes[family], arm, FOLD, 0.5, family=family)  # type: ignore[arg-type]
    assert model.coefficients.argmax() == 0
    assert np.abs(model.coefficients).argmax() == 0
    assert np.corrcoef(model.predict(x), x[:, 0])[0, 1] > 0.6


def test_the_r_learner_has_the_planted_effect_and_no_prognosis() -> None:
    x, arm, signal = _trial(4)
    y = signal + np.random.default_rng(4).normal(size=400)
    net = cross_validated_net(x, y, FOLD)
    model = r_learner(x, y, arm, FOLD, (net.out_of_fold, 0.5))
    assert abs(model.coefficients[0] - 1.5) < 0.4
    assert np.abs(model.coefficients[1:]).max() < 0.35
    assert abs(model.predict(np.zeros((1, 12)))[0] - 0.5) < 0.35


def test_units_of_the_features_do_not_matter() -> None:
    x, arm, signal = _trial(5)
    plain = r_learner(x, signal, arm, FOLD, (0.0, 0.5))
    other = r_learner(1000.0 * x + 5.0, signal, arm, FOLD, (0.0, 0.5))
    np.testing.assert_allclose(other.predict(1000.0 * x + 5.0), plain.predict(x), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_effect_scores_average_to_the_effect_whatever_is_expected(share: float) -> None:
    generator = np.random.default_rng(6)
    arm = (generator.random(40_000) < share).astype(float)
    y = 2.0 * arm + generator.normal(size=40_000)
    for expected in (0.0, y.mean(), generator.normal(size=40_000)):
        found = effect_scores(y, arm, expected, share)
        assert abs(found.mean() - 2.0) < 4.0 * found.std() / 200.0


def test_jackknife_values_are_the_leave_one_out_differences_and_average_to_the_restricted_mean() -> None:
    generator = np.random.default_rng(7)
    time, event = generator.integers(1, 15, 30).astype(float), (generator.random(30) < 0.7).astype(float)
    event[time == time.max()] = 1.0
    values = restricted_mean_values(time, event, horizon=9.0)
    whole = restricted_mean(time, event, horizon=9.0).estimate
    for at in (0, 7, 29):
        without = restricted_mean(np.delete(time, at), np.delete(event, at), horizon=9.0).estimate
        assert values[at] == pytest.approx(30 * whole - 29 * without)
    free = restricted_mean_values(time, np.ones(30), horizon=9.0)
    np.testing.assert_allclose(free, np.minimum(time, 9.0))


def test_autoc_and_qini_have_their_integrals() -> None:
    """Of exponential effects ranked rightly TOC(q) = -log q: AUTOC is 1 and Qini 1/4; of wrong ranks they are 0."""
    generator = np.random.default_rng(8)
    effect = generator.exponential(size=40_000)
    for weighting, integral in (("autoc", 1.0), ("qini", 0.25)):
        right = rank_average_effect(effect, effect, weighting=weighting, n_resamples=5)  # type: ignore[arg-type]
        assert abs(right.estimate - integral) < 0.03
        wrong = rank_average_effect(generator.random(40_000), effect, weighting=weighting, n_resamples=5)  # type: ignore[arg-type]
        assert abs(wrong.estimate) < 0.03


def test_rates_equal_their_definition_on_small_data_with_ties() -> None:
    score, effect = np.array([3.0, 1.0, 3.0, 2.0, 0.0]), np.array([4.0, -1.0, 2.0, 0.5, 1.0])
    shared = np.array([3.0, 3.0, 0.5, -1.0, 1.0])
    toc = np.array([shared[: k + 1].mean() - effect.mean() for k in range(5)])
    assert rank_average_effect(score, effect, n_resamples=5).estimate == pytest.approx(toc.mean())
    qini = rank_average_effect(score, effect, weighting="qini", n_resamples=5).estimate
    assert qini == pytest.approx((toc * np.arange(1, 6) / 5).mean())
    curve = uplift_curve(score, effect, n_shares=6, n_resamples=5)
    np.testing.assert_allclose(curve.gain, np.append(0.0, np.cumsum(shared)) / 5)
    np.testing.assert_allclose(curve.at_random, np.linspace(0, 1, 6) * effect.mean())


def test_weights_of_the_bootstrap_are_those_of_repeated_samples() -> None:
    generator = np.random.default_rng(9)
    score, effect = generator.random(12), generator.normal(size=12)
    drawn = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), size=400)
    order = np.argsort(-score)
    by_hand = []
    for counts in drawn:
        repeated = np.repeat(effect[order], counts)
        groups = np.repeat(np.arange(12), counts)
        means = np.array([repeated[groups <= groups[k]].mean() for k in range(12)])  # ties share their effects
        by_hand.append((means - repeated.mean()).mean())
    found = rank_average_effect(score, effect, n_resamples=400, seed=3)
    assert found.standard_error == pytest.approx(np.std(by_hand, ddof=1))


def test_c_for_benefit_counts_pairs_of_pairs() -> None:
    generator = np.random.default_rng(10)
    score, outcome, arm = generator.random(16), generator.integers(0, 2, 16).astype(float), np.repeat([1.0, 0.0], 8)
    trained, control = np.argsort(score[:8]), 8 + np.argsort(score[8:])
    predicted, benefit = score[trained] + score[control], outcome[trained] - outcome[control]
    right = compared = 0.0
    for i in range(8):
        for j in range(i):
            if benefit[i] != benefit[j]:
                compared += 1.0
                right += (predicted[i] > predicted[j]) == (benefit[i] > benefit[j])
    assert concordance_for_benefit(score, outcome, arm, n_resamples=10).estimate == pytest.approx(right / compared)


def test_c_for_benefit_knows_benefit_from_prognosis() -> None:
    x, arm, signal = _trial(11)
    y = signal + np.random.default_rng(11).normal(size=400)
    modifier = concordance_for_benefit(x[:, 0], y, arm, n_resamples=100)
    prognosis = concordance_for_benefit(x[:, 1], y, arm, n_resamples=100)
    assert modifier.ci_low > 0.5
    assert prognosis.ci_low < 0.5 < prognosis.ci_high
    fewer = np.flatnonzero((arm == 1.0) | (np.arange(400) % 3 == 0))
    assert concordance_for_benefit(x[fewer, 0], y[fewer], arm[fewer], n_resamples=100).ci_low > 0.5


def test_calibration_tells_right_exaggerated_and_empty_predictions() -> None:
    generator = np.random.default_rng(12)
    benefit = generator.normal(size=2000)
    effect = benefit + generator.normal(0.0, 2.0, 2000)
    for factor, slope in ((1.0, 1.0), (2.0, 0.5)):
        found = calibrate_benefit(factor * benefit, effect).slope
        assert found.ci_low < slope < found.ci_high
        assert found.standard_error < 0.06
    nothing = calibrate_benefit(generator.normal(size=2000), effect).slope
    assert nothing.ci_low < 0.0 < nothing.ci_high
    assert np.isnan(calibrate_benefit(np.ones(20), effect[:20]).slope.ci_low)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Scores s, benefits s / 2 or none, arms at random: AUTOC is half the integral of phi(z_q) / q, C is simulated."""
    q = (np.arange(20_000) + 0.5) / 20_000
    autoc = 0.5 * float((np.exp(-(special.ndtri(q) ** 2) / 2.0) / np.sqrt(2.0 * np.pi) / q).mean())

    def trial(seed: int, n: int, slope: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        score, arm = generator.normal(size=n), np.tile([0.0, 1.0], n // 2)
        return score, arm, slope * score * arm + score + generator.normal(size=n)

    large = [concordance_for_benefit(s, y, w, n_resamples=2).estimate for s, w, y in
             (trial(seed, 2000, 0.5) for seed in range(40))]  # fmt: skip
    for slope, rate, concordance in ((0.0, 0.0, 0.5), (0.5, autoc, float(np.mean(large)))):
        covered = []
        for seed in range(300):
            score, arm, y = trial(seed, 160, slope)
            effect = effect_scores(y, arm, score, 0.5)
            rated = rank_average_effect(score, effect, n_resamples=200, seed=seed)
            paired = concordance_for_benefit(score, y, arm, n_resamples=100, seed=seed)
            covered.append([rated.ci_low <= rate <= rated.ci_high, paired.ci_low <= concordance <= paired.ci_high])
        assert ((np.mean(covered, axis=0) > 0.91) & (np.mean(covered, axis=0) < 0.99)).all(), np.mean(covered, axis=0)


def test_equal_scores_have_an_estimate_of_none_and_no_interval() -> None:
    effect, arm = np.arange(20.0), np.tile([0.0, 1.0], 10)
    rate = rank_average_effect(np.ones(20), effect)
    assert rate.estimate == pytest.approx(0.0)
    assert np.isnan(rate.ci_low)
    pairs = concordance_for_benefit(np.ones(20), effect, arm, n_resamples=20)
    assert pairs.estimate == 0.5
    assert np.isnan(pairs.ci_low)


def test_effects_of_arms_and_their_difference() -> None:
    generator = np.random.default_rng(13)
    arm = np.tile([0.0, 1.0], 100)
    events = (generator.random(200) < 0.3 + 0.3 * arm).astype(float)
    table = [[((arm == a) & (events == e)).sum() for e in (0, 1)] for a in (0, 1)]
    odds = np.log(table[1][1] * table[0][0] / (table[1][0] * table[0][1]))
    found = arm_effect(arm, events, family="logistic")
    assert found.estimate == pytest.approx(odds)
    assert found.standard_error == pytest.approx(np.sqrt((1.0 / np.array(table)).sum()))
    assert np.isnan(arm_effect(arm[:4], events[:4], family="logistic").estimate)
    assert np.isnan(arm_effect(arm, arm, family="logistic").estimate)
    assert difference_of_effects([1.0, 0.0, np.nan], [0.5, 0.5, 1.0]) == pytest.approx(2 * special.ndtr(-(2.0**0.5)))
    assert np.isnan(difference_of_effects([1.0, np.nan], [0.5, 0.5]))


def test_bad_input_is_refused() -> None:
    x = np.random.default_rng(14).normal(size=(20, 2))
    arm = np.tile([0.0, 1.0], 10)
    for arms, propensity, message in ((arm, 1.0, "strictly between"), (arm + 1.0, 0.5, "1 \\(trained\\)")):
        with pytest.raises(InputError, match=message):
            modified_covariates(x, x[:, 0], arms, np.arange(20) % 5, propensity)
        with pytest.raises(InputError, match=message):
            effect_scores(x[:, 0], arms, 0.0, propensity)
    with pytest.raises(InputError, match="one arm per row"):
        r_learner(x, x[:, 0], arm[:10], np.arange(20) % 5, (0.0, 0.5))
    with pytest.raises(InputError, match="two folds"):
        cross_validated_net(x, x[:, 0], np.zeros(20))
    for horizon in (5.0, -1.0):
        with pytest.raises(InputError, match="must reach the horizon"):
            restricted_mean_values([1.0, 2.0, 3.0], [1, 1, 1], horizon=horizon)
    with pytest.raises(InputError, match="one effect is needed"):
        rank_average_effect([1.0, 2.0], [1.0])
    with pytest.raises(InputError, match="known for every sample"):
        uplift_curve([1.0, np.nan], [1.0, 2.0])
    with pytest.raises(InputError, match="weighting"):
        rank_average_effect([1.0, 2.0], [1.0, 2.0], weighting="gini")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="four samples in each arm"):
        concordance_for_benefit([1.0, 2.0], [1.0, 2.0], [0, 1])
    with pytest.raises(InputError, match="one outcome is needed"):
        arm_effect([0, 1], [1.0], family="linear")
