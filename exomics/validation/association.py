"""associate: scores beside response and survival in one cohort, every signature with a row, estimated or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.results import PerformanceTable, ScoreTable
from exomics.validation._effects import Effect, response_effects, standardized, survival_effects

TOTAL: Final = "total"
RESPONSE: Final = "response"
_USABLE: Final = ("ok", "wrong_layer_override")
_LABELS: Final = {"responder": 1.0, "non_responder": 0.0}


def associate(
    scores: ScoreTable,
    outcomes: pd.DataFrame,
    *,
    cohort_id: str,
    endpoints: Sequence[str] | None = None,
    horizon_months: float | None = 36.0,
    minimum_events: int = 3,
    role: str = "external",
) -> PerformanceTable:
    """Estimate, signature by signature, how a score goes with survival and response in one cohort.

    Scores are put in standard deviations of the cohort (n − 1 in the denominator, over every scored sample, followed up
    or not). Survival: log hazard ratio per standard deviation, Cox model with Efron's ties, Wald interval. Response:
    log odds ratio per standard deviation, logistic model, Wald interval; area under the ROC curve, DeLong interval.

    Parameters
    ----------
    scores
        Totals of any number of signatures, one sample per subject.
    outcomes
        Index ``sample_id``. ``<endpoint>_time_months`` and ``<endpoint>_event`` (1 happened, 0 censored) per survival
        endpoint, such as ``os`` and ``pfs``; ``response`` with ``responder`` and ``non_responder`` as the trial
        recorded it. Anything else is missing.
    cohort_id
        Name of the cohort in the result.
    endpoints
        ``os``, ``pfs``, …, ``response``; by default every endpoint of `outcomes` with a known value.
    horizon_months
        Survival is censored here; None leaves the follow-up as it is.
    minimum_events
        Fewest events (for response: fewest patients in the smaller group) for an estimate.
    role
        ``external`` if the cohort took no part in deriving the signature, ``apparent`` if it did.

    Returns
    -------
    PerformanceTable
        Metrics ``log_hazard_ratio``, ``log_odds_ratio`` and ``auc`` with 95 % intervals. A signature that could not be
        scored, or an endpoint with too few events, has a row without estimate whose note says why. Such a row counts
        the samples with a known endpoint. For response, events are patients who responded.

    Raises
    ------
    InputError
        If no sample has an outcome, a subject or a sample comes twice, an outcome is no number or no known word, a time
        is not positive, or an endpoint is asked for that is not there.

    Notes
    -----
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; DeLong et al. (1988), doi:10.2307/2531595. Intervals are not
    adjusted for the number of signatures; that number is in the provenance. These are associations: nothing here tells
    who would benefit from a treatment.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> rows = [dict.fromkeys(ScoreTable.columns) | {"sample_id": f"s{i}", "signature_id": "imm.cyt", "arm": "total",
    ...     "score": score, "status": "ok"} for i, score in enumerate([0.0, 1.0, 2.0, 1.5, 0.5, 2.5])]
    >>> table = ScoreTable(frame=pd.DataFrame(rows), provenance=Provenance(method="score"))
    >>> outcomes = pd.DataFrame({"os_time_months": [5.0, 3.0, 1.0, 4.0, 2.0, 6.0], "os_event": [1, 1, 1, 0, 1, 1]},
    ...     index=[f"s{i}" for i in range(6)])
    >>> frame = associate(table, outcomes, cohort_id="example").frame
    >>> frame[["metric", "n_samples", "n_events"]].to_numpy().tolist()
    [['log_hazard_ratio', 6, 5]]
    """
    totals = _totals(scores.frame)
    known = _known_outcomes(outcomes, totals, cohort_id)
    chosen = _endpoints(known, endpoints)
    remarks = _remarks(scores.frame)
    matrix = standardized(_matrix(totals).reindex(columns=list(remarks)))
    rows: list[dict[str, Any]] = []
    for endpoint in chosen:
        effects = _effects(matrix.reindex(known.index), known, endpoint, horizon_months, minimum_events)
        base = {"cohort_id": cohort_id, "endpoint": endpoint, "role": role, "resampling": ""}
        rows += [base | row for row in _rows(effects, remarks)]
    parameters = {
        "cohort_id": cohort_id,
        "endpoints": chosen,
        "horizon_months": horizon_months,
        "minimum_events": minimum_events,
        "ties": "efron",
        "interval": "95 % Wald; AUC: DeLong",
        "n_signatures": len(remarks),
    }
    provenance = replace(scores.provenance, method="associate", parameters=parameters, step={})
    return PerformanceTable(frame=pd.DataFrame(rows, columns=list(PerformanceTable.columns)), provenance=provenance)


def _totals(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the totals; a sample or a subject twice in one signature is an error."""
    totals = frame[frame["arm"] == TOTAL]
    for column, advice in (
        ("sample_id", "score each signature with one method"),
        ("subject_id", "the subject is the unit of analysis: keep one time point or specimen per subject"),
    ):
        named = totals[totals[column] != ""]
        repeated = named[named.duplicated(["signature_id", column])]
        if not repeated.empty:
            first = repeated.iloc[0]
            raise InputError(f"{column} {first[column]} occurs twice for {first['signature_id']}; {advice}.")
    return totals


