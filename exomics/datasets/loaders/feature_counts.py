"""The count table of featureCounts, of genes or of miRNAs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble, only_file
from exomics.datasets.loaders._mangled import mangled_report
from exomics.datasets.loaders._mirna_accessions import names_by_accession
from exomics.datasets.loaders._mirna_names import collapse_rows, mirna_features, mirna_report
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import read_text_table, require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

ANNOTATION: Final = ("Geneid", "Chr", "Start", "End", "Strand", "Length")
_OPTIONS: Final[Mapping[str, Any]] = {
    "assay": None,
    "strip": "",
    "collapse": "none",
    "sample_id": None,
    **SAMPLE_OPTIONS,
}


def load_feature_counts(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The counts of featureCounts, one sample per alignment file.

    Parameters
    ----------
    files
        Role ``counts``: the table (a ``# Program:featureCounts`` line, then ``Geneid, Chr, Start, End, Strand, Length``
        and one column per alignment file). Optional ``summary`` (``<table>.summary``), ``samples`` (a sheet), and
        ``names`` (miRBase's GFF3, or a table with accessions and names), for ids that are MIMAT accessions.
    manifest
        Options: ``assay`` (``rna`` or ``smallrna``; else small RNA when the ids are miRNA names or accessions),
        ``strip`` (text that ends every sample's file name, such as ``_sorted``), ``collapse`` (``none``, ``sum`` or
        ``max`` over rows of one miRNA name), ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features, counts. Sample ids are the alignment files' names without folder, ``.bam`` or ``.sam``.
        From the summary: ``obs["reads_assigned"]`` and one column per other status. ``uns["exomics"]["report"]``
        holds the program's line, how miRNA rows are named, and samples whose assigned reads are not the column's sum.

    Raises
    ------
    InputError
        If the table has no annotation columns, a sample or id occurs twice, or the values are no counts.

    Notes
    -----
    Format: Liao, Smyth and Shi 2014, doi:10.1093/bioinformatics/btt656.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("# Program:featureCounts v2.0.1\\nGeneid\\tChr\\tStart\\tEnd\\tStrand\\tLength\\tout/s1.bam\\n"
    ...         "MIMAT0000071\\tchr1\\t1\\t22\\t+\\t22\\t7\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "counts.txt"
    ...     written = path.write_text(text)
    ...     counts = load_files("feature_counts", {"counts": path})
    >>> list(counts.obs_names), list(counts.var["accession"]), counts.X.tolist()
    (['s1'], ['MIMAT0000071'], [[7.0]])
    """
    path = only_file(files, "counts")
    options = {**_OPTIONS, **manifest.options}
    table = read_text_table(path, quoted=False, comment="#", needs=ANNOTATION)
    columns = [name for name in table.frame.columns if name not in ANNOTATION]
    if not columns:
        raise InputError(f"{path}: expected one column per alignment file after Length; there is none.")
    samples = [_sample(name, options["strip"]) for name in columns]
    require_labels(samples, "samples", path)
    values, notes = number_columns(table.frame, columns, path)
    require_counts(values, f"{path}: the values")
    labels = ["" if pd.isna(label) else str(label) for label in table.frame["Geneid"]]
    require_labels(labels, "rows", path)
    own, mismatched = _summary(files, columns, values.sum(axis=0), samples)
    obs, matched = samples_of(samples, files, options, own=own)
    var, naming = _features(table.frame, labels, files, options)
    expression, collapsed = collapse_rows(Expression(values.T, obs, var), options["collapse"])
    is_small = _is_small(var, options)
    report = {
        **{key: value for key, value in table.format.report().items() if key != "notes"},
        "notes": [*table.format.notes, *notes],
        "program": table.comments[0].lstrip("# ").partition(";")[0] if table.comments else "",
        **({**naming, **collapsed} if is_small else {}),
        **matched,
        "samples_with_other_sum": mismatched,
        **mangled_report(labels),
    }
    assay = options["assay"] or ("smallrna" if is_small else "rna")
    scale = Scale(kind="counts", quantity="count")
    return assemble(expression, assay=assay, scale=scale, manifest=manifest, report=report)


def _sample(column: str, strip: str) -> str:
    """The alignment file's name without folder and ending."""
    name = PureWindowsPath(column).name if "\\" in column else PurePosixPath(column).name
    return re.sub(r"\.(bam|sam|cram)$", "", name).removesuffix(strip)


def _is_small(var: pd.DataFrame, options: Mapping[str, Any]) -> bool:
    if options["assay"] is not None:
        return bool(options["assay"] == "smallrna")
    return bool((var[keys.FEATURE_TYPE] == "mirna").mean() > 0.5)


def _features(
    frame: pd.DataFrame, labels: list[str], files: Mapping[str, Path], options: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    names = names_by_accession(files["names"]) if "names" in files else {}
    var = mirna_features(labels, names=names)
    naming = mirna_report(var)
    if not _is_small(var, options):
        var = var[[keys.FEATURE_NAME, keys.FEATURE_TYPE]].assign(**{keys.FEATURE_TYPE: "gene"})
    places = {name.lower(): frame[name].to_numpy() for name in ANNOTATION[1:]}
    return pd.concat([var, pd.DataFrame(places, index=var.index)], axis=1), naming


def _summary(
    files: Mapping[str, Path], columns: list[str], sums: np.ndarray, samples: list[str]
) -> tuple[pd.DataFrame | None, list[str]]:
    """Reads by status of each sample, and the samples whose assigned reads are not the sum of their counts."""
    if "summary" not in files:
        return None, []
    path = files["summary"]
    table = read_text_table(path, quoted=False, needs=("Status", *columns))
    values, _ = number_columns(table.frame, columns, path)
    statuses = [f"reads_{str(word).lower()}" for word in table.frame["Status"]]
    require_labels(statuses, "rows", path)
    own = pd.DataFrame(values.T, columns=statuses, index=pd.Index(samples, dtype=object))
    assigned = own["reads_assigned"].to_numpy() if "reads_assigned" in own else sums
    return own, [name for name, differs in zip(samples, assigned != sums, strict=True) if differs]


FEATURE_COUNTS = MethodSpec(
    name="feature_counts",
    kind="loader",
    title="featureCounts table of genes or miRNAs, with its summary",
    function=load_feature_counts,
    reference="10.1093/bioinformatics/btt656",
    input_scale=("counts",),
    feature_types=("gene", "mirna"),
    parameters=_OPTIONS,
)
