"""GDC gene counts of HTSeq, as releases before 32 (2022) give them: one file per sample, two columns, no header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble, only_file
from exomics.datasets.loaders._gdc import GDC_OPTIONS, gdc_files, gdc_samples
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._text_table import require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

UNCOUNTED: Final = ("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique")


def load_gdc_htseq_counts(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The HTSeq counts of an older GDC download.

    Parameters
    ----------
    files
        Roles ``folder`` (files ``*.htseq.counts.gz``) and ``sample_sheet``; optional ``manifest``, ``clinical`` and
        ``exposure``, as for `gdc_star_counts`.
    manifest
        Options: ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features (genes by versioned Ensembl id), counts. The reads that HTSeq gave to no gene
        (``__no_feature``, ``__ambiguous``, ``__too_low_aQual``, ``__not_aligned``, ``__alignment_not_unique``) are in
        ``obs`` and no features. The files hold no gene names: ``exomics harmonize --identifiers genes`` gives them.

    Raises
    ------
    InputError
        If a file is no HTSeq table, has other genes than the first, or is not the file of the manifest.
    ScaleError
        If the values are no counts (``*.FPKM.txt.gz`` look alike).

    Notes
    -----
    Format: Anders, Pyl & Huber 2015, doi:10.1093/bioinformatics/btu638.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> sheet = "File ID\\tFile Name\\tProject ID\\tCase ID\\tSample ID\\tSample Type\\n"
    >>> sheet += "f1\\tf1.htseq.counts\\tTCGA-LUSC\\tTCGA-33-6737\\tTCGA-33-6737-01A\\tPrimary Tumor\\n"
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder, rows = Path(place) / "download", Path(place) / "sheet.tsv"
    ...     folder.mkdir()
    ...     written = (folder / "f1.htseq.counts").write_text("ENSG00000000003.13\\t2863\\n__no_feature\\t9\\n")
    ...     written = rows.write_text(sheet)
    ...     data = load_files("gdc_htseq_counts", {"folder": folder, "sample_sheet": rows})
    >>> data.X.tolist(), list(data.var_names), data.obs["__no_feature"].tolist()
    ([[2863.0]], ['ENSG00000000003.13'], [9.0])
    """
    only_file(files, "folder"), only_file(files, "sample_sheet")
    options = {**GDC_OPTIONS, **manifest.options}
    rows, report = gdc_files(files, options)
    parts = [_counts(path) for path in rows["path"]]
    first = parts[0].index
    other = next((path for path, part in zip(rows["path"], parts, strict=True) if not part.index.equals(first)), None)
    if other is not None:
        raise InputError(f"{other} has other genes than the first file; load files of one release.")
    table = pd.DataFrame(parts, index=rows.index)
    genes = [label for label in table if label not in UNCOUNTED]
    require_counts(table[genes].to_numpy(), f"{files['folder']}: the values")
    obs, joined = gdc_samples(rows, files, options)
    obs = obs.join(table.reindex(columns=list(UNCOUNTED)))
    var = pd.DataFrame({keys.FEATURE_NAME: "", keys.FEATURE_TYPE: "gene"}, index=pd.Index(genes, dtype=object))
    expression = Expression(table[genes].to_numpy(), obs, var)
    scale = Scale(kind="counts", quantity="count")
    return assemble(expression, assay="rna", scale=scale, manifest=manifest, report={**report, **joined})


def _counts(path: Path) -> pd.Series:
    """The two columns of a file."""
    fields = [line.split("\t") for line in lines_of(path)[0] if line]
    odd = next((number for number, words in enumerate(fields, start=1) if len(words) != 2), None)
    if odd is not None:
        raise InputError(f"{path}: expected a gene and its count in every line, parted by a tab; line {odd} has not.")
    frame = pd.DataFrame(fields, columns=["gene", "count"])
    require_labels(list(frame["gene"]), "rows", path)
    values, _ = number_columns(frame, ["count"], path)
    return pd.Series(values[:, 0], index=list(frame["gene"]))


GDC_HTSEQ_COUNTS = MethodSpec(
    name="gdc_htseq_counts",
    kind="loader",
    title="GDC gene counts of HTSeq (releases before 32), with sample sheet, manifest and clinical tables",
    function=load_gdc_htseq_counts,
    reference="10.1093/bioinformatics/btu638",
    input_scale=("counts",),
    feature_types=("gene",),
    species=("human",),
    parameters=GDC_OPTIONS,
    evidence="format-only",
)
