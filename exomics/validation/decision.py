"""Would acting on a risk do more good than harm, and does a second model sort patients better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.net_benefit import net_benefit, reclassification
from exomics.validation._rows import Label, Resampling, Row, performance, with_intervals

__all__ = ["DecisionOutcome", "decision_curve", "reclassify"]

_CAVEAT = "rewards poor calibration and favors useless markers: read it beside net benefit and the likelihood ratio"


class DecisionOutcome(NamedTuple):
    """What happened, shape (n_samples,): 1 or 0; with ``time`` and ``horizon``, the event indicators of follow-up."""

    event: ArrayLike
    time: ArrayLike | None = None
    horizon: float | None = None


def decision_curve(
    risks: Mapping[str, ArrayLike],
    outcome: DecisionOutcome,
    *,
    thresholds: Sequence[float],
    label: Label,
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """Net benefit of each model over thresholds, beside treating everybody and nobody.

    Parameters
    ----------
    risks
        Model -> predicted probabilities, (n_samples,).
    outcome
        What happened.
    thresholds
        Risks at which one would act; those that patients and physicians would consider.
    label
        Words of the table; its signature is replaced by the model.
    resampling
        Bootstrap of the intervals.

    Returns
    -------
    PerformanceTable
        Metrics ``net_benefit@t`` of every model and of ``treat_all``, and ``net_benefit_gain@t``: the model minus the
        better of treating everybody and nobody, paired within resamples.

    Raises
    ------
    InputError
        If shapes differ, a risk is no probability, or a threshold lies outside (0, 1).

    Notes
    -----
    Vickers and Elkin (2006), doi:10.1177/0272989X06295361. A gain whose interval includes 0 is no evidence of use.

    Examples
    --------
    >>> outcome = DecisionOutcome([0, 0, 1, 0, 1, 1])
    >>> risks = {"model": [0.1, 0.2, 0.6, 0.3, 0.7, 0.8]}
    >>> label = Label("model", "cohort", "response")
    >>> table = decision_curve(risks, outcome, thresholds=[0.5], label=label, resampling=Resampling(0))
    >>> table.frame[["signature_id", "metric", "estimate"]].to_numpy().tolist()[0]
    ['model', 'net_benefit@0.5', 0.5]
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in risks.items()}
    event, time = _outcome_arrays(outcome, arrays)
    resampled = resampling or Resampling()
    rows: list[Row] = []
    for position, (name, p) in enumerate(arrays.items()):
        given = p, event, time

        def measured(chosen: NDArray[np.int64], given: tuple[FloatArray, ...] = given) -> Mapping[str, float]:
            parts = [values[chosen] for values in given]
            return _benefits(parts, thresholds, outcome.horizon)

        found = with_intervals(measured, len(event), resampled)
        rows += [{**one, "signature_id": name} for one in found if not one["metric"].startswith("all@")]
        if position == 0:
            everybody = [one for one in found if one["metric"].startswith("all@")]
            rows += [{**one, "signature_id": "treat_all", "metric": _renamed(one)} for one in everybody]
    parameters = {"thresholds": list(thresholds), "horizon": outcome.horizon, **resampled._asdict()}
    provenance = Provenance(method="decision_curve", parameters=parameters, seed=resampled.seed)
    return performance(rows, label, n_samples=len(event), n_events=int(event.sum()), provenance=provenance)


def _renamed(one: Row) -> str:
    return "net_benefit@" + str(one["metric"]).partition("@")[2]


def _outcome_arrays(outcome: DecisionOutcome, risks: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    if not risks:
        raise InputError("a decision curve needs the risks of at least one model.")
    event = np.asarray(outcome.event, dtype=np.float64)
    time = np.zeros(event.shape) if outcome.time is None else np.asarray(outcome.time, dtype=np.float64)
    known = np.isfinite(event) & np.isfinite(time)
    for name, values in risks.items():
        if values.shape != event.shape:
            raise InputError(f"{name} has {values.shape} risks for {event.shape} outcomes; align the samples.")
        known &= np.isfinite(values)
    if not known.all():
        raise InputError(
            f"{int((~known).sum())} samples lack a risk or an outcome; leave them out of all models alike."
        )
    return event, time


def _benefits(parts: Sequence[FloatArray], thresholds: Sequence[float], horizon: float | None) -> dict[str, float]:
    p, event, time = parts
    followed = {} if horizon is None else {"time": time, "horizon": horizon}
    found = net_benefit(p, event, thresholds=thresholds, **followed)  # type: ignore[arg-type]
    made = {}
    for at, cut in enumerate(thresholds):
        made[f"net_benefit@{cut:g}"] = float(found.model[at])
        made[f"net_benefit_gain@{cut:g}"] = float(found.model[at] - max(found.everybody[at], 0.0))
        made[f"all@{cut:g}"] = float(found.everybody[at])
    return made


def reclassify(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    label: Label,
    cuts: Sequence[float] | None = None,
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """Net reclassification and integrated discrimination improvement, each with its caveat.

    Parameters
    ----------
    first, second
        Predicted probabilities of two models, (n_samples,).
    outcome
        1 or 0, (n_samples,).
    label
        Words of the table.
    cuts
        Borders of risk categories that decisions depend on; None for the category-free NRI.
    resampling
        Bootstrap of the intervals.

    Returns
    -------
    PerformanceTable
        ``nri``, ``nri_events``, ``nri_nonevents``, ``idi``.

    Raises
    ------
    InputError
        If shapes differ, a risk is no probability, or one outcome is missing altogether.

    Notes
    -----
    As `exomics.stats.net_benefit.reclassification`.

    Examples
    --------
    >>> label = Label("model", "cohort", "response")
    >>> table = reclassify([0.4] * 4, [0.2, 0.5, 0.3, 0.6], [0, 0, 1, 1], label=label, resampling=Resampling(0))
    >>> table.frame["metric"].tolist()
    ['nri', 'nri_events', 'nri_nonevents', 'idi']
    """
    p, q, y = (np.asarray(values, dtype=np.float64) for values in (first, second, outcome))
    reclassification(p, q, y, cuts=cuts)
    known = np.isfinite(p) & np.isfinite(q) & np.isfinite(y)
    p, q, y = p[known], q[known], y[known]

    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        return reclassification(p[chosen], q[chosen], y[chosen], cuts=cuts)._asdict()

    resampled = resampling or Resampling()
    rows = with_intervals(measured, len(y), resampled, {"nri": _CAVEAT, "idi": _CAVEAT})
    parameters = {"cuts": None if cuts is None else list(cuts), **resampled._asdict()}
    provenance = Provenance(method="reclassify", parameters=parameters, seed=resampled.seed)
    return performance(rows, label, n_samples=len(y), n_events=int(y.sum()), provenance=provenance)
