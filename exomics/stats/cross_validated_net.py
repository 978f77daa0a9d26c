"""An elastic net whose penalty is chosen by cross-validation, and what models without a sample say of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._cox_kernels import partial_likelihood_of_one
from exomics.stats._elastic_net_inputs import Family
from exomics.stats._follow_up import descending_order, tie_borders
from exomics.stats.elastic_net import ElasticNetPath, elastic_net_path

__all__ = ["CrossValidatedNet", "cross_validated_net"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class CrossValidatedNet(NamedTuple):
    """Model of all samples at the chosen penalty: ``intercept + x @ coefficients``, shape (n_features,).

    ``out_of_fold`` (n_samples,) is the linear predictor of each sample by the model of the other folds at that penalty.
    """

    intercept: float
    coefficients: FloatArray
    penalty: float
    out_of_fold: FloatArray

    def predict(self, features: ArrayLike) -> FloatArray:
        """Linear predictor, shape (n_samples,), of `features` (n_samples, n_features)."""
        return np.asarray(self.intercept + np.asarray(features, dtype=np.float64) @ self.coefficients)


def cross_validated_net(
    features: ArrayLike,
    response: ArrayLike,
    fold: ArrayLike,
    *,
    family: Family = "gaussian",
    alpha: float = 0.5,
    penalty_factors: ArrayLike | None = None,
) -> CrossValidatedNet:
    """Fit the path on all samples and on all but each fold; keep the penalty of least held-out deviance.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    response
        As `exomics.stats.elastic_net.elastic_net_path`.
    fold
        (n_samples,) number of the fold in which a sample is held out; samples of a subject share one.
    family, alpha, penalty_factors
        As `exomics.stats.elastic_net.elastic_net_path`.

    Returns
    -------
    CrossValidatedNet
        Its largest penalty leaves all penalized coefficients at 0.

    Raises
    ------
    InputError
        If there are fewer than two folds, or a fold leaves a response that cannot be fitted.

    Notes
    -----
    Friedman, Hastie and Tibshirani (2010), doi:10.18637/jss.v033.i01. Deviance: squares, ``-2 log likelihood`` of the
    class, or for ``cox`` the log partial likelihood of all samples minus that of the training samples (van Houwelingen
    et al. 2006, doi:10.1002/sim.2353).

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(60, 5))
    >>> found = cross_validated_net(x, 2.0 * x[:, 0], np.arange(60) % 5)
    >>> int(np.argmax(np.abs(found.coefficients))), found.out_of_fold.shape
    (0, (60,))
    """
    x, y, folds = np.asarray(features, dtype=np.float64), np.asarray(response, dtype=np.float64), np.asarray(fold)
    numbers = np.unique(folds)
    if folds.shape != (len(x),) or len(numbers) < 2:
        raise InputError(f"at least two folds and one number per sample are needed; got {len(numbers)} folds.")
    given = {"family": family, "alpha": alpha, "penalty_factors": penalty_factors}
    whole = elastic_net_path(x, y, **given, penalties=30)  # type: ignore[arg-type]
    held_out = np.empty((len(whole.penalties), len(x)))
    loss = np.zeros(len(whole.penalties))
    for number in numbers:
        out = folds == number
        path = elastic_net_path(x[~out], y[~out], **given, penalties=whole.penalties)  # type: ignore[arg-type]
        predictor = _predictors(path, x)
        held_out[:, out] = predictor[:, out]
        loss += _loss(predictor, y, out, family)
    best = int(np.argmin(loss))
    return CrossValidatedNet(
        float(whole.intercepts[best]), whole.coefficients[best], float(whole.penalties[best]), held_out[best]
    )


def _predictors(path: ElasticNetPath, features: FloatArray) -> FloatArray:
    return np.asarray(path.intercepts[:, np.newaxis] + path.coefficients @ features.T)


def _loss(predictor: FloatArray, response: FloatArray, out: NDArray[np.bool_], family: str) -> FloatArray:
    """Deviance of the held-out samples at each penalty, up to a constant."""
    if family == "cox":
        return np.array([2.0 * (_log_partial(one[~out], response[~out]) - _log_partial(one, response))
                         for one in predictor])  # fmt: skip
    left, observed = predictor[:, out], response[out]
    if family == "gaussian":
        return np.asarray(((observed - left) ** 2).sum(axis=1))
    return np.asarray(-2.0 * (observed * left + special.log_expit(-left)).sum(axis=1))


def _log_partial(predictor: FloatArray, follow_up: FloatArray) -> float:
    order = descending_order(follow_up[:, 0], follow_up[:, 1])
    borders = tie_borders(follow_up[order, 0])
    return float(partial_likelihood_of_one(predictor[order], borders, follow_up[order, 1] == 1.0, 1.0, False)[0])
