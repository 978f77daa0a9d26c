"""Would acting on what a locked model tells do more good than harm? Net benefit, in rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.locked_model import LockedModel
from exomics.stratify.locking import Predicted
from exomics.validation._locked_measures import LEAST_SAMPLES, followed, without
from exomics.validation._rows import Label, Resampling, Row, row
from exomics.validation.decision import DecisionOutcome, decision_curve

FloatArray = NDArray[np.float64]

_TOO_FEW = "too few samples could be predicted, or too few of each outcome were followed so long"


def require_thresholds(model: LockedModel, thresholds: Sequence[float]) -> None:
    """Raise unless the model tells one risk and all thresholds are risks; none are."""
    if thresholds and model.threshold is None:
        raise InputError(
            f"{model.id} tells {len(model.classes)} classes apart, and net benefit needs one risk: give no thresholds."
        )
    wrong = [cut for cut in thresholds if not 0.0 < cut < 1.0]
    if wrong:
        raise InputError(f"thresholds are risks strictly between 0 and 1; got {wrong[0]:g}.")


def decisions(
    model: LockedModel, found: Predicted, outcome: FloatArray, thresholds: Sequence[float], resampling: Resampling
) -> list[Row]:
    """Net benefit at the thresholds and at that of the model, beside treating everybody; no row without thresholds.

    `outcome` holds positions of classes, (n_samples,); of survival time and event, (n_samples, 2), whose risk is that
    by the last time that follow-up reaches.
    """
    if not thresholds or model.threshold is None:
        return []
    cuts, usable = sorted({*thresholds, model.threshold}), np.isfinite(found.probability)
    given = _risk_and_outcome(model, found.told[usable], outcome[usable])
    if given is None:
        return without([f"net_benefit@{cut:g}" for cut in cuts], _TOO_FEW)
    risk, happened = given
    label = Label(model.id, "", "")
    table = decision_curve({model.id: risk}, happened, thresholds=cuts, label=label, resampling=resampling)
    names = (*row("", np.nan), "signature_id")
    return [
        {name: one[name] for name in names} | {"note": _note(model, one["metric"], happened.horizon)}
        for one in table.frame.to_dict("records")
    ]


def _note(model: LockedModel, metric: str, horizon: float | None) -> str:
    """By when the risk is, and whose threshold it is if not the user's."""
    by = [f"by {horizon:.4g}"] if horizon else []
    own = [f"threshold of the model: {model.threshold_rule}"] if metric.endswith(f"@{model.threshold:g}") else []
    return "; ".join(by + own)


def _risk_and_outcome(
    model: LockedModel, told: FloatArray, truth: FloatArray
) -> tuple[FloatArray, DecisionOutcome] | None:
    """One risk per sample and what happened; None where too little did."""
    if model.times:
        within = followed(np.array(model.times), truth)
        time, event = truth.T
        if not within.any():
            return None
        return told[:, within][:, -1], DecisionOutcome(event, time, float(np.array(model.times)[within][-1]))
    if len(truth) < LEAST_SAMPLES or len(np.unique(truth)) < 2:
        return None
    return told[:, 1], DecisionOutcome(truth)
