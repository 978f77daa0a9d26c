"""Models of the benefit itself: modified covariates and the R-learner, and the effect scores they are judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._elastic_net_inputs import Family
from exomics.stats._follow_up import checked_follow_up
from exomics.stats.cross_validated_net import cross_validated_net

__all__ = ["EffectModel", "effect_scores", "modified_covariates", "r_learner", "restricted_mean_values"]

FloatArray = NDArray[np.float64]


class EffectModel(NamedTuple):
    """Benefit of a sample: ``average + x @ coefficients``, shape (n_features,), x in the units of the features."""

    average: float
    coefficients: FloatArray

    def predict(self, features: ArrayLike) -> FloatArray:
        """Benefit, shape (n_samples,), of `features` (n_samples, n_features)."""
        return np.asarray(self.average + np.asarray(features, dtype=np.float64) @ self.coefficients)


def modified_covariates(
    features: ArrayLike,
    outcome: ArrayLike,
    arm: ArrayLike,
    fold: ArrayLike,
    propensity: ArrayLike,
    *,
    family: Family = "gaussian",
) -> EffectModel:
    """Model the benefit without a model of prognosis: ``g(outcome) = a + (arm - propensity) (b + x c)``.

    An elastic net over ``(arm - propensity) x``; the average effect ``b`` is not penalized.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    outcome
        As `exomics.stats.elastic_net.elastic_net_path`; more is better, for ``cox`` later is.
    arm
        (n_samples,) 1 trained, 0 control.
    fold
        (n_samples,) folds of the choice of the penalty.
    propensity
        (n_samples,) or one number: probability of the trained arm.
    family
        ``gaussian``, ``binomial`` or ``cox``.

    Returns
    -------
    EffectModel
        In units of the outcome, log odds, or fall of the log hazard.

    Raises
    ------
    InputError
        If an arm is not 0 or 1, a propensity not in (0, 1), or as `elastic_net_path`.

    Notes
    -----
    Tian, Alizadeh, Gentles and Tibshirani (2014), doi:10.1080/01621459.2014.951443, where arms are equal and
    ``arm - 1/2`` is their T / 2; for other propensities the A-learning form of Chen, Tian, Cai and Yu (2017),
    doi:10.1111/biom.12676. Prognosis goes into the error, so what only prognoses has no coefficient, but adds noise.

    Examples
    --------
    >>> x, arm = np.random.default_rng(1).normal(size=(200, 3)), np.tile([0, 1], 100)
    >>> model = modified_covariates(x, 2.0 * x[:, 0] * arm + x[:, 1], arm, np.arange(200) // 2 % 5, 0.5)
    >>> int(np.argmax(np.abs(model.coefficients)))
    0
    """
    scaled, back, tilt = _prepared(features, arm, propensity)
    design = tilt[:, np.newaxis] * np.column_stack([np.ones(len(scaled)), scaled])
    net = cross_validated_net(design, outcome, fold, family=family, penalty_factors=_free_first(design))
    return back(net.coefficients if family != "cox" else -net.coefficients)


def r_learner(
    features: ArrayLike, outcome: ArrayLike, arm: ArrayLike, fold: ArrayLike, nuisances: tuple[ArrayLike, ArrayLike]
) -> EffectModel:
    """Model the benefit from residuals: ``outcome - m = (arm - e) (b + x c) + error``.

    An elastic net of the residual outcome over ``(arm - e) x``; the average effect ``b`` is not penalized.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    outcome
        (n_samples,) more is better.
    arm
        (n_samples,) 1 trained, 0 control.
    fold
        (n_samples,) folds of the choice of the penalty.
    nuisances
        Expected outcome ``m`` over both arms and probability ``e`` of the trained arm, each (n_samples,) or one number,
        by models that did not see the sample.

    Returns
    -------
    EffectModel
        In the units of the outcome.

    Raises
    ------
    InputError
        If an arm is not 0 or 1, a propensity not in (0, 1), or as `elastic_net_path`.

    Notes
    -----
    Nie and Wager (2021), doi:10.1093/biomet/asaa076. Errors of ``m`` cost precision, not truth, where ``e`` is known
    by design.

    Examples
    --------
    >>> x, arm = np.random.default_rng(1).normal(size=(200, 3)), np.tile([0, 1], 100)
    >>> y = 2.0 * x[:, 0] * arm + x[:, 1]
    >>> model = r_learner(x, y, arm, np.arange(200) // 2 % 5, (x[:, 0] + x[:, 1], 0.5))
    >>> model.coefficients.round(1).tolist()
    [2.0, 0.0, 0.0]
    """
    expected, propensity = nuisances
    scaled, back, tilt = _prepared(features, arm, propensity)
    design = tilt[:, np.newaxis] * np.column_stack([np.ones(len(scaled)), scaled])
    left = np.asarray(outcome, dtype=np.float64) - np.asarray(expected, dtype=np.float64)
    net = cross_validated_net(design, left, fold, penalty_factors=_free_first(design))
    return back(net.coefficients)


def effect_scores(outcome: ArrayLike, arm: ArrayLike, expected: ArrayLike, propensity: ArrayLike) -> FloatArray:
    """``(arm - e) (outcome - m) / (e (1 - e))``: in expectation the benefit of the sample.

    Parameters
    ----------
    outcome
        (n_samples,) more is better.
    arm
        (n_samples,) 1 trained, 0 control.
    expected, propensity
        ``m`` and ``e``, each (n_samples,) or one number, by models that did not see the sample.

    Returns
    -------
    ndarray
        (n_samples,); their mean estimates the average effect, that over a subgroup its effect.

    Raises
    ------
    InputError
        If shapes differ or a propensity is not in (0, 1).

    Notes
    -----
    Robins, Rotnitzky and Zhao (1994), doi:10.1080/01621459.1994.10476818, without the term of a modeled benefit, which
    vanishes for equal arms: what is judged does not enter what it is judged by. Unbiased for any ``m`` if ``e`` is
    known by design; otherwise as good as the models of ``m`` and ``e``.

    Examples
    --------
    >>> effect_scores([3.0, 1.0], [1, 0], 1.5, 0.5).tolist()
    [3.0, 1.0]
    """
    y, w, m, e = np.broadcast_arrays(
        *(np.asarray(one, dtype=np.float64) for one in (outcome, arm, expected, propensity))
    )
    _require_arms(w, e)
    return np.asarray((w - e) * (y - m) / (e * (1.0 - e)))


def restricted_mean_values(time: ArrayLike, event: ArrayLike, *, horizon: float) -> FloatArray:
    """Jackknife value of each subject for the mean survival up to `horizon`: ``n theta - (n - 1) theta without i``.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,), of one arm: censoring may differ between arms.
    horizon
        In the units of `time`.

    Returns
    -------
    ndarray
        (n_samples,); without censoring ``min(time, horizon)``, else values whose mean, also given the features, is the
        restricted mean.

    Raises
    ------
    InputError
        If the follow-up is malformed or has gaps, ends before the horizon, or fewer than three are followed.

    Notes
    -----
    Andersen, Hansen and Klein (2004), doi:10.1007/s10985-004-4771-0: censoring must not depend on the features.

    Examples
    --------
    >>> restricted_mean_values([1.0, 2.0, 4.0], [1, 1, 1], horizon=3.0).round(6).tolist()
    [1.0, 2.0, 3.0]
    """
    times, events = checked_follow_up(time, event)
    if not (np.isfinite(times) & np.isfinite(events)).all() or len(times) < 3 or not 0.0 < horizon <= times.max():
        raise InputError(
            f"the follow-up of at least three subjects, without gaps, must reach the horizon {horizon:g}, above 0; "
            f"{len(times)} are followed."
        )
    knots = np.unique(np.append(times[(times < horizon) & (events == 1.0)], 0.0))
    at_risk = times >= knots[:, np.newaxis]
    deaths = (times == knots[:, np.newaxis]) & (events == 1.0)
    total, died = at_risk.sum(axis=1, keepdims=True), deaths.sum(axis=1, keepdims=True)
    width = np.diff(np.append(knots, horizon))
    whole = width @ np.cumprod(1.0 - died / total, axis=0)
    left = np.maximum(total - at_risk, 1)
    without = width @ np.cumprod(1.0 - (died - deaths) / left, axis=0)
    return np.asarray(len(times) * whole - (len(times) - 1) * without)


def _prepared(
    features: ArrayLike, arm: ArrayLike, propensity: ArrayLike
) -> tuple[FloatArray, Callable[[FloatArray], EffectModel], FloatArray]:
    """Features in deviations, the way back to their units, and arm minus propensity."""
    x = np.asarray(features, dtype=np.float64)
    w, e = np.broadcast_arrays(np.asarray(arm, dtype=np.float64), np.asarray(propensity, dtype=np.float64))
    _require_arms(w, e)
    if x.ndim != 2 or w.shape != (len(x),):
        raise InputError(f"one arm per row of the features is needed; got {w.shape} and {x.shape}.")
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300), deviation, np.inf)

    def back(coefficients: FloatArray) -> EffectModel:
        slopes = coefficients[1:] / deviation
        return EffectModel(float(coefficients[0] - slopes @ mean), slopes)

    return (x - mean) / deviation, back, w - e


def _free_first(design: FloatArray) -> FloatArray:
    factors = np.ones(design.shape[1])
    factors[0] = 0.0
    return factors


def _require_arms(arm: FloatArray, propensity: FloatArray) -> None:
    if not np.isin(arm, (0.0, 1.0)).all():
        raise InputError("an arm must be 1 (trained) or 0 (control), and known.")
    if not bool(((propensity > 0.0) & (propensity < 1.0)).all()):
        raise InputError("the probability of the trained arm must lie strictly between 0 and 1 for every sample.")
