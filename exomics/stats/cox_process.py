"""Cox regression over intervals of follow-up, for covariates that change with time, and with Firth's penalty."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._cox_risk_sets import RiskSets, maximize, penalized_terms
from exomics.stats._follow_up import checked_follow_up
from exomics.stats.optimize import find_root
from exomics.stats.survival import CoxFit, Ties

__all__ = ["PenalizedLimits", "cox_process", "firth_limits"]

FloatArray = NDArray[np.float64]

_FARTHEST: Final = 1e3


class PenalizedLimits(NamedTuple):
    """Profile limits and penalized likelihood ratio P values; every field has shape (n_covariates,)."""

    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray


def cox_process(
    covariates: ArrayLike,
    stop: ArrayLike,
    event: ArrayLike,
    *,
    start: ArrayLike | None = None,
    ties: Ties = "efron",
    firth: bool = False,
) -> CoxFit:
    """Fit a Cox model to intervals ``(start, stop]`` in each of which the covariates are constant.

    Maximizes ``l(b) = sum over events of x_i b - log(sum over rows with start < t <= stop of exp(x_j b))``, with
    `firth` ``l(b) + log(det I(b)) / 2``, which stays finite where a covariate orders all events.

    Parameters
    ----------
    covariates
        Shape (n_rows, n_covariates), or (n_rows,) for one; rows with a NaN are left out.
    stop, event
        End of each interval, and whether the event happened there, (n_rows,).
    start
        Beginning of each interval, (n_rows,); None where everybody is followed from the start.
    ties
        ``"efron"`` or ``"breslow"``.
    firth
        Penalize: for few events, or a covariate that separates.

    Returns
    -------
    CoxFit
        Wald P values. ``null_log_likelihood`` and ``log_likelihood`` are penalized with `firth`.

    Raises
    ------
    InputError
        If the shapes do not fit, a time is negative, an interval is empty, or `ties` is unknown.

    Notes
    -----
    Andersen and Gill (1982), doi:10.1214/aos/1176345976; Firth (1993), doi:10.1093/biomet/80.1.27; Heinze and Schemper
    (2001), doi:10.1111/j.0006-341X.2001.00114.x. Equals ``coxph(Surv(start, stop, event))`` of R's survival. Memory is
    n_events x n_rows: for a few thousand subjects; `exomics.stats.survival.cox_regression` has no such bound.

    Examples
    --------
    >>> fit = cox_process([0.0, 1.0, 0.0, 1.0], [2.0, 5.0, 3.0, 4.0], [0, 1, 1, 1], start=[0.0, 2.0, 0.0, 0.0])
    >>> fit.status, fit.n_events
    ('monotone_likelihood', 3)
    >>> x, time = [0.0, 0.0, 1.0, 1.0, 1.0], [5.0, 6.0, 1.0, 2.0, 3.0]
    >>> cox_process(x, time, [1, 1, 1, 1, 1], firth=True).log_hazard_ratio.round(3).tolist()
    [2.16]
    """
    x, problem, scale = _prepared(covariates, (stop, event), start, ties, firth)
    n, n_events, p = x.shape[0], problem.events.size, x.shape[1]
    if n_events == 0 or not bool((scale > 0.0).all()):
        return _failed(p, n, n_events, "no_events" if n_events == 0 else "constant")
    beta, likelihood, information, status = maximize(problem, np.zeros(p), np.ones(p, dtype=bool))
    if status != "converged":
        return _failed(p, n, n_events, status)
    null = penalized_terms(problem, np.zeros(p))[0]
    units = float(np.log(scale).sum()) if firth else 0.0  # the penalty is that of the covariates as given
    covariance = np.linalg.inv(information) / np.outer(scale, scale)
    error = np.sqrt(np.diag(covariance))
    z = beta / scale / error
    return CoxFit(
        log_hazard_ratio=beta / scale,
        standard_error=error,
        z=z,
        p_value=2.0 * special.ndtr(-np.abs(z)),
        covariance=covariance,
        log_likelihood=likelihood + units,
        null_log_likelihood=null + units,
        n_samples=n,
        n_events=n_events,
        status="converged",
    )


def firth_limits(
    covariates: ArrayLike, time: ArrayLike, event: ArrayLike, *, level: float = 0.95, ties: Ties = "efron"
) -> PenalizedLimits:
    """Limits where the penalized profile likelihood falls by ``chi2(level; 1) / 2``, and likelihood ratio P values.

    Parameters
    ----------
    covariates
        Shape (n_samples, n_covariates), or (n_samples,) for one.
    time, event
        Follow-up times and event indicators, (n_samples,).
    level
        Coverage.
    ties
        As `cox_process`.

    Returns
    -------
    PenalizedLimits
        Log hazard ratios. Wald limits are wrong where a covariate nearly separates; these are not symmetric.

    Raises
    ------
    InputError
        As `cox_process`, or if the penalized fit has no maximum.

    Notes
    -----
    Heinze and Schemper (2001), doi:10.1111/j.0006-341X.2001.00114.x.

    Examples
    --------
    >>> limits = firth_limits([0.0, 0.0, 1.0, 1.0, 1.0], [5.0, 6.0, 1.0, 2.0, 3.0], [1, 1, 1, 1, 1])
    >>> limits.ci_low.round(2).tolist(), limits.p_value.round(4).tolist()
    ([-0.25], [0.0835])
    """
    x, problem, scale = _prepared(covariates, (time, event), None, ties, True)
    p = x.shape[1]
    beta, best, information, status = maximize(problem, np.zeros(p), np.ones(p, dtype=bool))
    if status != "converged":
        raise InputError(f"the penalized likelihood has no maximum ({status}); drop a covariate.")
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    goal = best - 0.5 * float(special.chdtri(1.0, 1.0 - level))
    low, high, p_values = np.empty(p), np.empty(p), np.empty(p)
    for j in range(p):
        p_values[j] = special.chdtrc(1.0, max(2.0 * (best - _profile(problem, beta, j, 0.0)), 0.0))
        low[j], high[j] = (_limit(problem, (beta, error[j] * side), j, goal) for side in (-1.0, 1.0))
    return PenalizedLimits(low / scale, high / scale, p_values)


def _profile(problem: RiskSets, start: FloatArray, j: int, value: float) -> float:
    """Highest likelihood with covariate j held at `value`."""
    beta, free = start.copy(), np.ones(start.size, dtype=bool)
    beta[j], free[j] = value, False
    return maximize(problem, beta, free)[1]


def _limit(problem: RiskSets, start: tuple[FloatArray, float], j: int, goal: float) -> float:
    """The value on one side of the maximum where the profile is `goal`, in a bracket that doubles."""
    beta, step = start
    inside, outside = float(beta[j]), float(beta[j] + 2.0 * step)
    below = _profile(problem, beta, j, outside) - goal
    while below > 0.0 and abs(outside) < _FARTHEST:
        inside, outside = outside, outside + 2.0 * (outside - float(beta[j]))
        below = _profile(problem, beta, j, outside) - goal
    if below > 0.0:
        return float(np.copysign(np.inf, step))
    above = _profile(problem, beta, j, inside) - goal
    return find_root(lambda value: _profile(problem, beta, j, value) - goal, (inside, outside), (above, below), 1e-10)


def _prepared(
    covariates: ArrayLike,
    follow_up: tuple[ArrayLike, ArrayLike],
    start: ArrayLike | None,
    ties: str,
    firth: bool,
) -> tuple[FloatArray, RiskSets, FloatArray]:
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if ties not in ("efron", "breslow"):
        raise InputError(f"ties must be 'efron' or 'breslow'; got {ties!r}.")
    begin = np.full(len(x), -np.inf) if start is None else np.asarray(start, dtype=np.float64)
    ends, events = _ends(*follow_up, start)
    if x.ndim != 2 or x.shape[0] != ends.size or begin.shape != ends.shape:
        raise InputError(
            f"covariates and intervals must have one row each; got {x.shape}, {begin.shape}, {ends.shape}."
        )
    if bool((begin >= ends).any()):
        raise InputError(f"{int((begin >= ends).sum())} intervals end before they begin; stop must exceed start.")
    known = np.isfinite(x).all(axis=1) & np.isfinite(ends) & np.isfinite(events) & ~np.isnan(begin)
    x, begin, ends, happened = x[known], begin[known], ends[known], events[known] == 1.0
    scale = x.std(axis=0)
    scale = np.where(scale > 1e-13 * np.abs(x.mean(axis=0)), scale, 0.0)
    standardized = (x - x.mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)
    order = np.flatnonzero(happened)
    order = order[np.argsort(ends[order], kind="stable")]
    counted = ((begin < ends[order, None]) & (ends >= ends[order, None])).astype(np.float64)
    if ties == "efron":
        tied = (ends[order, None] == ends) & happened
        first = np.searchsorted(ends[order], ends[order], side="left")
        counted -= tied * ((np.arange(order.size) - first) / tied.sum(axis=1))[:, None]
    return x, RiskSets(standardized, counted, order, firth), scale


def _ends(stop: ArrayLike, event: ArrayLike, start: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Checked ends; times that differ by rounding are made equal, but not next to starts that others end at."""
    ends, events = checked_follow_up(stop, event)
    return (ends, events) if start is None else (np.asarray(stop, dtype=np.float64), events)


def _failed(p: int, n: int, n_events: int, status: str) -> CoxFit:
    missing, square = np.full(p, np.nan), np.full((p, p), np.nan)
    return CoxFit(missing, missing, missing, missing, square, np.nan, np.nan, n, n_events, status)
