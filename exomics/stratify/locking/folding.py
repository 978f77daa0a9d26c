"""Fold the steps of a fitted pipeline into coefficients of the features as they came."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from exomics.errors import DesignError
from exomics.registry.locked_model import Fusion
from exomics.stratify.models.components import SparsePlsDiscriminant
from exomics.stratify.models.fusion import LateFusion, block_slices
from exomics.stratify.models.linear import Linear, LinearModel, Link
from exomics.stratify.models.logistic import MedianImputer
from exomics.stratify.models.survival_fusion import SurvivalFusion

__all__ = ["Folded", "FoldedPart", "folded", "is_linear"]

FloatArray = NDArray[np.float64]
ALL = "all"


class FoldedPart(NamedTuple):
    """Predictors of one block, or of all blocks (``all``), over the features that have a coefficient.

    ``columns`` (n_features,) are positions among all features; ``coefficients`` has shape (n_features, n_predictors),
    ``intercepts`` (n_predictors,), ``fills`` (n_features,) and ``log_prior`` (n_classes,), empty where none is needed.
    """

    name: str
    columns: NDArray[np.int64]
    coefficients: FloatArray
    intercepts: FloatArray
    fills: FloatArray
    weight: float = 1.0
    log_prior: FloatArray = np.empty(0)


class Folded(NamedTuple):
    """A pipeline as parts, how they are combined, the log prior of the classes (n_classes,), and their link."""

    parts: list[FoldedPart]
    link: Link
    fusion: Fusion = "none"
    log_prior: FloatArray = np.empty(0)


def folded(pipeline: Pipeline, blocks: Sequence[str]) -> Folded:
    """Write a fitted pipeline as linear predictors of the features it was given.

    Each step is an affine map, so that ``b' (R (x - m) / s) + a`` is ``(R' b / s)' x + a - m' (R' b / s)``. Models with
    a part for each block keep them apart, with the weight and the prior by which they are combined.

    Parameters
    ----------
    pipeline
        Fitted.
    blocks
        Names of the blocks of features, in order.

    Returns
    -------
    Folded
        Parts without any coefficient are left out: they say nothing.

    Raises
    ------
    DesignError
        If a step is not linear, such as a sum of trees.

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    >>> steps = [("scale", StandardScaler()), ("model", LogisticRegression())]
    >>> part = folded(Pipeline(steps).fit(x, y), ["features"]).parts[0]
    >>> bool(np.isclose(part.coefficients[0, 0] * 1.5, -part.intercepts[0]))
    True
    """
    found = _of_model(pipeline[-1], pipeline, list(blocks))
    parts = [_selected(part) for part in found.parts]
    return found._replace(parts=[part for part in parts if len(part.columns) and part.weight > 0.0])


def is_linear(pipeline: Pipeline) -> bool:
    """Whether a pipeline ends in a model that can be folded.

    Parameters
    ----------
    pipeline
        Fitted or not.

    Returns
    -------
    bool
        False if its model has no coefficients.

    Examples
    --------
    >>> is_linear(Pipeline([("model", LogisticRegression())]))
    True
    """
    kind = type(pipeline[-1])
    known = [table.dispatch(kind) is not table.dispatch(object) for table in (_of_model, _linear)]
    return any(known) or hasattr(kind, "linear")


@singledispatch
def _of_model(model: Any, pipeline: Pipeline, blocks: list[str]) -> Folded:
    """A single model over all features behind steps that keep to affine maps."""
    part, link = _folded_part(pipeline, ALL, 0)
    return Folded([part], link)


@_of_model.register
def _(model: LateFusion, pipeline: Pipeline, blocks: list[str]) -> Folded:
    made = [
        (*_folded_part(member.pipeline, name, columns.start), weight, prior)
        for name, columns, member, weight, prior in zip(
            blocks, block_slices(model.blocks, model.n_features_in_), model.members_, model.weights_, model.log_priors_,
            strict=True,
        )
        if member is not None
    ]  # fmt: skip
    parts = [part._replace(weight=float(weight), log_prior=prior) for part, _, weight, prior in made]
    return Folded(parts, made[0][1], "weighted", model.log_prior_)


@_of_model.register
def _(model: SurvivalFusion, pipeline: Pipeline, blocks: list[str]) -> Folded:
    slices = block_slices(model.blocks, model.n_features_in_)
    parts = [
        _folded_part(member.pipeline, name, columns.start)[0]._replace(weight=float(weight))
        for name, columns, member, weight in zip(blocks, slices, model.members_, model.weights_, strict=True)
        if member is not None
    ]
    return Folded(parts, "log_hazard", "weighted")


@_of_model.register
def _(model: SparsePlsDiscriminant, pipeline: Pipeline, blocks: list[str]) -> Folded:
    slices, parts = block_slices(model.blocks, model.n_features_in_), []
    for b, member in model.members_.items():
        on_scores = _linear(member.model)
        scale = member.scaling
        coefficients = scale.inverse[:, np.newaxis] * (member.rotations @ on_scores.coefficients)
        intercepts = on_scores.intercepts - scale.mean @ coefficients
        columns = np.arange(slices[b].start, slices[b].stop)
        parts.append(
            FoldedPart(blocks[b], columns, coefficients, intercepts, scale.fill, log_prior=member.log_prior)
        )  # fmt: skip
    return Folded(parts, on_scores.link, "mean_of_measured", model.log_prior_)


def _folded_part(pipeline: Pipeline, name: str, start: int) -> tuple[FoldedPart, Link]:
    """A pipeline whose features begin at position `start`; a first step that imputes says what fills a gap."""
    *steps, model = (step for _, step in pipeline.steps)
    linear = _linear(model)
    for step in reversed(steps[1:] if steps and isinstance(steps[0], MedianImputer) else steps):
        linear = _through(step, linear)
    columns, fills = np.arange(len(linear.coefficients)), np.full(len(linear.coefficients), np.nan)
    if steps and isinstance(steps[0], MedianImputer):
        columns, fills = steps[0].kept_, steps[0].medians_
        if steps[0].in_place:
            linear = linear._replace(coefficients=linear.coefficients[columns])
    return FoldedPart(name, columns + start, linear.coefficients, linear.intercepts, fills), linear.link


@singledispatch
def _linear(model: Any) -> Linear:
    """The coefficients of a fitted model."""
    if not isinstance(model, LinearModel):
        raise DesignError(
            f"{type(model).__name__} is no linear model: it has no coefficients to lock. Lock a linear pipeline."
        )
    return model.linear()


@_linear.register
def _(model: LogisticRegression) -> Linear:
    link: Link = "logistic" if len(model.classes_) == 2 else "softmax"
    return Linear(model.coef_.T, model.intercept_, link)


@singledispatch
def _through(step: Any, linear: Linear) -> Linear:
    """A linear model of what a step gives as one of what the step was given."""
    raise DesignError(f"{type(step).__name__} is no affine step: what stands behind it cannot be locked.")


@_through.register
def _(step: StandardScaler, linear: Linear) -> Linear:
    coefficients = linear.coefficients / step.scale_[:, np.newaxis]
    return Linear(coefficients, linear.intercepts - step.mean_ @ coefficients, linear.link)


@_through.register
def _(step: PCA, linear: Linear) -> Linear:
    coefficients = step.components_.T @ linear.coefficients
    return Linear(coefficients, linear.intercepts - step.mean_ @ coefficients, linear.link)


def _selected(part: FoldedPart) -> FoldedPart:
    """Only features with a coefficient."""
    used = np.flatnonzero(part.coefficients.any(axis=1))
    return part._replace(columns=part.columns[used], coefficients=part.coefficients[used], fills=part.fills[used])
