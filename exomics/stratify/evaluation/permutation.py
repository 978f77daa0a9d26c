"""The whole pipeline on shuffled outcomes: what nested cross-validation gives where there is nothing to find."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stratify.evaluation.in_step import in_step, stepper_of
from exomics.stratify.evaluation.predictions import held_out, measures_of
from exomics.stratify.evaluation.work import Uninterrupted, Work
from exomics.stratify.models.built import Built
from exomics.stratify.study.exchanges import exchanged
from exomics.stratify.study.features import Study
from exomics.stratify.study.outcomes import strata
from exomics.stratify.study.splits import Fold, folds

__all__ = ["PermutationNull", "permutation_null"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_UNIT = 8  # shuffles of one unit of the plain loop

_Parts = list[tuple[Fold, list[Fold]]]


class PermutationNull(NamedTuple):
    """First measure with the true outcome, that of each shuffle (n_permutations,), and the empirical p-value."""

    observed: float
    null: FloatArray
    p_value: float


def permutation_null(
    built: Built,
    data: FloatArray,
    study: Study,
    *,
    sizes: tuple[int, int, int],
    generator: np.random.Generator,
    work: Work | None = None,
) -> PermutationNull:
    """Nested cross-validation of a pipeline on shuffled outcomes, everything fitted anew each time.

    ``p = (1 + #{null >= observed}) / (1 + n_permutations)`` of the first measure (AUC, concordance), its mean over the
    outer folds.

    Parameters
    ----------
    built
        Pipeline and grid.
    data
        (n_samples, n_features) that it may see, NaN where not measured.
    study
        Outcome, groups, and within what outcomes may be exchanged.
    sizes
        Outer folds, inner folds, permutations.
    generator
        Of the folds and of the shuffles.
    work
        Who does the units; by default nobody watches.

    Returns
    -------
    PermutationNull
        ``observed`` comes from the same folds as the shuffles: it is one draw of a repeated cross-validation.

    Notes
    -----
    Ojala and Garriga (2010), doi:10.1109/ICDM.2009.108; Phipson and Smyth (2010), doi:10.2202/1544-6115.1585, for the
    one that is added; Winkler et al. (2015), doi:10.1016/j.neuroimage.2015.05.092, for blocks. Outer folds are balanced
    by the true outcome. Whole groups are exchanged, within their fold and within their block (``study.within``, such
    as a study of several), so that every shuffle is as balanced as the truth, and a difference between blocks counts
    for the shuffles as for the truth. Where subjects have samples of several outcomes, samples are exchanged within
    subjects instead. Inner folds know nothing of the outcome. All this holds for each shuffle as for the truth, so the
    p-value is exact. Steps that use no outcome are fitted once per fold and shared by all shuffles, and the elastic net
    and the ridge score of two classes fit many shuffles in step: the result is that of the plain loop.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.stratify.pipelines import Pipelines
    >>> generator = np.random.default_rng(1)
    >>> names, y = [f"s{i}" for i in range(40)], np.repeat([0, 1], 20)
    >>> x = pd.DataFrame(generator.normal(size=(40, 5)) + y[:, None] * [4, 0, 0, 0, 0], index=names)
    >>> study = Study.of(x, pd.Series(y, index=names), pd.DataFrame({"subject_id": names}, index=names))
    >>> built = Pipelines["elastic_net_logistic"].function(1)
    >>> permutation_null(built, study.features, study, sizes=(4, 3, 19), generator=generator).p_value
    0.05
    """
    n_outer, n_inner, n_permutations = sizes
    balanced, groups = strata(study.response, n_outer), study.groups
    outer = folds(balanced, groups, n_folds=n_outer, seed=int(generator.integers(2**31)))
    inner = [
        _placed(fold, folds(None, groups[fold.train], n_folds=n_inner, seed=int(generator.integers(2**31))))
        for fold in outer
    ]
    exchanges = [np.arange(len(groups)), *exchanged(study, outer, n=n_permutations, generator=generator)]
    parts, doer = list(zip(outer, inner, strict=True)), work or Uninterrupted()
    if study.kind == "binary" and stepper_of(built) is not None:
        found = in_step(built, data, study.labels[np.stack(exchanges)], parts, doer)
    else:
        found = _one_by_one(built, data, [_with(study, positions) for positions in exchanges], parts, doer)
    p = (1 + np.sum(found[1:] >= found[0] - 1e-12)) / (1 + n_permutations)
    return PermutationNull(float(found[0]), found[1:], float(p))


def _placed(fold: Fold, inner: list[Fold]) -> list[Fold]:
    """Inner folds as positions among all samples."""
    return [Fold(fold.train[part.train], fold.train[part.test]) for part in inner]


def _with(study: Study, positions: IntArray) -> Study:
    """The study with the outcome of other samples."""
    time = None if study.time is None else study.time[positions]
    return replace(study, labels=study.labels[positions], time=time)


def _one_by_one(built: Built, data: FloatArray, studies: list[Study], parts: _Parts, work: Work) -> FloatArray:
    """The plain loop, shape (n_outcomes,): the oracle of `in_step`."""
    starts = range(0, len(studies), _UNIT)
    work.begin("shuffled outcomes", len(starts))
    made = [
        work.once(f"shuffles {start}", partial(_plainly, built, data, studies[start : start + _UNIT], parts))
        for start in starts
    ]
    return np.concatenate(made)


def _plainly(built: Built, data: FloatArray, studies: list[Study], parts: _Parts) -> FloatArray:
    found = np.empty((len(studies), len(parts)))
    for b, study in enumerate(studies):
        for f, (fold, inner) in enumerate(parts):
            position = np.full(len(study.labels), -1)
            position[fold.train] = np.arange(len(fold.train))
            learnable = [part for part in inner if _can_learn(study, part)]
            usable = [Fold(position[part.train], position[part.test]) for part in learnable]
            found[b, f] = measures_of(held_out(built, data, study, fold, usable), study, fold.test)[0]
    return found.mean(axis=1)


def _can_learn(study: Study, part: Fold) -> bool:
    """Whether the training part has every class; of survival, an event."""
    labels = study.labels[part.train]
    return bool(labels.any()) if study.kind == "survival" else len(np.unique(labels)) == len(study.classes)
