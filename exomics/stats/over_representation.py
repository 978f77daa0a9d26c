"""Over-representation: is a set more frequent among the chosen features than in the measured background?"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import gammaln

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.stats._compiled import entry_point, helper

__all__ = ["OddsRatios", "conditional_odds_ratios", "hypergeometric_p_values"]

Alternative = Literal["greater", "less"]
_WIDEST = 700.0
_STEPS = 200
_MEAN, _UPPER, _LOWER = 0, 1, 2


class OddsRatios(NamedTuple):
    """Conditional maximum-likelihood odds ratio of each set and its confidence limits, (n_sets,) each."""

    odds_ratio: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def hypergeometric_p_values(
    overlap: ArrayLike,
    set_size: ArrayLike,
    n_chosen: ArrayLike,
    n_universe: ArrayLike,
    *,
    mid_p: bool = False,
    alternative: Alternative = "greater",
) -> FloatArray:
    """Tail probability of the overlap of a set with a list, given all margins.

    ``P(X >= x)`` (or ``<=``) for x common features of a set of K and a list of n out of N measured features, X
    hypergeometric; with `mid_p`, ``P(X > x) + P(X = x) / 2``.

    Parameters
    ----------
    overlap, set_size, n_chosen, n_universe
        Whole numbers x, K, n and N; arrays that broadcast.
    mid_p
        Count half of the probability of the observed overlap: less conservative for small sets
        (doi:10.1080/01621459.1961.10482106).
    alternative
        ``greater``: more overlap than by chance; ``less``: less.

    Returns
    -------
    ndarray
        P values. As one-sided Fisher tests.

    Raises
    ------
    InputError
        If the numbers cannot be those of a table.

    Notes
    -----
    N must be what could have been found: the measured features, never the genome. Members that were not measured are in
    neither x nor K.

    Examples
    --------
    >>> hypergeometric_p_values([3], [3], [5], [10]).round(6).tolist()
    [0.083333]
    """
    x, k, n, total = _margins(overlap, set_size, n_chosen, n_universe)
    if alternative not in ("greater", "less"):
        raise InputError(f"alternative must be 'greater' or 'less'; got {alternative!r}.")
    point = stats.hypergeom.pmf(x, total, k, n)
    if alternative == "greater":
        beyond = stats.hypergeom.sf(x, total, k, n)
    else:
        beyond = stats.hypergeom.cdf(x - 1, total, k, n)
    return np.asarray(np.clip(beyond + point * (0.5 if mid_p else 1.0), 0.0, 1.0), dtype=np.float64)


def conditional_odds_ratios(
    overlap: ArrayLike,
    set_size: ArrayLike,
    n_chosen: ArrayLike,
    n_universe: ArrayLike,
    *,
    level: float = 0.95,
    mid_p: bool = False,
) -> OddsRatios:
    """Odds of being chosen, in the set against outside it, with exact limits.

    Given the margins, the overlap X has Fisher's noncentral hypergeometric distribution, ``P(X = x) ~ C(K, x)
    C(N - K, n - x) w^x``. The estimate solves ``E_w(X) = x``; the limits solve ``P_w(X >= x) = a / 2`` and
    ``P_w(X <= x) = a / 2`` (doi:10.2307/2531779).

    Parameters
    ----------
    overlap, set_size, n_chosen, n_universe
        As in `hypergeometric_p_values`, one table per entry.
    level
        Confidence level.
    mid_p
        Count half of the probability of the observed overlap in the limits.

    Returns
    -------
    OddsRatios
        0 or infinity at the ends of the support; NaN estimate where the margins leave one possible overlap.

    Raises
    ------
    InputError
        If the numbers cannot be those of a table, or `level` is not in (0, 1).

    Examples
    --------
    >>> found = conditional_odds_ratios([8], [10], [20], [100])
    >>> round(float(found.odds_ratio[0]), 3), round(float(found.ci_low[0]), 3), round(float(found.ci_high[0]), 3)
    (24.607, 4.255, 264.665)
    """
    if not 0 < level < 1:
        raise InputError(f"the confidence level must lie between 0 and 1; got {level}.")
    tables = np.broadcast_arrays(*_margins(overlap, set_size, n_chosen, n_universe))
    x, k, n, total = (np.ascontiguousarray(np.atleast_1d(values)) for values in tables)
    results = np.empty((3, x.size))
    for entry in range(x.size):
        lowest, highest = max(0, n[entry] - (total[entry] - k[entry])), min(k[entry], n[entry])
        support = np.arange(lowest, highest + 1)
        log_weights = -_log_factorials(support, k[entry], n[entry], total[entry])
        _solve(
            log_weights - log_weights.max(),
            x[entry] - lowest,
            (1 - level) / 2,
            0.5 if mid_p else 1.0,
            results[:, entry],
        )
    return OddsRatios(*results)


def _log_factorials(x: NDArray[np.int64], k: int, n: int, total: int) -> FloatArray:
    cells = (x, k - x, n - x, total - k - n + x)
    return np.asarray(sum(gammaln(cell + 1.0) for cell in cells))


def _margins(*numbers: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    raw = [np.asarray(values, dtype=np.float64) for values in numbers]
    if not all(np.isfinite(values).all() and (values == np.floor(values)).all() for values in raw):
        raise InputError("overlap, set size, chosen and universe must be whole numbers; pass counts of features.")
    x, k, n, total = (values.astype(np.int64) for values in raw)
    if (x < 0).any() or (x > k).any() or (x > n).any() or (k > total).any() or (n > total).any():
        raise InputError("an overlap must not exceed its set or the list, nor these the universe; check the counts.")
    if (total - k - n + x < 0).any():
        raise InputError("set and list together, less their overlap, must not exceed the universe; check the counts.")
    return x, k, n, total


@helper
def _moment(log_weights, log_odds, at, share, which):  # type: ignore[no-untyped-def]
    """Mean of the place in the support, or the probability at and beyond `at`, with `share` of that of `at` itself."""
    largest = -np.inf
    for place in range(log_weights.size):
        largest = max(largest, log_weights[place] + place * log_odds)
    total, wanted = 0.0, 0.0
    for place in range(log_weights.size):
        weight = np.exp(log_weights[place] + place * log_odds - largest)
        total += weight
        if which == _MEAN:
            wanted += place * weight
        elif place == at:
            wanted += share * weight
        elif (place > at) == (which == _UPPER):
            wanted += weight
    return wanted / total


@helper
def _root(log_weights, at, share, which, target):  # type: ignore[no-untyped-def]
    """The log odds at which the moment is `target`, by bisection: each moment is monotone in them."""
    rising = which != _LOWER
    low, high = -_WIDEST, _WIDEST
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if (_moment(log_weights, middle, at, share, which) < target) == rising:
            low = middle
        else:
            high = middle
    return np.exp(0.5 * (low + high))


@entry_point
def _solve(log_weights, at, tail, share, result):  # type: ignore[no-untyped-def]
    last = log_weights.size - 1
    result[0] = (
        np.nan
        if last == 0
        else 0.0
        if at == 0
        else np.inf
        if at == last
        else _root(log_weights, at, share, _MEAN, float(at))
    )
    result[1] = 0.0 if at == 0 else _root(log_weights, at, share, _UPPER, tail)
    result[2] = np.inf if at == last else _root(log_weights, at, share, _LOWER, tail)
