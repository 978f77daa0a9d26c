"""Lasso paths on complementary halves of the samples: how often each feature is selected, and how early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats._elastic_net_descent import Rules
from exomics.stats._elastic_net_inputs import FAMILIES, checked
from exomics.stats._elastic_net_kernels import Samples, descend_paths
from exomics.stats.elastic_net import largest_penalty
from exomics.stats.selection import checked_classes

__all__ = ["HalfSamples", "lasso_on_half_samples"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_HIGHEST, _LOWEST = 1.5, 0.1  # of the least penalty that lets no feature in, all samples together
_TOLERANCE = 1e-9


class HalfSamples(NamedTuple):
    """Lasso paths on halves.

    ``penalties`` (n_penalties,) fall and are the same for all halves; ``frequency`` (n_penalties, n_features) is the
    share of the halves in which a feature is in the model; ``entry`` (n_halves, n_features) is the position of the
    first penalty with the feature in, n_penalties where it never comes in. Halves 2 i and 2 i + 1 are complementary.
    """

    penalties: FloatArray
    frequency: FloatArray
    entry: NDArray[np.int16]


def lasso_on_half_samples(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    n_pairs: int = 50,
    n_penalties: int = 30,
    generator: np.random.Generator,
) -> HalfSamples:
    """Fit the lasso path of ``labels ~ features`` on both halves of many random splits of the samples.

    Minimizes ``|y - a - X b|^2 / (2 n) + penalty * |b|_1`` over standardized features of each half.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    n_pairs
        Random splits; each gives two halves without a common sample, of equal size within each class.
    n_penalties
        Length of the paths.
    generator
        Of the splits.

    Returns
    -------
    HalfSamples
        Frequencies and entries.

    Raises
    ------
    InputError
        If shapes do not fit, a value is missing, or there is no split or penalty.
    DesignError
        If a class has fewer than 4 samples.

    Notes
    -----
    Complementary pairs: Shah and Samworth (2013), doi:10.1111/j.1467-9868.2011.01034.x. Deviations: halves are drawn
    within the classes; of an odd class one sample is left out of each split. The base procedure is the linear lasso on
    labels 0 and 1, whose first steps are those of the logistic one at a fraction of its cost. Penalties go evenly on
    the log scale from 1.5 to 0.1 times the least one that lets no feature in with all samples together.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(40, 6)), np.repeat([0, 1], 20)
    >>> x[:, 2] += 3 * y
    >>> paths = lasso_on_half_samples(x, y, n_pairs=5, generator=generator)
    >>> int(paths.frequency[10].argmax()), paths.entry.shape
    (2, (10, 6))
    """
    matrix, classes = checked_classes(features, labels)
    if n_pairs < 1 or n_penalties < 2:
        raise InputError(f"half-samples need at least 1 pair and 2 penalties; got {n_pairs} and {n_penalties}.")
    if min(classes.sum(), len(classes) - classes.sum()) < 4:
        raise DesignError("halves of the samples need at least 4 samples of each class.")
    if not np.ptp(matrix, axis=0).any():
        raise DesignError("no feature varies between the samples.")
    top = largest_penalty(matrix, classes, family="gaussian", alpha=1.0)
    penalties = np.geomspace(_HIGHEST, _LOWEST, n_penalties) * max(top, 1e-12)
    n_features, by_feature = matrix.shape[1], np.ascontiguousarray(matrix.T)
    counts = np.zeros(n_penalties * n_features, dtype=np.int64)
    entry = np.full((2 * n_pairs, n_features), n_penalties, dtype=np.int16)
    for half, rows in enumerate(_halves(classes, n_pairs, generator)):
        position, feature = _path(np.take(by_feature, rows, axis=1), classes[rows], penalties)
        counts += np.bincount(position * n_features + feature, minlength=counts.size)
        entry[half, feature[::-1]] = position[::-1]  # the last that is written is the first along the path
    return HalfSamples(penalties, counts.reshape(n_penalties, n_features) / (2.0 * n_pairs), entry)


def _halves(classes: FloatArray, n_pairs: int, generator: np.random.Generator) -> Iterator[IntArray]:
    members = [np.flatnonzero(classes == label) for label in (0, 1)]
    for _ in range(n_pairs):
        drawn = [generator.permutation(member) for member in members]
        for side in (0, 1):
            parts = [part[side * (len(part) // 2) : (side + 1) * (len(part) // 2)] for part in drawn]
            yield np.sort(np.concatenate(parts))


def _path(by_feature: FloatArray, response: FloatArray, penalties: FloatArray) -> tuple[IntArray, IntArray]:
    """Position on the path and feature of every nonzero coefficient, in the order of the path.

    `by_feature` (n_features, n_samples) is contiguous, so that everything made of it is.
    """
    scaled, outcome, factors = checked(by_feature.T, response, "gaussian", 1.0, None)
    samples = Samples(scaled.values, outcome.response[np.newaxis], outcome.first, FAMILIES["gaussian"])
    rules = Rules(factors, 1.0, _TOLERANCE * float(response.var()), True)
    (feature, _, offsets), _, _, _ = descend_paths(samples, penalties[:, np.newaxis], rules)
    return np.repeat(np.arange(len(penalties)), np.diff(offsets)), feature
