"""pool: one estimate over several cohorts, with its heterogeneity and the range to expect in a further cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.results import PerformanceTable
from exomics.stats.meta_analysis import CombinedEffects, Estimator, Inference, combine_effects
from exomics.validation._effects import HALF_WIDTH

POOLED_PREFIX: Final = "pooled_"
EFFECT_METRICS: Final = ("log_hazard_ratio", "log_odds_ratio")
_FEWEST_COHORTS: Final = 2


def pool(
    performance: PerformanceTable, *, method: Estimator = "reml", inference: Inference = "normal"
) -> PerformanceTable:
    """Pool the log ratios of several cohorts, signature by signature and endpoint by endpoint.

    Parameters
    ----------
    performance
        Rows of `associate`, of all cohorts. Log hazard ratios and log odds ratios are pooled; other metrics are left.
        Apparent and external cohorts are pooled apart.
        The standard error of a cohort is its 95 % interval's width over ``2 × 1.96``.
    method
        Estimator of the between-cohort variance; see `exomics.stats.meta_analysis.combine_effects`.
    inference
        ``normal``, or one of the Hartung-Knapp forms, which are wider with few cohorts.

    Returns
    -------
    PerformanceTable
        ``cohort_id`` is ``pooled_<method>``. Per signature and endpoint: the effect under the metric's own name;
        ``prediction_interval`` (same estimate, the interval to expect in a further cohort); ``tau_squared`` (log ratio
        squared); ``i_squared`` (a fraction); ``n_cohorts``. ``n_samples`` and ``n_events`` are summed over the pooled
        cohorts; the note names cohorts without an estimate. With fewer than two estimates the effect is NaN and the
        note says so.

    Raises
    ------
    InputError
        If a signature has two estimates for one cohort, endpoint and metric, or the table is already pooled.

    Notes
    -----
    An interval that is not symmetric about its estimate (a profile interval) has no single standard error: refused.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> rows = [
    ...     {"signature_id": "s", "cohort_id": cohort, "endpoint": "os", "role": "external", "resampling": "",
    ...      "metric": "log_hazard_ratio", "estimate": value, "ci_low": value - 0.392, "ci_high": value + 0.392,
    ...      "n_samples": 50, "n_events": 30, "note": ""}
    ...     for cohort, value in (("one", -0.4), ("two", -0.2))
    ... ]
    >>> table = PerformanceTable(frame=pd.DataFrame(rows), provenance=Provenance(method="associate"))
    >>> pooled = pool(table).frame
    >>> pooled[["metric", "estimate"]].round(3).to_numpy().tolist()[0]
    ['log_hazard_ratio', -0.3]
    """
    frame = performance.frame
    if frame["cohort_id"].str.startswith(POOLED_PREFIX).any():
        raise InputError("the table already holds pooled rows; give the rows of the cohorts only.")
    effects = frame[frame["metric"].isin(EFFECT_METRICS)]
    _refuse_repeats(effects)
    rows = [
        row
        for _, part in effects.groupby(["signature_id", "endpoint", "metric", "role"], sort=False)
        for row in _pooled_rows(part, method, inference)
    ]
    notes = (f"{method} with {inference} intervals; prediction interval on cohorts − 2 degrees of freedom",)
    provenance = replace(
        performance.provenance,
        method="pool",
        parameters={"method": method, "inference": inference, "of": dict(performance.provenance.parameters)},
        notes=tuple(dict.fromkeys((*performance.provenance.notes, *notes))),
        step={},
    )
    return PerformanceTable(frame=pd.DataFrame(rows, columns=list(PerformanceTable.columns)), provenance=provenance)


def standard_errors(rows: pd.DataFrame) -> np.ndarray:
    """Standard errors behind symmetric 95 % intervals; NaN where there is no interval.

    Examples
    --------
    >>> frame = pd.DataFrame({"estimate": [0.0], "ci_low": [-1.96], "ci_high": [1.96]})
    >>> standard_errors(frame).round(3).tolist()
    [1.0]
    """
    estimate, low, high = (rows[name].to_numpy(dtype=float) for name in ("estimate", "ci_low", "ci_high"))
    skew = np.abs((high - estimate) - (estimate - low))
    if np.nanmax(skew / np.maximum(high - low, 1e-300), initial=0.0) > 1e-6:
        raise InputError("an interval is not symmetric about its estimate; give Wald intervals of log ratios to pool.")
    return (high - low) / (2 * HALF_WIDTH)


def _refuse_repeats(effects: pd.DataFrame) -> None:
    keys = ["signature_id", "cohort_id", "endpoint", "metric"]
    repeated = effects[effects.duplicated(keys)]
    if not repeated.empty:
        first = repeated.iloc[0]
        raise InputError(
            f"{first['signature_id']} has two rows for {first['cohort_id']}, {first['endpoint']}, {first['metric']}; "
            "give each cohort once."
        )


def _pooled_rows(part: pd.DataFrame, method: Estimator, inference: Inference) -> Iterator[dict[str, Any]]:
    usable = part[part["estimate"].notna() & part["ci_low"].notna() & part["ci_high"].notna()]
    missing = part[~part.index.isin(usable.index)]["cohort_id"].tolist()
    notes = [f"{len(usable)} cohort{'' if len(usable) == 1 else 's'}"] + (
        [f"without an estimate: {', '.join(missing)}"] if missing else []
    )
    metric = str(part["metric"].iloc[0])
    base = {
        "signature_id": part["signature_id"].iloc[0],
        "cohort_id": POOLED_PREFIX + method,
        "endpoint": part["endpoint"].iloc[0],
        "role": part["role"].iloc[0],
        "resampling": "",
        "n_samples": usable["n_samples"].sum() if len(usable) else part["n_samples"].sum(),
        "n_events": usable["n_events"].sum() if len(usable) else part["n_events"].sum(),
    }
    if len(usable) < _FEWEST_COHORTS:
        note = f"not pooled: at least {_FEWEST_COHORTS} estimates needed; {'; '.join(notes)}"
        yield base | _numbers(metric, np.nan, np.nan, np.nan) | {"note": note}
        return
    pooled = combine_effects(
        usable["estimate"].to_numpy(),
        standard_errors(usable),
        method=method,
        inference=inference,
    )
    if inference == "hartung_knapp" and _is_narrower(pooled, usable, method):
        notes.append("narrower than the normal interval: the cohorts agree by chance; use hartung_knapp_truncated")
    for numbers in _numbers_of(metric, pooled):
        yield base | numbers | {"note": "; ".join(notes)}


def _is_narrower(pooled: CombinedEffects, usable: pd.DataFrame, method: Estimator) -> bool:
    normal = combine_effects(usable["estimate"].to_numpy(), standard_errors(usable), method=method)
    return bool(pooled.ci_high[0] - pooled.ci_low[0] < normal.ci_high[0] - normal.ci_low[0])


def _numbers_of(metric: str, pooled: CombinedEffects) -> Iterator[dict[str, Any]]:
    estimate = float(pooled.estimate[0])
    yield _numbers(metric, estimate, float(pooled.ci_low[0]), float(pooled.ci_high[0]))
    yield _numbers("prediction_interval", estimate, float(pooled.prediction_low[0]), float(pooled.prediction_high[0]))
    yield _numbers("tau_squared", float(pooled.tau_squared[0]), np.nan, np.nan)
    yield _numbers("i_squared", float(pooled.i_squared[0]), np.nan, np.nan)
    yield _numbers("n_cohorts", float(pooled.n_studies[0]), np.nan, np.nan)


def _numbers(metric: str, estimate: float, low: float, high: float) -> dict[str, Any]:
    return {"metric": metric, "estimate": estimate, "ci_low": low, "ci_high": high}
