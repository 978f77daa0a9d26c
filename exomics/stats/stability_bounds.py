"""Expected number of wrong features among those selected in most half-samples: the bounds of Shah and Samworth."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError

__all__ = ["Assumption", "expected_false_selections"]

FloatArray = NDArray[np.float64]
Assumption = Literal["none", "unimodal", "r_concave"]

_FLATTEST = 1e6  # offset of a tail (offset + i)^(1 / r) that is all but uniform
_STEEPEST = 1e-8
_BISECTIONS = 80
_BETWEEN = np.linspace(0.0, 1.0, 33)


def expected_false_selections(
    n_selected: float, n_features: int, n_pairs: int, *, assumption: Assumption = "unimodal"
) -> FloatArray:
    """Bound on the expected number of wrong features at every threshold of the frequency.

    With ``theta = n_selected / n_features`` and ``B = n_pairs``, features that a half-sample selects with probability
    theta at most count as wrong. At a threshold ``tau`` their expected number among the selected is at most

    * ``none``: ``theta^2 p / (2 tau - 1)``;
    * ``unimodal``: ``C theta^2 p``, ``C = 1 / (2 (2 tau - 1 - 1 / (2 B)))`` for tau <= 3/4 and
      ``4 (1 - tau + 1 / (2 B)) / (1 + 1 / B)`` above, for ``tau > 1/2 + min(theta^2, 1 / (2 B) + 3/4 theta^2)``;
    * ``r_concave``: ``p min{D(theta^2, 2 tau - 1, B, -1/2), D(theta, tau, 2 B, -1/4)}``, where ``D(m, t, K, r)`` is the
      largest P(Z >= t) over r-concave Z on {0, 1/K, ..., 1} with mean at most m.

    Parameters
    ----------
    n_selected
        Average number of features selected in a half-sample.
    n_features
        p, all features.
    n_pairs
        B, complementary pairs.
    assumption
        On the distribution of the share of pairs, and of halves, that select a wrong feature.

    Returns
    -------
    ndarray
        (2 n_pairs + 1,) bounds at the thresholds 0, 1 / (2 B), ..., 1, falling, at most `n_features`.

    Raises
    ------
    InputError
        If an option is out of range.

    Notes
    -----
    Shah and Samworth (2013), doi:10.1111/j.1467-9868.2011.01034.x, equations 5, 8 and 11, with the number of all
    features for that of the wrong ones. ``r_concave`` maximizes over tails ``(a + i)^(1 / r)`` with one free last atom
    on a fine grid of ``a``.

    Examples
    --------
    >>> bounds = expected_false_selections(10, 1000, 50, assumption="none")
    >>> round(float(bounds[90]), 4)
    0.125
    """
    if assumption not in get_args(Assumption):
        raise InputError(f"assumption must be one of {', '.join(get_args(Assumption))}; got {assumption!r}.")
    if n_pairs < 1 or not 0 <= n_selected <= n_features:
        raise InputError("bounds need at least one pair, and 0 to n_features selected features.")
    theta = n_selected / n_features
    tau = np.arange(2 * n_pairs + 1) / (2.0 * n_pairs)
    bound = np.full(tau.shape, np.inf)
    above = tau > 0.5
    if assumption == "none":
        bound[above] = theta**2 / (2.0 * tau[above] - 1.0)
    elif assumption == "unimodal":
        above = tau > 0.5 + min(theta**2, 1.0 / (2 * n_pairs) + 0.75 * theta**2)
        bound[above] = theta**2 * _unimodal(tau[above], n_pairs)
    else:
        pairs = _largest_tails(theta**2, n_pairs, 2.0)  # of 2 tau - 1 = (k - B) / B
        bound[n_pairs:] = pairs
        bound = np.minimum(bound, _largest_tails(theta, 2 * n_pairs, 4.0))
        bound[~above] = np.inf
    return np.asarray(np.minimum(n_features * np.minimum.accumulate(bound), n_features))


def _unimodal(tau: FloatArray, n_pairs: int) -> FloatArray:
    half = 1.0 / (2.0 * n_pairs)
    with np.errstate(divide="ignore"):
        low = 1.0 / (2.0 * np.maximum(2.0 * tau - 1.0 - half, 0.0))
    return np.where(tau <= 0.75, low, 4.0 * (1.0 - tau + half) / (1.0 + 2.0 * half))


def _largest_tails(mean: float, n: int, power: float) -> FloatArray:
    """Largest P(Z >= t / n) for t = 0..n over tails of this power with mean at most `mean`, shape (n + 1,).

    A tail has masses ``c (a + i)^-power`` for i <= k and what is left at k + 1; the mean fixes c, and a goes between
    the values at which nothing is left at k + 1 and at which the tail goes on to k + 1.
    """
    best, target = np.zeros(n + 1), mean * n
    best[0] = 1.0
    if target <= 0.0:
        return best
    first = int(np.ceil(2.0 * target)) + 1
    if first > n:
        return np.ones(n + 1)
    offsets = [_offset(target, k, power) for k in range(first, n + 1)]
    best[: first + 1] = 1.0
    for k, low, high in zip(range(first, n), offsets[1:], offsets[:-1], strict=True):
        a = low * (high / low) ** _BETWEEN[:, np.newaxis]
        mass = (a + np.arange(k + 1)) ** -power
        mass *= (k + 1 - target) / (mass @ (k + 1.0 - np.arange(k + 1)))[:, np.newaxis]
        tails = 1.0 - np.cumsum(mass, axis=1)  # P(Z > i), i = 0..k
        best[1 : k + 2] = np.maximum(best[1 : k + 2], tails.max(axis=0))
    return best


def _offset(target: float, k: int, power: float) -> float:
    """The a at which ``(a + i)^-power`` on 0..k has this mean; the flattest or steepest tail where none has."""
    low, high = np.log(_STEEPEST), np.log(_FLATTEST)
    steps = np.arange(k + 1)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        mass = (np.exp(middle) + steps) ** -power
        low, high = (middle, high) if mass @ steps < target * mass.sum() else (low, middle)
    return float(np.exp(low))
