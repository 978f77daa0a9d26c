"""Gaussian knockoffs: copies of the features that keep their correlations and know nothing of the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.elastic_net import elastic_net_path
from exomics.stats.selection import Selection, checked_classes

__all__ = ["gaussian_knockoffs", "select_by_knockoffs", "shrunk_correlation"]

FloatArray = NDArray[np.float64]

_MOST_FEATURES = 3000
_MOST_STEPS = 30
_SETTLED = 1e-3
_MARGIN = 1e-8


def shrunk_correlation(features: ArrayLike) -> FloatArray:
    """Correlations shrunk toward none, so that they are positive definite with more features than samples.

    ``R = (1 - w) r + w 1``, ``w = sum of Var(r_jk) / sum of r_jk^2`` over j != k, within [0, 1].

    Parameters
    ----------
    features
        (n_samples, n_features), finite; a constant feature is uncorrelated with all.

    Returns
    -------
    ndarray
        (n_features, n_features).

    Notes
    -----
    Schaefer and Strimmer (2005), doi:10.2202/1544-6115.1175; at least 1e-3 of shrinkage is kept.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(20, 50))
    >>> bool(np.linalg.eigvalsh(shrunk_correlation(x))[0] > 0)
    True
    """
    z = _scores(np.asarray(features, dtype=np.float64))
    n = len(z)
    mean = z.T @ z / n
    spread = np.maximum((z**2).T @ z**2 / n - mean**2, 0.0)
    off = ~np.eye(len(mean), dtype=bool)
    total = float((mean[off] ** 2).sum())
    weight = float(spread[off].sum()) / ((n - 1) * total) if total > 0.0 else 1.0
    shrunk = (1.0 - min(1.0, max(1e-3, weight))) * mean
    np.fill_diagonal(shrunk, 1.0)
    return np.asarray(shrunk)


def gaussian_knockoffs(features: ArrayLike, *, generator: np.random.Generator) -> FloatArray:
    """Draw second-order knockoffs of standardized features.

    With R the shrunk correlations, ``knockoff = X - X R^-1 S + E``, E of covariance ``2 S - S R^-1 S``, where the
    diagonal S maximizes ``log det(2 R - S) + log det S``.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    generator
        Of E.

    Returns
    -------
    ndarray
        (n_samples, n_features), in standard deviations of each feature.

    Raises
    ------
    InputError
        If there are more than 3,000 features: the correlations of all pairs would not be estimated anyway.

    Notes
    -----
    Candes, Fan, Janson and Lv (2018), doi:10.1111/rssb.12265; maximum entropy: Gimenez and Zou (2019),
    arXiv:1810.11378, by damped fixed-point steps ``s <- (s + 1 / diag (2 R - S)^-1) / 2``.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x = generator.normal(size=(500, 3))
    >>> np.abs(np.corrcoef(x.T, gaussian_knockoffs(x, generator=generator).T)[:3, 3:]).max().round(1).item()
    0.1
    """
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.shape[1] > _MOST_FEATURES:
        raise InputError(
            f"knockoffs need the correlations of all pairs of features, at most {_MOST_FEATURES:,} features; "
            f"got {matrix.shape[1]:,}. Filter without the outcome, or take another selector."
        )
    z = _scores(matrix)
    correlation = shrunk_correlation(matrix)
    s = _largest_entropy(correlation)
    inverse = np.linalg.inv(correlation)
    noise = 2.0 * np.diag(s) - s[:, np.newaxis] * inverse * s
    noise[np.diag_indices_from(noise)] += _MARGIN
    drawn = generator.normal(size=z.shape) @ np.linalg.cholesky(noise).T
    return np.asarray(z - (z @ inverse) * s + drawn)


def select_by_knockoffs(features: ArrayLike, labels: ArrayLike, *, generator: np.random.Generator) -> Selection:
    """Knockoff+: select features that do more in a logistic lasso than their knockoffs.

    ``W_j = mean over the path of |b_j| - |b of the knockoff of j|``, of features in standard deviations;
    ``level_j`` is the least of ``(1 + #{W <= -t}) / #{W >= t}`` over 0 < t <= W_j.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    generator
        Of the knockoffs.

    Returns
    -------
    Selection
        W and levels, (n_features,); a feature with W <= 0 is never selected.

    Raises
    ------
    InputError, DesignError
        As `checked_classes` and `gaussian_knockoffs`.

    Notes
    -----
    Barber and Candes (2015), doi:10.1214/15-AOS1337; with the one that is added, never without: nothing is selected at
    a target q unless 1 / q features are. The expected share of wrong features is at most q if the features are
    Gaussian with the shrunk correlations. Wrong are features without a bearing on the class beside all others: a test
    of conditional, not of marginal, independence. A tie of a feature and its knockoff, W = 0, counts for neither.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(60, 40)), np.repeat([0, 1], 30)
    >>> x[:, :8] += 2 * y[:, np.newaxis]
    >>> bool(select_by_knockoffs(x, y, generator=generator).level.min() <= 0.2)
    True
    """
    matrix, classes = checked_classes(features, labels)
    n_features = matrix.shape[1]
    both = np.concatenate([_scores(matrix), gaussian_knockoffs(matrix, generator=generator)], axis=1)
    size = np.abs(elastic_net_path(both, classes, alpha=1.0, penalties=30, tolerance=1e-5).coefficients).mean(axis=0)
    return Selection(w := size[:n_features] - size[n_features:], _levels(w))


def _levels(w: FloatArray) -> FloatArray:
    order = np.argsort(-np.abs(w), kind="stable")
    above, below = np.cumsum(w[order] > 0), np.cumsum(w[order] < 0)
    last = np.searchsorted(-np.abs(w[order]), -np.abs(w[order]), side="right") - 1  # equal sizes count together
    ratio = (1.0 + below[last]) / np.maximum(1, above[last])
    level = np.full(len(w), np.inf)
    level[order] = np.where(w[order] > 0, np.minimum.accumulate(ratio[::-1])[::-1], np.inf)
    return level


def _scores(matrix: FloatArray) -> FloatArray:
    deviation = matrix.std(axis=0)
    deviation[np.ptp(matrix, axis=0) == 0] = np.inf
    return np.asarray((matrix - matrix.mean(axis=0)) / deviation)


def _largest_entropy(correlation: FloatArray) -> FloatArray:
    """Diagonal of S; starts from the equal one, half the least eigenvalue, and shortens a step that would not gain."""
    s = np.full(len(correlation), min(1.0, float(np.linalg.eigvalsh(correlation)[0])))
    entropy, inverse = _entropy(correlation, s)
    length = 1.0
    for _ in range(_MOST_STEPS):
        step = (1.0 / np.diag(inverse) - s) / 2.0
        tried, found = _entropy(correlation, s + length * step)
        if tried <= entropy:
            length /= 2.0
            continue
        gain, entropy, inverse, s = tried - entropy, tried, found, s + length * step
        if gain < _SETTLED * len(s):
            break
    return np.asarray((1.0 - _MARGIN) * s)


def _entropy(correlation: FloatArray, s: FloatArray) -> tuple[float, FloatArray]:
    """``log det(2 R - S) + log det S`` and ``(2 R - S)^-1``; minus infinity outside."""
    if (s <= 0.0).any():
        return -np.inf, correlation
    rest = 2.0 * correlation - np.diag(s)
    try:
        root = np.linalg.cholesky(rest)
    except np.linalg.LinAlgError:
        return -np.inf, correlation
    return float(2.0 * np.log(np.diag(root)).sum() + np.log(s).sum()), np.asarray(np.linalg.inv(rest))
