"""Spectronaut: reports of protein groups, pivoted (one column per run) or long (one row per run and group)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._protein_groups import (
    PROTEIN_OPTIONS,
    ProteinGroups,
    chosen_quantity,
    flags_of,
    gene_names,
    protein_groups,
    run_name,
    words,
)
from exomics.datasets.loaders._report_rows import per_group, read_report, report_names, runs_of
from exomics.datasets.loaders._text_table import TextTable, read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

ID: Final = "PG.ProteinGroups"
RUN: Final = "R.FileName"
QUANTITIES: Final = ("PG.Quantity", "PG.Log2Quantity", "PG.NormalizedQuantity", "PG.IBAQ")
_COLUMN: Final = re.compile(r"(?:\[\d+\] )?(?P<run>.+?)\.(?P<quantity>PG\.\w+)(?: \(Settings\))?")
_GROUP: Final = (ID, "PG.Genes", "PG.ProteinAccessions", "PG.ProteinDescriptions", "PG.ProteinNames", "PG.Organisms")
_MISSING: Final = ("", "NA", "NaN", "Filtered")


def load_spectronaut(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Protein groups of a Spectronaut report.

    Parameters
    ----------
    files
        Role ``proteins``: a protein report, pivoted (``[1] run.raw.PG.Quantity``) or long (``R.FileName``,
        ``PG.ProteinGroups``, ``PG.Quantity``; rows of precursors of one group repeat its quantity; also as parquet).
        Optional ``samples``: a sheet.
    manifest
        Options: ``quantity`` (``PG.Quantity``, ``PG.Log2Quantity``, ``PG.NormalizedQuantity``, ``PG.IBAQ``; else the
        first that is there), ``strip`` (text that ends every run's name), ``flagged``, ``sample_id``, and the sample
        options.

    Returns
    -------
    AnnData
        Samples x features: groups by ``PG.ProteinGroups``; linear, or log2 for ``PG.Log2Quantity``. ``Filtered`` and
        ``NaN`` are missing.

    Raises
    ------
    InputError
        If the report has no groups or no such quantity, a group has two quantities in one run, or a value is no number.

    Notes
    -----
    Columns as in Biognosys' manual of Spectronaut, "Report schemas".

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "PG.ProteinGroups\\t[1] a.raw.PG.Quantity\\t[2] b.raw.PG.Quantity\\nP1\\t10.5\\tFiltered\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "report.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("spectronaut", {"proteins": path})
    >>> data.X.tolist(), list(data.obs_names)
    ([[10.5], [nan]], ['a', 'b'])
    """
    path = only_file(files, "proteins")
    options = {**PROTEIN_OPTIONS, **manifest.options}
    if {RUN, ID} <= set(report_names(path)):
        table, available = _pivoted(path, options)
    else:
        table = read_text_table(path, missing=_MISSING, needs=(ID,))
        available = _columns(table, options["strip"])
    quantity = chosen_quantity(options["quantity"], available, path)
    groups = ProteinGroups(
        table=table,
        identifiers=words(table.frame[ID]),
        names=gene_names(table.frame, "PG.Genes"),
        columns=available[quantity],
        flags=flags_of(table.frame, [ID], marked={}),
        quantity=quantity,
        log2=quantity == "PG.Log2Quantity",
        missing=_MISSING,
    )
    return protein_groups(groups, files, options, manifest)


def _columns(table: TextTable, strip: str) -> dict[str, dict[str, str]]:
    """Quantity to run to column."""
    available: dict[str, dict[str, str]] = {quantity: {} for quantity in QUANTITIES}
    for name in table.frame.columns:
        found = _COLUMN.fullmatch(str(name))
        if found and found["quantity"] in available:
            run = run_name(found["run"], strip)
            if run in available[found["quantity"]]:
                raise InputError(f"{table.path}: several columns hold {found['quantity']} of the run {run}; keep one.")
            available[found["quantity"]][run] = name
    return available


def _pivoted(path: Path, options: Mapping[str, Any]) -> tuple[TextTable, dict[str, dict[str, str]]]:
    """A long report as one row per group and one column per run."""
    table = read_report(path, {RUN, *_GROUP, *QUANTITIES}, missing=_MISSING)
    present = {name: {name: name} if name in table.frame else {} for name in QUANTITIES}
    quantity = chosen_quantity(options["quantity"], present, path)
    made = per_group(table, group=ID, run=RUN, quantity=quantity, described=_GROUP[1:])
    runs = runs_of(table, RUN, options["strip"])
    return TextTable(path, made, (), table.format), {**dict.fromkeys(QUANTITIES, {}), quantity: runs}


SPECTRONAUT = MethodSpec(
    name="spectronaut",
    kind="loader",
    title="Spectronaut protein reports, pivoted or long",
    function=load_spectronaut,
    input_scale=("linear", "log2"),
    feature_types=("protein",),
    parameters=PROTEIN_OPTIONS,
    evidence="format-only",
)
