"""Normalization: factors for library sizes, log counts per million, median and MAD per sample."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess._matrix import counts_of, values_of
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, annotate, keys, metadata, record_step
from exomics.stats.normalization import log_counts_per_million, median_mad_normalize, normalization_factors
from exomics.stats.quantile_normalization import quantile_normalize

FactorMethod = Literal["tmm", "tmmwsp", "rle", "upper_quartile"]


def library_factors(adata: AnnData, *, method: FactorMethod = "tmm") -> AnnData:
    """Write the normalization factor of each library into ``obs["normalization_factor"]``; counts are not changed.

    The effective library size of a sample is its total count times its factor; the factors have product 1.

    Parameters
    ----------
    adata
        With counts in ``layers["counts"]`` or ``X``.
    method
        ``tmm``, ``tmmwsp`` (sparse counts), ``rle`` or ``upper_quartile``.

    Returns
    -------
    AnnData
        With the factors and the step recorded.

    Raises
    ------
    ScaleError
        If there are no counts, or a sample is too sparse for the method.

    Notes
    -----
    Computed from the features that are there: filter first. doi:10.1186/gb-2010-11-3-r25.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, size=(3, 100))
    >>> table = AnnData(counts.astype(float), layers={"counts": counts})
    >>> bool(np.isclose(library_factors(table).obs["normalization_factor"].prod(), 1.0))
    True
    """
    factors = normalization_factors(counts_of(adata), method=method)
    limits = {"smallest": float(factors.min()), "largest": float(factors.max())}
    recorded = record_step(adata, method, {}, n_features=adata.n_vars, **limits)
    recorded.obs[keys.NORMALIZATION_FACTOR] = factors
    return recorded


def effective_library_sizes(adata: AnnData, counts: FloatArray) -> FloatArray:
    """Total count of each sample times its normalization factor.

    Parameters
    ----------
    adata
        With ``obs["normalization_factor"]``.
    counts
        Its counts, (n_samples, n_features).

    Returns
    -------
    ndarray
        (n_samples,).

    Raises
    ------
    InputError
        If the factors have not been computed: they are never silently taken as 1.
    """
    if keys.NORMALIZATION_FACTOR not in adata.obs.columns:
        raise InputError(
            "the counts have no normalization factors; run the step tmm first "
            "(exomics preprocess --normalize tmm), or set obs['normalization_factor'] = 1 to use plain totals."
        )
    factors = pd.to_numeric(adata.obs[keys.NORMALIZATION_FACTOR], errors="coerce").to_numpy(dtype=np.float64)
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise InputError("obs['normalization_factor'] must be positive in every sample; run the step tmm again.")
    return counts.sum(axis=1) * factors


def log_cpm(adata: AnnData, *, prior_count: float = 2.0) -> AnnData:
    """Replace ``X`` by log2 counts per million of effective library size; the counts stay in ``layers["counts"]``.

    Parameters
    ----------
    adata
        With counts and normalization factors.
    prior_count
        Added to each count, in proportion to the library, before the logarithm.

    Returns
    -------
    AnnData
        With scale ``log2 cpm``; its declared offset is the prior count per million of the mean library, the nearest
        constant to an offset that differs a little between libraries.

    Raises
    ------
    ScaleError, InputError
        If there are no counts or no normalization factors.

    Notes
    -----
    As edgeR's ``cpm(log = TRUE)``. For scores and plots; the tests take counts.

    Examples
    --------
    >>> from exomics.schema import annotate, scale_of
    >>> counts = np.random.default_rng(0).poisson(50, size=(3, 100)).astype(float)
    >>> table = annotate(AnnData(counts), assay="rna", scale=Scale(kind="counts", quantity="count"))
    >>> scale_of(log_cpm(library_factors(table))).quantity
    'cpm'
    """
    counts = counts_of(adata)
    sizes = effective_library_sizes(adata, counts)
    values = log_counts_per_million(counts, library_sizes=sizes, prior_count=prior_count)
    recorded = record_step(adata, "log_cpm", {"prior_count": prior_count})
    recorded.layers[keys.COUNTS] = counts.astype(np.int64)
    recorded.X = values
    offset = float(prior_count * 1e6 / sizes.mean())
    return with_scale(recorded, Scale(kind="log2", quantity="cpm", offset=offset))


def median_mad(adata: AnnData) -> AnnData:
    """Center each sample on its median and give all samples the same median absolute deviation, their mean one.

    Parameters
    ----------
    adata
        log2 values; NaN stays NaN.

    Returns
    -------
    AnnData
        With the normalized values.

    Raises
    ------
    InputError
        If a sample has no values or a deviation of zero.

    Examples
    --------
    >>> table = AnnData(np.array([[1.0, 2.0, 3.0], [0.0, 4.0, 8.0]]))
    >>> median_mad(table).X.round(4).tolist()
    [[-2.5, 0.0, 2.5], [-2.5, 0.0, 2.5]]
    """
    normalized = median_mad_normalize(values_of(adata))
    recorded = record_step(adata, "median_mad", {})
    recorded.X = normalized
    return recorded


def quantile(adata: AnnData) -> AnnData:
    """Give all samples one distribution: the mean over samples of their sorted values.

    Parameters
    ----------
    adata
        log2 values; NaN stays NaN.

    Returns
    -------
    AnnData
        With the normalized values.

    Raises
    ------
    InputError
        If a sample has fewer than 2 values.

    Examples
    --------
    >>> quantile(AnnData(np.array([[1.0, 2.0, 6.0], [30.0, 10.0, 20.0]]))).X.tolist()
    [[5.5, 11.0, 18.0], [18.0, 5.5, 11.0]]
    """
    normalized = quantile_normalize(values_of(adata))
    recorded = record_step(adata, "quantile", {})
    recorded.X = normalized
    return recorded


def with_scale(adata: AnnData, scale: Scale) -> AnnData:
    """A copy that declares another scale; all else that it says of itself is kept."""
    known = metadata(adata)
    return annotate(
        adata,
        assay=str(known[keys.ASSAY]),
        scale=scale,
        manifest=str(known.get(keys.MANIFEST, "")),
        manifest_sha256=str(known.get(keys.MANIFEST_SHA256, "")),
        acknowledgments=[str(sentence) for sentence in known.get(keys.ACKNOWLEDGMENTS, [])],
    )


_FACTORS: tuple[tuple[FactorMethod, str, str], ...] = (
    ("tmm", "trimmed mean of M values", "10.1186/gb-2010-11-3-r25"),
    ("tmmwsp", "TMM with singleton pairing, for sparse counts", "10.1093/nar/gkaf018"),
    ("rle", "relative log expression (median of ratios)", "10.1186/gb-2010-11-10-r106"),
    ("upper_quartile", "upper quartile of the counts", "10.1186/1471-2105-11-94"),
)

NORMALIZATION = (
    *(
        MethodSpec(
            name=name,
            kind="preprocess",
            title=f"library size factors: {title}",
            function=partial(library_factors, method=name),
            reference=reference,
            input_scale=("counts",),
            cohort_dependent=True,
        )
        for name, title, reference in _FACTORS
    ),
    MethodSpec(
        name="log_cpm",
        kind="preprocess",
        title="log2 counts per million of effective library size",
        function=log_cpm,
        reference="10.1093/nar/gkaf018",
        input_scale=("counts",),
        cohort_dependent=True,
        units="log2 cpm",
        parameters={"prior_count": 2.0},
    ),
    MethodSpec(
        name="median_mad",
        kind="preprocess",
        title="center each sample on its median, scale to the mean MAD",
        function=median_mad,
        reference="10.1038/s41586-023-06877-w",
        input_scale=("log2",),
        cohort_dependent=True,
    ),
    MethodSpec(
        name="quantile",
        kind="preprocess",
        title="quantile normalization: one distribution for all samples",
        function=quantile,
        reference="10.1093/bioinformatics/19.2.185",
        input_scale=("log2",),
        cohort_dependent=True,
    ),
)
