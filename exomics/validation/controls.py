"""A signature's associations beside those of random sets matched to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance, ScoreTable
from exomics.stats.matched_sets import empirical_p_value
from exomics.validation.association import TOTAL, associate

ESTIMATE_COLUMNS: Final = ("signature_id", "cohort_id", "endpoint", "metric", "control", "estimate")
_SCORE_COLUMNS: Final = ("sample_id", "signature_id", "control", "score")
_KEYS: Final = ("signature_id", "cohort_id", "endpoint", "metric")
COMPARED: Final = {"log_hazard_ratio": 0.0, "auc": 0.5}  # metric -> its value where there is no association
_FEWEST_SETS: Final = 20


def beside_controls(
    performance: PerformanceTable,
    controls: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    horizon_months: float | None = 36.0,
    minimum_events: int = 3,
) -> tuple[PerformanceTable, pd.DataFrame]:
    """Place every signature that has matched random sets among them.

    Parameters
    ----------
    performance
        Rows of `associate` for one cohort.
    controls
        Scores of random sets, as `exomics.scoring.control_scores` gives them: ``sample_id, signature_id`` (the
        signature that a set is matched to), ``control`` (number of the set), ``score``.
    outcomes, horizon_months, minimum_events
        As they were given to `associate`.

    Returns
    -------
    PerformanceTable
        `performance` with, per endpoint and signature that has random sets, two rows more: ``control_percentile``, the
        percentage of sets with an estimate at or below the signature's; and ``empirical_p_value``, two-sided,
        ``(1 + #{|control| >= |signature|}) / (1 + n)``. Compared are log hazard ratios (from 0) for survival and areas
        under the ROC curve (from 0.5) for response: one comparison per endpoint. A set without an estimate counts as
        at least as far out. NaN with a note where the signature has no estimate or fewer than 20 sets have one.
    DataFrame
        Every estimate of the sets: ``signature_id, cohort_id, endpoint, metric, control, estimate``.

    Raises
    ------
    InputError
        If `performance` holds several cohorts, a column is missing, or sets are matched to a signature not in it.

    Notes
    -----
    The p-value is not adjusted for the number of comparisons. With 1,000 sets the smallest is 0.001.

    Examples
    --------
    >>> samples = [f"s{i}" for i in range(8)]
    >>> outcomes = pd.DataFrame({"response": ["responder", "non_responder"] * 4}, index=samples)
    >>> row = dict.fromkeys(PerformanceTable.columns) | {"signature_id": "trn.x", "cohort_id": "one",
    ...     "endpoint": "response", "metric": "auc", "estimate": 1.0, "n_samples": 8, "n_events": 4}
    >>> performance = PerformanceTable(frame=pd.DataFrame([row]), provenance=Provenance(method="associate"))
    >>> sets = [{"sample_id": name, "signature_id": "trn.x", "control": number, "score": (5 * i + number) % 8}
    ...     for number in range(24) for i, name in enumerate(samples)]
    >>> table, estimates = beside_controls(performance, pd.DataFrame(sets), outcomes)
    >>> table.frame["metric"].tolist(), len(estimates)
    (['auc', 'control_percentile', 'empirical_p_value'], 48)
    """
    cohorts = list(dict.fromkeys(performance.frame["cohort_id"]))
    if len(cohorts) != 1:
        raise InputError(f"random sets are compared in one cohort at a time; the table has {len(cohorts)}.")
    _check_controls(performance, controls)
    endpoints = list(dict.fromkeys(performance.frame["endpoint"]))
    settings: dict[str, Any] = {"horizon_months": horizon_months, "minimum_events": minimum_events}
    estimates = [
        _estimates(part, outcomes, cohorts[0], endpoints, settings).assign(signature_id=signature_id)
        for signature_id, part in controls.groupby("signature_id", sort=False)
    ]
    found = pd.concat(estimates, ignore_index=True) if estimates else pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
    return _with_comparisons(performance, found), found[list(ESTIMATE_COLUMNS)]


def _check_controls(performance: PerformanceTable, controls: pd.DataFrame) -> None:
    missing = [name for name in _SCORE_COLUMNS if name not in controls.columns]
    if missing:
        raise InputError(f"the scores of random sets lack {', '.join(missing)}; make them with scoring.control_scores.")
    unknown = sorted(set(controls["signature_id"]) - set(performance.frame["signature_id"]))
    if unknown:
        raise InputError(f"random sets are matched to {unknown[0]}, which is not in the table; associate it first.")


def _estimates(
    controls: pd.DataFrame, outcomes: pd.DataFrame, cohort_id: str, endpoints: Sequence[str], settings: dict[str, Any]
) -> pd.DataFrame:
    """Estimates of the sets of one signature, by the same models as the signature's own."""
    blank = pd.DataFrame(dict.fromkeys(ScoreTable.columns), index=range(len(controls)))
    scores = blank.assign(
        sample_id=controls["sample_id"].to_numpy(),
        signature_id=controls["control"].astype(str).to_numpy(),
        score=controls["score"].to_numpy(dtype=np.float64),
        arm=TOTAL,
        status="ok",
    )
    table = ScoreTable(frame=scores, provenance=Provenance(method="matched_controls"))
    found = associate(table, outcomes, cohort_id=cohort_id, endpoints=endpoints, **settings).frame
    return found.rename(columns={"signature_id": "control"})


def _with_comparisons(performance: PerformanceTable, estimates: pd.DataFrame) -> PerformanceTable:
    observed = {tuple(row[key] for key in _KEYS): row for row in performance.frame.to_dict("records")}
    rows: list[dict[Any, Any]] = []
    for key, part in estimates.groupby(list(_KEYS), sort=False):
        if key[-1] in COMPARED and key in observed:
            rows += _comparison(observed[key], part["estimate"].to_numpy(dtype=np.float64))
    if not rows:
        return performance
    frame = pd.DataFrame([*performance.frame.to_dict("records"), *rows], columns=list(PerformanceTable.columns))
    parameters = {**performance.provenance.parameters, "n_controls": int(estimates["control"].nunique())}
    return PerformanceTable(frame=frame, provenance=replace(performance.provenance, parameters=parameters))


def _comparison(row: dict[Any, Any], estimates: np.ndarray) -> list[dict[str, Any]]:
    """The two rows of one estimate among those of its sets."""
    finite = estimates[np.isfinite(estimates)]
    neutral = COMPARED[row["metric"]]
    told = f"{row['metric'].replace('auc', 'AUC').replace('_', ' ')} among {finite.size:,} random matched sets"
    percentile = p_value = np.nan
    if not np.isfinite(row["estimate"]):
        told = f"no estimate to compare; {told}"
    elif finite.size < _FEWEST_SETS:
        told = f"too few sets, at least {_FEWEST_SETS} needed; {told}"
    else:
        percentile = 100.0 * float(np.mean(finite <= row["estimate"]))
        p_value = empirical_p_value(row["estimate"] - neutral, estimates - neutral)
    shared = {key: row[key] for key in ("signature_id", "cohort_id", "endpoint", "role", "n_samples", "n_events")}
    shared |= {"ci_low": np.nan, "ci_high": np.nan, "resampling": "", "note": told}
    return [
        shared | {"metric": "control_percentile", "estimate": percentile},
        shared | {"metric": "empirical_p_value", "estimate": p_value},
    ]
