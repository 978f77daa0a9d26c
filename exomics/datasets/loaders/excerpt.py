"""exceRpt small RNA counts: one file per sample as the pipeline writes it, or the merged table of a study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._mirna_names import mirna_features, mirna_report
from exomics.datasets.loaders._numbers import number_columns, whole_numbers
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import read_text_table, require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale

COLUMNS: Final = ("multimapAdjustedReadCount", "totalReadCount", "uniqueReadCount", "multimapAdjustedBarcodeCount")
_IDS: Final = ("ReferenceID", "GeneSymbol")
_RESERVED: Final = ("counts", "samples", "folder")
_STATS: Final = ".stats"
_OPTIONS: Final[Mapping[str, Any]] = {
    "column": COLUMNS[0],
    "library": "miRNAmature_sense",
    "round": False,
    "sample_id": None,
    **SAMPLE_OPTIONS,
}


def load_excerpt(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Small RNA counts of exceRpt.

    Parameters
    ----------
    files
        Per sample, the role being the sample's id: ``readCounts_miRNAmature_sense.txt`` or another ``readCounts_*``
        file (all of one kind), and optional ``<sample id>.stats``, the pipeline's ``.stats`` file. Or the role
        ``folder``: the pipeline's output, a folder per sample with its ``.stats`` beside it. Or the role ``counts``:
        the merged table of a study (``exceRpt_miRNA_ReadCounts.txt``). Optional ``samples``: a sheet.
    manifest
        Options: ``library`` (of a folder: which ``readCounts_<library>.txt``, default ``miRNAmature_sense``),
        ``column`` (which count; default ``multimapAdjustedReadCount``, as exceRpt's own merge takes), ``round`` (true
        rounds shares of multi-mapped reads to whole counts and reports how many), ``sample_id`` (column of the sheet),
        and the sample options.

    Returns
    -------
    AnnData
        Samples x features. A read shared by several references counts for each in part, so values may be fractions;
        then the scale is linear, else counts. A reference that a sample's file does not list had no read: 0. From the
        ``.stats`` file: ``obs["reads_input"]``, ``obs["reads_genome"]`` and so on; what was not counted is missing.

    Raises
    ------
    InputError
        If the files are of several kinds, a reference occurs twice, or a value is no number.

    Notes
    -----
    Format: Rozowsky et al. 2019, doi:10.1016/j.cels.2019.03.004.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("ReferenceID\\tuniqueReadCount\\ttotalReadCount\\tmultimapAdjustedReadCount\\n"
    ...         "hsa-miR-21-5p:MIMAT0000076:Homo:sapiens:miR-21-5p\\t2\\t3\\t3.0\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "readCounts_miRNAmature_sense.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("excerpt", {"s1": path})
    >>> data.X.tolist(), data.var["accession"].tolist(), data.uns["exomics"]["scale"]["kind"]
    ([[3.0]], ['MIMAT0000076'], 'counts')
    """
    options = {**_OPTIONS, **manifest.options}
    if "folder" in files:
        files = {**files, **_in_folder(files["folder"], options["library"])}
    if "counts" in files:
        counts, notes = _merged(files["counts"])
    else:
        counts, notes = _one_by_one(files, options["column"])
    own = _stats(files, list(counts.index))
    obs, matched = samples_of(list(counts.index), files, options, own=own)
    values = counts.to_numpy()
    fractions = int((values != np.floor(values)).sum())
    if options["round"] in (True, "true"):
        values = np.round(values)
    var = mirna_features(list(counts.columns))
    report = {
        **mirna_report(var),
        **matched,
        "column": options["column"],
        "fractional_values": fractions,
        "rounded": bool(fractions and options["round"] in (True, "true")),
        "notes": notes,
    }
    scale = Scale(kind="counts" if whole_numbers(values) else "linear", quantity="count")
    return assemble(Expression(values, obs, var), assay="smallrna", scale=scale, manifest=manifest, report=report)


