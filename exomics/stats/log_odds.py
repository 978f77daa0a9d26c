"""Log odds of differential expression (the B statistic)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.f_distribution import f_quantile
from exomics.stats.moderated_tests import ModeratedT
from exomics.stats.t_distribution import log_t_upper_tail, t_upper_tail
from exomics.stats.variance_moderation import SqueezedVariances

__all__ = ["log_odds"]

FloatArray = NDArray[np.float64]

_NEARLY_INFINITE_DF = 1e6


def log_odds(
    moderated: ModeratedT,
    unscaled_errors: ArrayLike,
    squeezed: SqueezedVariances,
    *,
    proportion: float = 0.01,
    effect_sd_limits: tuple[float, float] = (0.1, 4.0),
) -> FloatArray:
    """Posterior log odds that an effect is not zero.

    With ``r = (u^2 + v0) / u^2`` for the unscaled error u and the variance v0 of nonzero effects in units of the
    residual variance: ``B = log(p / (1 - p)) - log(r) / 2 + (1 + d) / 2 * log((t^2 + d) / (t^2 / r + d))``.

    Parameters
    ----------
    moderated
        Moderated t tests of the effects.
    unscaled_errors
        Standard errors divided by the residual standard deviation, in the shape of the effects.
    squeezed
        The moderated variances.
    proportion
        Assumed proportion p of nonzero effects, in (0, 1).
    effect_sd_limits
        Limits of the standard deviation of nonzero effects, in units of the effects.

    Returns
    -------
    ndarray
        Natural log odds, in the shape of the effects; NaN where t is missing.

    Raises
    ------
    InputError
        If the shapes differ or the proportion is outside (0, 1).

    Notes
    -----
    Smyth (2004), doi:10.2202/1544-6115.1027, sections 5 and 6.3; v0 is estimated per contrast from the upper half
    `proportion` of the t statistics.

    Examples
    --------
    >>> from exomics.stats.moderated_tests import moderated_t
    >>> from exomics.stats.variance_moderation import squeeze_variances
    >>> squeezed = squeeze_variances([0.2, 1.0, 1.5, 4.0], 6.0)
    >>> unscaled = np.full(4, 0.5)
    >>> tests = moderated_t([1.0, 0.5, -2.0, 0.1], unscaled, squeezed, df_residual=6.0)
    >>> bool(np.argmax(log_odds(tests, unscaled, squeezed)) == np.argmin(tests.p_value))
    True
    """
    unscaled = np.asarray(unscaled_errors, dtype=np.float64)
    if unscaled.shape != moderated.statistic.shape or not 0.0 < proportion < 1.0:
        raise InputError(
            f"Unscaled errors must have the shape of the t statistics {moderated.statistic.shape} and the proportion "
            f"must lie in (0, 1); got {unscaled.shape} and {proportion}."
        )
    t = moderated.statistic.reshape(unscaled.shape[0], -1)
    u = unscaled.reshape(t.shape)
    limits = np.square(effect_sd_limits) / np.nanmedian(squeezed.var_prior)
    df = moderated.degrees_of_freedom
    v0 = np.array(
        [_effect_variance(t[:, j], u[:, j], df, proportion=proportion, limits=limits) for j in range(t.shape[1])]
    )
    r = (u * u + v0) / (u * u)
    square = t * t
    d = np.where(np.isinf(df), 1.0, df)[:, None]
    kernel = (1.0 + d) / 2.0 * np.log((square + d) / (square / r + d))
    limit = (squeezed.df_prior > _NEARLY_INFINITE_DF)[:, None]
    kernel = np.where(limit, square * (1.0 - 1.0 / r) / 2.0, kernel)
    odds = np.log(proportion / (1.0 - proportion)) - np.log(r) / 2.0 + kernel
    return np.asarray(odds.reshape(unscaled.shape))


def _effect_variance(
    t: FloatArray, unscaled: FloatArray, df: FloatArray, *, proportion: float, limits: FloatArray
) -> float:
    """Variance of nonzero effects of one contrast, from its largest t statistics set against their expectation."""
    known = np.flatnonzero(np.isfinite(t) & np.isfinite(df))
    n = known.size
    n_target = int(np.ceil(proportion / 2.0 * n))
    if n_target == 0:
        return float(limits.mean())
    size, known_df = np.abs(t[known]), df[known]
    largest_df = float(known_df.max())
    log_tail = log_t_upper_tail(size, known_df)
    top = np.argsort(log_tail, kind="stable")[:n_target]
    fewer = top[known_df[top] < largest_df]
    size[fewer] = _t_quantile(log_tail[fewer], largest_df)
    share = max(n_target / n, proportion)
    null_tail = 2.0 * t_upper_tail(size[top], largest_df)
    target = ((np.arange(n_target) + 0.5) / n - (1.0 - share) * null_tail) / share
    variance = np.zeros(n_target)
    larger = target > null_tail
    expected = _t_quantile(np.log(target[larger] / 2.0), largest_df)
    variance[larger] = unscaled[known[top[larger]]] ** 2 * ((size[top[larger]] / expected) ** 2 - 1.0)
    return float(np.clip(variance, limits[0], limits[1]).mean())


def _t_quantile(log_upper: FloatArray, df: float) -> FloatArray:
    """Positive t with the given log upper tail (at most log 1/2), as the root of an F quantile."""
    log_two_sided = np.minimum(log_upper + np.log(2.0), 0.0)
    with np.errstate(divide="ignore"):
        log_lower = np.log(-np.expm1(log_two_sided))
    return np.sqrt(f_quantile(log_two_sided, log_lower, 1.0, df))
