"""Does a marker add to what is known? Its hazard ratio alone and adjusted, and the concordance that it adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.cox_process import cox_process, firth_limits
from exomics.stats.survival import CoxFit, concordance, cox_regression
from exomics.validation._rows import Label, Resampling, Row, performance, row, usable_follow_up, wald, with_intervals

__all__ = ["added_value"]

_EVENTS_PER_COEFFICIENT = 10
_FEWEST_SUBJECTS = 20


def added_value(
    frame: pd.DataFrame,
    *,
    marker: str,
    covariates: Sequence[str],
    label: Label,
    time: str = "time",
    event: str = "event",
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """A marker beside covariates such as stage and stroma, in Cox models.

    Parameters
    ----------
    frame
        One row per patient, numeric columns.
    marker
        Column of the marker; hazard ratios are per its standard deviation.
    covariates
        Columns that are known anyway; what a marker may merely stand for (purity, stroma) belongs among them.
    label
        Words of the table.
    time, event
        Columns of the follow-up.
    resampling
        Bootstrap of the concordances; models are refitted in each resample.

    Returns
    -------
    PerformanceTable
        ``log_hazard_ratio_alone``, ``log_hazard_ratio_adjusted`` (its note has the likelihood ratio P value),
        ``c_without``, ``c_with``, ``c_added``; apparent, on the patients of the fit. With fewer than 10 events per
        coefficient the fits are Firth's, and the note says so.

    Raises
    ------
    InputError
        If a column is missing, a time is not positive, all are censored, or fewer than 20 patients are complete.

    Notes
    -----
    A marker that loses its association beside a covariate adds nothing to it; that does not say which of the two acts.
    Concordance is Harrell's. Firth (1993), doi:10.1093/biomet/80.1.27.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stroma = rng.normal(size=200)
    >>> sheet = pd.DataFrame({"DCN": stroma + rng.normal(0, 0.5, 200), "stroma": stroma})
    >>> sheet = sheet.assign(time=rng.exponential(1 / np.exp(0.8 * stroma)), event=1.0)
    >>> label = Label("gene:DCN", "cohort", "os")
    >>> table = added_value(sheet, marker="DCN", covariates=["stroma"], label=label, resampling=Resampling(0))
    >>> table.frame["estimate"].round(2)[:2].tolist()
    [0.69, 0.14]
    """
    x, times, events = _columns(frame, [marker, *covariates], (time, event))
    firth = events.sum() < _EVENTS_PER_COEFFICIENT * x.shape[1]
    rows = [_effect("alone", x[:, :1], (times, events), firth), _effect("adjusted", x, (times, events), firth)]

    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        return _concordances(x[chosen], times[chosen], events[chosen], firth)

    resampled = resampling or Resampling()
    rows += with_intervals(measured, len(times), resampled)
    parameters = {"marker": marker, "covariates": list(covariates), **resampled._asdict()}
    provenance = Provenance(method="added_value", parameters=parameters, seed=resampled.seed)
    return performance(rows, label, n_samples=len(times), n_events=int(events.sum()), provenance=provenance)


def _columns(
    frame: pd.DataFrame, names: Sequence[str], follow_up: tuple[str, str]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    absent = [name for name in (*names, *follow_up) if name not in frame.columns]
    if absent:
        raise InputError(
            f"the table has no column {', '.join(absent)}; it has {', '.join(map(str, frame.columns[:12]))}."
        )
    if frame.index.has_duplicates:
        raise InputError(
            f"{int(frame.index.duplicated().sum())} patients occur more than once; one row each is needed."
        )
    numbers = frame[[*names, *follow_up]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    times, events, x = usable_follow_up(numbers[:, -2], numbers[:, -1], numbers[:, :-2])
    if len(times) < _FEWEST_SUBJECTS:
        raise InputError(
            f"{len(times)} patients are complete; at least {_FEWEST_SUBJECTS} are needed to judge a model."
        )
    spread = x[:, 0].std(ddof=1)
    x[:, 0] = (x[:, 0] - x[:, 0].mean()) / (spread if spread > 0.0 else 1.0)
    return x, times, events


def _fit(x: FloatArray, time: FloatArray, event: FloatArray, firth: bool) -> CoxFit:
    return cox_process(x, time, event, firth=True) if firth else cox_regression(x, time, event)


def _effect(name: str, x: FloatArray, follow_up: tuple[FloatArray, FloatArray], firth: bool) -> Row:
    metric = f"log_hazard_ratio_{name}"
    fit = _fit(x, *follow_up, firth)
    if fit.status != "converged":
        return row(metric, np.nan, note=f"no estimate: {fit.status}")
    estimate = float(fit.log_hazard_ratio[0])
    if firth:
        limits = firth_limits(x, *follow_up)
        note = f"few events: Firth's penalty, profile interval; likelihood ratio P {limits.p_value[0]:.3g}"
        return row(metric, estimate, float(limits.ci_low[0]), float(limits.ci_high[0]), note)
    without = _fit(x[:, 1:], *follow_up, False).log_likelihood if x.shape[1] > 1 else fit.null_log_likelihood
    p_value = float(chi2.sf(2.0 * (fit.log_likelihood - without), 1))
    return wald(metric, estimate, float(fit.standard_error[0]), f"likelihood ratio P {p_value:.3g}")


def _concordances(x: FloatArray, time: FloatArray, event: FloatArray, firth: bool) -> dict[str, float]:
    found = []
    for columns in (x[:, 1:], x):
        fit = _fit(columns, time, event, firth)
        if fit.status != "converged":
            return {"c_without": np.nan, "c_with": np.nan, "c_added": np.nan}
        found.append(concordance(columns @ fit.log_hazard_ratio, time, event).estimate)
    return {"c_without": found[0], "c_with": found[1], "c_added": found[1] - found[0]}
