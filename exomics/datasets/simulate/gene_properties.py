"""What a gene is in every trial: its biological dispersion, how it moves with others, its length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.datasets.simulate.reference import figures, gene_table, mirna_table
from exomics.datasets.simulate.streams import BIOLOGY_SEED, stream

_SHARED_AT_MOST = 0.9
_MEDIAN_LENGTH, _LOG_LENGTH_SD = 2200.0, 0.6


@dataclass(frozen=True, kw_only=True)
class GeneProperties:
    """``level`` log2 abundance; ``dispersion`` biological variance over the squared mean; ``loadings`` (n_features,
    n_factors) of the standardized level on programs and anonymous factors, the rest being the feature's own."""

    names: pd.Index
    level: FloatArray
    dispersion: FloatArray
    loadings: FloatArray
    programs: tuple[str, ...]

    @property
    def own_share(self) -> FloatArray:
        """Share of the variance that no other feature has."""
        return np.asarray(1 - (self.loadings**2).sum(axis=1))

    def log2_variance(self, ratio: float = 1.0) -> FloatArray:
        """Variance of the log2 level of a log-normal feature with `ratio` times the dispersion."""
        return np.asarray(np.log1p(ratio * self.dispersion) / np.log(2) ** 2)

    def shared(self, factors: FloatArray) -> FloatArray:
        """Part of the standardized level that comes from `factors` (n, n_factors)."""
        return np.asarray(factors @ self.loadings.T)


def factor_scores(properties: GeneProperties, n: int, rng: np.random.Generator) -> FloatArray:
    """Independent standard normal scores (n, n_factors)."""
    return rng.standard_normal((n, properties.loadings.shape[1]))


@cache
def muscle_properties() -> GeneProperties:
    """Muscle genes at rat dispersion; the trial multiplies it."""
    return _properties("muscle", gene_table()["muscle"], figures()["muscle"])


@cache
def tumor_properties() -> GeneProperties:
    """Tumor genes, beyond what the composition of the tumor explains."""
    return _properties("tumor", gene_table()["tumor"], figures()["tumor"])


@cache
def ev_properties() -> GeneProperties:
    """EV miRNAs, independent of each other."""
    fitted = figures()["ev_mirna"]
    level = mirna_table()["level"].to_numpy(dtype=float)
    rng = stream(BIOLOGY_SEED, "ev_mirna")
    dispersion = np.interp(level, fitted["level"], fitted["dispersion"])
    dispersion = dispersion * np.exp(fitted["dispersion_log_sd"] * rng.standard_normal(level.size))
    return GeneProperties(
        names=mirna_table().index,
        level=level,
        dispersion=dispersion,
        loadings=np.zeros((level.size, 0)),
        programs=(),
    )


@cache
def lengths() -> FloatArray:
    """Effective length of each gene in bases, drawn once (no annotation is shipped)."""
    rng = stream(BIOLOGY_SEED, "length")
    return np.round(_MEDIAN_LENGTH * np.exp(_LOG_LENGTH_SD * rng.standard_normal(len(gene_table()))))


def _properties(layer: str, level: pd.Series, fitted: dict[str, Any]) -> GeneProperties:
    """Trend times a scaled inverse chi-square scatter, and loadings of the fitted size with random anonymous ones."""
    rng = stream(BIOLOGY_SEED, layer)
    n, freedom = len(level), fitted["prior_degrees_of_freedom"]
    trend = np.interp(level, fitted["level"], fitted["dispersion"])
    dispersion = trend * freedom / rng.chisquare(freedom, n)
    programs = tuple(fitted["program_loading"])
    member = gene_table()["program"].to_numpy()[:, np.newaxis] == np.array(programs)
    loadings = np.hstack(
        [
            member * np.array(list(fitted["program_loading"].values())),
            rng.standard_normal((n, len(fitted["factor_share"]))) * np.sqrt(fitted["factor_share"]),
        ]
    )
    shared = (loadings**2).sum(axis=1, keepdims=True)
    loadings *= np.sqrt(np.minimum(1.0, _SHARED_AT_MOST / np.maximum(shared, 1e-12)))
    return GeneProperties(
        names=level.index,
        level=level.to_numpy(dtype=float),
        dispersion=dispersion,
        loadings=loadings,
        programs=programs,
    )
