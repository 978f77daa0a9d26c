"""Shrinkage of effects by a prior learned from all features: a normal one, or a mixture that spares large effects."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.optimize import minimize_bounded

__all__ = ["ShrinkagePrior", "ShrunkenEffects", "shrink_effects"]

FloatArray = NDArray[np.float64]
ShrinkagePrior = Literal["normal", "adaptive"]

_NULL_WEIGHT = 10.0
_MAX_STEPS = 2000
_TOLERANCE = 1e-8


class ShrunkenEffects(NamedTuple):
    """Posterior of each effect, (n_features,); NaN where effect or error is missing.

    ``false_sign_rate`` is the probability that the sign is wrong or the effect zero; ``s_value`` its mean over all
    features with one not larger. `deviations` and `weights` are the prior: normals around zero (0 is a point mass).
    """

    effect: FloatArray
    standard_deviation: FloatArray
    false_sign_rate: FloatArray
    s_value: FloatArray
    deviations: FloatArray
    weights: FloatArray


def shrink_effects(
    effects: ArrayLike, standard_errors: ArrayLike, *, prior: ShrinkagePrior = "adaptive"
) -> ShrunkenEffects:
    """Posterior means of effects whose estimates are normal around them.

    ``normal``: ``b ~ N(0, s^2)``, ``s^2`` of maximum marginal likelihood; large effects shrink as much as small ones.
    ``adaptive``: ``b ~ sum_k w_k N(0, s_k^2)`` with a point mass at zero and a grid of ``s_k``, each the square root of
    2 times the last, from a tenth of the smallest error to twice the largest plausible effect; weights by penalized
    maximum likelihood (the point mass counts as 10 features more), so noise shrinks and large effects hardly do.

    Parameters
    ----------
    effects, standard_errors
        (n_features,), on one scale; NaN leaves a feature out.
    prior
        ``adaptive`` or ``normal``.

    Returns
    -------
    ShrunkenEffects
        On the scale of the effects.

    Raises
    ------
    InputError
        If lengths differ, an error is not positive, the prior is unknown, or no feature has an effect.

    Notes
    -----
    Stephens (2016), doi:10.1093/biostatistics/kxw041 (``ash`` with normal components; its grid and penalty); the normal
    prior as in Love et al. (2014), doi:10.1186/s13059-014-0550-8, but on estimates and errors, with the variance by
    likelihood instead of a matched quantile.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = np.where(np.arange(1000) < 50, 4.0, 0.0)
    >>> found = shrink_effects(truth + rng.normal(0, 0.5, 1000), np.full(1000, 0.5))
    >>> bool(np.abs(found.effect[50:]).mean() < 0.1), bool(found.effect[:50].mean() > 3.5)
    (True, True)
    """
    b, error = np.asarray(effects, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64)
    if b.ndim != 1 or b.shape != error.shape:
        raise InputError(f"effects and standard errors must be vectors of one length; got {b.shape} and {error.shape}.")
    if prior not in get_args(ShrinkagePrior):
        raise InputError(f"the prior must be one of {', '.join(get_args(ShrinkagePrior))}; got {prior!r}.")
    known = np.isfinite(b) & np.isfinite(error)
    if not known.any() or (error[known] <= 0).any():
        raise InputError("shrinkage needs at least one effect, and standard errors that are positive.")
    deviations, weights = (_normal if prior == "normal" else _adaptive)(b[known], error[known])
    posterior = _posterior(b[known], error[known], deviations, weights)
    full = np.full((4, b.size), np.nan)
    full[:3, known] = posterior
    full[3, known] = _s_values(posterior[2])
    return ShrunkenEffects(full[0], full[1], full[2], full[3], deviations, weights)


def _normal(b: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    def loss(log_variance: float) -> float:
        total = np.exp(log_variance) + error**2
        return float((np.log(total) + b**2 / total).sum())

    low, high = np.log(1e-8 * np.median(error) ** 2), np.log(4.0 * max((b**2).max(), error.min() ** 2))
    grid = np.linspace(low, high, 60)
    best = int(np.argmin([loss(value) for value in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    log_variance = minimize_bounded(loss, *ends, tolerance=1e-10)
    return np.array([np.exp(log_variance / 2.0)]), np.ones(1)


def _adaptive(b: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    smallest = error.min() / 10.0
    largest = 2.0 * np.sqrt(max(float((b**2 - error**2).max()), (4.0 * smallest) ** 2))
    n_steps = int(np.ceil(2.0 * np.log2(largest / smallest)))
    deviations = np.concatenate([[0.0], largest * 2.0 ** (-0.5 * np.arange(n_steps, -1, -1))])
    total = deviations**2 + error[:, None] ** 2
    log_density = -0.5 * (np.log(total) + b[:, None] ** 2 / total)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    return deviations, _mixture_weights(density)


def _mixture_weights(density: FloatArray) -> FloatArray:
    """Expectation and maximization, squared: three steps extrapolated, kept only where the likelihood rises."""
    n, k = density.shape
    extra = np.zeros(k)
    extra[0] = _NULL_WEIGHT - 1.0

    def step(weights: FloatArray) -> FloatArray:
        shares = density * weights
        counts = (shares / shares.sum(axis=1, keepdims=True)).sum(axis=0) + extra
        return np.asarray(counts / counts.sum())

    def height(weights: FloatArray) -> float:
        return float(np.log(density @ weights).sum() + extra[0] * np.log(max(weights[0], 1e-300)))

    weights = np.full(k, 1.0 / k)
    weights[0] += 0.5
    weights /= weights.sum()
    value = height(weights)
    for _ in range(_MAX_STEPS):
        first = step(weights)
        second = step(first)
        change, bend = first - weights, second - 2.0 * first + weights
        length = float(np.sqrt((change**2).sum() / max((bend**2).sum(), 1e-300)))
        tried = np.maximum(weights + 2.0 * length * change + length**2 * bend, 1e-300)
        tried = step(tried / tried.sum())
        weights = tried if height(tried) > height(second) else second
        last, value = value, height(weights)
        if abs(value - last) < _TOLERANCE * max(1.0, abs(value) * 1e-4):
            break
    return np.where(weights < 1e-12, 0.0, weights) / weights[weights >= 1e-12].sum()


def _posterior(b: FloatArray, error: FloatArray, deviations: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean, standard deviation and false sign rate, (3, n)."""
    used = weights > 0
    prior_variance, weight = deviations[used] ** 2, weights[used]
    total = prior_variance + error[:, None] ** 2
    log_share = np.log(weight) - 0.5 * (np.log(total) + b[:, None] ** 2 / total)
    share = special.softmax(log_share, axis=1)
    mean = b[:, None] * prior_variance / total
    variance = prior_variance * error[:, None] ** 2 / total
    center = (share * mean).sum(axis=1)
    spread = np.sqrt(np.maximum((share * (variance + mean**2)).sum(axis=1) - center**2, 0.0))
    point = prior_variance == 0.0
    z = np.where(point, 0.0, -mean / np.sqrt(np.where(point, 1.0, variance)))
    below = np.where(point, 0.0, special.ndtr(z))
    negative, zero = (share * below).sum(axis=1), (share * point).sum(axis=1)
    positive = (share * np.where(point, 0.0, special.ndtr(-z))).sum(axis=1)
    return np.array([center, spread, np.clip(zero + np.minimum(negative, positive), 0.0, 1.0)])


def _s_values(rates: FloatArray) -> FloatArray:
    order = np.argsort(rates, kind="stable")
    found = np.empty(rates.size)
    found[order] = np.cumsum(rates[order]) / np.arange(1, rates.size + 1)
    return found
