"""Which outcomes may be exchanged where there is nothing to find: those of whole subjects, within blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError
from exomics.stratify.study.features import Study
from exomics.stratify.study.splits import Fold

__all__ = ["exchanged"]

IntArray = NDArray[np.int64]


def exchanged(study: Study, outer: list[Fold], *, n: int, generator: np.random.Generator) -> Iterator[IntArray]:
    """Whose outcome each sample gets, again and again.

    Parameters
    ----------
    study
        Outcome, groups, and within what outcomes may be exchanged.
    outer
        Test parts, within which whole groups are exchanged.
    n
        Number of shuffles.
    generator
        Of the shuffles.

    Yields
    ------
    ndarray
        (n_samples,) positions of samples: sample ``i`` gets the outcome of sample ``exchanged[i]``. Where groups have
        one outcome each, groups are exchanged within their test part and block; else samples within their group.

    Raises
    ------
    DesignError
        If a group is in two blocks, or no two outcomes can be exchanged.

    Examples
    --------
    >>> names = [f"s{i}" for i in range(4)]
    >>> values, groups = pd.DataFrame({"g": range(4)}, index=names), pd.DataFrame({"subject": ["a", "a", "b", "b"]})
    >>> study = Study.of(values, pd.Series([0, 1, 1, 0], index=names), groups.set_axis(names, axis=0))
    >>> positions = next(exchanged(study, [], n=1, generator=np.random.default_rng(1)))
    >>> sorted(positions[:2].tolist()), sorted(positions[2:].tolist())
    ([0, 1], [2, 3])
    """
    names, first, place = np.unique(study.groups, return_index=True, return_inverse=True)
    response = study.response.reshape(len(place), -1)
    one_each = bool((response[first][place] == response).all())
    parts = _groups_by_block(study, outer, first, place) if one_each else _members(place)
    samples = [first[part] for part in parts] if one_each else parts
    if not any((response[part] != response[part[:1]]).any() for part in samples):
        raise DesignError(
            "no two outcomes can be exchanged: within each block and fold all are the same. Give larger blocks, or set "
            "the number of permutations to 0."
        )
    for _ in range(n):
        given = np.arange(len(names)) if one_each else np.arange(len(place))
        for part in parts:
            given[part] = generator.permutation(part)
        yield first[given][place] if one_each else given


def _groups_by_block(study: Study, outer: list[Fold], first: IntArray, place: IntArray) -> list[IntArray]:
    """Groups of each test part and block."""
    block = np.zeros(len(place), dtype=np.int64) if study.within is None else study.within
    if (block[first][place] != block).any():
        raise DesignError("a subject is in two of the blocks within which outcomes are exchanged; each belongs to one.")
    parts = []
    for fold in outer:
        groups = np.unique(place[fold.test])
        parts += [groups[block[first][groups] == one] for one in np.unique(block[first][groups])]
    return parts


def _members(place: IntArray) -> list[IntArray]:
    """Samples of each group."""
    by_group = pd.Series(np.arange(len(place))).groupby(place)
    return [np.asarray(members, dtype=np.int64) for members in by_group.indices.values()]