def _known_outcomes(outcomes: pd.DataFrame, totals: pd.DataFrame, cohort_id: str) -> pd.DataFrame:
    """The outcomes of the scored samples, in the order of the outcomes."""
    table = outcomes.set_axis(outcomes.index.astype(str), axis=0)
    if not table.index.is_unique:
        repeated = table.index[table.index.duplicated()][0]
        raise InputError(f"the outcomes of {cohort_id} list {repeated} twice; give one row per sample.")
    known = table[table.index.isin(set(totals["sample_id"]))]
    if known.empty and not totals.empty:
        raise InputError(
            f"no scored sample of {cohort_id} has an outcome: scores name {totals['sample_id'].iloc[0]!r}, outcomes "
            f"{table.index[0] if len(table) else 'nothing'!r}. Index the outcomes by sample_id."
        )
    return known if not totals.empty else table


def _endpoints(outcomes: pd.DataFrame, asked: Sequence[str] | None) -> list[str]:
    names = [str(name) for name in outcomes.columns]
    paired = [name.removesuffix("_event") for name in names if name.endswith("_event")]
    present = [name for name in paired if f"{name}_time_months" in names] + [RESPONSE] * (RESPONSE in names)
    if RESPONSE in names:
        _require_labels(outcomes[RESPONSE])
    if asked is None:
        return [name for name in present if _is_known(outcomes, name).any()]
    missing = [name for name in asked if name not in present]
    if missing:
        raise InputError(f"the outcomes have no endpoint {missing[0]!r}; they have {', '.join(present) or 'none'}.")
    return list(asked)


def _require_labels(response: pd.Series) -> None:
    """Some unknown words mean missing; words of which none is known mean another spelling."""
    words = response.dropna().astype(str)
    if len(words) and not words.isin(_LABELS).any():
        shown = ", ".join(repr(word) for word in dict.fromkeys(words[:50]))
        raise InputError(f"response must be {' or '.join(_LABELS)}; got {shown[:80]}. Translate the words first.")


def _is_known(outcomes: pd.DataFrame, endpoint: str) -> pd.Series:
    if endpoint == RESPONSE:
        return outcomes[RESPONSE].isin(_LABELS)
    return outcomes[[f"{endpoint}_time_months", f"{endpoint}_event"]].notna().all(axis=1)


def _matrix(totals: pd.DataFrame) -> pd.DataFrame:
    """Samples x signatures; NaN where there is no usable score."""
    usable = totals["score"].where(totals["status"].isin(_USABLE))
    return totals.assign(score=usable).pivot(index="sample_id", columns="signature_id", values="score")


def _effects(
    matrix: pd.DataFrame, outcomes: pd.DataFrame, endpoint: str, horizon: float | None, minimum_events: int
) -> Iterator[tuple[str, Effect]]:
    if endpoint == RESPONSE:
        labels = outcomes[RESPONSE].astype(object).map(_LABELS).to_numpy(dtype=float)
        return response_effects(matrix, labels, minimum_events)
    time, event = (_numbers_in(outcomes[f"{endpoint}_{part}"]) for part in ("time_months", "event"))
    if (time <= 0.0).any():
        raise InputError(f"{int((time <= 0.0).sum())} times of {endpoint} are 0 or less; they must be positive.")
    return survival_effects(matrix, time, event, horizon=horizon, minimum_events=minimum_events)


def _numbers_in(column: pd.Series) -> NDArray[np.float64]:
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{column.name} must hold numbers, missing ones empty; {error}.") from error


def _rows(effects: Iterator[tuple[str, Effect]], remarks: dict[str, str]) -> Iterator[dict[str, Any]]:
    for signature_id, effect in effects:
        note = "; ".join(filter(None, (remarks[signature_id], effect.note)))
        yield {"signature_id": signature_id} | effect._asdict() | {"note": note}


def _remarks(frame: pd.DataFrame) -> dict[str, str]:
    """What must be said beside every estimate of a signature: an override, or why samples have no score."""
    remarks = {}
    for signature_id, part in frame.groupby("signature_id", sort=False):
        totals = part[part["arm"] == TOTAL]
        if totals.empty:
            remarks[str(signature_id)] = "no total: this signature is reported member by member"
            continue
        told = ["wrong_layer_override: exploratory"] if (totals["status"] == _USABLE[1]).any() else []
        unscored = totals[~totals["status"].isin(_USABLE)]
        for status, rows in unscored.groupby("status", sort=False):
            reason = f" ({rows['note'].iloc[0]})" if rows["note"].iloc[0] else ""
            told.append(f"{status} in {len(rows)} of {len(totals)} samples{reason}")
        remarks[str(signature_id)] = "; ".join(told)
    return remarks
