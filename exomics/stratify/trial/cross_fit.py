"""Cross-fitting: the benefit of each subject, and what it is judged by, from models fitted without him."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics.errors import DesignError
from exomics.stats.cross_validated_net import CrossValidatedNet, cross_validated_net
from exomics.stats.interactions import Family
from exomics.stats.treatment_effects import EffectModel, modified_covariates, r_learner, restricted_mean_values
from exomics.stratify.models.logistic import MedianImputer
from exomics.stratify.study.splits import folds

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Method = Literal["r_learner", "modified_covariates"]

METHODS: tuple[Method, ...] = ("r_learner", "modified_covariates")
INNER_FOLDS = 5
FEWEST = 10  # subjects of each outcome in each arm
_LEAST_PROPENSITY = 0.05
_NETS = {"linear": "gaussian", "logistic": "binomial", "cox": "cox"}


class TrialData(NamedTuple):
    """A trial as arrays: features (n_samples, n_features), NaN where missing; every other array (n_samples, ...).

    ``gain`` is the outcome as a number of which more is better, by which predictions are judged; ``fitted`` the outcome
    as its ``family`` fits it: `gain`, or (n_samples, 2) time and event. ``horizon`` is that of the gain of survival.
    """

    features: FloatArray
    arm: FloatArray
    gain: FloatArray
    fitted: FloatArray
    family: Family
    groups: IntArray
    horizon: float | None


class CrossFitted(NamedTuple):
    """What models without a subject say of him; every field has shape (n_samples,).

    ``rank`` is the position of the score among those of its fold: 1 is the largest, equal scores share theirs.
    """

    fold: IntArray
    score: FloatArray
    rank: FloatArray
    expected: FloatArray
    propensity: FloatArray


def cross_fit(trial: TrialData, method: Method, *, randomized: bool, n_folds: int, seed: int) -> CrossFitted:
    """Scores and nuisances of every subject by models of the other folds."""
    strata = _strata(trial)
    result = CrossFitted(np.zeros(len(trial.arm), dtype=np.int64), *(np.full(len(trial.arm), np.nan) for _ in range(4)))
    for number, (train, test) in enumerate(folds(strata, trial.groups, n_folds=n_folds, seed=seed)):
        inner = np.empty(len(train), dtype=np.int64)
        for at, part in enumerate(folds(strata[train], trial.groups[train], n_folds=INNER_FOLDS, seed=seed)):
            inner[part.test] = at
        imputer = MedianImputer().fit(trial.features[train])
        x = imputer.transform(trial.features)
        found = _fitted(trial, x, (train, inner), method, randomized)
        result.fold[test] = number
        for kept, values in zip(result[1:], (found[0], _rank(found[0][test]), *found[1:]), strict=True):
            kept[test] = values if len(values) == len(test) else values[test]
    return result


def _fitted(
    trial: TrialData, x: FloatArray, training: tuple[IntArray, IntArray], method: Method, randomized: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score, expected outcome and propensity of all samples by models of the training samples."""
    train, inner = training
    arm, gain = trial.arm, _training_gain(trial, train)
    binary = trial.family == "logistic"
    net = cross_validated_net(x[train], gain, inner, family="binomial" if binary else "gaussian")
    expected = _every(net, x, train, binary)
    propensity = np.full(len(arm), arm[train].mean())
    if not randomized:
        net = cross_validated_net(x[train], arm[train], inner, family="binomial")
        propensity = np.clip(_every(net, x, train, True), _LEAST_PROPENSITY, 1.0 - _LEAST_PROPENSITY)
    model: EffectModel
    if method == "r_learner":
        model = r_learner(x[train], gain, arm[train], inner, (expected[train], propensity[train]))
    else:
        family = _NETS[trial.family]
        model = modified_covariates(
            x[train], trial.fitted[train], arm[train], inner, propensity[train], family=family  # type: ignore[arg-type]
        )  # fmt: skip
    return model.predict(x), expected, propensity


def survival_gain(follow_up: FloatArray, arm: FloatArray, *, horizon: float) -> FloatArray:
    """Jackknife values (n_samples,) of the restricted mean, arm by arm, of follow-up (n_samples, 2)."""
    gain = np.empty(len(arm))
    for code in (0.0, 1.0):
        rows = arm == code
        gain[rows] = restricted_mean_values(*follow_up[rows].T, horizon=horizon)
    return gain


def _training_gain(trial: TrialData, train: IntArray) -> FloatArray:
    """Gain of the training samples; of survival from their follow-up alone, up to the horizon or the end of an arm."""
    if trial.horizon is None:
        return trial.gain[train]
    follow_up, arm = trial.fitted[train], trial.arm[train]
    last = min(float(follow_up[arm == code, 0].max()) for code in (0.0, 1.0))
    return survival_gain(follow_up, arm, horizon=min(trial.horizon, last))


def _every(net: CrossValidatedNet, x: FloatArray, train: IntArray, binary: bool) -> FloatArray:
    """Predictions of all samples; of the training samples by the models without them."""
    predictor = net.predict(x)
    predictor[train] = net.out_of_fold
    return np.asarray(special.expit(predictor)) if binary else predictor


def _strata(trial: TrialData) -> IntArray:
    """Arm, and outcome where it is one of two, which folds balance; each must be there often enough."""
    outcome = np.zeros(len(trial.arm))
    if trial.family == "logistic":
        outcome = trial.gain
    elif trial.family == "cox":
        outcome = trial.fitted[:, 1]
    strata = (2.0 * trial.arm + outcome).astype(np.int64)
    expected = (0, 2) if trial.family == "linear" else (0, 1, 2, 3)
    counts = [int((strata == one).sum()) for one in expected]
    if min(counts) < FEWEST:
        what = "subjects in each arm" if trial.family == "linear" else "subjects with and without the event in each arm"
        raise DesignError(
            f"benefit scores need {FEWEST} {what}; got {', '.join(map(str, counts))}. Report interactions instead."
        )
    return strata


def _rank(score: FloatArray) -> FloatArray:
    """Share of the fold at or below each score, equal ones in the middle, in (0, 1)."""
    ordered = np.sort(score)
    below, upto = (np.searchsorted(ordered, score, side=side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2.0 * len(score)))