def _in_folder(folder: Path, library: str) -> dict[str, Path]:
    """The files of each sample in a folder of the pipeline's output, as the roles would name them."""
    name = f"readCounts_{library}.txt"
    found = {place.parent.name: place for place in sorted(folder.glob(f"*/{name}"))}
    if not found:
        raise InputError(
            f"{folder}: expected a folder per sample with {name}; there is none. Choose another `library`."
        )
    stats = {sample: folder / f"{sample}{_STATS}" for sample in found}
    return {**found, **{sample + _STATS: path for sample, path in stats.items() if path.is_file()}}


def _merged(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The merged table, samples in rows."""
    table = read_text_table(path)
    identifier, *samples = table.frame.columns
    if not samples:
        raise InputError(f"{path}: expected one row per reference and one column per sample; got one column.")
    values, notes = number_columns(table.frame, samples, path)
    labels = ["" if pd.isna(label) else str(label) for label in table.frame[identifier]]
    require_labels(labels, "rows", path)
    return pd.DataFrame(values.T, index=list(map(str, samples)), columns=labels), [*table.format.notes, *notes]


def _one_by_one(files: Mapping[str, Path], column: str) -> tuple[pd.DataFrame, list[str]]:
    """Per-sample files side by side, samples in rows, references in the order in which they first occur."""
    if column not in COLUMNS:
        raise InputError(f"the option `column` must be one of {', '.join(COLUMNS)}; got {column!r}.")
    samples = {role: path for role, path in files.items() if role not in _RESERVED and not role.endswith(_STATS)}
    if not samples:
        raise InputError("expected the role counts, or one file per sample whose role is the sample's id; got none.")
    parts = {sample: _sample(path, column) for sample, path in samples.items()}
    kinds = {identifier for _, identifier, _ in parts.values()}
    names = {path.name for path in samples.values()}
    if len(kinds) > 1:
        raise InputError(f"the files are of several kinds ({', '.join(sorted(names))}); give one kind for all samples.")
    together = pd.DataFrame({sample: counts for sample, (counts, _, _) in parts.items()})
    order = list(dict.fromkeys(label for counts, _, _ in parts.values() for label in counts.index))
    notes = sorted({note for _, _, found in parts.values() for note in found})
    return together.loc[order].fillna(0.0).T, notes


def _sample(path: Path, column: str) -> tuple[pd.Series, str, list[str]]:
    table = read_text_table(path, quoted=False, needs=(column,))
    identifier = str(table.frame.columns[0])
    if identifier not in _IDS:
        raise InputError(f"{path}: expected the first column to be {' or '.join(_IDS)}; got {identifier!r}.")
    values, notes = number_columns(table.frame, [column], path)
    if np.isnan(values).any():
        raise InputError(
            f"{path}: column {column} has {int(np.isnan(values).sum())} empty fields; write the file again."
        )
    labels = ["" if pd.isna(label) else str(label) for label in table.frame[identifier]]
    require_labels(labels, "rows", path)
    return pd.Series(values[:, 0], index=labels), identifier, [*table.format.notes, *notes]


def _stats(files: Mapping[str, Path], samples: list[str]) -> pd.DataFrame | None:
    """Reads by stage of each sample that has a ``.stats`` file."""
    given = {sample: files[sample + _STATS] for sample in samples if sample + _STATS in files}
    if not given:
        return None
    rows = {sample: _stages(path) for sample, path in given.items()}
    return pd.DataFrame.from_dict(rows, orient="index").reindex(samples).astype(np.float64)


def _stages(path: Path) -> dict[str, float]:
    """Stage to reads, of the lines between the pipeline's own remarks."""
    lines, _ = lines_of(path)
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    if not rows or rows[0] != ["Stage", "ReadCount"] or any(len(row) != 2 for row in rows):
        raise InputError(f"{path}: expected the columns Stage and ReadCount, separated by tabs; give the .stats file.")
    frame = pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
    values, _ = number_columns(frame, ["ReadCount"], path)
    return {f"reads_{stage}": float(value) for stage, value in zip(frame["Stage"], values[:, 0], strict=True)}


EXCERPT = MethodSpec(
    name="excerpt",
    kind="loader",
    title="exceRpt small RNA counts, per sample or merged",
    function=load_excerpt,
    reference="10.1016/j.cels.2019.03.004",
    input_scale=("counts", "linear"),
    feature_types=("mirna", "gene"),
    parameters=_OPTIONS,
)
