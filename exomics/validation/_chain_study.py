"""The subjects of a chain: nodes as numbers, the regression of each link, and its estimates in resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.stats.path_links import Link, link_fit

BASELINE = "_baseline"


@dataclass(frozen=True)
class ChainDesign:
    """What a study can carry.

    Parameters
    ----------
    kind
        ``randomized`` (the first node is assigned at random and the others follow it in time), ``observational``
        (measured in the order of the chain), or ``cross_sectional``.
    covariates
        Columns that every link is adjusted for, such as age, purity or a stroma score; a link from a randomized node
        needs none and has none.
    """

    kind: str
    covariates: tuple[str, ...] = ()

    def is_randomized(self, at: int) -> bool:
        """Whether the cause of link number `at`, counted from 0, is assigned at random."""
        return self.kind == "randomized" and at == 0


@dataclass(frozen=True)
class ChainStudy:
    """Values of the measured nodes, of their baselines and of covariates; the whole chain, and what is binary."""

    nodes: tuple[str, ...]
    design: ChainDesign
    values: Mapping[str, FloatArray]
    baselines: Mapping[str, FloatArray]
    binary: frozenset[str]
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)

    def complete(self, at: int) -> NDArray[np.bool_]:
        """Whether each subject has all that link number `at` needs."""
        held = [self.values[name] for name in self.nodes[at : at + 2]] + self._given(at)
        return np.asarray(~np.isnan(np.column_stack(held)).any(axis=1))

    def fit(self, at: int, rows: Any = slice(None)) -> Link | None:
        """Link number `at` in some of the subjects; None where a node of it is not measured."""
        cause, effect = self.nodes[at : at + 2]
        if cause not in self.values or effect not in self.values:
            return None
        kept = self.complete(at)[rows]
        given = [column[rows][kept] for column in self._given(at)]
        covariates = np.column_stack(given) if given else np.empty((int(kept.sum()), 0))
        y, x = self.values[effect][rows][kept], self.values[cause][rows][kept]
        return link_fit(y, x, covariates, binary=effect in self.binary, robust=True)

    def _given(self, at: int) -> list[FloatArray]:
        """What link number `at` is adjusted for: nodes before it, baselines of both of its nodes, covariates."""
        upstream = [self.values[name] for name in self.nodes[:at] if name in self.values]
        before = [self.baselines[name] for name in self.nodes[at : at + 2] if name in self.baselines]
        return [*upstream, *before, *([] if self.design.is_randomized(at) else self.covariates.values())]


def chain_study(
    frame: pd.DataFrame, nodes: Sequence[str], design: ChainDesign, levels: Mapping[str, str]
) -> ChainStudy:
    """Nodes, baselines and covariates of a table as numbers."""
    values = {name: found for name in nodes if (found := _numbers(frame, name, levels)) is not None}
    baselines = {name: found for name in values if (found := _numbers(frame, name + BASELINE, levels)) is not None}
    binary = frozenset(name for name, found in values.items() if set(found[~np.isnan(found)]) <= {0.0, 1.0})
    covariates = {}
    for name in design.covariates:
        if name in nodes or (found := _numbers(frame, name, levels)) is None:
            told = "is a node of the chain" if name in nodes else "is no column with values"
            raise InputError(f"the covariate {name!r} {told}; name columns that are measured beside the nodes.")
        covariates[name] = found
    return ChainStudy(tuple(nodes), design, values, baselines, binary, covariates)


def resampled_links(study: ChainStudy, links: Sequence[Link | None], resampling: tuple[int, int]) -> FloatArray:
    """(n_resamples, n_links) estimates; subjects are drawn once for all links."""
    n_resamples, seed = resampling
    generator = np.random.default_rng(seed)
    n = len(next(iter(study.values.values())))
    first = study.values.get(study.nodes[0])
    strata = [np.arange(n)]
    if first is not None and study.nodes[0] in study.binary:
        strata = [np.flatnonzero(first == level) for level in (0.0, 1.0)]
    drawn = np.full((n_resamples, len(links)), np.nan)
    for resample in range(n_resamples):
        rows = np.concatenate([generator.choice(stratum, len(stratum)) for stratum in strata])
        for at, link in enumerate(links):
            if link is not None and (found := study.fit(at, rows)) is not None:
                drawn[resample, at] = found.estimate
    return drawn


def _numbers(frame: pd.DataFrame, column: str, levels: Mapping[str, str]) -> FloatArray | None:
    if column not in frame.columns or frame[column].isna().all():
        return None
    given = frame[column]
    if column in levels:
        if levels[column] not in set(given.dropna().astype(str)):
            raise InputError(
                f"{column} has no level {levels[column]!r}; it has {', '.join(map(str, given.unique()[:5]))}."
            )
        return np.where(given.isna(), np.nan, given.astype(str) == levels[column])
    numbers = pd.to_numeric(given, errors="coerce")
    if (numbers.isna() & given.notna()).any():
        raise InputError(f"{column} holds text; name the level that counts as 1 (levels, --level {column}=LEVEL).")
    if np.isinf(numbers).any():
        raise InputError(f"{column} holds {int(np.isinf(numbers).sum())} infinite values; leave empty what is unknown.")
    return numbers.to_numpy(dtype=np.float64)
