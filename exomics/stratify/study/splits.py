"""Folds that never part a subject: what belongs together, directly or through others, stays on one side."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from exomics.errors import DesignError

__all__ = ["Fold", "folds", "joined_groups"]

IntArray = NDArray[np.int64]


class Fold(NamedTuple):
    """Positions of the samples, shape (n_train,) and (n_test,)."""

    train: IntArray
    test: IntArray


def joined_groups(columns: pd.DataFrame) -> IntArray:
    """One number per set of samples that share a subject, a cage, a study, or are linked by others that do.

    Parameters
    ----------
    columns
        (n_samples, n_groupings): subject, and whatever else must not be parted. Missing values link nothing.

    Returns
    -------
    ndarray
        (n_samples,) numbers of the connected components, from 0.

    Raises
    ------
    DesignError
        If there is no column.

    Notes
    -----
    Two samples are linked if they share a value of any column; the components of that graph are the groups.

    Examples
    --------
    >>> joined_groups(pd.DataFrame({"subject": ["a", "a", "b", "c"], "cage": ["1", "1", "2", "2"]})).tolist()
    [0, 0, 1, 1]
    """
    if not columns.shape[1]:
        raise DesignError("name at least one grouping column, such as subject_id: samples of a subject stay together.")
    n = len(columns)
    rows: list[IntArray] = []
    nodes: list[IntArray] = []
    offset = n
    for name in columns.columns:
        codes, levels = pd.factorize(columns[name])
        known = np.flatnonzero(codes >= 0)
        rows.append(known)
        nodes.append(codes[known] + offset)
        offset += len(levels)
    row, node = np.concatenate(rows), np.concatenate(nodes)
    graph = coo_array((np.ones(len(row)), (row, node)), shape=(offset, offset))
    labels = connected_components(graph, directed=False)[1][:n]
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)


def folds(labels: NDArray[np.int64] | None, groups: IntArray, *, n_folds: int, seed: int) -> list[Fold]:
    """Split the groups at random into folds; with `labels`, so that each fold has about the same mix of classes.

    Parameters
    ----------
    labels
        (n_samples,) classes to be balanced; None for folds that know nothing of the outcome.
    groups
        (n_samples,) as from `joined_groups`; a group is in one test part only.
    n_folds
        Number of folds, at least 2.
    seed
        Of the shuffle.

    Returns
    -------
    list of Fold
        n_folds pairs of training and test positions; each sample is tested once.

    Raises
    ------
    DesignError
        If there are fewer groups, or fewer groups of some class, than folds.

    Notes
    -----
    scikit-learn's GroupKFold, StratifiedGroupKFold, and, where each sample is a group of its own, StratifiedKFold, all
    shuffled.

    Examples
    --------
    >>> pairs = folds(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 3]), n_folds=2, seed=1)
    >>> sorted(np.concatenate([fold.test for fold in pairs]).tolist())
    [0, 1, 2, 3, 4, 5]
    """
    n_groups = len(np.unique(groups))
    if n_folds < 2 or n_groups < n_folds:
        raise DesignError(f"{n_folds} folds need at least 2 folds and as many groups of samples; there are {n_groups}.")
    if labels is not None:
        _require_classes(labels, groups, n_folds)
    stratified = StratifiedKFold if n_groups == len(groups) else StratifiedGroupKFold
    splitter = (GroupKFold if labels is None else stratified)(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer samples than folds: refused above by groups
        parts = list(splitter.split(groups, labels if labels is not None else groups, groups))
    return [Fold(train.astype(np.int64), test.astype(np.int64)) for train, test in parts]


def _require_classes(labels: NDArray[np.int64], groups: IntArray, n_folds: int) -> None:
    counts = {str(found): len(np.unique(groups[labels == found])) for found in np.unique(labels)}
    if len(counts) < 2:
        raise DesignError(f"the outcome has one class only ({next(iter(counts))}); two are needed to tell them apart.")
    small = min(counts, key=counts.__getitem__)
    if counts[small] < n_folds:
        raise DesignError(
            f"class {small} has {counts[small]} independent groups and there are {n_folds} folds; use fewer folds, or "
            "report effects instead of a classifier."
        )


def repeated(
    labels: IntArray | None, groups: IntArray, *, n_folds: int, n_repeats: int, generator: np.random.Generator
) -> Iterator[list[Fold]]:
    """`folds` again and again, each time shuffled anew from `generator`."""
    for _ in range(n_repeats):
        yield folds(labels, groups, n_folds=n_folds, seed=int(generator.integers(2**31)))
