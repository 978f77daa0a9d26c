"""Lock a pipeline on all samples of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from exomics.errors import DesignError
from exomics.registry.locked_model import Baseline, LockedLinear, LockedModel, LockedTrees, Part
from exomics.stratify.evaluation.measures import horizons_of
from exomics.stratify.evaluation.predictions import inner_folds_of
from exomics.stratify.locking._tree_values import of_trees
from exomics.stratify.locking.boosting import boosted, changed, is_boosted
from exomics.stratify.locking.folding import FoldedPart, folded, is_linear
from exomics.stratify.models.search import Chosen, fit_chosen, predictions
from exomics.stratify.pipelines import build
from exomics.stratify.study.features import Study

__all__ = ["lock", "require_lockable"]

_RULES = {
    "binary": "one half, chosen before any result",
    "survival": "one half by the last time, chosen before any result",
    "classes": "the likeliest class",
}
_NULL = "no feature was selected, so there is no model to lock: an honest null."
_SAME = 1e-12


def lock(
    study: Study,
    pipeline: str = "elastic_net_logistic",
    *,
    identifier: str,
    scale: str | Mapping[str, str],
    inner_folds: int = 5,
    seed: int = 1,
    min_coverage: float = 0.8,
) -> LockedModel:
    """Fit a pipeline on every sample of a study and write it out as numbers: coefficients, or trees.

    Settings are chosen by inner folds as in `cross_validate`. Components and standardization are folded into the
    coefficients; models of several blocks keep a part for each, so that a sample may lack some. Gradient boosting
    becomes a table of the nodes of its trees.

    Parameters
    ----------
    study
        What to learn from.
    pipeline
        Name of a pipeline that is linear, or ``gradient_boosting``.
    identifier
        Id of the model.
    scale
        Scale of the features of each block, in words, or of all; asked for again when the model is used.
    inner_folds, seed
        Of the choice of settings.
    min_coverage
        Least share of the weight, of trees of the summed gain, that a sample must have measured.

    Returns
    -------
    LockedModel
        A `LockedLinear` or `LockedTrees`; only features with a coefficient or a split.

    Raises
    ------
    DesignError
        If the pipeline cannot be written out or is not made for the outcome, or nothing was selected: then there is no
        model.

    Notes
    -----
    Its performance is that of `cross_validate`, never that on its own samples. A block of which a sample has no feature
    with a coefficient counts as missing, even if it has others of the block. Trees are locked only if they tell of the
    training samples what the pipeline tells, to 1e-12.

    Examples
    --------
    >>> import pandas as pd
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(40)]
    >>> labels = np.repeat([0, 1], 20)
    >>> values = pd.DataFrame(generator.normal(size=(40, 3)) + 3 * labels[:, None] * [1, 0, 0], index=names)
    >>> study = Study.of(values, pd.Series(labels, index=names), pd.DataFrame({"subject_id": names}, index=names))
    >>> model = lock(study, identifier="example", scale="log2")
    >>> "0" in model.features, model.threshold
    (True, 0.5)
    """
    built = build(pipeline, study, seed)
    require_lockable(built.pipeline, pipeline)
    inner = inner_folds_of(study, np.arange(len(study.samples)), n_folds=inner_folds, seed=seed)
    chosen = fit_chosen(built, study.features, study.response, inner)
    blocks = [block.name for block in study.blocks] or ["features"]
    told = {
        "id": identifier,
        "pipeline": pipeline,
        "endpoint": study.endpoint,
        "classes": () if study.kind == "survival" else study.classes,
        "cohort": study.cohort,
        "scales": dict.fromkeys(blocks, scale) if isinstance(scale, str) else {name: scale[name] for name in blocks},
        "threshold": None if study.kind == "classes" else 0.5,
        "threshold_rule": _RULES[study.kind],
        "n_samples": len(study.samples),
        "n_events": study.base()["n_events"],
        "min_coverage": min_coverage,
        "settings": _settings(chosen, blocks),
    }
    return (_of_trees if is_boosted(chosen.pipeline) else _of_coefficients)(study, chosen, told)


def require_lockable(pipeline: Pipeline, name: str) -> None:
    """Raise, before anything is fitted, unless a pipeline can be written out as numbers.

    Parameters
    ----------
    pipeline
        As built.
    name
        Of the pipeline, for the message.

    Raises
    ------
    DesignError
        If its model has neither coefficients nor trees that can be read.

    Examples
    --------
    >>> from exomics.stratify.pipelines.gradient_boosting import gradient_boosting
    >>> require_lockable(gradient_boosting(1).pipeline, "gradient_boosting")
    """
    if not (is_boosted(pipeline) or is_linear(pipeline)):
        raise DesignError(
            f"{name} cannot be locked: its {type(pipeline[-1]).__name__} has neither coefficients nor trees to read; "
            "lock a linear pipeline, or gradient_boosting."
        )


def _of_coefficients(study: Study, chosen: Chosen, told: dict[str, Any]) -> LockedModel:
    """Parts and their features; a gap is filled by the fill of its part."""
    found = folded(chosen.pipeline, list(told["scales"]))
    if not found.parts:
        raise DesignError(_NULL)
    columns = np.concatenate([part.columns for part in found.parts])
    return LockedLinear(
        **told,
        **_in_training(study, columns),
        link=found.link,
        fusion=found.fusion,
        log_prior=tuple(found.log_prior.tolist()),
        baseline=_baseline(study, chosen) if study.kind == "survival" else None,
        parts=tuple(_part(part) for part in found.parts),
        part_of=tuple(part.name for part in found.parts for _ in part.columns),
        coefficients=np.concatenate([part.coefficients for part in found.parts]),
        fills=np.concatenate([part.fills for part in found.parts]),
    )


def _of_trees(study: Study, chosen: Chosen, told: dict[str, Any]) -> LockedModel:
    """The features that a tree splits by, and the trees; what they tell in training is what the pipeline tells."""
    intercepts, trees = boosted(chosen.pipeline[-1])
    columns = np.unique(trees.feature[trees.splits])
    if not len(columns):
        raise DesignError(_NULL)
    positions = np.where(trees.splits, np.searchsorted(columns, trees.feature), -1)
    values = study.features[:, columns]
    model = LockedTrees(
        **told,
        **_in_training(study, columns),
        link="logistic" if len(intercepts) == 1 else "softmax",
        missing=np.isnan(values).mean(axis=0),
        intercepts=tuple(intercepts.tolist()),
        trees=trees._replace(feature=positions),
    )
    if not np.allclose(of_trees(model, values).told, predictions(chosen.pipeline, study.features), 0.0, _SAME):
        raise changed()
    return model


def _in_training(study: Study, columns: NDArray[np.int64]) -> dict[str, Any]:
    """The features that a model reads, and where they lay."""
    values = study.features[:, columns]
    means, deviations = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    return {"features": tuple(study.names[at] for at in columns), "means": means, "deviations": deviations}


def _part(part: FoldedPart) -> Part:
    return Part(part.name, tuple(part.intercepts.tolist()), part.weight, tuple(part.log_prior.tolist()))


def _baseline(study: Study, chosen: Chosen) -> Baseline:
    horizons = horizons_of(np.asarray(study.time))
    return Baseline(tuple(horizons.tolist()), tuple(chosen.pipeline[-1].baseline(horizons).tolist()))


def _settings(chosen: Chosen, blocks: list[str]) -> dict[str, int]:
    """What inner folds chose; of models with a member for each block, for each."""
    found = dict(chosen.settings)
    members = getattr(chosen.pipeline[-1], "members_", None)
    if isinstance(members, list):
        for name, member in zip(blocks, members, strict=True):
            found |= {f"{name}:{key}": value for key, value in member.settings.items()} if member else {}
    return {name: int(value) for name, value in found.items()}
