"""Modified sites relative to the protein that carries them, subject by subject."""

from __future__ import annotations

import numpy as np
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._matrix import obs_labels, values_of, var_column
from exomics.schema import keys, metadata, record_step, scale_of


def subtract_parent_protein(
    sites: AnnData,
    proteins: AnnData,
    *,
    parent: str = "protein_id",
    subject: str = keys.SUBJECT_ID,
) -> AnnData:
    """log2 values of sites minus those of their protein in the same subject: what changes beyond the amount.

    Parameters
    ----------
    sites
        Samples x modified sites (acetyl, phospho), log2.
    proteins
        Samples x proteins, log2, of the same subjects.
    parent
        Column of ``var`` in both with the protein; ``feature_id`` for the index of `proteins`.
    subject
        Column of obs in both by which samples are matched.

    Returns
    -------
    AnnData
        Samples of subjects with both, sites whose protein was measured; NaN where either value is. How many samples
        and sites were left out is recorded.

    Raises
    ------
    InputError
        If a subject has several samples, a protein several rows, or nothing is left.
    ScaleError
        If a scale is not log2.

    Notes
    -----
    The two measurements of a subject each bring their noise: differences are less precise than the site alone where
    the protein does not change.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"subject_id": ["A", "B"]}, index=["a", "b"])
    >>> log2 = Scale(kind="log2", quantity="ratio")
    >>> site = AnnData(np.array([[3.0], [5.0]]), obs=obs, var=pd.DataFrame({"protein_id": ["P"]}, index=["P_K1"]))
    >>> whole = AnnData(np.array([[1.0], [1.0]]), obs=obs, var=pd.DataFrame({"protein_id": ["P"]}, index=["P"]))
    >>> one, other = annotate(site, assay="acetyl", scale=log2), annotate(whole, assay="protein", scale=log2)
    >>> subtract_parent_protein(one, other).X.ravel().tolist()
    [2.0, 4.0]
    """
    for name, data in (("sites", sites), ("proteins", proteins)):
        scale = scale_of(data)
        if scale.kind != "log2":
            raise InputError(f"differences of logs need log2 values; the {name} are {scale.kind} {scale.quantity}.")
    rows = _matched(obs_labels(sites, subject), obs_labels(proteins, subject), f"a {subject}", "samples")
    wanted, there = (var_column(data, parent).astype(str).to_numpy(dtype=object) for data in (sites, proteins))
    columns = _matched(wanted, there, f"a {parent} of the proteins", "sites", several=True)
    kept_rows, kept_columns = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)
    chosen = sites[kept_rows, kept_columns].copy()
    amount = values_of(proteins)[np.ix_(rows[kept_rows], columns[kept_columns])]
    report = {
        "n_samples_without_protein": int(sites.n_obs - len(kept_rows)),
        "n_sites_without_protein": int(sites.n_vars - len(kept_columns)),
        "protein_manifest": str(metadata(proteins).get(keys.MANIFEST, "")),
    }
    recorded = record_step(chosen, "subtract_parent_protein", {"parent": parent, "subject": subject}, **report)
    recorded.X = values_of(chosen) - amount
    return recorded


def _matched(wanted: np.ndarray, there: np.ndarray, what: str, kind: str, *, several: bool = False) -> np.ndarray:
    """Position in `there` of each of `wanted`, -1 where it is not."""
    for labels in (there,) if several else (wanted, there):
        names, counts = np.unique(labels.astype(str), return_counts=True)
        if (counts > 1).any():
            raise InputError(f"{what} must occur once; {names[counts > 1][0]} occurs {counts.max()} times.")
    position = {label: i for i, label in enumerate(there)}
    found = np.array([position.get(label, -1) for label in wanted], dtype=np.int64)
    if (found < 0).all():
        raise InputError(f"none of the {len(wanted)} {kind} is matched; check the columns that name them.")
    return found
