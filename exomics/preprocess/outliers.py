"""Samples far from the others: measures of each sample, and flags by principal components."""

from __future__ import annotations

from typing import Final

import numpy as np
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess._by_name import log2_values
from exomics.preprocess._matrix import counts_of, values_of
from exomics.preprocess.quality import flagged
from exomics.registry.method import MethodSpec
from exomics.schema import keys, record_step, scale_of

LIBRARY_SIZE, N_DETECTED, MISSING, TOP_SHARE = "library_size", "n_detected", "missing_fraction", "top_feature_share"
_FEWEST: Final = 6
_MOST_COMPONENTS: Final = 10


def measure_samples(adata: AnnData) -> AnnData:
    """Write quality measures of each sample into ``obs``; nothing is flagged.

    Parameters
    ----------
    adata
        Samples x features with a declared scale.

    Returns
    -------
    AnnData
        ``n_detected`` (features above zero, or present on a log2 scale), ``missing_fraction`` (0 to 1) and, for counts,
        ``library_size`` and ``top_feature_share`` (share of the reads in the most abundant feature: high where a
        library holds little but one molecule). The step is recorded.

    Raises
    ------
    ScaleError
        If the scale is not declared.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> counts = Scale(kind="counts", quantity="count")
    >>> table = annotate(AnnData(np.array([[90.0, 10.0, 0.0]])), assay="rna", scale=counts)
    >>> measure_samples(table).obs[["library_size", "n_detected", "top_feature_share"]].iloc[0].tolist()
    [100.0, 2.0, 0.9]
    """
    values, scale = values_of(adata), scale_of(adata)
    is_present = ~np.isnan(values) & ((values > 0) if scale.kind != "log2" else True)
    measured = {N_DETECTED: is_present.sum(axis=1), MISSING: np.isnan(values).mean(axis=1)}
    if scale.kind == "counts" or keys.COUNTS in adata.layers:
        counts = counts_of(adata)
        totals = counts.sum(axis=1)
        measured |= {LIBRARY_SIZE: totals, TOP_SHARE: counts.max(axis=1) / np.maximum(totals, 1.0)}
    medians = {name: float(np.median(values)) for name, values in measured.items()}
    recorded = record_step(adata, "measure_samples", {}, medians=medians)
    for name, found in measured.items():
        recorded.obs[name] = found
    return recorded


def flag_outliers(adata: AnnData, *, spread: float = 3.0, minimum_variance: float = 0.05) -> AnnData:
    """Flag samples that lie far from the others on a principal component.

    Parameters
    ----------
    adata
        Samples x features with a declared scale; features with missing values are left out.
    spread
        Interquartile ranges beyond the quartiles from which a sample is flagged.
    minimum_variance
        Share of the variance from which a component is looked at, 0 to 1; at most ten are.

    Returns
    -------
    AnnData
        With the flag, ``obs["pca_outlier_component"]`` (the first such component, 0 for none) and the step recorded. A
        group of few samples can be flagged for what makes it a group: look before you drop.

    Raises
    ------
    InputError
        If there are fewer than 6 samples, or fewer than 2 complete features that vary.
    ScaleError
        If the scale is not declared.

    Notes
    -----
    Values are centered log2 (counts per million for counts). With Q1 and Q3 the quartiles of the scores of a
    component, a sample is out if its score is below ``Q1 - spread (Q3 - Q1)`` or above ``Q3 + spread (Q3 - Q1)``: the
    rule by which MoTrPAC marked outliers (doi:10.1038/s41586-023-06877-w).

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> values = np.random.default_rng(0).normal(size=(20, 50))
    >>> values[7] += 8.0
    >>> table = annotate(AnnData(values), assay="protein", scale=Scale(kind="log2", quantity="intensity"))
    >>> np.flatnonzero(flag_outliers(table).obs["qc_flag"] != "").tolist()
    [7]
    """
    values = log2_values(adata)
    complete = ~np.isnan(values).any(axis=0) & (np.nan_to_num(values).std(axis=0) > 0)
    if adata.n_obs < _FEWEST or complete.sum() < 2:
        raise InputError(
            f"flag_outliers needs {_FEWEST} samples and 2 features that are complete and vary; "
            f"got {adata.n_obs} and {int(complete.sum())}."
        )
    scores, shares = _components(values[:, complete])
    looked_at = np.flatnonzero(shares >= minimum_variance)[:_MOST_COMPONENTS]
    low, high = np.quantile(scores[:, looked_at], [0.25, 0.75], axis=0)
    reach = spread * (high - low)
    is_out = (scores[:, looked_at] < low - reach) | (scores[:, looked_at] > high + reach)
    first = np.where(is_out.any(axis=1), is_out.argmax(axis=1) + 1, 0)
    parameters = {"spread": spread, "minimum_variance": minimum_variance}
    report = {"n_features": int(complete.sum()), "variance": [round(float(share), 4) for share in shares[looked_at]]}
    reasons = [f"outlier on principal component {component}" for component in first]
    marked = flagged(adata, first > 0, reasons, name="flag_outliers", parameters=parameters, report=report)
    marked.obs["pca_outlier_component"] = first
    return marked


def _components(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scores of the samples and share of the variance of each component, by the Gram matrix of the samples."""
    centered = values - values.mean(axis=0)
    variances, vectors = np.linalg.eigh(centered @ centered.T)
    variances, vectors = np.clip(variances[::-1], 0.0, None), vectors[:, ::-1]
    return vectors * np.sqrt(variances), variances / variances.sum()


OUTLIERS = (
    MethodSpec(
        name="measure_samples",
        kind="preprocess",
        title="library size, detected features, missing values and dominance of each sample",
        function=measure_samples,
    ),
    MethodSpec(
        name="flag_outliers",
        kind="preprocess",
        title="flag samples far from the others on a principal component",
        function=flag_outliers,
        reference="10.1038/s41586-023-06877-w",
        cohort_dependent=True,
        parameters={"spread": 3.0, "minimum_variance": 0.05},
    ),
)
