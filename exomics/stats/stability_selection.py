"""Stability selection, three rules on the same lasso paths: complementary pairs, integrated paths, decoys."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.stats.half_samples import lasso_on_half_samples
from exomics.stats.selection import Selection, checked_classes
from exomics.stats.stability_bounds import Assumption, expected_false_selections

__all__ = ["select_against_decoys", "select_by_complementary_pairs", "select_by_integrated_paths"]

FloatArray = NDArray[np.float64]

_PER_FEATURE = 0.4  # squared size of a selection in a half-sample / n_features: at frequency 0.9, 0.17 wrong features
_CUTOFF = 0.05  # largest integrated bound; the path ends there


def select_by_complementary_pairs(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    n_pairs: int = 50,
    assumption: Assumption = "unimodal",
    generator: np.random.Generator,
) -> Selection:
    """Select features that come first on the lasso paths of most half-samples.

    Each half-sample selects its first ``sqrt(0.4 n_features)`` features; ``level_j`` bounds the expected number of
    wrong features among those at least as frequent as j: `expected_false_selections` at the frequency of j.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    n_pairs
        Complementary pairs.
    assumption
        Of the bound: ``none`` (worst case), ``unimodal`` or ``r_concave``.
    generator
        Of the splits.

    Returns
    -------
    Selection
        Frequencies and levels, (n_features,). A target q is an expected number of wrong features, not a share.

    Raises
    ------
    InputError, DesignError
        As `lasso_on_half_samples`, or if the assumption is unknown.

    Notes
    -----
    Shah and Samworth (2013), doi:10.1111/j.1467-9868.2011.01034.x, on the selection of Meinshausen and Buehlmann
    (2010), doi:10.1111/j.1467-9868.2010.00740.x. A wrong feature is one that a half-sample selects no more often than
    by chance. Features that enter a path at one penalty are taken together or not at all.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(60, 40)), np.repeat([0, 1], 30)
    >>> x[:, 3] += 3 * y
    >>> np.flatnonzero(select_by_complementary_pairs(x, y, generator=generator).level <= 0.2).tolist()
    [3]
    """
    paths = lasso_on_half_samples(features, labels, n_pairs=n_pairs, generator=generator)
    n_features, n_penalties = paths.entry.shape[1], len(paths.penalties)
    most = max(1.0, np.sqrt(_PER_FEATURE * n_features))
    inside = np.stack([(paths.entry <= position).sum(axis=1) for position in range(n_penalties)], axis=1)
    last = (inside <= most).sum(axis=1)  # the paths only grow, so this counts the penalties to go
    chosen = paths.entry < last[:, np.newaxis]
    bounds = expected_false_selections(chosen.sum() / len(chosen), n_features, n_pairs, assumption=assumption)
    frequency = chosen.mean(axis=0)
    return Selection(frequency, bounds[chosen.sum(axis=0)])


def select_by_integrated_paths(
    features: ArrayLike, labels: ArrayLike, *, n_pairs: int = 50, generator: np.random.Generator
) -> Selection:
    """Select features whose frequency along the lasso path, integrated over the penalties, is large.

    ``score_j = integral of max(0, 2 f_j - 1)^3`` over the log of the penalty, where ``f_j`` is the frequency in
    half-samples. The expected number of wrong features with a score of s at least is at most ``I / s``, with
    ``I = integral of u / B^2 + 3 (B - 1) u^2 / (B^2 p) + (B - 1) (B - 2) u^3 / (B^2 p^2)``, ``u = (sum_j f_j)^2 / p``.
    ``level_j`` is the least of ``(I / s) / #{k: score_k >= s}`` over s <= score_j.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    n_pairs
        B, complementary pairs.
    generator
        Of the splits.

    Returns
    -------
    Selection
        Scores and levels, (n_features,).

    Raises
    ------
    InputError, DesignError
        As `lasso_on_half_samples`.

    Notes
    -----
    Melikechi and Miller (2025), doi:10.1080/01621459.2025.2525589 (arXiv:2403.15877), their cubic function; the
    integral ends where I would exceed 0.05, as they advise. The level is a ratio of an expectation to a count, as
    theirs: no bound on the expected share.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(60, 40)), np.repeat([0, 1], 30)
    >>> x[:, 3] += 3 * y
    >>> np.flatnonzero(select_by_integrated_paths(x, y, generator=generator).level <= 0.2).tolist()
    [3]
    """
    paths = lasso_on_half_samples(features, labels, n_pairs=n_pairs, generator=generator)
    n_penalties, n_features = paths.frequency.shape
    u = paths.frequency.sum(axis=1) ** 2 / n_features
    more = 3.0 * (n_pairs - 1) * u**2 / n_features + (n_pairs - 1) * (n_pairs - 2) * u**3 / n_features**2
    bound = np.cumsum(u + more) / (n_pairs**2 * n_penalties)
    n_used = max(1, int(np.sum(bound <= _CUTOFF)))
    score = (np.maximum(0.0, 2.0 * paths.frequency[:n_used] - 1.0) ** 3).sum(axis=0) / n_penalties
    order = np.argsort(-score, kind="stable")
    level, positive = np.full(n_features, np.inf), score[order] > 0
    expected = np.minimum(bound[n_used - 1] / score[order][positive], n_features)
    ratio = expected / np.arange(1, len(expected) + 1)
    level[order[positive]] = np.minimum.accumulate(ratio[::-1])[::-1]
    return Selection(score, level)


def select_against_decoys(
    features: ArrayLike, labels: ArrayLike, *, n_pairs: int = 50, generator: np.random.Generator
) -> Selection:
    """Select features more stable than decoys, unless too many decoys are as stable.

    Every feature gets a decoy, its own values shuffled over the samples. With F the largest frequency along the lasso
    path in half-samples, ``FDP+(t) = (1 + #{decoys: F > t}) / max(1, #{features: F > t})``. Features above the t with
    the least FDP+ have that FDP+ as level, so that nothing is selected where it exceeds the target.

    Parameters
    ----------
    features
        Samples x features (n_samples, n_features), finite.
    labels
        (n_samples,) 0 and 1.
    n_pairs
        Complementary pairs; each is two half-samples.
    generator
        Of the decoys and the splits.

    Returns
    -------
    Selection
        Largest frequencies and levels, (n_features,).

    Raises
    ------
    InputError, DesignError
        As `lasso_on_half_samples`.

    Notes
    -----
    Hedou et al. (2024), doi:10.1038/s41587-023-02033-x (Stabl), with random permutations. Deviation: Stabl has no
    target and selects at the least FDP+ whatever it is, a signature from pure noise nearly always; here a target
    decides. The paths are linear, over 30 penalties.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(60, 40)), np.repeat([0, 1], 30)
    >>> x[:, :8] += 2 * y[:, np.newaxis]
    >>> bool(select_against_decoys(x, y, generator=generator).level.min() <= 0.2)
    True
    """
    matrix, classes = checked_classes(features, labels)
    both = np.concatenate([matrix, generator.permuted(matrix, axis=0)], axis=1)
    paths = lasso_on_half_samples(both, classes, n_pairs=n_pairs, generator=generator)
    largest = paths.frequency.max(axis=0)
    real, decoys = largest[: matrix.shape[1]], largest[matrix.shape[1] :]
    thresholds = np.arange(2 * n_pairs) / (2.0 * n_pairs)
    n_decoys = (decoys > thresholds[:, np.newaxis]).sum(axis=1)
    n_real = (real > thresholds[:, np.newaxis]).sum(axis=1)
    ratio = (1.0 + n_decoys) / np.maximum(1, n_real)
    least = int(np.argmin(ratio))
    return Selection(real, np.where(real > thresholds[least], ratio[least], np.inf))
