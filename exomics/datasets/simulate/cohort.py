"""The patients: randomization, baseline traits, true response to training, VO2peak tests, who drops out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from exomics._checks import FloatArray
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.streams import stream

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """One entry per patient, in order of their ids.

    ``mitochondria`` is the muscle's mitochondrial program before training (SD units); ``true_effect`` the patient's own
    effect of training on VO2peak, had he or she trained (ml/kg/min); ``true_change`` what truly changed.
    """

    subject_id: tuple[str, ...]
    exercise: BoolArray
    female: BoolArray
    stage_four: BoolArray
    age: FloatArray
    mitochondria: FloatArray
    true_baseline: FloatArray
    true_effect: FloatArray
    true_change: FloatArray
    baseline_tests: FloatArray
    post_tests: FloatArray
    dropped_out: BoolArray

    @property
    def n_subjects(self) -> int:
        """Number of patients."""
        return len(self.subject_id)


def recruit(parameters: TrialParameters) -> Cohort:
    """Randomize the patients within sex, and draw what is known and unknown about them."""
    exercise, female = _randomize(parameters)
    n = exercise.size
    rng = stream(parameters.seed, "baseline")
    age = np.clip(np.round(rng.normal(61, 9, n)), 35, 85)
    stage_four = rng.random(n) < 0.5
    mitochondria = rng.standard_normal(n)
    true_baseline = parameters.vo2peak_mean + parameters.vo2peak_sd * rng.standard_normal(n)
    true_effect = _true_effects(parameters, female, mitochondria)
    drift = parameters.vo2peak_drift_sd * stream(parameters.seed, "drift").standard_normal(n)
    true_change = np.where(exercise, true_effect, 0.0) + drift
    error = parameters.vo2peak_typical_error * stream(parameters.seed, "tests").standard_normal((4, n))
    post = true_baseline + true_change + error[2 : 2 + parameters.post_tests]
    dropped_out = _dropouts(parameters, exercise, true_change)
    return Cohort(
        subject_id=tuple(f"P{number:0{max(3, len(str(n)))}d}" for number in range(1, n + 1)),
        exercise=exercise,
        female=female,
        stage_four=stage_four,
        age=age,
        mitochondria=mitochondria,
        true_baseline=true_baseline,
        true_effect=true_effect,
        true_change=true_change,
        baseline_tests=true_baseline + error[:2],
        post_tests=np.where(dropped_out, np.nan, post),
        dropped_out=dropped_out,
    )


def _randomize(parameters: TrialParameters) -> tuple[BoolArray, BoolArray]:
    """Arm and sex: both arms have the same number of women."""
    n, n_female = parameters.n_per_arm, round(parameters.n_per_arm * parameters.female_fraction)
    exercise = np.repeat([True, False], n)
    female = np.tile(np.arange(n) < n_female, 2)
    order = stream(parameters.seed, "randomization").permutation(2 * n)
    return exercise[order], female[order]


def _true_effects(parameters: TrialParameters, female: BoolArray, mitochondria: FloatArray) -> FloatArray:
    correlation = parameters.baseline_predictor_correlation
    own = stream(parameters.seed, "individual effect").standard_normal(female.size)
    standardized = correlation * mitochondria + np.sqrt(1 - correlation**2) * own
    mean = parameters.vo2peak_gain + parameters.sex_gain_difference * np.where(female, 0.5, -0.5)
    return np.asarray(mean + parameters.response_heterogeneity_sd * standardized)


def _dropouts(parameters: TrialParameters, exercise: BoolArray, true_change: FloatArray) -> BoolArray:
    if parameters.dropout_fraction in {0.0, 1.0}:
        return np.full(exercise.size, parameters.dropout_fraction == 1.0)
    expected = np.where(exercise, parameters.vo2peak_gain, 0.0)
    spread = max(np.hypot(parameters.vo2peak_drift_sd, parameters.response_heterogeneity_sd), 1e-9)
    log_odds = (
        logit(parameters.dropout_fraction)
        + parameters.dropout_control * ~exercise
        + parameters.dropout_per_gain * (expected - true_change) / spread
    )
    return np.asarray(stream(parameters.seed, "dropout").random(exercise.size) < expit(log_odds))
