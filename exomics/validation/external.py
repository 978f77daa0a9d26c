"""Predicted risks beside what happened: discrimination, accuracy and calibration, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import FloatArray
from exomics.results import PerformanceTable, Provenance
from exomics.stats.calibration import binary_calibration, survival_calibration
from exomics.stats.discrimination import area_under_curve
from exomics.stats.survival_accuracy import auc_at, brier_scores, uno_concordance
from exomics.validation._rows import Label, Resampling, performance, row, usable_follow_up, wald, with_intervals

__all__ = ["assess_binary_risk", "assess_survival_risk"]

_FEW = 100
_BINARY = ("ici", "e50", "e90", "brier")
_FINEST = 1e-9


def assess_binary_risk(
    risk: ArrayLike, outcome: ArrayLike, *, label: Label, resampling: Resampling | None = None
) -> PerformanceTable:
    """Performance of predicted probabilities of a binary outcome.

    Parameters
    ----------
    risk
        Predicted probabilities, (n_samples,), of a model that did not see these outcomes.
    outcome
        1 or 0, (n_samples,); NaN is left out.
    label
        Words of the table.
    resampling
        Bootstrap of the intervals that have no formula.

    Returns
    -------
    PerformanceTable
        ``auc`` (DeLong interval), ``calibration_intercept`` and ``calibration_slope`` (Wald), ``ici``, ``e50``,
        ``e90``, ``brier`` and ``scaled_brier`` (1 - Brier / that of the prevalence; bootstrap).

    Raises
    ------
    InputError
        If a risk is no probability or one outcome is missing altogether.

    Notes
    -----
    Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7: calibration is never left out. Curves and slopes of fewer
    than 100 events are rough, as the note says.

    Examples
    --------
    >>> risk, outcome = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> table = assess_binary_risk(risk, outcome, label=Label("model", "cohort", "response"), resampling=Resampling(0))
    >>> table.frame.set_index("metric")["estimate"].round(3)[["auc", "brier"]].tolist()
    [0.812, 0.175]
    """
    p, y = (np.asarray(values, dtype=np.float64) for values in (risk, outcome))
    calibration = binary_calibration(p, y)
    known = np.isfinite(p) & np.isfinite(y)
    p, y = p[known], y[known]
    auc = area_under_curve(p, y)
    n_events = int(y.sum())
    rough = "" if min(n_events, len(y) - n_events) >= _FEW else f"fewer than {_FEW} in the smaller group: rough"

    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        found = binary_calibration(p[chosen], y[chosen])
        share = float(y[chosen].mean())
        scaled = 1.0 - found.brier / (share * (1.0 - share))
        return {**{name: getattr(found, name) for name in _BINARY}, "scaled_brier": scaled}

    resampled = resampling or Resampling()
    rows = [
        row("auc", float(auc.estimate[0]), float(auc.ci_low[0]), float(auc.ci_high[0])),
        wald("calibration_intercept", calibration.intercept, calibration.intercept_error, rough),
        wald("calibration_slope", calibration.slope, calibration.slope_error, rough),
        *with_intervals(measured, len(y), resampled, {"ici": rough}),
    ]
    provenance = Provenance(method="assess_binary_risk", parameters=resampled._asdict(), seed=resampled.seed)
    return performance(rows, label, n_samples=len(y), n_events=n_events, provenance=provenance)


def assess_survival_risk(
    risk: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    label: Label,
    horizon: float,
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """Performance of predicted risks of an event by a horizon, censoring allowed for.

    Parameters
    ----------
    risk
        Predicted probability of the event by `horizon`, (n_samples,).
    time, event
        Follow-up, (n_samples,); NaN is left out.
    label
        Words of the table.
    horizon
        In the units of `time`.
    resampling
        Bootstrap of the intervals that have no formula.

    Returns
    -------
    PerformanceTable
        ``uno_c`` (up to the horizon), ``auc_at_horizon``, ``brier``, ``scaled_brier``, ``integrated_brier`` (over ten
        times up to the horizon, a constant hazard of each patient assumed between; bootstrap),
        ``observed_over_expected`` (Kaplan-Meier interval), ``calibration_slope`` (Wald), ``ici`` and ``e90``
        (bootstrap).

    Raises
    ------
    InputError
        If a time is not positive, all are censored, a risk is no probability, or nobody is followed to the horizon.

    Notes
    -----
    McLernon et al. (2023), doi:10.7326/M22-0844.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = rng.uniform(0.1, 0.8, 80)
    >>> time = rng.exponential(-1.0 / np.log1p(-risk))
    >>> label = Label("model", "cohort", "os")
    >>> table = assess_survival_risk(risk, time, np.ones(80), label=label, horizon=1.0, resampling=Resampling(0))
    >>> table.frame.set_index("metric")["estimate"].round(2)[["uno_c", "observed_over_expected"]].tolist()
    [0.67, 0.9]
    """
    times, events, p = usable_follow_up(time, event, risk)
    found = survival_calibration(p, times, events, horizon=horizon)
    happened = int(events[times <= horizon].sum())
    rough = "" if happened >= _FEW else f"fewer than {_FEW} events by the horizon: rough"
    grid = np.linspace(horizon / 10.0, horizon, 10)

    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        return _survival_measures(p[chosen], times[chosen], events[chosen], grid)

    resampled = resampling or Resampling()
    rows = [
        *with_intervals(measured, len(p), resampled, {"ici": rough}),
        row("observed_over_expected", found.ratio, found.ratio_low, found.ratio_high),
        wald("calibration_slope", found.slope, found.slope_error, rough),
    ]
    parameters = {"horizon": horizon, **resampled._asdict()}
    provenance = Provenance(method="assess_survival_risk", parameters=parameters, seed=resampled.seed)
    return performance(rows, label, n_samples=len(p), n_events=happened, provenance=provenance)


def _survival_measures(p: FloatArray, time: FloatArray, event: FloatArray, grid: FloatArray) -> dict[str, float]:
    horizon = float(grid[-1])
    calibration = survival_calibration(p, time, event, horizon=horizon)
    survival = np.clip(1.0 - p, _FINEST, 1.0)[:, None] ** (grid / horizon)
    scores = brier_scores(survival, time, event, horizons=grid)
    return {
        "uno_c": uno_concordance(p, time, event, horizon=horizon),
        "auc_at_horizon": auc_at(p, time, event, horizon=horizon),
        "brier": float(scores.score[-1]),
        "scaled_brier": 1.0 - float(scores.score[-1] / scores.reference[-1]),
        "integrated_brier": scores.integrated,
        "ici": calibration.ici,
        "e90": calibration.e90,
    }
