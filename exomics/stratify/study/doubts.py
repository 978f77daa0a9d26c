"""Doubts about features: some are all but the outcome, others are missing where the outcome is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import hypergeom, rankdata

from exomics.stratify.study.features import Study

__all__ = ["copy_doubts", "gap_doubts"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_BY_CHANCE = 1e-3  # expected number of features that tell a class apart by chance, below which it was none
_ALIKE = 0.01  # P value, over all tests, below which gaps and outcome go together
_AS_TIME = 0.9  # rank correlation with the follow-up that no biology has
_COPY = "the outcome by another name, or measured after it? Leave out what was not known before"
_GAPS = "what is missing goes with the outcome, and a model may predict by it"


def copy_doubts(study: Study) -> list[str]:
    """Features, clinical ones included, that alone tell a class apart without exception, or rank the follow-up.

    Parameters
    ----------
    study
        As from `Study.of`.

    Returns
    -------
    list of str
        A line for each class, and for the follow-up, with the names of at most three features.

    Notes
    -----
    Of n subjects, k of them in the class, a feature that has nothing to do with it tells them apart with probability
    ``2 / binomial(n, k)``. Told is what less than one feature in a thousand such studies would do.

    Examples
    --------
    >>> import pandas as pd
    >>> names = [f"s{i}" for i in range(30)]
    >>> labels = pd.Series(np.repeat([0, 1], 15), index=names)
    >>> values = pd.DataFrame({"visit": labels + np.linspace(0.0, 0.5, 30), "age": np.arange(30) % 7}, index=names)
    >>> study = Study.of(values, labels, pd.DataFrame({"subject_id": names}, index=names))
    >>> copy_doubts(study)[0][:48]
    "'visit' alone tells '1' apart without exception:"
    """
    values = np.column_stack([study.features, study.clinical])
    names = [*study.names, *study.clinical_names]
    first = _first_samples(study)
    told = []
    for code, name in _classes(study):
        found = np.flatnonzero(_tells_apart(values, study.labels == code, first))
        if len(found):
            told.append(f"{_listed(names, found)} alone tells {name!r} apart without exception: {_COPY}.")
    found = np.flatnonzero(_ranks_as(values, study.time)) if study.time is not None else np.empty(0, dtype=np.int64)
    if len(found):
        told.append(f"{_listed(names, found)} has nearly the order of the follow-up: {_COPY}.")
    return told


def gap_doubts(study: Study) -> list[str]:
    """Blocks and features that are missing more often in one class than chance allows.

    Parameters
    ----------
    study
        As from `Study.of`.

    Returns
    -------
    list of str
        A line for each such block, and one for the features with gaps of their own.

    Notes
    -----
    Exact test of the hypergeometric distribution, of each class against the others, over one sample per subject; P
    values are multiplied by the number of tests. The classes of survival are the event and the censored.

    Examples
    --------
    >>> import pandas as pd
    >>> names = [f"s{i}" for i in range(30)]
    >>> labels = pd.Series(np.repeat(["N", "R"], 15), index=names)
    >>> values = pd.DataFrame({"dose": np.repeat([np.nan, 1.0], 15) * np.arange(30), "age": np.arange(30)}, index=names)
    >>> study = Study.of(values, labels, pd.DataFrame({"subject_id": names}, index=names), positive="R")
    >>> gap_doubts(study)[0][:61]
    "'dose' is measured in 15 of 15 'R' and in 0 of 15 others: wha"
    """
    measured = np.isfinite(study.features)
    own, told, start = np.ones(measured.shape[1], dtype=bool), [], 0
    for block in study.blocks:
        part = slice(start, start := start + block.n_features)
        held = np.atleast_2d(measured[:, part].any(axis=1)).T
        own[part] = (measured[:, part] != held).any(axis=0)
        told += [f"block {block.name!r} is measured in {share}: {_GAPS}." for _, share in _with_class(held, study)]
    uneven = list(_with_class(np.where(own, measured, True), study))
    if uneven:
        at, share = uneven[0]
        like = f" (and {len(uneven) - 1} features like it)" if len(uneven) > 1 else ""
        told.append(f"{study.names[at]!r}{like} is measured in {share}: {_GAPS}.")
    return told


def _classes(study: Study) -> list[tuple[int, str]]:
    """Codes and names of the classes; of two, the second stands for both."""
    named = list(enumerate(study.classes))
    return named[1:] if len(named) == 2 else named


def _first_samples(study: Study) -> IntArray:
    """One sample of each subject, or of what must stay together."""
    return np.asarray(np.unique(study.groups, return_index=True)[1], dtype=np.int64)


def _tells_apart(values: FloatArray, inside: BoolArray, first: IntArray) -> BoolArray:
    """Whether a cut of the feature gives the class, as chance would not; (n_features,)."""
    missing = np.isnan(values)
    low, high = np.where(missing, np.inf, values), np.where(missing, -np.inf, values)
    above = low[inside].min(axis=0, initial=np.inf) > high[~inside].max(axis=0, initial=-np.inf)
    below = low[~inside].min(axis=0, initial=np.inf) > high[inside].max(axis=0, initial=-np.inf)
    sizes = [np.sum(~missing[first][rows[first]], axis=0) for rows in (inside, ~inside)]
    chance = np.log(2.0 * values.shape[1]) + gammaln(sizes[0] + 1) + gammaln(sizes[1] + 1) - gammaln(sum(sizes) + 1)
    return np.asarray((above | below) & (chance < np.log(_BY_CHANCE)))


def _ranks_as(values: FloatArray, time: FloatArray) -> BoolArray:
    """Whether the ranks of a feature without gaps are nearly those of the follow-up; (n_features,)."""
    whole = np.isfinite(values).all(axis=0) & (np.ptp(np.nan_to_num(values), axis=0) > 0.0)
    found = np.zeros(values.shape[1], dtype=np.bool_)
    ranks, order = rankdata(values[:, whole], axis=0), rankdata(time)
    if not np.ptp(order):
        return found
    ranks, order = ranks - ranks.mean(axis=0), order - order.mean()
    found[whole] = np.abs(order @ ranks) > _AS_TIME * np.sqrt((order @ order) * (ranks**2).sum(axis=0))
    return found


def _with_class(measured: BoolArray, study: Study) -> Iterator[tuple[int, str]]:
    """Columns of `measured` (n_samples, n_columns) that go with a class, the clearest first, and how in words."""
    first = _first_samples(study)
    present, labels = measured[first], study.labels[first]
    gaps = np.flatnonzero(~present.all(axis=0))
    present, classes = present[:, gaps], _classes(study)
    total, n = present.sum(axis=0), len(present)
    p_values = np.ones((len(classes), len(gaps)))
    for row, (code, _) in zip(p_values, classes, strict=True):
        inside = labels == code
        law, here = hypergeom(n, total, int(inside.sum())), present[inside].sum(axis=0)
        row[:] = 2.0 * np.minimum(law.cdf(here), law.sf(here - 1)) * p_values.size
    least = p_values.min(axis=0, initial=1.0)
    for at in np.argsort(least, kind="stable")[: int(np.sum(least < _ALIKE))]:
        code, name = classes[int(p_values[:, at].argmin())]
        inside = labels == code
        here, there = int(present[inside, at].sum()), int(present[~inside, at].sum())
        yield int(gaps[at]), f"{here} of {int(inside.sum())} {name!r} and in {there} of {int((~inside).sum())} others"


def _listed(names: Sequence[str], found: IntArray) -> str:
    shown = ", ".join(repr(names[at]) for at in found[:3])
    return shown if len(found) <= 3 else f"{shown} and {len(found) - 3} more: each"
