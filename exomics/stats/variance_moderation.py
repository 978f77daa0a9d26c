"""Empirical Bayes moderation of residual variances: each is squeezed toward a prior learned from all features."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.variance_prior import VariancePrior
from exomics.stats.variance_prior_likelihood import Optimum, likelihood_prior
from exomics.stats.variance_prior_moments import moment_prior
from exomics.stats.variance_prior_robust_moments import robust_moment_prior

__all__ = ["Generation", "SqueezedVariances", "squeeze_variances"]

FloatArray = NDArray[np.float64]
Generation = Literal["auto", "moments", "likelihood"]


class SqueezedVariances(NamedTuple):
    """Prior and posterior variances of all features.

    ``var_prior``, ``df_prior`` and ``var_post`` have shape (n,); ``df_prior_common`` is the prior df of features that
    are no outliers; ``generation`` is the estimator that was used (``"moments"``, ``"likelihood"`` or ``"none"``);
    ``n_offset`` counts (nearly) zero variances that were moved away from zero before estimation, ``n_outliers`` the
    features whose prior df was lowered.
    """

    var_prior: FloatArray
    df_prior: FloatArray
    var_post: FloatArray
    df_prior_common: float
    generation: str
    n_offset: int
    n_outliers: int


def squeeze_variances(
    variances: ArrayLike,
    df: ArrayLike,
    *,
    covariate: ArrayLike | None = None,
    robust: bool = False,
    winsor_tail: tuple[float, float] = (0.05, 0.1),
    generation: Generation = "auto",
    optimum: Optimum = "exact",
) -> SqueezedVariances:
    """Squeeze residual variances toward a prior value.

    The posterior variance is ``(d s^2 + d0 s0^2) / (d + d0)``, with d0 and s0^2 such that ``s^2 / s0^2`` follows
    F(d, d0) over the features.

    Parameters
    ----------
    variances
        Residual variances, shape (n,).
    df
        Residual degrees of freedom, a number or shape (n,); non-integer values are allowed.
    covariate
        Trend covariate of s0^2, usually the mean expression, shape (n,).
    robust
        Let hypervariable features keep their own variance: their prior df is lowered, and they do not pull the prior.
    winsor_tail
        Proportions winsorized in each tail by the robust moment estimator.
    generation
        ``"moments"``: the classic estimator.  ``"likelihood"``: profile likelihood, for residual df that differ.
        ``"auto"``: the first when all positive residual df are equal, otherwise the second.
    optimum
        ``"exact"``: the true optimum.  ``"published"``: where R's searches stop, for recipes that reproduce a paper.

    Returns
    -------
    SqueezedVariances
        A feature without residual df gets its prior variance.  A feature whose variance or covariate is missing, or
        whose prior cannot be estimated because no variance is informative, gets NaN.

    Raises
    ------
    InputError
        If lengths differ, a tail is outside [0, 0.5), or an option is unknown.

    Notes
    -----
    Smyth (2004), doi:10.2202/1544-6115.1027; Phipson et al. (2016), doi:10.1214/16-AOAS920.  ``"auto"`` follows
    ``squeezeVar`` of limma 3.62; older releases always used the moments.  With fewer than 3 features nothing is
    squeezed (prior df 0).  Where limma stops (no informative variance, missing covariate, more than half zero
    variances in the robust moments), this function returns the values described above.

    Examples
    --------
    >>> squeezed = squeeze_variances([0.2, 1.0, 1.5, 4.0], 6.0)
    >>> squeezed.var_post.round(4).tolist()
    [0.3804, 0.9414, 1.292, 3.0452]
    """
    s2, residual_df, trend = _checked(variances, df, covariate, winsor_tail)
    if generation not in get_args(Generation) or optimum not in get_args(Optimum):
        raise InputError(
            f"generation must be one of {', '.join(get_args(Generation))} and optimum one of "
            f"{', '.join(get_args(Optimum))}; got {generation!r} and {optimum!r}."
        )
    s2 = np.where(residual_df == 0.0, 0.0, s2)
    if s2.size < 3:
        return SqueezedVariances(s2, np.zeros(s2.size), s2.copy(), 0.0, "none", 0, 0)
    chosen = _choose_generation(residual_df) if generation == "auto" else generation
    known = np.ones(s2.size, dtype=bool) if trend is None else ~np.isnan(trend)
    inputs = s2[known], residual_df[known], None if trend is None else trend[known]
    if chosen == "likelihood":
        prior = likelihood_prior(*inputs[:2], covariate=inputs[2], robust=robust, optimum=optimum)
    elif robust:
        exact = optimum == "exact"
        prior = robust_moment_prior(*inputs[:2], covariate=inputs[2], winsor_tail=winsor_tail, exact=exact)
    else:
        prior = moment_prior(*inputs[:2], covariate=inputs[2])
    return _posterior(s2, residual_df, _spread(prior, known), chosen)


def _checked(
    variances: ArrayLike, df: ArrayLike, covariate: ArrayLike | None, winsor_tail: tuple[float, float]
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    s2 = np.asarray(variances, dtype=np.float64)
    residual_df = np.asarray(df, dtype=np.float64)
    trend = None if covariate is None else np.asarray(covariate, dtype=np.float64)
    if s2.ndim != 1 or residual_df.ndim > 1 or (residual_df.ndim == 1 and residual_df.shape != s2.shape):
        raise InputError(
            f"Residual variances must be a vector and residual df a number or a vector of the same length; got shapes "
            f"{s2.shape} and {residual_df.shape}."
        )
    if trend is not None and trend.shape != s2.shape:
        raise InputError(f"The trend covariate must have {s2.size} entries, one per feature; got shape {trend.shape}.")
    if len(winsor_tail) != 2 or not all(0.0 <= tail < 0.5 for tail in winsor_tail):
        raise InputError(f"winsor_tail must be two proportions in [0, 0.5); got {winsor_tail}.")
    return s2, np.broadcast_to(residual_df, s2.shape), trend


def _choose_generation(residual_df: FloatArray) -> Literal["moments", "likelihood"]:
    positive = residual_df[residual_df > 0.0]
    return "moments" if positive.size and positive.min() == positive.max() else "likelihood"


def _spread(prior: VariancePrior, known: NDArray[np.bool_]) -> VariancePrior:
    """Give features without a covariate a missing prior."""
    if known.all():
        return prior
    scale, df = np.full(known.size, np.nan), np.full(known.size, np.nan)
    scale[known], df[known] = prior.scale, prior.df
    return prior._replace(scale=scale, df=df)


def _posterior(s2: FloatArray, residual_df: FloatArray, prior: VariancePrior, generation: str) -> SqueezedVariances:
    infinite = np.isinf(prior.df)
    df_prior = np.where(infinite, 1.0, prior.df)
    with np.errstate(invalid="ignore"):
        posterior = (residual_df * s2 + df_prior * prior.scale) / (residual_df + df_prior)
    posterior[infinite] = prior.scale[infinite]
    return SqueezedVariances(
        prior.scale, prior.df, posterior, prior.df_common, generation, prior.n_offset, prior.n_outliers
    )
