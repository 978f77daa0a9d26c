"""The whole pipeline on shuffled labels: what nested cross-validation gives where there is nothing to find."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from exomics.errors import DesignError
from exomics.stats.discrimination import area_under_curve
from exomics.stats.elastic_net import elastic_net_paths
from exomics.stratify.models import ElasticNetLogistic
from exomics.stratify.pipelines import Built
from exomics.stratify.search import fit_chosen, log_losses
from exomics.stratify.splits import Fold, folds
from exomics.stratify.work import Uninterrupted, Work

__all__ = ["PermutationNull", "permutation_null"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BLOCK = 64  # shuffles that go in step: their coefficients fill 64 x n_features doubles
_UNIT = 8  # shuffles of one unit of the plain loop

_Parts = list[tuple[Fold, list[Fold]]]


class PermutationNull(NamedTuple):
    """AUC with the true labels, AUC of each shuffle (n_permutations,), and the empirical p-value."""

    observed: float
    null: FloatArray
    p_value: float


def permutation_null(
    built: Built,
    features: FloatArray,
    labels: IntArray,
    *,
    groups: IntArray,
    sizes: tuple[int, int, int],
    generator: np.random.Generator,
    work: Work | None = None,
) -> PermutationNull:
    """Nested cross-validation of a pipeline on shuffled labels, everything fitted anew each time.

    ``p = (1 + #{null AUC >= observed}) / (1 + n_permutations)``, where an AUC is the mean over the outer folds.

    Parameters
    ----------
    built
        Pipeline and grid.
    features
        (n_samples, n_features), NaN where not measured.
    labels
        (n_samples,) 0 or 1, one value per group.
    groups
        (n_samples,) as from `exomics.stratify.splits.joined_groups`.
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

    Raises
    ------
    DesignError
        If a group has samples of both classes.

    Notes
    -----
    Ojala and Garriga (2010), doi:10.1109/ICDM.2009.108; Phipson and Smyth (2010), doi:10.2202/1544-6115.1585, for the
    one that is added. Outer folds are stratified by the true labels, and groups are shuffled within them, so that every
    shuffle is as balanced as the truth; inner folds know nothing of labels. Both hold for each shuffle as for the
    truth, so the p-value is exact. Steps that use no label are fitted once per fold and shared by all shuffles, and the
    elastic net fits many shuffles in step: the result is that of the plain loop.

    Examples
    --------
    >>> from exomics.stratify.pipelines import Pipelines
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(40, 5)), np.repeat([0, 1], 20)
    >>> x[:, 0] += 4 * y
    >>> found = permutation_null(
    ...     Pipelines["elastic_net_logistic"].function(1), x, y,
    ...     groups=np.arange(40), sizes=(4, 3, 19), generator=generator,
    ... )
    >>> found.p_value
    0.05
    """
    n_outer, n_inner, n_permutations = sizes
    outer = folds(labels, groups, n_folds=n_outer, seed=int(generator.integers(2**31)))
    inner = [
        _placed(fold, folds(None, groups[fold.train], n_folds=n_inner, seed=int(generator.integers(2**31))))
        for fold in outer
    ]
    shuffled = np.stack([labels, *_shuffles(labels, groups, outer, n_permutations, generator)])
    along = isinstance(built.pipeline[-1], ElasticNetLogistic)
    parts = list(zip(outer, inner, strict=True))
    auc = (_in_step if along else _one_by_one)(built, features, shuffled, parts, work or Uninterrupted())
    p = (1 + np.sum(auc[1:] >= auc[0] - 1e-12)) / (1 + n_permutations)
    return PermutationNull(float(auc[0]), auc[1:], float(p))


def _placed(fold: Fold, inner: list[Fold]) -> list[Fold]:
    """Inner folds as positions among all samples."""
    return [Fold(fold.train[part.train], fold.train[part.test]) for part in inner]


def _shuffles(
    labels: IntArray, groups: IntArray, outer: list[Fold], n: int, generator: np.random.Generator
) -> Iterator[IntArray]:
    """Labels of whole groups, exchanged within each outer test part."""
    names, first, place = np.unique(groups, return_index=True, return_inverse=True)
    of_group = labels[first]
    if (of_group[place] != labels).any():
        raise DesignError(
            "a group of samples has both classes, so its labels cannot be shuffled as one; give one outcome per group, "
            "or set the number of permutations to 0."
        )
    members = [np.unique(place[fold.test]) for fold in outer]
    for _ in range(n):
        exchanged = np.empty(len(names), dtype=np.int64)
        for part in members:
            exchanged[part] = generator.permutation(of_group[part])
        yield exchanged[place]


def _one_by_one(built: Built, features: FloatArray, shuffled: IntArray, parts: _Parts, work: Work) -> FloatArray:
    """The plain loop, shape (n_labelings,): the oracle of `_in_step`."""
    starts = range(0, len(shuffled), _UNIT)
    work.begin("shuffled labels", len(starts))
    made = [
        work.once(f"shuffles {start}", partial(_plainly, built, features, shuffled[start : start + _UNIT], parts))
        for start in starts
    ]
    return np.concatenate(made)


def _plainly(built: Built, features: FloatArray, shuffled: IntArray, parts: _Parts) -> FloatArray:
    auc = np.empty((len(shuffled), len(parts)))
    for b, labels in enumerate(shuffled):
        for f, (fold, inner) in enumerate(parts):
            position = np.full(len(labels), -1)
            position[fold.train] = np.arange(len(fold.train))
            usable = [
                Fold(position[part.train], position[part.test])
                for part in inner
                if len(np.unique(labels[part.train])) == 2
            ]
            chosen = fit_chosen(built, features[fold.train], labels[fold.train], usable)
            auc[b, f] = _auc(chosen.pipeline.predict_proba(features[fold.test])[:, 1], labels[fold.test])
    return auc.mean(axis=1)


def _in_step(built: Built, features: FloatArray, shuffled: IntArray, parts: _Parts, work: Work) -> FloatArray:
    """All labelings through the path model at once, block by block, shape (n_labelings,)."""
    work.begin("shuffled labels", sum(1 + len(inner) for _, inner in parts))
    auc = np.empty((len(shuffled), len(parts)))
    for f, (fold, inner) in enumerate(parts):
        losses = np.zeros((len(shuffled), built.pipeline[-1].n_penalties))
        for i, part in enumerate(inner):
            losses += work.once(f"shuffles {f} {i}", partial(_losses, built, features, shuffled, part))
        best = np.argmin(losses, axis=1)
        auc[:, f] = work.once(f"shuffles {f}", partial(_chosen_auc, built, features, shuffled, fold, best))
    return auc.mean(axis=1)


def _losses(built: Built, features: FloatArray, shuffled: IntArray, part: Fold) -> FloatArray:
    """Summed log losses (n_labelings, n_penalties) of one inner fold; 0 where its training part has one class."""
    losses = np.zeros((len(shuffled), built.pipeline[-1].n_penalties))
    both = np.flatnonzero(np.ptp(shuffled[:, part.train], axis=1) == 1)
    for rows, probability in _paths(built, features, shuffled, part, both):
        losses[rows] = log_losses(probability, shuffled[rows][:, np.newaxis, part.test]).sum(axis=2)
    return losses


def _chosen_auc(built: Built, features: FloatArray, shuffled: IntArray, fold: Fold, best: IntArray) -> FloatArray:
    """AUC (n_labelings,) in one outer fold, at the penalty that the inner folds of each labeling chose."""
    auc = np.empty(len(shuffled))
    for rows, probability in _paths(built, features, shuffled, fold, np.arange(len(shuffled))):
        for row, found in zip(rows, probability, strict=True):
            auc[row] = _auc(found[best[row]], shuffled[row, fold.test])
    return auc


def _paths(
    built: Built, features: FloatArray, shuffled: IntArray, part: Fold, rows: IntArray
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Blocks of labelings with their probabilities (n_rows, n_penalties, n_test); shared steps are fitted once."""
    model = built.pipeline[-1]
    shared = clone(built.pipeline[:-1]).fit(features[part.train])
    train, test = shared.transform(features[part.train]), shared.transform(features[part.test])
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        paths = elastic_net_paths(
            train, shuffled[block][:, part.train], alpha=model.alpha, n_penalties=model.n_penalties
        )
        yield block, 1.0 / (1.0 + np.exp(-paths.predict(test)))


def _auc(probability: FloatArray, labels: IntArray) -> float:
    return float(area_under_curve(probability, labels).estimate[0])
