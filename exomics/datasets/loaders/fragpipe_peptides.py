"""FragPipe: the combined tables of peptides, of modified peptides and of ions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._protein_groups import (
    ProteinGroups,
    chosen_quantity,
    flags_of,
    gene_names,
    protein_groups,
    words,
)
from exomics.datasets.loaders._text_table import read_text_table
from exomics.datasets.loaders.fragpipe import MISSING, OPTIONS, QUANTITIES, quantity_columns
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

_SEQUENCES: Final = ("Modified Sequence", "Peptide Sequence", "Sequence")
_ION: Final = ("Charge", "Compensation Voltage")


def load_fragpipe_peptides(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Peptides, modified peptides or ions of FragPipe's combined tables.

    Parameters
    ----------
    files
        Role ``peptides``: ``combined_modified_peptide.tsv``, ``combined_peptide.tsv`` or ``combined_ion.tsv``. Optional
        ``samples``: a sheet.
    manifest
        Options: ``quantity`` (``MaxLFQ Intensity``, ``Intensity``; else the first that is there), ``flagged`` (``keep``
        or ``drop`` contaminants and decoys), ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features: peptides by ``Modified Sequence`` (else by the bare sequence), ions with their charge and,
        where several were used, compensation voltage behind ``/``; linear intensities; 0 means not quantified and
        becomes missing. ``feature_name`` is the gene; the protein stays in ``var``.

    Raises
    ------
    InputError
        If the table has no sequences, proteins or such quantity, a peptide occurs twice, or a value is no number.

    Notes
    -----
    Format: da Veiga Leprevost et al. 2020 (Philosopher), doi:10.1038/s41592-020-0912-y. Intensities are those of
    IonQuant; peptides are not summarized to proteins here: ``combined_protein.tsv`` has them (`load_fragpipe`).

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("Peptide Sequence\\tModified Sequence\\tCharge\\tProtein\\tProtein ID\\tGene\\ta Intensity\\n"
    ...         "AMK\\tAM[15.9949]K\\t2\\tsp|P1|X\\tP1\\tHPX\\t10\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "combined_ion.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("fragpipe_peptides", {"peptides": path})
    >>> data.X.tolist(), list(data.var_names), data.var["feature_name"].tolist()
    ([[10.0]], ['AM[15.9949]K/2'], ['HPX'])
    """
    path = only_file(files, "peptides")
    options = {**OPTIONS, **manifest.options}
    needs = ("Protein", "Protein ID")
    table = read_text_table(path, quoted=False, delimiter="\t", missing=MISSING, needs=needs, mend=("repeated_names",))
    available = {quantity: quantity_columns(table, quantity) for quantity in QUANTITIES}
    quantity = chosen_quantity(options["quantity"], available, path)
    groups = ProteinGroups(
        table=table,
        identifiers=_identifiers(table.frame, path),
        names=gene_names(table.frame, "Gene"),
        columns=available[quantity],
        flags=flags_of(table.frame, list(needs), marked={}),
        quantity=quantity,
        feature_type="peptide",
    )
    return protein_groups(groups, files, options, manifest)


def _identifiers(frame: pd.DataFrame, path: Path) -> list[str]:
    """Sequence, and what tells ions of one sequence apart."""
    sequence = next((name for name in _SEQUENCES if name in frame), None)
    if sequence is None:
        raise InputError(f"{path}: expected one of the columns {', '.join(_SEQUENCES)}.")
    apart = [name for name in _ION if name in frame and (name == "Charge" or frame[name].nunique() > 1)]
    parts = [words(frame[sequence]), *(words(frame[name]) for name in apart)]
    return ["/".join(filter(None, (part.strip() for part in row))) for row in zip(*parts, strict=True)]


FRAGPIPE_PEPTIDES = MethodSpec(
    name="fragpipe_peptides",
    kind="loader",
    title="FragPipe combined peptides, modified peptides or ions",
    function=load_fragpipe_peptides,
    reference="10.1038/s41592-020-0912-y",
    input_scale=("linear",),
    feature_types=("peptide",),
    parameters=OPTIONS,
)
