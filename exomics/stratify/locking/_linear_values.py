"""What a locked linear model gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.registry.locked_model import Baseline, LockedLinear, Part
from exomics.stratify.locking._evaluated import Evaluated, weighed
from exomics.stratify.models.fusion import evidence, fused
from exomics.stratify.models.linear import probabilities

FloatArray = NDArray[np.float64]


def of_linear(model: LockedLinear, values: FloatArray) -> Evaluated:
    """Values (n_samples, n_features) of the features of the model, NaN where not measured."""
    known = np.isfinite(values)
    filled = np.where(known, values, model.fills)
    measured = np.stack([known[:, model.columns_of(part)].any(axis=1) for part in model.parts], axis=1)
    predictors = [_predictors(model, part, filled) for part in model.parts]
    if model.baseline is None:
        told = _classes(model, predictors, measured)
    else:
        told = _events(model, model.baseline, predictors, measured)
    return Evaluated(told, _coverage(model, known, measured), measured)


def _predictors(model: LockedLinear, part: Part, filled: FloatArray) -> FloatArray:
    """(n_samples, n_predictors); rows in one piece, so that each is summed alike whatever stands beside it."""
    columns = model.columns_of(part)
    own = np.ascontiguousarray(filled[:, columns])
    each = [np.sum(own * model.coefficients[columns, k], axis=1) for k in range(len(part.intercepts))]
    return np.stack(each, axis=1) + np.array(part.intercepts)


def _classes(model: LockedLinear, predictors: list[FloatArray], measured: NDArray[np.bool_]) -> FloatArray:
    told = [probabilities(found, model.link) for found in predictors]
    if model.fusion == "none":
        return told[0]
    priors = [np.array(part.log_prior) for part in model.parts]
    beyond = np.stack([evidence(found, prior) for found, prior in zip(told, priors, strict=True)])
    weights = np.array([part.weight for part in model.parts])[:, np.newaxis] * measured.T
    if model.fusion == "mean_of_measured":
        weights = weights / np.maximum(weights.sum(axis=0), 1.0)
    return fused(beyond, np.array(model.log_prior), weights)


def _events(
    model: LockedLinear, baseline: Baseline, predictors: list[FloatArray], measured: NDArray[np.bool_]
) -> FloatArray:
    """Probabilities of an event by each time of the baseline, (n_samples, n_times)."""
    risk = np.zeros(len(measured))
    for b, (part, found) in enumerate(zip(model.parts, predictors, strict=True)):
        risk += part.weight * np.where(measured[:, b], found[:, 0], 0.0)
    return np.asarray(-np.expm1(-np.array(baseline.hazards) * np.exp(risk)[:, np.newaxis]))


def _coverage(model: LockedLinear, known: NDArray[np.bool_], measured: NDArray[np.bool_]) -> FloatArray:
    several = model.coefficients.shape[1] > 1
    spread = np.ptp(model.coefficients, axis=1) if several else np.abs(model.coefficients[:, 0])
    weight, reached, wanted = spread * model.deviations, np.zeros(len(known)), np.zeros(len(known))
    for b, part in enumerate(model.parts):
        columns = model.columns_of(part)
        own = known[:, columns]
        reached += part.weight * weighed(own, weight[columns])
        wanted += part.weight * measured[:, b] * weighed(np.ones_like(own), weight[columns])
    return np.divide(reached, wanted, out=np.zeros(len(known)), where=wanted > 0.0)
