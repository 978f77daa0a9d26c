"""GDC gene counts of STAR: one file per sample, summed by gene, with the reads that no gene took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file
from exomics.datasets.loaders._gdc import GDC_OPTIONS, gdc_files, gdc_samples
from exomics.datasets.loaders._matrix_file import MatrixFile, numbers, read_matrix
from exomics.datasets.loaders._text_file import TextFile
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

UNASSIGNED: Final = ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")
_COUNTS: Final = ("unstranded", "stranded_first", "stranded_second")
_QUANTITIES: Final = {"tpm_unstranded": "tpm", "fpkm_unstranded": "value", "fpkm_uq_unstranded": "value"}
_OPTIONS: Final[Mapping[str, Any]] = {"column": "unstranded", **GDC_OPTIONS}


def load_gdc_star_counts(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The STAR counts of a GDC download.

    Parameters
    ----------
    files
        Roles ``folder`` (the download) and ``sample_sheet`` (``gdc_sample_sheet.*.tsv``); optional ``manifest`` (each
        file's size and MD5 are verified), ``clinical`` and ``exposure`` (``clinical.tsv``, ``exposure.tsv``).
    manifest
        Options: ``column`` (``unstranded`` as the GDC's own harmonized data, ``stranded_first``, ``stranded_second``,
        or ``tpm_unstranded``, ``fpkm_unstranded``, ``fpkm_uq_unstranded``), ``sample_id`` (column of the sheet;
        ``File ID`` where a sample has several files), and the sample options.

    Returns
    -------
    AnnData
        Samples x features (genes by versioned Ensembl id), counts, or linear values for the other columns. The reads
        that no gene took (``N_unmapped``, ``N_multimapping``, ``N_noFeature``, ``N_ambiguous``) are in ``obs`` and no
        features. ``uns["exomics"]["report"]`` names the gene model, files without row and rows without file.

    Raises
    ------
    InputError
        If a file is no STAR table, has other genes than the first, or is not the file of the manifest.

    Notes
    -----
    Format: https://docs.gdc.cancer.gov/Data/Bioinformatics_Pipelines/Expression_mRNA_Pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> columns = ("unstranded\\tstranded_first\\tstranded_second\\ttpm_unstranded\\tfpkm_unstranded\\t"
    ...            "fpkm_uq_unstranded")
    >>> text = (f"# gene-model: GENCODE v36\\ngene_id\\tgene_name\\tgene_type\\t{columns}\\n"
    ...         "N_unmapped\\t\\t\\t9\\t9\\t9\\t\\t\\t\\n"
    ...         "ENSG00000000003.15\\tTSPAN6\\tprotein_coding\\t7\\t3\\t4\\t1.5\\t0.5\\t0.6\\n")
    >>> sheet = "File ID\\tFile Name\\tProject ID\\tCase ID\\tSample ID\\tSample Type\\n"
    >>> sheet += "f1\\tf1.tsv\\tTCGA-LUSC\\tTCGA-33-6737\\tTCGA-33-6737-01A\\tPrimary Tumor\\n"
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder, rows = Path(place) / "download", Path(place) / "sheet.tsv"
    ...     folder.mkdir()
    ...     written = (folder / "f1.tsv").write_text(text), rows.write_text(sheet)
    ...     data = load_files("gdc_star_counts", {"folder": folder, "sample_sheet": rows})
    >>> data.X.tolist(), list(data.var["feature_name"]), data.obs["N_unmapped"].tolist()
    ([[7.0]], ['TSPAN6'], [9.0])
    """
    only_file(files, "folder"), only_file(files, "sample_sheet")
    options = {**_OPTIONS, **manifest.options}
    column = options["column"]
    if column not in (*_COUNTS, *_QUANTITIES):
        raise InputError(f"the option `column` must be one of {', '.join((*_COUNTS, *_QUANTITIES))}; got {column!r}.")
    rows, report = gdc_files(files, options)
    first = _table(rows["path"].iloc[0])
    is_gene = np.array([label not in UNASSIGNED for label in first.row_labels])
    values = np.empty((len(rows), int(is_gene.sum())))
    unassigned = np.full((len(rows), len(UNASSIGNED)), np.nan)
    for place, path in enumerate(rows["path"]):
        file = _table(path)
        if file.row_labels != first.row_labels:
            raise InputError(f"{path} has other genes than the first file; load files of one gene model.")
        values[place] = numbers(file, [column])[0, is_gene]
        counted = numbers(file, [column if column in _COUNTS else _COUNTS[0]])[0]
        rest = {label: counted[row] for row, label in enumerate(file.row_labels) if not is_gene[row]}
        unassigned[place] = [rest.get(name, np.nan) for name in UNASSIGNED]
    if column in _COUNTS:
        require_counts(values, f"{files['folder']}: the column {column}")
    obs, joined = gdc_samples(rows, files, options)
    obs = obs.join(pd.DataFrame(unassigned, columns=list(UNASSIGNED), index=obs.index))
    scale = Scale(kind="counts" if column in _COUNTS else "linear", quantity=_QUANTITIES.get(column, "count"))
    found = {**report, **joined, "column": column, "gene_model": _gene_model(rows["path"].iloc[0])}
    expression = Expression(values, obs, _genes(first, is_gene))
    return assemble(expression, assay="rna", scale=scale, manifest=manifest, report=found)


def _table(path: Path) -> MatrixFile:
    file = read_matrix(path, delimiter="\t", comment="#")
    absent = [name for name in ("gene_name", "gene_type", *_COUNTS) if name not in file.columns]
    if absent:
        raise InputError(f"{path}: expected the columns of STAR counts; {', '.join(absent)} are missing.")
    return file


def _genes(file: MatrixFile, is_gene: np.ndarray) -> pd.DataFrame:
    described = file.described_by(["gene_name", "gene_type"])[is_gene]
    columns = {
        keys.FEATURE_NAME: names_or_empty(described["gene_name"]),
        keys.FEATURE_TYPE: "gene",
        "gene_type": described["gene_type"],
    }
    return pd.DataFrame(columns, index=described.index)


def _gene_model(path: Path) -> str:
    """What the comment above the table says: ``gene-model: GENCODE v36``."""
    first = next(TextFile(path).blocks()).split(b"\n", 1)[0].decode("ascii", errors="replace")
    return first.lstrip("# ").strip() if first.startswith("#") else ""


GDC_STAR_COUNTS = MethodSpec(
    name="gdc_star_counts",
    kind="loader",
    title="GDC gene counts of STAR, with sample sheet, manifest and clinical tables",
    function=load_gdc_star_counts,
    input_scale=("counts", "linear"),
    feature_types=("gene",),
    species=("human",),
    parameters=_OPTIONS,
    evidence="format-only",
)
