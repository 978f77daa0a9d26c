"""Adherence and survival, without immortal time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.cox_process import cox_process
from exomics.stats.landmark import landmark, split_at_exposure
from exomics.stats.survival import CoxFit, cox_regression
from exomics.validation._rows import Label, Row, performance, row, usable_follow_up, wald

__all__ = ["adherence_effect"]

_IMMORTAL = "biased: who dies early had no time to adhere (immortal time); shown for comparison only"


def adherence_effect(
    time: ArrayLike, event: ArrayLike, adherent_from: ArrayLike, *, label: Label, landmark_at: float
) -> PerformanceTable:
    """Hazard ratio of adherence, which is reached during follow-up.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,).
    adherent_from
        When adherence was reached, such as the day of the twelfth session, (n_samples,); NaN: never.
    label
        Words of the table.
    landmark_at
        Time at which those still followed are split by adherence so far.

    Returns
    -------
    PerformanceTable
        ``log_hazard_ratio_time_varying`` (not adherent before adherence), ``log_hazard_ratio_landmark``, and
        ``log_hazard_ratio_naive``, which splits by adherence at any time and is biased.

    Raises
    ------
    InputError
        If a time is not positive, all are censored, adherence begins after the end of follow-up, or nobody adheres.

    Notes
    -----
    Suissa (2008), doi:10.1093/aje/kwm324; Anderson, Cain and Gelber (1983), doi:10.1200/JCO.1983.1.11.710. Adherence is
    not randomized: even without immortal time it goes with being well.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> time, reached = rng.exponential(10.0, 300), rng.uniform(0.0, 12.0, 300)
    >>> begun = np.where(reached < time, reached, np.nan)
    >>> label = Label("adherence", "cohort", "os")
    >>> table = adherence_effect(time, np.ones(300), begun, label=label, landmark_at=4.0)
    >>> table.frame["estimate"].round(1).tolist()
    [-0.2, -0.3, -2.3]
    """
    begun = np.asarray(adherent_from, dtype=np.float64)
    never = np.isnan(begun)
    times, events, start = usable_follow_up(time, event, np.where(never, np.inf, begun).clip(max=1e300))
    late = (start >= times) & (start < 1e300)
    if late.any():
        raise InputError(
            f"{int(late.sum())} patients adhere from the end of their follow-up or later; check the dates."
        )
    start = np.where(start < 1e300, start, np.nan)
    if np.isnan(start).all():
        raise InputError("nobody reaches adherence during follow-up; there is nothing to compare.")
    parts = split_at_exposure(times, events, start)
    kept = landmark(times, events, start, at=landmark_at)
    rows = [
        _estimated("time_varying", cox_process(parts.exposed, parts.stop, parts.event, start=parts.start), ""),
        _estimated(
            "landmark",
            cox_regression(kept.exposed, kept.time, kept.event),
            f"{len(kept.time)} patients followed beyond {landmark_at:g}",
        ),
        _estimated("naive", cox_regression(_ever(start), times, events), _IMMORTAL),
    ]
    provenance = Provenance(method="adherence_effect", parameters={"landmark_at": landmark_at})
    return performance(rows, label, n_samples=len(times), n_events=int(events.sum()), provenance=provenance)


def _ever(start: FloatArray) -> FloatArray:
    return np.isfinite(start).astype(np.float64)


def _estimated(name: str, fit: CoxFit, note: str) -> Row:
    metric = f"log_hazard_ratio_{name}"
    if fit.status != "converged":
        return row(metric, np.nan, note="; ".join(filter(None, [f"no estimate: {fit.status}", note])))
    return wald(metric, float(fit.log_hazard_ratio[0]), float(fit.standard_error[0]), note)
