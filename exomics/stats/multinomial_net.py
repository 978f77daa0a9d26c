"""Elastic net paths of multinomial models: several classes at once, in the parametrization of the field."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._elastic_net_descent import Rules
from exomics.stats._elastic_net_grid import checked_grid, dense_rows, falling_grids, on_given_scale
from exomics.stats._elastic_net_inputs import checked_features
from exomics.stats._multinomial_kernels import Members, descend_classes
from exomics.stats.elastic_net import ElasticNetPaths

__all__ = ["multinomial_paths"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def multinomial_paths(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    alpha: float = 0.5,
    penalties: ArrayLike | int = 50,
    penalty_factors: ArrayLike | None = None,
    tolerance: float = 1e-7,
) -> ElasticNetPaths:
    """Fit a multinomial elastic net at every penalty of a falling grid.

    Minimizes ``-loglik / n + penalty * sum_jk f_j (alpha |b_jk| + (1 - alpha) b_jk^2 / 2)`` over an intercept and
    coefficients ``b_k`` of standardized features (deviation with denominator n) for each class k, with
    ``p_k = exp(a_k + x' b_k) / sum_l exp(a_l + x' b_l)``.

    Parameters
    ----------
    features
        (n_samples, n_features), finite. A constant feature keeps the coefficients 0.
    labels
        (n_samples,) classes 0, 1, ..., each of them there.
    alpha
        Weight of the lasso part, in (0, 1].
    penalties
        Falling grid, or the number of penalties from the least one without features down to 0.05 of it (0.001 of it
        when samples outnumber features), evenly on the log scale.
    penalty_factors
        (n_features,) multiples ``f_j`` >= 0 of the penalty; 0 leaves a feature unpenalized. Used as given.
    tolerance
        Largest weighted squared change of a coefficient in the last turn over classes and features.

    Returns
    -------
    ElasticNetPaths
        Its responses are the classes, all with the same penalties; ``predict`` gives ``a_k + x' b_k``, whose softmax
        over the classes is the probability. Intercepts have the mean 0, as have the coefficients of a feature without
        a penalty.

    Raises
    ------
    InputError
        If a value is missing, shapes do not fit, a class is empty, or an option is out of range.

    Notes
    -----
    Friedman, Hastie and Tibshirani (2010), doi:10.18637/jss.v033.i01, section 4: a partial Newton step for one class
    after the other, coordinate descent within; glmnet's ``type.multinomial = "ungrouped"``. Strong rules: Tibshirani
    et al. (2012), doi:10.1111/j.1467-9868.2011.01004.x, with every feature checked after each fit. What can be taken
    off a feature's coefficients in all classes without a change of the likelihood is set to where the penalty is
    least, in closed form. Written from the papers. Deviation from glmnet: penalty factors are not rescaled.

    Examples
    --------
    >>> x = np.array([[1.0, 0.2], [2.0, -0.1], [3.0, 0.3], [4.0, 0.1], [1.5, 0.0], [2.5, 0.2]])
    >>> paths = multinomial_paths(x, [0, 1, 2, 2, 0, 1], penalties=3)
    >>> paths.predict(x).shape, paths.intercepts[:, 0].round(12).tolist()
    ((3, 3, 6), [0.0, 0.0, 0.0])
    """
    scaled, factors = checked_features(features, alpha, penalty_factors)
    members = Members(np.ascontiguousarray(scaled.values), _belonging(labels, scaled.values.shape[1]))
    grid = _grid(members, Rules(factors, float(alpha), 1e-14, True), penalties)
    rows, intercepts, status = descend_classes(members, grid, Rules(factors, float(alpha), tolerance, True))
    found, intercepts = on_given_scale(rows, intercepts, scaled)
    intercepts -= intercepts.mean(axis=1, keepdims=True)
    n_classes = len(members.belongs)
    return ElasticNetPaths(np.tile(grid, (n_classes, 1)), intercepts.T, np.tile(status, (n_classes, 1)), *found)


def _belonging(labels: ArrayLike, n_samples: int) -> FloatArray:
    """Which class each sample is of, (n_classes, n_samples) of 0 and 1."""
    given = np.asarray(labels)
    if given.shape != (n_samples,) or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
        raise InputError(f"labels must name {n_samples} classes, each a whole number from 0 on.")
    counts = np.bincount(given)
    if len(counts) < 2 or not counts.all():
        raise InputError(f"at least two classes are needed, and samples of each; their numbers are {counts.tolist()}.")
    return np.ascontiguousarray(given == np.arange(len(counts))[:, np.newaxis], dtype=np.float64)


def _grid(members: Members, rules: Rules, penalties: ArrayLike | int) -> FloatArray:
    """As given, or falling from the least penalty that lets no feature in."""
    if not isinstance(penalties, (int, np.integer)):
        return checked_grid(penalties)
    penalized = rules.factors > 0
    if not penalized.any():
        raise InputError("no feature is penalized, so there is no grid to choose; give the penalties.")
    free = np.ascontiguousarray(members.features[~penalized])
    without = rules._replace(factors=np.zeros(len(free)))
    rows, intercepts, _ = descend_classes(members._replace(features=free), np.zeros(1), without)
    given = special.softmax(dense_rows(rows, len(free)) @ free + intercepts.T, axis=0)
    slopes = np.abs((members.belongs - given) @ members.features[penalized].T).max(axis=0) / rules.factors[penalized]
    top = np.array([slopes.max() / (rules.alpha * given.shape[1])])
    return falling_grids(top, members.features.shape, int(penalties))[:, 0]
