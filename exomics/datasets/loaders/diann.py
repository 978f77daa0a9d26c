"""DIA-NN: the matrix of protein groups or of genes, or the report of precursors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._diann_report import GROUP, REPORT_OPTIONS, RUNS, report_groups
from exomics.datasets.loaders._protein_groups import (
    PROTEIN_OPTIONS,
    ProteinGroups,
    flags_of,
    gene_names,
    protein_groups,
    run_name,
    words,
)
from exomics.datasets.loaders._report_rows import report_names
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

ANNOTATION: Final = (
    "Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description", "N.Sequences",
    "N.Proteotypic.Sequences",
)  # fmt: skip
_OPTIONS: Final[Mapping[str, Any]] = {**PROTEIN_OPTIONS, **REPORT_OPTIONS}


def load_diann(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Protein groups of DIA-NN, one sample per run.

    Parameters
    ----------
    files
        Role ``proteins``: ``report.pg_matrix.tsv``, ``report.gg_matrix.tsv``, or the report of precursors itself,
        ``report.tsv`` (DIA-NN 1) or ``report.parquet`` (1.9 and later). Optional ``samples``: a sheet.
    manifest
        Options: ``strip`` (text that ends every run's name), ``flagged`` (``keep`` or ``drop`` contaminants),
        ``sample_id`` (column of the sheet), and the sample options. Of a report: ``quantity`` (``PG.MaxLFQ``,
        ``PG.Normalised``, ``PG.Quantity``, ``PG.TopN``; else the first that is there; ``Precursor.Normalised`` or
        ``Precursor.Quantity`` is summed over the precursors of a group), ``q_values`` (columns that must not exceed
        ``max_q_value``, default ``Q.Value,PG.Q.Value``), ``max_q_value`` (default 0.01).

    Returns
    -------
    AnnData
        Samples x features: groups by ``Protein.Group`` (else by ``Genes``), linear intensities, missing where DIA-NN
        left the field empty. Sample ids are the runs' file names without folder and ``.raw``, ``.mzML`` or ``.d``. How
        many rows, groups and runs of a report its filters took is in ``uns["exomics"]["report"]``.

    Raises
    ------
    InputError
        If the table has no group ids or no run, an id or run occurs twice, a needed column is missing, or a value is no
        number.

    Notes
    -----
    Format: Demichev et al. 2020, doi:10.1038/s41592-019-0638-x. ``PG.Q.Value`` is of the group in its run. DIA-NN's own
    matrices are held to global q-values and to 5 % in the run instead: name ``Global.PG.Q.Value`` (without
    match-between-runs) or ``Lib.PG.Q.Value`` (with it) among ``q_values`` to control the groups over all runs.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "Protein.Group\\tGenes\\tD:\\\\runs\\\\a.raw\\tD:\\\\runs\\\\b.raw\\nP1\\tHPX\\t10.5\\t\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "report.pg_matrix.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("diann", {"proteins": path})
    >>> data.X.tolist(), list(data.obs_names)
    ([[10.5], [nan]], ['a', 'b'])
    """
    path = only_file(files, "proteins")
    options = {**_OPTIONS, **manifest.options}
    names = report_names(path)
    if not (GROUP in names and any(run in names for run in RUNS)):
        return protein_groups(_matrix(path, options), files, options, manifest)
    groups, lost = report_groups(path, names, options)
    return protein_groups(groups, files, options, manifest, found=lost)


def _matrix(path: Path, options: Mapping[str, Any]) -> ProteinGroups:
    """The groups of a matrix with one column per run."""
    table = read_text_table(path, quoted=False, delimiter="\t", missing=("", "NA", "NaN"), mend=("short_rows",))
    identifier = next((name for name in (GROUP, "Genes") if name in table.frame), None)
    runs = [name for name in table.frame.columns if name not in ANNOTATION]
    if identifier is None or not runs:
        raise InputError(
            f"{path}: expected Protein.Group or Genes and one column per run; it has "
            f"{', '.join(map(str, table.frame.columns[:6]))}."
        )
    labels = [run_name(str(name), options["strip"]) for name in runs]
    if len(set(labels)) < len(labels):
        twice = sorted({label for label in labels if labels.count(label) > 1})
        raise InputError(f"{path}: several runs have the name {', '.join(twice[:3])}; rename one.")
    listed = [name for name in (GROUP, "Protein.Ids", "Protein.Names") if name in table.frame]
    return ProteinGroups(
        table=table,
        identifiers=words(table.frame[identifier]),
        names=gene_names(table.frame, "Genes"),
        columns=dict(zip(labels, runs, strict=True)),
        flags=flags_of(table.frame, listed or [identifier], marked={}),
        quantity="MaxLFQ",
    )


DIANN = MethodSpec(
    name="diann",
    kind="loader",
    title="DIA-NN protein groups: matrix, or report of precursors",
    function=load_diann,
    reference="10.1038/s41592-019-0638-x",
    input_scale=("linear",),
    feature_types=("protein",),
    parameters=_OPTIONS,
)
