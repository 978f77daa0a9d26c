"""DIA-NN: the matrix of protein groups, or of genes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._protein_groups import (
    PROTEIN_OPTIONS,
    ProteinGroups,
    flags_of,
    gene_names,
    protein_groups,
    run_name,
    words,
)
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

ANNOTATION: Final = (
    "Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description", "N.Sequences",
    "N.Proteotypic.Sequences",
)  # fmt: skip
_OPTIONS: Final = {name: value for name, value in PROTEIN_OPTIONS.items() if name != "quantity"}


def load_diann(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Protein groups of DIA-NN, one sample per run.

    Parameters
    ----------
    files
        Role ``proteins``: ``report.pg_matrix.tsv`` or ``report.gg_matrix.tsv``. Optional ``samples``: a sheet.
    manifest
        Options: ``strip`` (text that ends every run's name), ``flagged`` (``keep`` or ``drop`` contaminants),
        ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features: groups by ``Protein.Group`` (else by ``Genes``), linear MaxLFQ intensities, missing where
        DIA-NN left the field empty. Sample ids are the runs' file names without folder and ``.raw``, ``.mzML`` or
        ``.d``.

    Raises
    ------
    InputError
        If the table has no group ids or no run, an id or run occurs twice, or a value is no number.

    Notes
    -----
    Format: Demichev et al. 2020, doi:10.1038/s41592-019-0638-x.

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
    table = read_text_table(path, quoted=False, delimiter="\t", missing=("", "NA", "NaN"), mend=("short_rows",))
    identifier = next((name for name in ("Protein.Group", "Genes") if name in table.frame), None)
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
    listed = [name for name in ("Protein.Group", "Protein.Ids", "Protein.Names") if name in table.frame]
    groups = ProteinGroups(
        table=table,
        identifiers=words(table.frame[identifier]),
        names=gene_names(table.frame, "Genes"),
        columns=dict(zip(labels, runs, strict=True)),
        flags=flags_of(table.frame, listed or [identifier], marked={}),
        quantity="MaxLFQ",
    )
    return protein_groups(groups, files, options, manifest)


DIANN = MethodSpec(
    name="diann",
    kind="loader",
    title="DIA-NN protein group or gene matrix",
    function=load_diann,
    reference="10.1038/s41592-019-0638-x",
    input_scale=("linear",),
    feature_types=("protein",),
    parameters=_OPTIONS,
)
