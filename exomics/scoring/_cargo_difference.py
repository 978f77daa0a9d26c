"""The difference of one cargo between two groups: whether it was detected, and the model of its amounts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.preprocess import counts_of, values_of
from exomics.schema import scale_of
from exomics.scoring._cargo_question import LEAST_PER_GROUP, Question
from exomics.stats.censored_regression import left_censored_link
from exomics.stats.path_links import Link
from exomics.stats.t_distribution import t_quantile

LEAST_READS: Final = 10
LEAST_DETECTED: Final = 0.2
"""Part of the samples that must hold `LEAST_READS` of a miRNA, or below it there is no difference to tell."""

MOST_MISSING: Final = 0.2
CENSORED, LIMIT = "censored", "lod"
_NOTHING = Link(np.nan, np.nan, np.nan, np.nan)


def undetected(asked: Question, at: int) -> str:
    """Why the amounts of a feature tell no difference, "" where they do."""
    if scale_of(asked.samples).kind == "counts":
        share = float((counts_of(asked.samples)[:, at] >= LEAST_READS).mean())
        few = f"below detection: {LEAST_READS} reads or more in {share:.0%} of the samples, {LEAST_DETECTED:.0%} needed"
        return few if share < LEAST_DETECTED else ""
    missing = np.isnan(values_of(asked.samples)[:, at])
    lacking, sizes = asked.in_groups(missing), asked.in_groups(np.ones_like(missing))
    for group, n_missing, size in zip(asked.groups, lacking, sizes, strict=True):
        if n_missing == size:
            return f"below detection in all {size} samples of {group}: the size of the difference is unknown"
    counted = " and ".join(
        f"{n} of {size} samples of {group}" for group, n, size in zip(asked.groups, lacking, sizes, strict=True)
    )
    if (missing & ~_censored(asked.samples, at)).mean() > MOST_MISSING:
        return f"no verdict: {counted} have no value, and none says that it is below detection (layer {CENSORED})"
    if asked.subjects is not None and missing.mean() > MOST_MISSING:
        return f"no verdict: {counted} are below detection, too many for differences within subjects"
    return ""


def note_of(asked: Question, at: int) -> str:
    """What is to be said of the samples in which a feature has no value, "" where it has one in all."""
    if scale_of(asked.samples).kind == "counts":
        return ""
    missing = np.isnan(values_of(asked.samples)[:, at])
    below = missing & _censored(asked.samples, at)
    how = "left out" if asked.subjects is not None else "taken as below its limit"
    return "; ".join(
        f"{int(which.sum())} samples {what}, {done}"
        for which, what, done in ((below, "below detection", how), (missing & ~below, "without a value", "left out"))
        if which.any()
    )


def difference(asked: Question, amounts: AnnData, at: int, *, model: str) -> dict[str, Any]:
    """The numbers of one feature under one normalizer, given the covariates and, if adjusted, hemolysis."""
    y, is_censored = _levels(asked, amounts, at)
    others = asked.covariates
    if model == "adjusted" and asked.hemolysis is not None:
        others = np.column_stack([others, asked.hemolysis])
    held = asked.informative(np.asarray(~np.isnan(np.column_stack([y, others])).any(axis=1)))
    link = _NOTHING
    if asked.units(held) >= LEAST_PER_GROUP:
        given = _basis(np.column_stack([others[held], asked.blocks(held)]))
        link = left_censored_link(y[held], asked.is_second[held], given, is_censored[held])
    half = float(t_quantile(0.975, max(link.degrees_of_freedom, 1.0))) * link.standard_error
    return {
        "n_samples": int(held.sum()),
        "log2_difference": link.estimate,
        "ci_low": link.estimate - half,
        "ci_high": link.estimate + half,
        "statistic": link.estimate / link.standard_error if link.standard_error > 0 else np.nan,
        "p_value": link.p_value,
        "status": "ok" if np.isfinite(link.estimate) else "below_floor",
    }


def _levels(asked: Question, amounts: AnnData, at: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """log2 amounts, the limit where a cycle is censored; within subjects such a sample is left out."""
    y = np.asarray(amounts.X[:, at], dtype=np.float64)
    is_censored = np.isnan(y) & _censored(asked.samples, at)
    if asked.subjects is not None or not is_censored.any():
        return y, np.zeros(len(y), dtype=bool)
    turned = -values_of(asked.samples) - np.asarray(amounts.X)  # the denominator, in every column that has a value
    known = ~np.isnan(turned)
    denominator = np.where(known, turned, 0.0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    limit = -np.asarray(asked.samples.layers[LIMIT][:, at], dtype=np.float64) - denominator
    return np.where(is_censored, limit, y), is_censored


def _censored(adata: AnnData, at: int) -> NDArray[np.bool_]:
    """Whether each sample is known to be below the limit of detection of a feature."""
    if CENSORED not in adata.layers or LIMIT not in adata.layers:
        return np.zeros(adata.n_obs, dtype=bool)
    return np.asarray(adata.layers[CENSORED][:, at]).astype(bool)


def _basis(others: FloatArray) -> FloatArray:
    """Independent columns that span, with an intercept, what `others` do."""
    if not others.size:
        return others
    centered = others - others.mean(axis=0)
    sizes = np.sqrt((centered**2).sum(axis=0))
    varying = sizes > 1e-10 * np.abs(others).max(axis=0)
    left, spread, _ = np.linalg.svd(centered[:, varying] / sizes[varying], full_matrices=False)
    return np.asarray(left[:, spread > 1e-9])
