"""Inputs of the rows as arrays in files: for Python ``.npy``, for R raw numbers in its own order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet

FloatArray = NDArray[np.float64]

GROUPS = [f"{sex}_{week}" for sex in "FM" for week in ("SED", "1W", "2W", "4W", "8W")]
TRAINED = [(f"{sex}_{week}", f"{sex}_SED") for sex in "FM" for week in ("1W", "2W", "4W", "8W")]
BETWEEN_SEXES = [("M_SED", "F_SED"), ("M_8W", "F_8W")]

MEAN_LOG_LEVEL, SD_LOG_LEVEL = 5.26, 1.79
"""Natural log of the mean count per gene over the 14,201 genes of the gastrocnemius."""


@dataclass(frozen=True)
class CountStudy:
    """Counts (n_samples, n_features), design, contrasts; `folder` holds the same for R."""

    counts: FloatArray
    design: FloatArray
    contrasts: FloatArray
    folder: Path = Path()


@dataclass(frozen=True)
class ScoreStudy:
    """Expression (n_samples, n_features) float32 and the columns of each set; `folder` holds the same for R."""

    expression: NDArray[np.float32]
    sets: list[list[int]]
    folder: Path

    @property
    def signatures(self) -> SignatureSet:
        """The sets as kernels take them."""
        named = {f"S{number}": columns for number, columns in enumerate(self.sets)}
        return SignatureSet.from_columns(named, self.expression.shape[1])

    @property
    def frame(self) -> pd.DataFrame:
        """Features x samples, as peers take it."""
        n_samples, n_features = self.expression.shape
        return pd.DataFrame(
            self.expression.T.copy(),
            index=[f"g{feature}" for feature in range(n_features)],
            columns=[f"s{sample}" for sample in range(n_samples)],
        )

    @property
    def gene_sets(self) -> dict[str, list[str]]:
        """The sets by names of features."""
        return {f"S{number}": [f"g{column}" for column in columns] for number, columns in enumerate(self.sets)}


def simulated_counts(n_features: int, n_samples: int, *, seed: int) -> CountStudy:
    """Negative binomial counts: log-normal levels, a tenth of the features changed, library sizes within 20 %."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(MEAN_LOG_LEVEL, SD_LOG_LEVEL, n_features))
    dispersion = 0.05 + 1.5 / level + 0.02 * rng.chisquare(3, n_features) / 3
    changed = rng.random(n_features) < 0.1
    log_fold = np.zeros((len(GROUPS), n_features))
    log_fold[np.ix_([1, 2, 3, 4, 6, 7, 8, 9], changed)] = rng.normal(0.0, 0.8, (8, int(changed.sum())))
    group = np.repeat(np.arange(len(GROUPS)), n_samples // len(GROUPS))
    counts = np.empty((n_samples, n_features))
    for sample, size in enumerate(rng.lognormal(0.0, 0.2, n_samples)):
        mean = level * np.exp(log_fold[group[sample]]) * size
        counts[sample] = rng.poisson(rng.gamma(1.0 / dispersion, mean * dispersion))
    return CountStudy(counts, np.eye(len(GROUPS))[group], contrasts_of(TRAINED, len(GROUPS)))


def write_counts(folder: Path, study: CountStudy) -> None:
    """For Python ``.npy``; for R raw numbers in column-major order, genes x samples."""
    folder.mkdir(parents=True, exist_ok=True)
    study.counts.astype(np.int32).tofile(folder / "counts.i32")
    for name in ("design", "contrasts"):
        np.asfortranarray(getattr(study, name)).ravel(order="F").tofile(folder / f"{name}.f64")
        np.save(folder / f"{name}.npy", getattr(study, name))
    n_samples, n_features = study.counts.shape
    shape = (n_features, n_samples, *study.contrasts.shape)
    (folder / "shape.txt").write_text(" ".join(map(str, shape)) + "\n", encoding="utf-8")
    np.save(folder / "counts.npy", study.counts)


def read_counts(folder: Path) -> CountStudy:
    """What `write_counts` wrote."""
    return CountStudy(*(np.load(folder / f"{name}.npy") for name in ("counts", "design", "contrasts")), folder=folder)


def write_scores(folder: Path, n_features: int, n_samples: int, n_sets: int) -> None:
    """Expression and sets; R reads float64 of the same values."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    expression = rng.standard_normal((n_samples, n_features), dtype=np.float32)
    expression += rng.normal(4.0, 2.5, n_features).astype(np.float32)
    write_sets(folder, random_sets(rng, n_features, n_sets))
    (folder / "shape.txt").write_text(f"{n_features} {n_samples} {n_sets}\n", encoding="utf-8")
    if n_samples <= 1000:
        expression.astype(np.float64).tofile(folder / "expression.f64")
    np.save(folder / "expression.npy", expression)


def random_sets(rng: np.random.Generator, n_features: int, n_sets: int) -> list[NDArray[np.int64]]:
    """Sets of 15 to 200 features (fewer where there are few features)."""
    sizes = rng.integers(15, min(201, n_features // 4), n_sets)
    return [rng.choice(n_features, size, replace=False) for size in sizes]


def write_sets(folder: Path, sets: list[NDArray[np.int64]]) -> None:
    """One set a line, columns from 0."""
    lines = [" ".join(str(column) for column in columns) for columns in sets]
    (folder / "sets.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_scores(folder: Path) -> ScoreStudy:
    """What `write_scores` wrote."""
    lines = (folder / "sets.txt").read_text(encoding="utf-8").splitlines()
    sets = [[int(column) for column in line.split()] for line in lines]
    return ScoreStudy(np.load(folder / "expression.npy"), sets, folder)


def contrasts_of(pairs: list[tuple[str, str]], n_coefficients: int) -> FloatArray:
    weights = np.zeros((n_coefficients, len(pairs)))
    for column, (treated, control) in enumerate(pairs):
        weights[GROUPS.index(treated), column] = 1.0
        weights[GROUPS.index(control), column] = -1.0
    return weights
