"""Samples: flag first, then drop what is flagged, with a report of who and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._matrix import counts_of, listed, values_of
from exomics.registry.method import MethodSpec
from exomics.schema import keys, record_step


def flag_samples(adata: AnnData, *, samples: str | Sequence[str], reason: str) -> AnnData:
    """Write `reason` into ``obs["qc_flag"]`` of the named samples. Nothing is dropped.

    Parameters
    ----------
    adata
        Samples x features.
    samples
        Sample ids, as in ``obs_names``.
    reason
        Why, in a few words.

    Returns
    -------
    AnnData
        With the flag and the step recorded.

    Raises
    ------
    InputError
        If a sample is not there, or no reason is given.

    Examples
    --------
    >>> flagged = flag_samples(AnnData(np.ones((2, 1))), samples=["1"], reason="low loading")
    >>> flagged.obs["qc_flag"].tolist()
    ['', 'low loading']
    """
    if not reason.strip():
        raise InputError("flag_samples needs a reason, in a few words.")
    absent = [name for name in listed(samples) if name not in adata.obs_names]
    if absent:
        raise InputError(
            f"flag_samples names {', '.join(absent[:3])}, which are no samples; ids look like {adata.obs_names[0]}."
        )
    marked = adata.obs_names.isin(listed(samples))
    parameters = {"samples": listed(samples), "reason": reason}
    return flagged(adata, marked, reason, name="flag_samples", parameters=parameters)


def flag_missing_samples(adata: AnnData, *, maximum_missing: float = 0.5) -> AnnData:
    """Flag samples in which more than a share of the features is missing (log2 and linear scales).

    Parameters
    ----------
    adata
        Samples x features.
    maximum_missing
        Largest share of missing values that is not flagged, 0 to 1.

    Returns
    -------
    AnnData
        With the flag and the step recorded.

    Examples
    --------
    >>> table = AnnData(np.array([[1.0, np.nan, np.nan], [1.0, 2.0, 3.0]]))
    >>> flag_missing_samples(table).obs["qc_flag"].tolist()
    ['missing 67 %', '']
    """
    share = np.isnan(values_of(adata)).mean(axis=1)
    marked = share > maximum_missing
    reasons = [f"missing {100 * value:.0f} %" for value in share]
    return flagged(adata, marked, reasons, name="flag_missing_samples", parameters={"maximum_missing": maximum_missing})


def flag_small_libraries(adata: AnnData, *, minimum_counts: int = 1_000_000) -> AnnData:
    """Flag samples with fewer counts in total than `minimum_counts`.

    Parameters
    ----------
    adata
        With counts in ``layers["counts"]`` or ``X``.
    minimum_counts
        Smallest library that is not flagged.

    Returns
    -------
    AnnData
        With the flag and the step recorded.

    Raises
    ------
    ScaleError
        If there are no counts.

    Examples
    --------
    >>> table = AnnData(np.array([[5, 5], [90, 20]]), layers={"counts": np.array([[5, 5], [90, 20]])})
    >>> flag_small_libraries(table, minimum_counts=100).obs["qc_flag"].tolist()
    ['10 counts', '']
    """
    totals = counts_of(adata).sum(axis=1)
    reasons = [f"{total:.0f} counts" for total in totals]
    return flagged(
        adata,
        totals < minimum_counts,
        reasons,
        name="flag_small_libraries",
        parameters={"minimum_counts": minimum_counts},
    )


def drop_flagged_samples(adata: AnnData) -> AnnData:
    """Drop the samples whose ``obs["qc_flag"]`` is not empty; the step's report names each with its reason.

    Parameters
    ----------
    adata
        Samples x features; an object without flags comes back unchanged, with the step recorded.

    Returns
    -------
    AnnData
        The samples without findings.

    Raises
    ------
    InputError
        If every sample is flagged.

    Examples
    --------
    >>> flagged = flag_samples(AnnData(np.ones((3, 1))), samples=["1"], reason="low loading")
    >>> drop_flagged_samples(flagged).obs_names.tolist()
    ['0', '2']
    """
    flags = _flags(adata)
    dropped = {str(name): flag for name, flag in zip(adata.obs_names, flags, strict=True) if flag}
    if len(dropped) == adata.n_obs:
        raise InputError("every sample is flagged; look at obs['qc_flag'] and loosen the checks.")
    kept = adata[[not flag for flag in flags]].copy()
    return record_step(kept, "drop_flagged_samples", {}, dropped=dropped, n_samples=kept.n_obs)


def _flags(adata: AnnData) -> list[str]:
    if keys.QC_FLAG not in adata.obs.columns:
        return [""] * adata.n_obs
    column = adata.obs[keys.QC_FLAG].astype(object)
    return [str(value) for value in column.where(column.notna(), "")]


def flagged(
    adata: AnnData,
    marked: np.ndarray,
    reasons: str | list[str],
    *,
    name: str,
    parameters: Mapping[str, object],
    report: Mapping[str, object] | None = None,
) -> AnnData:
    """`adata` with a reason in ``obs["qc_flag"]`` of the marked samples, beside those there, and the step recorded."""
    found = [reasons] * adata.n_obs if isinstance(reasons, str) else reasons
    flags = [
        "; ".join(filter(None, [old, new if mark else ""]))
        for old, new, mark in zip(_flags(adata), found, marked, strict=True)
    ]
    names = [str(sample) for sample in adata.obs_names[marked]]
    recorded = record_step(adata, name, parameters, flagged=names, **(report or {}))
    recorded.obs[keys.QC_FLAG] = flags
    return recorded


QUALITY = (
    MethodSpec(
        name="flag_samples",
        kind="preprocess",
        title="flag named samples, with a reason",
        function=flag_samples,
        parameters={"samples": (), "reason": ""},
    ),
    MethodSpec(
        name="flag_missing_samples",
        kind="preprocess",
        title="flag samples with many missing values",
        function=flag_missing_samples,
        input_scale=("linear", "log2"),
        parameters={"maximum_missing": 0.5},
    ),
    MethodSpec(
        name="flag_small_libraries",
        kind="preprocess",
        title="flag samples with few counts in total",
        function=flag_small_libraries,
        input_scale=("counts",),
        parameters={"minimum_counts": 1_000_000},
    ),
    MethodSpec(
        name="drop_flagged_samples",
        kind="preprocess",
        title="drop the samples that an earlier step flagged",
        function=drop_flagged_samples,
    ),
)
