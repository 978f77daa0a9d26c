"""What a locked model says of samples it never saw, one at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.locked_model import Baseline, LockedModel, Part
from exomics.stratify.models.fusion import evidence, fused
from exomics.stratify.models.linear import probabilities

__all__ = ["Predicted", "predict"]

FloatArray = NDArray[np.float64]


class Predicted(NamedTuple):
    """What is said of each sample.

    ``told`` (n_samples, n_classes) holds probabilities of the classes; of survival, of an event by each time of the
    baseline (n_samples, n_times). ``coverage`` (n_samples,) is the measured share of the weight, ``measured``
    (n_samples, n_parts) says which parts a sample has, and ``called`` (n_samples,) is the class, or the event, that is
    called, "" for none. A sample below the least coverage has NaN and is not called.
    """

    told: FloatArray
    coverage: FloatArray
    measured: NDArray[np.bool_]
    called: NDArray[np.str_]

    @property
    def probability(self) -> FloatArray:
        """Of the second of two classes, or of an event by the last time, (n_samples,)."""
        return self.told[:, -1]


def predict(model: LockedModel, features: pd.DataFrame) -> Predicted:
    """Probabilities of samples that the model never saw; each depends on that sample alone.

    ``intercept + sum_j coefficient_j x_j`` with the fill in place of a missing ``x_j``, then the link. A part of which
    a sample has no feature is left out of its sum; coverage is the share of ``sum_j spread_j deviation_j`` over the
    measured features of the other parts, ``spread_j`` the range of a feature's coefficients (of one, its size).

    Parameters
    ----------
    model
        As locked or read.
    features
        (n_samples, any features), in the scales that the model names; ``<block>:<feature>`` for several blocks.

    Returns
    -------
    Predicted
        NaN for samples below the least coverage.

    Raises
    ------
    InputError
        If no feature of the model is there, or names repeat.

    Notes
    -----
    Features that the model does not know are not read. Survival: ``1 - exp(-H_0(t) exp(log hazard))``.

    Examples
    --------
    >>> one = np.ones(1)
    >>> model = LockedModel(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.0,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=one, deviations=one)
    >>> predict(model, pd.DataFrame({"CXCL9": [2.0, np.nan]})).probability.round(4).tolist()
    [0.8808, nan]
    """
    values = _values(model, features)
    known = np.isfinite(values)
    filled = np.where(known, values, model.fills)
    measured = np.stack([known[:, model.columns_of(part)].any(axis=1) for part in model.parts], axis=1)
    predictors = [_predictors(model, part, filled) for part in model.parts]
    if model.baseline is None:
        told = _classes(model, predictors, measured)
    else:
        told = _events(model, model.baseline, predictors, measured)
    coverage = _coverage(model, known, measured)
    told[~(coverage >= max(model.min_coverage, 1e-12))] = np.nan
    return Predicted(told, coverage, measured, _called(model, told))


def _values(model: LockedModel, features: pd.DataFrame) -> FloatArray:
    if not features.columns.is_unique:
        raise InputError(
            f"feature {features.columns[features.columns.duplicated()][0]!r} stands twice; name each once."
        )
    if not set(model.features) & set(features.columns):
        raise InputError(
            f"none of the {len(model.features)} features of {model.id} is there (such as {model.features[0]!r}); check "
            "that both name features in the same way."
        )
    return features.reindex(columns=list(model.features)).to_numpy(dtype=np.float64, na_value=np.nan)


def _predictors(model: LockedModel, part: Part, filled: FloatArray) -> FloatArray:
    """(n_samples, n_predictors); rows in one piece, so that each is summed alike whatever stands beside it."""
    columns = model.columns_of(part)
    own = np.ascontiguousarray(filled[:, columns])
    each = [np.sum(own * model.coefficients[columns, k], axis=1) for k in range(len(part.intercepts))]
    return np.stack(each, axis=1) + np.array(part.intercepts)


def _classes(model: LockedModel, predictors: list[FloatArray], measured: NDArray[np.bool_]) -> FloatArray:
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
    model: LockedModel, baseline: Baseline, predictors: list[FloatArray], measured: NDArray[np.bool_]
) -> FloatArray:
    """Probabilities of an event by each time of the baseline, (n_samples, n_times)."""
    risk = np.zeros(len(measured))
    for b, (part, found) in enumerate(zip(model.parts, predictors, strict=True)):
        risk += part.weight * np.where(measured[:, b], found[:, 0], 0.0)
    return np.asarray(-np.expm1(-np.array(baseline.hazards) * np.exp(risk)[:, np.newaxis]))


def _coverage(model: LockedModel, known: NDArray[np.bool_], measured: NDArray[np.bool_]) -> FloatArray:
    several = model.coefficients.shape[1] > 1
    spread = np.ptp(model.coefficients, axis=1) if several else np.abs(model.coefficients[:, 0])
    weight, reached, wanted = spread * model.deviations, np.zeros(len(known)), np.zeros(len(known))
    for b, part in enumerate(model.parts):
        columns = model.columns_of(part)
        reached += part.weight * np.sum(known[:, columns] * weight[columns], axis=1)
        wanted += part.weight * measured[:, b] * weight[columns].sum()
    return np.divide(reached, wanted, out=np.zeros(len(known)), where=wanted > 0.0)


def _called(model: LockedModel, told: FloatArray) -> NDArray[np.str_]:
    known = np.isfinite(told[:, -1])
    if model.threshold is None:
        likeliest = np.array(model.classes)[np.argmax(np.nan_to_num(told), axis=1)]
        return np.where(known, likeliest, "")
    return np.where(known & (told[:, -1] >= model.threshold), model.positive or "event", "")
