"""Single cells summed to one sample per subject and cell type: pseudobulk, the unit that was randomized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from exomics.datasets.loaders._assemble import Expression, assemble, number_option
from exomics.datasets.loaders._cells import CELL_OPTIONS, Cells, read_cells
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, contract_samples
from exomics.datasets.loaders.tenx import COUNTS, gene_frame
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_OPTIONS: Final[Mapping[str, Any]] = {
    **CELL_OPTIONS,
    "subject": "subject_id",
    "cell_type": "cell_type",
    "further": [],
    "min_cells": 10,
    **SAMPLE_OPTIONS,
}


def load_single_cell(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Cells summed over each subject and cell type.

    Parameters
    ----------
    files
        As of the loader ``tenx``: role ``h5ad``, ``h5``, or ``matrix``, ``features`` and ``barcodes``; optional
        ``cells``, the sheet that tells subject and cell type of each barcode.
    manifest
        Options: ``subject`` and ``cell_type`` (columns of the cells), ``further`` (columns that tell samples of a
        subject apart, such as a time point), ``min_cells`` (below it a sample is flagged, default 10), ``genome``,
        ``feature_type``, ``layer`` (of an ``.h5ad``; it must hold raw counts), and the sample options.

    Returns
    -------
    AnnData
        Samples x features: one row per subject, cell type and further column that has a cell, called
        ``subject|cell_type[|...]``; the sum of the counts of its cells. ``n_cells`` is their number, ``qc_flag`` says
        where it is below ``min_cells``. Columns of the cells that do not change within a sample are kept.
        ``uns["exomics"]["report"]`` counts the cells without subject or cell type, which are left out, and names the
        combinations without any cell, which get no row: they are not measured, not zero.

    Raises
    ------
    InputError
        If a column does not exist, no cell has a subject and a cell type, or the values are no counts.

    Notes
    -----
    ``pseudobulk[s, g] = sum over the cells c of s of counts[c, g]``. Tests on cells as if they were subjects find too
    much (doi:10.1038/s41467-021-25960-2).

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> obs = pd.DataFrame({"subject_id": ["p", "p", "q"], "cell_type": ["T", "T", "B"]}, index=["a", "b", "c"])
    >>> cells = AnnData(np.array([[1.0, 0.0], [2.0, 3.0], [4.0, 0.0]]), obs=obs)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cells.h5ad"
    ...     cells.write_h5ad(path)
    ...     bulk = load_files("single_cell", {"h5ad": path})
    >>> bulk.X.tolist(), list(bulk.obs_names), bulk.obs["n_cells"].tolist()
    ([[3.0, 3.0], [4.0, 0.0]], ['p|T', 'q|B'], [2, 1])
    """
    options = {**_OPTIONS, **manifest.options}
    found = read_cells(files, options)
    where = str(next(iter(files.values())))
    further = options["further"].split(",") if isinstance(options["further"], str) else list(options["further"])
    fewest = int(number_option(options, "min_cells"))
    labels = _labels(found, [options["subject"], options["cell_type"], *further], where)
    samples, sums = _summed(found, labels)
    columns = {**_named(options, samples), **dict(options["columns"])}
    obs = contract_samples(samples, {**options, "columns": columns}, where=where)
    too_few = obs["n_cells"].to_numpy() < fewest
    obs[keys.QC_FLAG] = np.where(too_few, f"fewer than {fewest} cells", "")
    report = {**found.report, **_losses(labels), "samples_with_few_cells": int(too_few.sum())}
    expression = Expression(sums, obs, gene_frame(found.genes))
    return assemble(expression, assay="scrna", scale=COUNTS, manifest=manifest, report=report)


def _named(options: Mapping[str, Any], samples: pd.DataFrame) -> dict[str, str]:
    """Contract columns that come from the columns which tell the samples apart."""
    time = {keys.TIME_POINT: keys.TIME_POINT} if keys.TIME_POINT in samples else {}
    return {keys.SUBJECT_ID: options["subject"], **time}


def _labels(found: Cells, columns: Sequence[str], where: str) -> pd.DataFrame:
    """The columns that tell samples apart, as text, missing as NaN; ``label`` joins them, NaN where one is missing."""
    absent = [name for name in columns if name not in found.cells]
    if absent:
        raise InputError(
            f"{where}: expected the columns {', '.join(columns)} of the cells; {', '.join(absent)} are missing, there "
            f"are {', '.join(map(str, found.cells.columns)) or 'none'}. Name them with the options subject and "
            "cell_type, or give a sheet as role cells."
        )
    text = found.cells[list(columns)].astype(object)
    text = text.map(lambda word: np.nan if pd.isna(word) else str(word))
    whole = text.notna().all(axis=1)
    if not whole.any():
        raise InputError(f"{where}: no cell has {' and '.join(columns)}; give the sheet of the cells as role cells.")
    joined = text[whole].agg("|".join, axis=1)
    return text.assign(label=joined.reindex(text.index))


def _summed(found: Cells, labels: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Samples in the order of their labels: their constant columns with ``n_cells``, and the sums of their counts."""
    known = labels["label"].notna().to_numpy()
    codes, names = pd.factorize(labels["label"][known], sort=True)
    ones = sparse.csr_matrix((np.ones(codes.size), (codes, np.flatnonzero(known))), shape=(len(names), len(labels)))
    sums = np.asarray((ones @ found.counts).todense(), dtype=np.float64)
    cells = found.cells[known].drop(columns=[keys.QC_FLAG, "n_cells"], errors="ignore")
    distinct = cells.groupby(codes).nunique(dropna=False)
    constant = [name for name in cells.columns if (distinct[name] == 1).all()]
    _, first = np.unique(codes, return_index=True)
    samples = cells[constant].iloc[first].set_axis(pd.Index(names, dtype=object), axis=0)
    return samples.assign(n_cells=np.bincount(codes)), sums


def _losses(labels: pd.DataFrame) -> dict[str, Any]:
    known = labels[labels["label"].notna()]
    columns = [name for name in labels if name != "label"]
    possible = pd.MultiIndex.from_product([sorted(set(known[name])) for name in columns])
    measured = set(known["label"])
    return {
        "cells_without_sample": int(labels["label"].isna().sum()),
        "samples_without_cell": [label for row in possible if (label := "|".join(row)) not in measured],
        "n_cells": len(labels),
    }


SINGLE_CELL = MethodSpec(
    name="single_cell",
    kind="loader",
    title="Single cells (h5ad, 10x) summed to one sample per subject and cell type",
    function=load_single_cell,
    reference="10.1038/s41467-021-25960-2",
    input_scale=("counts",),
    feature_types=("gene",),
    parameters=_OPTIONS,
)
