"""10x Genomics counts: HDF5 or Matrix Market, versions 2 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._cells import CELL_OPTIONS, read_cells
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, contract_samples
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

COUNTS: Final = Scale(kind="counts", quantity="count")
_OPTIONS: Final[Mapping[str, Any]] = {**CELL_OPTIONS, **SAMPLE_OPTIONS}


def load_tenx(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The cells of a run, one row per barcode; nothing is filtered.

    Parameters
    ----------
    files
        Role ``h5`` (``filtered_feature_bc_matrix.h5``, or the older ``filtered_gene_bc_matrices_h5.h5``), or the
        three roles ``matrix`` (``matrix.mtx``), ``features`` (``features.tsv``, or the older ``genes.tsv``) and
        ``barcodes``, each with or without ``.gz``; role ``h5ad`` for cells already in an AnnData. Optional ``cells``:
        a sheet with the barcodes in one column and, in others, subject, cell type, batch.
    manifest
        Options: ``genome`` (needed where a file holds several), ``feature_type`` (default ``Gene Expression``; the
        others, such as ``Antibody Capture``, are left out and counted), ``layer`` of an ``.h5ad``, and the sample
        options ``columns``, ``values``, ``constants``, ``endpoints``, ``study``.

    Returns
    -------
    AnnData
        Samples x features: cells x genes, sparse counts, gene ids as text even where they are numbers.
        ``uns["exomics"]["report"]`` counts the features of other types, the genomes not chosen, and the cells
        without annotation.

    Raises
    ------
    InputError
        If a file is damaged, the three files are not of one run, or the genome is not told.

    Notes
    -----
    Formats: "Feature-barcode matrices", Cell Ranger documentation of 10x Genomics. Version 2 has one group per
    genome with ``genes`` and ``gene_names``, version 3 the group ``matrix`` with ``features``.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> market = "%%MatrixMarket matrix coordinate integer general\\n2 2 2\\n1 1 5\\n2 2 1\\n"
    >>> texts = {"matrix": market, "features": "10\\tA\\n11\\tB\\n", "barcodes": "AAC-1\\nAAG-1\\n"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = {role: Path(folder) / (role + (".mtx" if role == "matrix" else ".tsv")) for role in texts}
    ...     written = [files[role].write_text(text) for role, text in texts.items()]
    ...     cells = load_files("tenx", files)
    >>> list(cells.var_names), cells.X.toarray().tolist()
    (['10', '11'], [[5.0, 0.0], [0.0, 1.0]])
    """
    options = {**_OPTIONS, **manifest.options}
    found = read_cells(files, options)
    where = str(next(iter(files.values())))
    obs = contract_samples(found.cells, options, where=where)
    expression = Expression(found.counts.astype("float64"), obs, gene_frame(found.genes))
    return assemble(expression, assay="scrna", scale=COUNTS, manifest=manifest, report=found.report)


def gene_frame(genes: pd.DataFrame) -> pd.DataFrame:
    """The features' frame of the contract: names first, the source's own columns behind."""
    rest = genes.drop(columns=[keys.FEATURE_NAME, keys.FEATURE_TYPE], errors="ignore")
    added = pd.DataFrame({keys.FEATURE_NAME: genes[keys.FEATURE_NAME], keys.FEATURE_TYPE: "gene"}, index=genes.index)
    return pd.concat([added, rest], axis=1)


TENX = MethodSpec(
    name="tenx",
    kind="loader",
    title="10x Genomics single-cell counts (HDF5 or Matrix Market, versions 2 and 3)",
    function=load_tenx,
    input_scale=("counts",),
    feature_types=("gene",),
    parameters=_OPTIONS,
)
