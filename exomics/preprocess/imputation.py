"""Fill missing values, only where asked to, by a declared mechanism; what was filled stays marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from zlib import crc32

import numpy as np
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess._matrix import values_of
from exomics.registry.method import MethodSpec
from exomics.schema import record_step
from exomics.stats.imputation import fit_neighbors, fit_tail, impute_minimum, impute_neighbors, impute_tail

IMPUTED = "imputed"
CensoredMethod = Literal["qrilc", "min_prob"]


def impute_left_censored(
    adata: AnnData, *, method: CensoredMethod = "qrilc", quantile: float = 0.01, seed: int = 0
) -> AnnData:
    """Fill values that are missing because they are below detection, by draws from the lower tail of each sample.

    Parameters
    ----------
    adata
        log2 values; NaN is missing. Nothing else than your word says that it is below detection.
    method
        ``qrilc`` (the truncated tail of a normal fitted to the sample) or ``min_prob`` (around its smallest values).
    quantile
        Of ``min_prob``: the quantile of the sample that the draws center on.
    seed
        Of the draws. Those of a sample depend on the seed and its id, not on the other samples.

    Returns
    -------
    AnnData
        Without missing values; ``layers["imputed"]`` is true where a value was drawn. The step is recorded.

    Raises
    ------
    InputError
        If the method is unknown, or a sample has too few values.
    ScaleError
        If the values are not log2.

    Notes
    -----
    See `exomics.stats.imputation`. Draws make differences between groups that differ in missingness: test with and
    without. For cross-validation fit `exomics.stats.imputation.fit_tail` on the training samples.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(20.0, 2.0, size=(3, 100))
    >>> filled = impute_left_censored(AnnData(np.where(values < 18.0, np.nan, values)))
    >>> bool(np.isnan(filled.X).any()), bool(filled.layers["imputed"].any())
    (False, True)
    """
    values = values_of(adata)
    generators = [np.random.default_rng([seed, crc32(str(name).encode())]) for name in adata.obs_names]
    if method == "qrilc":
        filled = [impute_tail(row, generator) for row, generator in zip(values, generators, strict=True)]
    elif method == "min_prob":
        fit = fit_tail(values)
        filled = [
            impute_minimum(row, fit, generator, quantile=quantile)
            for row, generator in zip(values, generators, strict=True)
        ]
    else:
        raise InputError(f"impute_left_censored takes method=qrilc or min_prob; got {method!r}.")
    parameters = {"method": method, "quantile": quantile, "seed": seed}
    return _imputed(adata, np.vstack(filled), name="impute_left_censored", parameters=parameters)


def impute_knn(adata: AnnData, *, n_neighbors: int = 10) -> AnnData:
    """Fill values that are missing at random from the nearest features.

    Parameters
    ----------
    adata
        log2 values; NaN is missing. Nothing else than your word says that it is missing at random.
    n_neighbors
        Neighbors of a feature.

    Returns
    -------
    AnnData
        Without missing values; ``layers["imputed"]`` is true where a value was filled. The step is recorded.

    Raises
    ------
    InputError
        If there are too few samples or features, or a feature has no value.
    ScaleError
        If the values are not log2.

    Notes
    -----
    See `exomics.stats.imputation`. Neighbors are found among all samples of `adata`: inside cross-validation fit
    `exomics.stats.imputation.fit_neighbors` on the training samples and apply it to the others.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=(8, 1)) + np.arange(12.0)
    >>> values[0, 3] = np.nan
    >>> bool(np.isclose(impute_knn(AnnData(values)).X[0, 3], values[0, 2] + 1.0))
    True
    """
    values = values_of(adata)
    filled = impute_neighbors(values, fit_neighbors(values, n_neighbors=n_neighbors))
    return _imputed(adata, filled, name="impute_knn", parameters={"n_neighbors": n_neighbors})


def _imputed(adata: AnnData, filled: FloatArray, *, name: str, parameters: Mapping[str, object]) -> AnnData:
    missing = np.isnan(values_of(adata))
    report = {"n_imputed": int(missing.sum()), "share_imputed": round(float(missing.mean()), 6)}
    recorded = record_step(adata, name, parameters, **report)
    recorded.X = filled
    recorded.layers[IMPUTED] = missing | np.asarray(adata.layers.get(IMPUTED, missing), dtype=bool)
    return recorded


IMPUTATION = (
    MethodSpec(
        name="impute_left_censored",
        kind="preprocess",
        title="fill values below detection by draws from the lower tail of the sample",
        function=impute_left_censored,
        reference="10.1021/acs.jproteome.5b00981",
        input_scale=("log2",),
        cohort_dependent=True,
        parameters={"method": "qrilc", "quantile": 0.01, "seed": 0},
    ),
    MethodSpec(
        name="impute_knn",
        kind="preprocess",
        title="fill values missing at random from the nearest features",
        function=impute_knn,
        reference="10.1093/bioinformatics/17.6.520",
        input_scale=("log2",),
        cohort_dependent=True,
        parameters={"n_neighbors": 10},
    ),
)
