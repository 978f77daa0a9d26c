"""Survival in two arms: hazard ratio, mean survival gained, and incidence where causes compete."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.errors import DesignError, InputError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.competing_risks import cumulative_incidence
from exomics.stats.cox_process import cox_process, firth_limits
from exomics.stats.restricted_mean import restricted_mean_difference
from exomics.stats.survival import cox_regression
from exomics.validation._effects import HALF_WIDTH
from exomics.validation._rows import Label, Row, performance, row, usable_follow_up, wald

__all__ = ["contrast_arms"]

_FEW_EVENTS = 10
_FEWEST_EACH = 3


def contrast_arms(
    time: ArrayLike, cause: ArrayLike, arm: ArrayLike, *, label: Label, horizon: float
) -> PerformanceTable:
    """Arm 1 beside arm 0.

    Parameters
    ----------
    time
        Follow-up, (n_samples,).
    cause
        0 censored, 1 event; 2, 3, ... for causes that compete, (n_samples,).
    arm
        1 or 0, (n_samples,).
    label
        Words of the table.
    horizon
        Of mean survival and incidence, in the units of `time`.

    Returns
    -------
    PerformanceTable
        ``log_hazard_ratio`` of any event (Firth's penalty with profile limits where an arm has fewer than 10),
        ``restricted_mean_difference``; with several causes ``log_hazard_ratio_cause_k`` (cause-specific: others
        censored) and ``incidence_difference_cause_k`` (Aalen-Johansen) at the horizon.

    Raises
    ------
    DesignError
        If there is one arm only.
    InputError
        If a time is not positive, all are censored, an arm has fewer than 3 patients or ends before the horizon.

    Notes
    -----
    A cause-specific hazard ratio is about the rate among those still event-free, an incidence about what happens to
    patients: both are needed (Latouche et al. 2013, doi:10.1016/j.jclinepi.2012.09.017).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm = np.repeat([1, 0], 50)
    >>> time = rng.exponential(np.where(arm == 1, 2.0, 1.0))
    >>> table = contrast_arms(time, np.ones(100), arm, label=Label("exercise", "trial", "os"), horizon=2.0)
    >>> table.frame["metric"].tolist()
    ['log_hazard_ratio', 'restricted_mean_difference']
    """
    codes = np.asarray(cause, dtype=np.float64)
    times, events, which, group = usable_follow_up(time, np.where(np.isnan(codes), np.nan, codes > 0), codes, arm)
    _require_two_arms(group)
    causes = np.unique(which[which > 0.0])
    rows = [_hazard_ratio("log_hazard_ratio", times, events, group), _mean_row(times, events, group, horizon)]
    if causes.size > 1:
        for code in causes:
            name = f"log_hazard_ratio_cause_{int(code)}"
            rows.append(_hazard_ratio(name, times, (which == code).astype(np.float64), group))
        rows += _incidence_rows(times, which, group, horizon)
    provenance = Provenance(method="contrast_arms", parameters={"horizon": horizon})
    return performance(rows, label, n_samples=len(times), n_events=int(events.sum()), provenance=provenance)


def _require_two_arms(group: FloatArray) -> None:
    if not set(np.unique(group)) <= {0.0, 1.0}:
        raise InputError("arms must be 1 and 0; recode them first.")
    sizes = [int((group == code).sum()) for code in (1.0, 0.0)]
    if min(sizes) == 0:
        raise DesignError("there is one arm only; a contrast needs two.")
    if min(sizes) < _FEWEST_EACH:
        raise InputError(f"the arms have {sizes[0]} and {sizes[1]} patients; {_FEWEST_EACH} each are needed.")


def _hazard_ratio(name: str, time: FloatArray, event: FloatArray, group: FloatArray) -> Row:
    fewest = min(int(event[group == code].sum()) for code in (1.0, 0.0))
    if fewest >= _FEW_EVENTS:
        fit = cox_regression(group, time, event)
        return wald(name, float(fit.log_hazard_ratio[0]), float(fit.standard_error[0]), "Cox, Wald interval")
    penalized = cox_process(group, time, event, firth=True)
    if penalized.status != "converged":
        return row(name, np.nan, note=f"no estimate: {penalized.status}")
    limits = firth_limits(group, time, event)
    note = f"{fewest} events in one arm: Firth's penalty, profile interval"
    return row(name, float(penalized.log_hazard_ratio[0]), float(limits.ci_low[0]), float(limits.ci_high[0]), note)


def _mean_row(time: FloatArray, event: FloatArray, group: FloatArray, horizon: float) -> Row:
    found = restricted_mean_difference(time, event, group, horizon=horizon)
    note = f"time gained up to {horizon:g}; no proportional hazards assumed"
    return row("restricted_mean_difference", found.estimate, found.ci_low, found.ci_high, note)


def _incidence_rows(time: FloatArray, cause: FloatArray, group: FloatArray, horizon: float) -> list[Row]:
    rows = []
    for code in np.unique(cause[cause > 0.0]):
        estimates, errors = zip(
            *(_incidence(time, cause, group == arm, code, horizon) for arm in (1.0, 0.0)), strict=True
        )
        difference, half = estimates[0] - estimates[1], HALF_WIDTH * float(np.hypot(*errors))
        name = f"incidence_difference_cause_{int(code)}"
        rows.append(row(name, difference, difference - half, difference + half, f"cumulative incidence at {horizon:g}"))
    return rows


def _incidence(
    time: FloatArray, cause: FloatArray, chosen: np.ndarray, code: float, horizon: float
) -> tuple[float, float]:
    if not (cause[chosen] > 0.0).any():
        return 0.0, 0.0
    found = cumulative_incidence(time[chosen], cause[chosen])
    reached = np.flatnonzero(found.time <= horizon)
    column = np.flatnonzero(found.causes == code)
    if not reached.size or not column.size:
        return 0.0, 0.0
    at = reached[-1], column[0]
    return float(found.incidence[at]), float(found.standard_error[at])
