"""How well a locked model does where it never was: measures of each kind of outcome, in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.locked_model import LockedModel
from exomics.results import PerformanceTable
from exomics.stats.concordance import concordance
from exomics.stats.survival_accuracy import brier_scores
from exomics.stratify.evaluation.measures import exact_balanced_error, fold_measures
from exomics.stratify.locking import Predicted
from exomics.validation._rows import Label, Resampling, Row, row, wald, with_intervals
from exomics.validation.external import assess_binary_risk, assess_survival_risk

FloatArray = NDArray[np.float64]

LEAST_SAMPLES = 10
_NEVER = 1e-9  # probabilities nearer to 0 or 1 have no logit
_BINARY = ("auc", "balanced_error", "brier", "calibration_slope")
_CLASSES = ("auc", "brier", "log_loss")
_SURVIVAL = ("concordance", "uno_c", "integrated_brier", "calibration_slope")


def measures(model: LockedModel, found: Predicted, outcome: FloatArray, resampling: Resampling) -> list[Row]:
    """Rows of the samples that could be predicted.

    `outcome` holds positions of classes, (n_samples,); of survival time and event, (n_samples, 2).
    """
    usable = np.isfinite(found.probability)
    told, truth = found.told[usable], outcome[usable]
    if model.times:
        return _of_survival(model, np.array(model.times), told, truth, resampling)
    present = np.unique(truth)
    if len(truth) < LEAST_SAMPLES or len(present) < len(model.classes):
        names = _BINARY if model.positive else (*_CLASSES, "balanced_error")
        return without(names, f"{len(truth)} samples could be predicted: too few of each class for a measure")
    if model.positive:
        return _of_two_classes(model, told[:, 1], truth, found.called[usable], resampling)
    return _of_classes(model, told, truth.astype(np.int64), resampling)


def _of_two_classes(
    model: LockedModel, probability: FloatArray, truth: FloatArray, called: NDArray[np.str_], resampling: Resampling
) -> list[Row]:
    errors = [np.mean((called[truth == value] == model.positive) != value) for value in (0, 1)]
    threshold = row("balanced_error", float(np.mean(errors)), note=f"at {model.threshold:g}: {model.threshold_rule}")
    return [
        *_given(assess_binary_risk(_inside(probability), truth, label=_label(model), resampling=resampling)),
        threshold,
    ]


def _of_classes(model: LockedModel, told: FloatArray, truth: NDArray[np.int64], resampling: Resampling) -> list[Row]:
    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        return dict(zip(_CLASSES, fold_measures(told[chosen], truth[chosen])[:3].tolist(), strict=True))

    exact = exact_balanced_error(np.argmax(told, axis=1), truth, len(model.classes))
    rows = with_intervals(measured, len(truth), resampling)
    error, low, high = (float(part) for part in exact)
    rows.append(row("balanced_error", error, low, high, f"{model.threshold_rule}; exact interval"))
    for k, name in enumerate(model.classes):
        each = assess_binary_risk(_inside(told[:, k]), truth == k, label=_label(model), resampling=Resampling(0))
        for one in _given(each):
            if one["metric"].startswith("calibration"):
                rows.append(one | {"metric": f"{one['metric']}:{name}"})
    return rows


def _of_survival(
    model: LockedModel, times: FloatArray, told: FloatArray, truth: FloatArray, resampling: Resampling
) -> list[Row]:
    """Discrimination, calibration and accuracy at the last time that follow-up reaches, censoring weighed for."""
    time, event = truth.T
    within = followed(times, truth)
    if not within.any():
        return without(_SURVIVAL, f"{len(time)} samples could be predicted: too few events or too short a follow-up")
    horizon, risk, survival = float(times[within][-1]), told[:, within][:, -1], 1.0 - told[:, within]

    def measured(chosen: NDArray[np.int64]) -> Mapping[str, float]:
        scores = brier_scores(survival[chosen], time[chosen], event[chosen], horizons=times[within])
        return {"integrated_brier": scores.integrated}

    assessed = assess_survival_risk(
        _inside(risk), time, event, label=_label(model), horizon=horizon, resampling=resampling
    )
    harrell, note = concordance(risk, time, event), f"by {horizon:.4g}"
    rows = [one for one in _given(assessed) if one["metric"] != "integrated_brier"]
    rows = [one | {"note": "; ".join(filter(None, (note, one["note"])))} for one in rows]
    whole = {"integrated_brier": f"over {int(within.sum())} times up to {horizon:.4g}"}
    return [
        wald("concordance", harrell.estimate, harrell.standard_error),
        *rows,
        *with_intervals(measured, len(time), resampling, whole),
    ]


def followed(times: FloatArray, truth: FloatArray) -> NDArray[np.bool_]:
    """Which times follow-up reaches, (n_times,): none with too few samples, or without an event by the last of them."""
    time, event = truth.T
    within = times < time.max(initial=0.0)
    judged = len(time) >= LEAST_SAMPLES and event[time <= times[within].max(initial=0.0)].any()
    return within & judged


def without(metrics: Sequence[str], note: str) -> list[Row]:
    """Rows of measures that cannot be given."""
    return [row(metric, np.nan, note=note) for metric in metrics]


def _inside(probability: FloatArray) -> FloatArray:
    return np.clip(probability, _NEVER, 1.0 - _NEVER)


def _label(model: LockedModel) -> Label:
    return Label(model.id, "", "")


def _given(table: PerformanceTable) -> list[Row]:
    """Rows of a table without its label."""
    names = row("", np.nan)
    return [{name: one[name] for name in names} for one in table.frame.to_dict("records")]


def truth_of(model: LockedModel, words: Sequence[str], cohort_id: str) -> FloatArray:
    """Positions of classes, (n_samples,), or one line that says which the outcome should have."""
    known, shown = set(words), ", ".join(sorted(set(words))[:6])
    if model.positive:
        if len(known) != 2 or model.positive not in known:
            raise InputError(
                f"the outcome of {cohort_id} needs two values, {model.positive!r} among them; it has {shown}."
            )
        return np.array([word == model.positive for word in words], dtype=np.float64)
    if not known <= set(model.classes):
        raise InputError(f"the outcome of {cohort_id} must be among {', '.join(model.classes)}; it has {shown}.")
    return np.array([model.classes.index(word) for word in words], dtype=np.float64)
