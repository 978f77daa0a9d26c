"""Lock a pipeline on all samples of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from exomics.errors import DesignError
from exomics.registry.locked_model import Baseline, LockedModel, Part
from exomics.stratify.evaluation.measures import horizons_of
from exomics.stratify.evaluation.predictions import inner_folds_of
from exomics.stratify.locking.folding import Folded, FoldedPart, folded, require_linear
from exomics.stratify.models.search import Chosen, fit_chosen
from exomics.stratify.pipelines import build
from exomics.stratify.study.features import Study

__all__ = ["lock"]

_RULES = {
    "binary": "one half, chosen before any result",
    "survival": "one half by the last time, chosen before any result",
    "classes": "the likeliest class",
}


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
    """Fit a linear pipeline on every sample of a study and write it out as numbers.

    Settings are chosen by inner folds as in `cross_validate`. Components and standardization are folded into the
    coefficients; models of several blocks keep a part for each, so that a sample may lack some.

    Parameters
    ----------
    study
        What to learn from.
    pipeline
        Name of a pipeline that is linear.
    identifier
        Id of the model.
    scale
        Scale of the features of each block, in words, or of all; asked for again when the model is used.
    inner_folds, seed
        Of the choice of settings.
    min_coverage
        Least share of the summed absolute weight that a sample must have measured.

    Returns
    -------
    LockedModel
        Only features with a coefficient.

    Raises
    ------
    DesignError
        If the pipeline is not linear or not made for the outcome, or nothing was selected: then there is no model.

    Notes
    -----
    Its performance is that of `cross_validate`, never that on its own samples. Trees are not locked: a sum of them is
    no table of coefficients that a reader could check. A block of which a sample has no feature with a coefficient
    counts as missing, even if it has others of the block.

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
    require_linear(built.pipeline, pipeline)
    inner = inner_folds_of(study, np.arange(len(study.samples)), n_folds=inner_folds, seed=seed)
    chosen = fit_chosen(built, study.features, study.response, inner)
    blocks = [block.name for block in study.blocks] or ["features"]
    found = folded(chosen.pipeline, blocks)
    if not found.parts:
        raise DesignError("no feature was selected, so there is no model to lock: an honest null.")
    survival = study.kind == "survival"
    return LockedModel(
        id=identifier,
        pipeline=pipeline,
        endpoint=study.endpoint,
        classes=() if survival else study.classes,
        cohort=study.cohort,
        scales=dict.fromkeys(blocks, scale) if isinstance(scale, str) else {name: scale[name] for name in blocks},
        baseline=_baseline(study, chosen) if survival else None,
        threshold=None if study.kind == "classes" else 0.5,
        threshold_rule=_RULES[study.kind],
        n_samples=len(study.samples),
        n_events=study.base()["n_events"],
        min_coverage=min_coverage,
        settings=_settings(chosen, blocks),
        **_numbers(study, found),
    )


def _numbers(study: Study, found: Folded) -> dict[str, Any]:
    """Fields of the model that hold the parts and their features; a gap is filled by the fill of its part."""
    columns = np.concatenate([part.columns for part in found.parts])
    values = study.features[:, columns]
    return {
        "link": found.link,
        "fusion": found.fusion,
        "log_prior": tuple(found.log_prior.tolist()),
        "parts": tuple(_part(part) for part in found.parts),
        "features": tuple(study.names[at] for at in columns),
        "part_of": tuple(part.name for part in found.parts for _ in part.columns),
        "coefficients": np.concatenate([part.coefficients for part in found.parts]),
        "fills": np.concatenate([part.fills for part in found.parts]),
        "means": np.nanmean(values, axis=0),
        "deviations": np.nanstd(values, axis=0, ddof=1),
    }


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
