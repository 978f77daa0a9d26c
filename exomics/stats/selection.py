"""Selection of features by their difference between two classes: shuffled labels, and t tests beside them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stats.t_distribution import t_tests

__all__ = ["Selection", "checked_classes", "select_by_shuffled_labels", "select_by_t_tests"]

FloatArray = NDArray[np.float64]

_SHARE = 4.0  # the expected share of false features is held to a quarter of the target
_BLOCK = 2**22  # correlations held at once


class Selection(NamedTuple):
    """How strongly each feature stands out, and the least target at which it is selected; both (n_features,).

    A feature is selected at every target ``q >= level``; ``level`` is infinite where no target selects it. Sorted, the
    levels are the operating curve of the selector on these samples.
    """

    statistic: FloatArray
    level: FloatArray


def checked_classes(features: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Features (n_samples, n_features) and labels (n_samples,) 0 and 1, refused where no class could be compared.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1, at least three of each.

    Returns
    -------
    tuple of ndarray
        Both as doubles.

    Raises
    ------
    InputError
        If shapes do not fit, or a value is missing or no label.
    DesignError
        If a class has fewer than three samples.
    """
    matrix, classes = np.asarray(features, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.shape[1] or not np.isfinite(matrix).all():
        raise InputError("features must be a matrix (n_samples, n_features) without missing or endless values.")
    if classes.shape != (len(matrix),) or not np.isin(classes, (0, 1)).all():
        raise InputError(f"labels must be {len(matrix)} numbers, each 0 or 1.")
    fewest = int(min(classes.sum(), len(classes) - classes.sum()))
    if fewest < 3:
        raise DesignError(f"selection compares two classes of at least 3 samples; the smaller one has {fewest}.")
    return matrix, classes


def select_by_t_tests(
    features: ArrayLike, labels: ArrayLike, *, generator: np.random.Generator | None = None
) -> Selection:
    """Student's t test of every feature between two classes; levels are Benjamini-Hochberg adjusted P values.

    ``t = r sqrt((n - 2) / (1 - r^2))``, where r is the correlation of feature and class.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    generator
        Not used: nothing is random.

    Returns
    -------
    Selection
        t statistics (n_features,); a constant feature has 0 and is never selected.

    Raises
    ------
    InputError, DesignError
        As `checked_classes`.

    Notes
    -----
    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x. The expected share of features without a
    difference among those selected is at most the target times the share of such features among all: close to the
    target itself where few differ.

    Examples
    --------
    >>> x = np.array([[0.0, 1.0], [1.0, 5.0], [2.0, 1.0], [9.0, 2.0], [10.0, 4.0], [11.0, 2.0]])
    >>> (select_by_t_tests(x, [0, 0, 0, 1, 1, 1]).level < 0.05).tolist()
    [True, False]
    """
    matrix, classes = checked_classes(features, labels)
    correlation = _standardized(classes[np.newaxis])[0] @ _standardized(matrix.T).T
    df = len(classes) - 2.0
    with np.errstate(divide="ignore"):
        statistic = correlation * np.sqrt(df / np.maximum(1.0 - correlation**2, 0.0))
    varies = np.ptp(matrix, axis=0) > 0
    p_value = np.where(varies, t_tests(statistic, df)[0], np.nan)
    return Selection(statistic, np.where(varies, benjamini_hochberg(p_value), np.inf))


def select_by_shuffled_labels(
    features: ArrayLike, labels: ArrayLike, *, n_shuffles: int = 1000, generator: np.random.Generator
) -> Selection:
    """Select features that differ between two classes, against what shuffled labels give.

    With ``r`` the absolute correlations of the features with the class and ``r*`` those with shuffled labels,

    * ``p_any = (1 + #{shuffles: max_j r*_j >= max_j r_j}) / (1 + n_shuffles)`` tests whether anything differs at all;
    * ``share(c) = mean number of r* >= c per shuffle / #{j: r_j >= c}`` is the expected share of false features;
    * ``level_j = max(p_any, 4 min over c <= r_j of share(c))``.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    n_shuffles
        Shuffles of the labels.
    generator
        Of the shuffles.

    Returns
    -------
    Selection
        Absolute correlations and levels, (n_features,).

    Raises
    ------
    InputError, DesignError
        As `checked_classes`, or if there is no shuffle.

    Notes
    -----
    At a target q something is selected with probability at most q if no feature differs, exactly and however the
    features are correlated, because the labels are then exchangeable. If some do, the estimated share of false
    features is held to q / 4, so that by Markov's inequality more than a share q of the list is false with probability
    of about 1/4 at most. True is what differs between the classes by itself: a feature that only follows another one
    counts as true. Shares by shuffles: Tusher, Tibshirani and Chu (2001), doi:10.1073/pnas.091062498; the largest
    statistic: Westfall and Young (1993). Deviations: no share of true nulls is estimated; one is added to both counts
    of shuffles. Correlation is Student's t on another scale, so that shuffles of all features are one product of
    matrices.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(40, 50)), np.repeat([0, 1], 20)
    >>> x[:, 3] += 3 * y
    >>> np.flatnonzero(select_by_shuffled_labels(x, y, generator=generator).level <= 0.2).tolist()
    [3]
    """
    matrix, classes = checked_classes(features, labels)
    if n_shuffles < 1:
        raise InputError(f"the number of shuffles must be at least 1; got {n_shuffles}.")
    rows = _standardized(matrix.T)
    observed = np.abs(rows @ _standardized(classes[np.newaxis])[0])
    ascending = np.sort(observed)
    exceeding, largest = np.zeros(len(ascending) + 1), 0
    step = max(1, _BLOCK // len(rows))
    for start in range(0, n_shuffles, step):
        shuffled = generator.permuted(np.tile(classes, (min(step, n_shuffles - start), 1)), axis=1)
        null = np.abs(_standardized(shuffled) @ rows.T) * (1.0 + 1e-12)  # ties count as reached
        largest += int(np.sum(null.max(axis=1) >= ascending[-1]))
        exceeding += np.bincount(np.searchsorted(ascending, null.ravel(), side="right"), minlength=len(exceeding))
    false = (1.0 + np.cumsum(exceeding[::-1])[::-1][1:]) / (1.0 + n_shuffles)
    share = false / np.arange(len(ascending), 0, -1)
    level = np.maximum(_SHARE * np.minimum.accumulate(share), (1.0 + largest) / (1.0 + n_shuffles))
    found = level[np.searchsorted(ascending, observed)]
    return Selection(observed, np.where(observed > 0, found, np.inf))


def _standardized(rows: FloatArray) -> FloatArray:
    """Rows with mean 0 and sum of squares 1; a constant row is 0."""
    centered = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centered, centered))
    length[np.ptp(rows, axis=1) == 0] = np.inf
    return np.asarray(centered / length[:, np.newaxis])
