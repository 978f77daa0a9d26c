"""GDC miRNA quantification: per precursor (``mirnas``) or per mature miRNA, summed from its isoforms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble, only_file
from exomics.datasets.loaders._gdc import GDC_OPTIONS, gdc_files, gdc_samples
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_NEEDS: Final = ("miRNA_ID", "read_count")
_MATURE: Final = "mature,"


def load_gdc_mirna(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The miRNA counts of a GDC download, of one kind of file.

    Parameters
    ----------
    files
        Roles ``folder`` (files ``*.mirnas.quantification.txt``, or ``*.isoforms.quantification.txt``) and
        ``sample_sheet``; optional ``manifest``, ``clinical`` and ``exposure``, as for `gdc_star_counts`.
    manifest
        Options: ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features, counts: precursors by name from ``mirnas``, mature miRNAs by accession (MIMAT) from
        ``isoforms``. An isoform file lists only what was read, so what it does not list is 0. Cross-mapped reads are
        counted as the file counts them: ``obs["cross_mapped_reads"]``. Reads of isoforms that are no mature miRNA
        (precursor, stem-loop, unannotated) are in ``obs["other_reads"]``.

    Raises
    ------
    InputError
        If a file is no quantification, the files are of both kinds, or a read count is no whole number.

    Notes
    -----
    Format: https://docs.gdc.cancer.gov/Data/Bioinformatics_Pipelines/miRNA_Pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("miRNA_ID\\tisoform_coords\\tread_count\\treads_per_million_miRNA_mapped\\tcross-mapped\\t"
    ...         "miRNA_region\\n"
    ...         "hsa-mir-21\\thg38:chr17:1-22:+\\t5\\t1.0\\tN\\tmature,MIMAT0000076\\n"
    ...         "hsa-mir-21\\thg38:chr17:2-23:+\\t2\\t1.0\\tN\\tmature,MIMAT0000076\\n")
    >>> sheet = "File ID\\tFile Name\\tProject ID\\tCase ID\\tSample ID\\tSample Type\\n"
    >>> sheet += "f1\\tf1.txt\\tTCGA-LUSC\\tTCGA-33-6737\\tTCGA-33-6737-01A\\tPrimary Tumor\\n"
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder, rows = Path(place) / "download", Path(place) / "sheet.tsv"
    ...     folder.mkdir()
    ...     written = (folder / "f1.txt").write_text(text), rows.write_text(sheet)
    ...     data = load_files("gdc_mirna", {"folder": folder, "sample_sheet": rows})
    >>> data.X.tolist(), list(data.var_names)
    ([[7.0]], ['MIMAT0000076'])
    """
    only_file(files, "folder"), only_file(files, "sample_sheet")
    options = {**GDC_OPTIONS, **manifest.options}
    rows, report = gdc_files(files, options)
    parts = [_sample(path) for path in rows["path"]]
    if len({is_isoform for _, _, is_isoform in parts}) > 1:
        raise InputError(f"{files['sample_sheet']}: its files are mirnas and isoforms; give a sheet of one kind.")
    counts = pd.DataFrame({name: held for name, (held, _, _) in zip(rows.index, parts, strict=True)}).T.fillna(0.0)
    counts = counts[sorted(counts.columns)]
    require_counts(counts.to_numpy(), f"{files['folder']}: read_count")
    obs, joined = gdc_samples(rows, files, options)
    reads = pd.DataFrame([found for _, found, _ in parts], index=obs.index)
    var = pd.DataFrame({keys.FEATURE_NAME: list(counts), keys.FEATURE_TYPE: "mirna"}, index=counts.columns)
    found = {**report, **joined, "kind": "isoforms" if parts[0][2] else "mirnas"}
    expression = Expression(counts.to_numpy(dtype=float), obs.join(reads), var)
    scale = Scale(kind="counts", quantity="count")
    return assemble(expression, assay="smallrna", scale=scale, manifest=manifest, report=found)


def _sample(path: Path) -> tuple[pd.Series, dict[str, float], bool]:
    """Counts by feature, reads set apart, and whether the file lists isoforms."""
    frame = read_text_table(path, quoted=False, delimiter="\t", needs=_NEEDS).frame
    values, _ = number_columns(frame, ["read_count"], path)
    reads = pd.Series(values[:, 0], index=frame.index)
    crossed = frame["cross-mapped"] == "Y" if "cross-mapped" in frame else pd.Series(False, index=frame.index)
    found = {"cross_mapped_reads": float(reads[crossed].sum())}
    if "miRNA_region" not in frame:
        if frame["miRNA_ID"].duplicated().any():
            raise InputError(f"{path}: a miRNA occurs twice; fetch the file again.")
        return reads.set_axis(frame["miRNA_ID"]), found, False
    region = frame["miRNA_region"].fillna("")
    is_mature = region.str.startswith(_MATURE)
    named = region[is_mature].str.removeprefix(_MATURE)
    found["other_reads"] = float(reads[~is_mature].sum())
    return reads[is_mature].groupby(np.asarray(named, dtype=object)).sum(), found, True


GDC_MIRNA = MethodSpec(
    name="gdc_mirna",
    kind="loader",
    title="GDC miRNA quantification, per precursor or per mature miRNA",
    function=load_gdc_mirna,
    reference="10.1093/nar/gkv808",
    input_scale=("counts",),
    feature_types=("mirna",),
    species=("human",),
    parameters=GDC_OPTIONS,
    evidence="format-only",
)
