"""Ways to join methods that were compared by `consensus_rule.md`: what each learns, and its weights in a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from exomics.stats.agreement import agreement_mean
from exomics.stats.constrained_regression import nonnegative_fit

LEAST, MOST, UNKNOWN = 0.02, 0.95, 0.5
_CLOSE = 0.97
Key = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell type in one cohort: ``z`` (n_methods, n_samples) and ``truth`` (n_samples,), both standardized;
    ``genes`` (n_methods,) the correlation of each method with lineage genes that it does not use, NaN where untold."""

    source: str
    context: str
    cell_type: str
    seed: int
    methods: tuple[str, ...]
    z: np.ndarray
    truth: np.ndarray
    genes: np.ndarray

    @property
    def n(self) -> int:
        return self.z.shape[1]

    @cached_property
    def r(self) -> np.ndarray:
        """With the truth, (n_methods,)."""
        return np.asarray(self.z @ self.truth / (self.n - 1))

    @cached_property
    def c(self) -> np.ndarray:
        """Between methods."""
        return np.asarray(self.z @ self.z.T / (self.n - 1))

    @cached_property
    def s(self) -> np.ndarray:
        """Between the errors of methods."""
        r = np.clip(self.r, -_CLOSE, _CLOSE)
        return np.clip((self.c - np.outer(r, r)) / np.sqrt(np.outer(1 - r**2, 1 - r**2)), -1, 1)

    def pairs(self) -> Iterable[tuple[int, int, Key]]:
        for i, j in combinations(range(len(self.methods)), 2):
            yield i, j, (self.methods[i], self.methods[j], self.cell_type)


@dataclass(frozen=True)
class Learned:
    """``p`` by (method, type); ``c`` and ``s`` by (method, method, type); squares of how far r, s and e differ."""

    p: Mapping[Key, float]
    c: Mapping[Key, float]
    s: Mapping[Key, float]
    t2: float
    u2: float
    v2: float

    def reliability(self, cell: Cell) -> np.ndarray:
        return np.clip([self.p.get((method, cell.cell_type), UNKNOWN) for method in cell.methods], LEAST, MOST)

    def between(self, table: Mapping[Key, float], cell: Cell, otherwise: np.ndarray) -> np.ndarray:
        found = np.eye(len(cell.methods))
        for i, j, key in cell.pairs():
            found[i, j] = found[j, i] = table.get(key, otherwise[i, j])
        return found


def learned(cells: list[Cell]) -> Learned:
    """From the cells of every source that may be learned from."""
    p = by_source(cells, lambda cell: {(m, cell.cell_type): r for m, r in zip(cell.methods, cell.r, strict=True)})
    c = by_source(cells, lambda cell: {key: cell.c[i, j] for i, j, key in cell.pairs()})
    s = by_source(cells, lambda cell: {key: cell.s[i, j] for i, j, key in cell.pairs()})
    t2, u2, v2 = [], [], []
    for cell in cells:
        sampling = (1 - cell.r**2) ** 2 / cell.n
        t2.extend((cell.r - [p[method, cell.cell_type] for method in cell.methods]) ** 2 - sampling)
        v2.extend((cell.genes - cell.r) ** 2 - sampling)
        for i, j, key in cell.pairs():
            u2.append((cell.c[i, j] - _modeled(cell.r[[i, j]], s[key])) ** 2 - 1 / cell.n)
    return Learned(p, c, s, *(max(float(np.nanmean(each)), 1e-3) for each in (t2, u2, v2)))


def by_source(cells: list[Cell], told: Callable[[Cell], Mapping[Key, float]]) -> dict[Key, float]:
    """Mean over the cohorts of a source and context, then over its contexts, then over sources."""
    rows = [(*key, cell.source, cell.context, value) for cell in cells for key, value in told(cell).items()]
    frame = pd.DataFrame(rows)
    key = list(frame.columns[:-3])
    means = frame.groupby([*key, *frame.columns[-3:-1]])[frame.columns[-1]].mean()
    means = means.groupby(level=list(range(len(key) + 1))).mean().groupby(level=list(range(len(key)))).mean()
    return {tuple(map(str, name)): float(value) for name, value in means.items()}


def _modeled(r: np.ndarray, s: float) -> float:
    return float(r[0] * r[1] + s * np.sqrt(max((1 - r[0] ** 2) * (1 - r[1] ** 2), 0.0)))


def best_weights(c: np.ndarray, r: np.ndarray) -> np.ndarray:
    """``C^-1 r``, none negative: of the weighted sum that correlates most with the truth."""
    values, vectors = np.linalg.eigh(c)
    values = np.maximum(values, LEAST)
    root, inverse = (vectors * np.sqrt(values)) @ vectors.T, (vectors / np.sqrt(values)) @ vectors.T
    return np.asarray(nonnegative_fit(root, (inverse @ r)[None])[0])


Weights = Callable[[Cell, Learned], np.ndarray]


def equal(cell: Cell, told: Learned) -> np.ndarray:
    return np.ones(len(cell.methods))


def best_alone(cell: Cell, told: Learned) -> np.ndarray:
    p = told.reliability(cell)
    return np.asarray((p == p.max()).astype(float))


def p_alone(cell: Cell, told: Learned) -> np.ndarray:
    p = told.reliability(cell)
    return np.asarray(p / (1 - p**2))


def one_voice(cell: Cell, told: Learned) -> np.ndarray:
    p = told.reliability(cell)
    return best_weights(told.between(told.c, cell, np.outer(p, p)), p)


def one_voice_here(cell: Cell, told: Learned) -> np.ndarray:
    return _here(cell, told, told.reliability(cell))


def _here(cell: Cell, told: Learned, r: np.ndarray) -> np.ndarray:
    p = told.reliability(cell)
    c = (20 * told.between(told.c, cell, np.outer(p, p)) + cell.n * cell.c) / (20 + cell.n)
    return best_weights(c, np.clip(r, LEAST, MOST))


def disjoint_genes(cell: Cell, told: Learned) -> np.ndarray:
    p, e = told.reliability(cell), cell.genes
    return _here(cell, told, np.where(np.isfinite(e), (80 * p + cell.n * np.nan_to_num(e)) / (80 + cell.n), p))


def fitted(cell: Cell, told: Learned) -> np.ndarray:
    return _of_model(cell, told, np.full(len(cell.methods), np.nan))


def fitted_and_genes(cell: Cell, told: Learned) -> np.ndarray:
    return _of_model(cell, told, cell.genes)


def _of_model(cell: Cell, told: Learned, genes: np.ndarray) -> np.ndarray:
    typical = np.full((len(cell.methods), len(cell.methods)), np.mean(list(told.s.values())))
    shared = told.between(told.s, cell, typical)
    return agreement_mean(cell.z, told.reliability(cell), shared=shared, outside=genes).weights


def half(weights: Weights) -> Weights:
    """Halfway to equal weights."""

    def halved(cell: Cell, told: Learned) -> np.ndarray:
        found = weights(cell, told)
        return np.asarray((found / found.sum() + 1 / len(found)) / 2)

    return halved


_LEARNING: Mapping[str, Weights] = {
    "4 p alone": p_alone, "5 one voice": one_voice, "6 one voice here": one_voice_here, "7 fitted": fitted,
    "8 disjoint genes": disjoint_genes, "9 fitted and genes": fitted_and_genes,
}  # fmt: skip
CANDIDATES: Mapping[str, Weights] = {"1 equal": equal, "3 best alone": best_alone} | {
    name + word: join(weights) if join else weights
    for name, weights in _LEARNING.items()
    for word, join in ((", half", half), ("", None))
}
