"""Ways to join methods that `consensus_rule.md` compares: what each learns, and its weights in a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from exomics.stats.agreement import agreement_mean
from exomics.stats.constrained_regression import nonnegative_fit
from tests.scoring.deconvolution.sources import BULK

LEAST, MOST, UNKNOWN = 0.02, 0.95, 0.5
VOICE = "lineage"
_CLOSE = 0.97
Key = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell type in one cohort: ``z`` (n_methods, n_samples) and ``truth`` (n_samples,), both standardized."""

    source: str
    context: str
    cell_type: str
    seed: int
    methods: tuple[str, ...]
    z: np.ndarray
    truth: np.ndarray

    @property
    def n(self) -> int:
        return self.z.shape[1]

    @property
    def published(self) -> tuple[str, ...]:
        return tuple(method for method in self.methods if method != VOICE)

    @cached_property
    def r(self) -> np.ndarray:
        """With the truth, (n_methods,)."""
        return np.asarray(self.z @ self.truth / (self.n - 1))

    @cached_property
    def s(self) -> np.ndarray:
        """Between the errors of methods, (n_methods, n_methods)."""
        r = np.clip(self.r, -_CLOSE, _CLOSE)
        between = self.z @ self.z.T / (self.n - 1)
        return np.clip((between - np.outer(r, r)) / np.sqrt(np.outer(1 - r**2, 1 - r**2)), -1, 1)

    def pairs(self) -> Iterable[tuple[int, int, Key]]:
        for i, j in combinations(range(len(self.methods)), 2):
            yield i, j, (self.methods[i], self.methods[j], self.cell_type)

    def held(self, told: Learned) -> float:
        """Share of the samples whose truth lies in the interval of the consensus."""
        found = agreement_mean(self.z, told.reliability(self, of_kind=True))
        return float(np.mean((found.ci_low <= self.truth) & (self.truth <= found.ci_high)))


@dataclass(frozen=True)
class Learned:
    """``p`` by (context, method, type) and (method, type), ``s`` by (method, method, type)."""

    p: Mapping[Key, float]
    s: Mapping[Key, float]

    def reliability(self, cell: Cell, *, of_kind: bool = False) -> np.ndarray:
        found = [self.p.get((method, cell.cell_type), UNKNOWN) for method in cell.methods]
        if of_kind:
            keys = [(cell.context, method, cell.cell_type) for method in cell.methods]
            found = [self.p.get(key, otherwise) for key, otherwise in zip(keys, found, strict=True)]
        return np.clip(found, LEAST, MOST)


def learned(cells: list[Cell]) -> Learned:
    """From the cells of every source that may be learned from."""
    rows = [
        (cell.source, cell.context, method, cell.cell_type, r)
        for cell in cells
        for method, r in zip(cell.methods, cell.r, strict=True)
    ]
    p = reliabilities(pd.DataFrame(rows, columns=["source", "specimen", "method", "cell_type", "r"]))
    pairs = [(*key, cell.source, cell.s[i, j]) for cell in cells for i, j, key in cell.pairs()]
    s = pd.DataFrame(pairs, columns=["one", "other", "cell_type", "source", "s"])
    return Learned(p, over_sources(s.groupby(["one", "other", "cell_type", "source"])["s"].mean()))


def reliabilities(rows: pd.DataFrame) -> dict[Key, float]:
    """Of the columns source, specimen, method, cell_type, r: by specimen, and over the specimens of each source."""
    names = ["specimen", "method", "cell_type", "source"]
    by_specimen = rows.groupby(names)["r"].mean()
    return over_sources(by_specimen) | over_sources(by_specimen.groupby(names[1:]).mean())


def over_sources(means: pd.Series) -> dict[Key, float]:
    """Mean over the last level, the sources; those of bulk weigh 2."""
    keys = list(range(means.index.nlevels - 1))
    weight = pd.Series(np.where(means.index.get_level_values(-1).isin(BULK), 2.0, 1.0), means.index)
    found = (means * weight).groupby(level=keys).sum() / weight.groupby(level=keys).sum()
    return {tuple(map(str, name)): float(value) for name, value in found.items()}


Weights = Callable[[Cell, Learned], np.ndarray]


def equal(cell: Cell, told: Learned) -> np.ndarray:
    return np.ones(len(cell.methods))


def p_alone(cell: Cell, told: Learned) -> np.ndarray:
    p = told.reliability(cell)
    return np.asarray(p / (1 - p**2))


def p_of_kind(cell: Cell, told: Learned) -> np.ndarray:
    p = told.reliability(cell, of_kind=True)
    return np.asarray(p / (1 - p**2))


def one_voice(cell: Cell, told: Learned) -> np.ndarray:
    """``C^-1 p``, none negative: of the weighted sum that correlates most with the truth."""
    p = told.reliability(cell)
    rest = np.sqrt(1 - p**2)
    c = np.eye(len(p))
    for i, j, key in cell.pairs():
        c[i, j] = c[j, i] = p[i] * p[j] + told.s.get(key, 0.0) * rest[i] * rest[j]
    values, vectors = np.linalg.eigh(c)
    values = np.maximum(values, LEAST)
    root, inverse = (vectors * np.sqrt(values)) @ vectors.T, (vectors / np.sqrt(values)) @ vectors.T
    return np.asarray(nonnegative_fit(root, (inverse @ p)[None])[0])


def half(weights: Weights) -> Weights:
    """Halfway to equal weights."""

    def halved(cell: Cell, told: Learned) -> np.ndarray:
        found = weights(cell, told)
        return np.asarray((found / found.sum() + 1 / len(found)) / 2)

    return halved


def without_voice(weights: Weights) -> Weights:
    """Of the published methods alone."""

    def of_published(cell: Cell, told: Learned) -> np.ndarray:
        rows = [row for row, method in enumerate(cell.methods) if method != VOICE]
        found = np.zeros(len(cell.methods))
        part = Cell(cell.source, cell.context, cell.cell_type, cell.seed, cell.published, cell.z[rows], cell.truth)
        found[rows] = weights(part, told)
        return found

    return of_published


def voice_alone(cell: Cell, told: Learned) -> np.ndarray:
    return np.array([float(method == VOICE) for method in cell.methods])


_JOINED: Mapping[str, Weights] = {
    "1 equal": equal, "2 p": p_alone, "2 p, half": half(p_alone), "2 p of kind": p_of_kind,
    "2 p of kind, half": half(p_of_kind), "3 one voice": one_voice, "3 one voice, half": half(one_voice),
}  # fmt: skip
CANDIDATES: Mapping[str, Weights] = (
    {name: without_voice(weights) for name, weights in _JOINED.items()}
    | {f"{name}, lineage": weights for name, weights in _JOINED.items()}
    | {"lineage alone": voice_alone}
)
