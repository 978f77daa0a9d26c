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

CONTROL_COLUMNS: Final = ("signature_id", "cohort_id", "endpoint", "metric", "set", "estimate")
_NEUTRAL: Final = {"auc": 0.5}
_FEWEST_SETS: Final = 20


def associate_controls(
    controls: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    signature_id: str,
    cohort_id: str,
    endpoints: Sequence[str] | None = None,
    horizon_months: float | None = 36.0,
    minimum_events: int = 3,
) -> pd.DataFrame:
    """Estimates of random matched sets, by the same models as `associate`.

    Parameters
    ----------
    controls
        (n_samples, n_sets) scores: index ``sample_id``, one column per set, as in
        `exomics.scoring.controls.MatchedControls`.
    outcomes, cohort_id, endpoints, horizon_months, minimum_events
        As for `associate`.
    signature_id
        The signature that the sets are matched to.

    Returns
    -------
    DataFrame
        Columns ``signature_id, cohort_id, endpoint, metric, set, estimate``; NaN where a set has no estimate.

    Raises
    ------
    InputError
        As `associate`.

    Examples
    --------
    >>> samples = [f"s{i}" for i in range(8)]
    >>> controls = pd.DataFrame({"set_1": range(8), "set_2": [3, 1, 4, 1, 5, 9, 2, 6]}, index=samples)
    >>> outcomes = pd.DataFrame({"response": ["responder", "non_responder"] * 4}, index=samples)
    >>> found = associate_controls(controls, outcomes, signature_id="trn.x", cohort_id="example")
    >>> found.loc[found["metric"] == "auc", "estimate"].round(4).tolist()
    [0.375, 0.5]
    """
    table = ScoreTable(frame=_as_scores(controls), provenance=Provenance(method="matched_controls"))
    estimated = associate(
        table,
        outcomes,
        cohort_id=cohort_id,
        endpoints=endpoints,
        horizon_months=horizon_months,
        minimum_events=minimum_events,
    ).frame
    named = estimated.rename(columns={"signature_id": "set"}).assign(signature_id=signature_id)
    return named[list(CONTROL_COLUMNS)]


def compare_with_controls(performance: PerformanceTable, controls: pd.DataFrame) -> PerformanceTable:
    """Where a signature's estimates stand among those of random sets matched to it.

    Parameters
    ----------
    performance
        Rows of `associate`.
    controls
        Rows of `associate_controls`, of any number of signatures, cohorts and endpoints.

    Returns
    -------
    PerformanceTable
        Per signature, cohort, endpoint and metric that both tables hold, two rows: ``control_percentile``, the
        percentage of sets with an estimate at or below the signature's; and ``empirical_p_value``, two-sided,
        ``(1 + #{|control| >= |signature|}) / (1 + n)`` with effects counted from no effect (log ratio 0, area 0.5).
        A set without an estimate counts as at least as far out. The note names the metric and the number of sets. NaN
        with a note where the signature has no estimate or fewer than 20 sets have one.

    Raises
    ------
    InputError
        If a column is missing, or no row of `controls` has its signature in `performance`.

    Notes
    -----
    The p-value is not adjusted for the number of comparisons. With 1,000 sets the smallest is 0.001.

    Examples
    --------
    >>> row = dict.fromkeys(PerformanceTable.columns) | {"signature_id": "trn.x", "cohort_id": "one",
    ...     "endpoint": "response", "metric": "auc", "estimate": 0.9, "n_samples": 30, "n_events": 12}
    >>> performance = PerformanceTable(frame=pd.DataFrame([row]), provenance=Provenance(method="associate"))
    >>> controls = pd.DataFrame({"signature_id": "trn.x", "cohort_id": "one", "endpoint": "response", "metric": "auc",
    ...     "set": range(99), "estimate": np.linspace(0.3, 0.7, 99)})
    >>> compare_with_controls(performance, controls).frame[["metric", "estimate"]].to_numpy().tolist()
    [['control_percentile', 100.0], ['empirical_p_value', 0.01]]
    """
    missing = [name for name in CONTROL_COLUMNS if name not in controls.columns]
    if missing:
        raise InputError(f"the table of random sets lacks {', '.join(missing)}; make it with associate_controls.")
    keys = ["signature_id", "cohort_id", "endpoint", "metric"]
    observed = {tuple(row[key] for key in keys): row for row in performance.frame.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for key, part in controls.groupby(keys, sort=False):
        if key in observed:
            rows += _comparison(observed[key], part["estimate"].to_numpy(dtype=np.float64))
    if controls.size and not rows:
        raise InputError("no random set is matched to a signature of the table; give the controls of these signatures.")
    frame = pd.DataFrame(rows, columns=list(PerformanceTable.columns))
    parameters = {"of": dict(performance.provenance.parameters), "n_sets": int(controls["set"].nunique())}
    provenance = replace(performance.provenance, method="compare_with_controls", parameters=parameters, step={})
    return PerformanceTable(frame=frame, provenance=provenance)


def _as_scores(controls: pd.DataFrame) -> pd.DataFrame:
    """The scores of the sets in the columns of a score table."""
    samples = np.repeat(controls.index.astype(str), controls.shape[1])
    sets = np.tile([str(name) for name in controls.columns], controls.shape[0])
    long = pd.DataFrame(dict.fromkeys(ScoreTable.columns), index=range(controls.size))
    return long.assign(
        sample_id=samples, signature_id=sets, arm=TOTAL, status="ok", score=controls.to_numpy(dtype=np.float64).ravel()
    )


def _comparison(row: dict[Any, Any], estimates: np.ndarray) -> list[dict[str, Any]]:
    """The two rows of one estimate among those of its sets."""
    finite = estimates[np.isfinite(estimates)]
    neutral = _NEUTRAL.get(row["metric"], 0.0)
    told = f"{row['metric'].replace('_', ' ')} among {finite.size:,} random matched sets"
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
