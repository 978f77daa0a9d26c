"""What self-contained tests report beside their P values: mean effects of sets, and the members that moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.enrichment._method import IntArray, SetArrays
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.within_subject import BlockCorrelation

_MOVED = np.sqrt(2.0)


def contrast_effects(
    expression: FloatArray,
    design: FloatArray,
    contrast: FloatArray,
    *,
    weights: ArrayLike | None,
    blocks: BlockCorrelation | None,
) -> FloatArray:
    """log2 fold change of every feature, (n_features,)."""
    fit = fit_linear_models(expression, design, weights=weights, blocks=blocks)
    return np.asarray(fit_contrasts(fit, contrast[:, None], method="exact").estimates[:, 0])


def mean_over_sets(values: FloatArray, sets: SetArrays) -> FloatArray:
    """Mean of the members of each set, (n_sets,)."""
    return np.array([values[sets.members(which)].mean() for which in range(len(sets))])


def moved_members(effects: FloatArray, sets: SetArrays, direction: IntArray) -> tuple[IntArray, ...]:
    """Per set, the members whose t is beyond sqrt(2) in its direction, the furthest first: limma's active genes."""
    t = effects[:, 0] / np.sqrt(np.maximum((effects[:, 1:] ** 2).mean(axis=1), 1e-16))
    found = []
    for which in range(len(sets)):
        members = sets.members(which)
        ahead = t[members] * direction[which]
        order = np.argsort(-ahead, kind="stable")
        found.append(members[order][ahead[order] > _MOVED])
    return tuple(found)
