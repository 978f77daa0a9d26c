"""Effects of many scores on one endpoint, with a word about each that could not be estimated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from exomics.stats.discrimination import LOGISTIC_STATUS, area_under_curve, logistic_screen
from exomics.stats.survival import COX_STATUS, censor_at, cox_screen

FloatArray = NDArray[np.floating[Any]]
HALF_WIDTH: Final = float(ndtri(0.975))
_FEW: Final = 10
_SMALLER_GROUP: Final = "patients in the smaller group"
_REASONS: Final = {
    "monotone_likelihood": "the score orders all events: the hazard ratio has no finite estimate",
    "separated": "the score separates the two groups: the odds ratio has no finite estimate",
    "constant": "the score does not vary",
    "not_converged": "the fit did not converge",
    "no_events": "no events",
    "one_group": "one group only",
    "singular": "the fit is singular",
}


class Counts(NamedTuple):
    """Samples behind an estimate, and events among them."""

    n_samples: int
    n_events: int


class Effect(NamedTuple):
    """One metric of one score; NaN with a note where there is no estimate."""

    metric: str
    estimate: float
    ci_low: float
    ci_high: float
    n_samples: int
    n_events: int
    note: str


def standardized(matrix: pd.DataFrame) -> pd.DataFrame:
    """Each column in standard deviations from its mean over the samples that have a value; a constant one is zero.

    Examples
    --------
    >>> standardized(pd.DataFrame({"s": [1.0, 2.0, 3.0], "flat": [0.1, 0.1, 0.1]})).T.to_numpy().tolist()
    [[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    values = matrix.to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        n_measured = np.sum(~np.isnan(values), axis=0)
        center = np.nansum(values, axis=0) / n_measured
        deviation = values - center
        spread = np.sqrt(np.nansum(deviation**2, axis=0) / (n_measured - 1))
        varies = spread > 1e-13 * np.abs(center)
        scores = np.where(varies, deviation / spread, np.where(np.isnan(deviation), np.nan, 0.0))
    return pd.DataFrame(scores, index=matrix.index, columns=matrix.columns)


def survival_effects(
    matrix: pd.DataFrame, time: FloatArray, event: FloatArray, *, horizon: float | None, minimum_events: int
) -> Iterator[tuple[str, Effect]]:
    """The log hazard ratio per standard deviation of every column.

    Parameters
    ----------
    matrix
        Samples x signatures, standardized; NaN where there is no score.
    time, event
        (n_samples,) months and indicators; NaN where unknown.
    horizon
        Follow-up is censored here.
    minimum_events
        Fewest events for an estimate.
    """
    if horizon is not None:
        time, event = censor_at(time, event, horizon)
    censoring = "" if horizon is None else f"censored at {horizon:g} months"
    fit = cox_screen(matrix.to_numpy(), time, event)
    known = ~np.isnan(time) & ~np.isnan(event)
    followed = Counts(int(known.sum()), int(event[known].sum()))
    for column, signature_id in enumerate(map(str, matrix.columns)):
        counts = Counts(int(fit.n_samples[column]), int(fit.n_events[column]))
        if counts.n_samples == 0:
            yield signature_id, _missing("log_hazard_ratio", followed, "")
            continue
        reason = _reason(COX_STATUS[fit.status[column]], counts.n_events, minimum_events, "events")
        if reason:
            yield signature_id, _missing("log_hazard_ratio", counts, reason)
            continue
        note = "; ".join(filter(None, (censoring, _warning(counts.n_events, "events"))))
        effect = float(fit.log_hazard_ratio[column]), float(fit.standard_error[column])
        yield signature_id, _wald("log_hazard_ratio", effect, counts, note)


def response_effects(matrix: pd.DataFrame, labels: FloatArray, minimum_events: int) -> Iterator[tuple[str, Effect]]:
    """The log odds ratio per standard deviation and the area under the ROC curve of every column.

    Parameters
    ----------
    matrix
        Samples x signatures, standardized; NaN where there is no score.
    labels
        (n_samples,) 1 responded, 0 did not, NaN unknown.
    minimum_events
        Fewest patients in the smaller group for an estimate.
    """
    values = matrix.to_numpy()
    fit, curve = logistic_screen(values, labels), area_under_curve(values, labels)
    labeled = Counts(int((~np.isnan(labels)).sum()), int(np.nansum(labels)))
    for column, signature_id in enumerate(map(str, matrix.columns)):
        counts = Counts(int(fit.n_samples[column]), int(fit.n_positive[column]))
        smaller = min(counts.n_events, counts.n_samples - counts.n_events)
        few = _reason("converged", smaller, minimum_events, _SMALLER_GROUP) if counts.n_samples else ""
        if few or not counts.n_samples:
            for metric in ("log_odds_ratio", "auc"):
                yield signature_id, _missing(metric, counts if few else labeled, few)
            continue
        warning = _warning(smaller, _SMALLER_GROUP)
        failed = _REASONS.get(LOGISTIC_STATUS[fit.status[column]], "")
        effect = float(fit.log_odds_ratio[column]), float(fit.standard_error[column])
        ratio = (
            _missing("log_odds_ratio", counts, failed) if failed else _wald("log_odds_ratio", effect, counts, warning)
        )
        yield signature_id, ratio
        if failed == _REASONS["constant"]:
            yield signature_id, _missing("auc", counts, failed)
            continue
        area, low, high = (float(field[column]) for field in (curve.estimate, curve.ci_low, curve.ci_high))
        yield signature_id, Effect("auc", area, low, high, *counts, warning)


def _reason(status: str, n_events: int, minimum_events: int, what: str) -> str:
    """Why there is no estimate; "" where there is one."""
    if n_events < minimum_events:
        return f"{n_events} {what}; at least {minimum_events} needed for an estimate"
    return _REASONS.get(status, "")


def _warning(n_events: int, what: str) -> str:
    return f"fewer than {_FEW} {what}: the interval is rough" if n_events < _FEW else ""


def _missing(metric: str, counts: Counts, note: str) -> Effect:
    return Effect(metric, np.nan, np.nan, np.nan, *counts, note)


def _wald(metric: str, effect: tuple[float, float], counts: Counts, note: str) -> Effect:
    """The effect of an estimate and its standard error, with its 95 % Wald interval."""
    estimate, error = effect
    return Effect(metric, estimate, estimate - HALF_WIDTH * error, estimate + HALF_WIDTH * error, *counts, note)
