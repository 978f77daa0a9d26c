"""Spectronaut: reports of protein groups, pivoted (one column per run) or long (one row per run and group)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
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
        ``PG.ProteinGroups``, ``PG.Quantity``; rows of precursors of one group repeat its quantity). Optional
        ``samples``: a sheet.
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
    table = read_text_table(path, missing=_MISSING, needs=(ID,))
    if RUN in table.frame:
        table, available = _pivoted(table, options["strip"], options["quantity"])
    else:
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


def _pivoted(table: TextTable, strip: str, wanted: str | None) -> tuple[TextTable, dict[str, dict[str, str]]]:
    """A long report as one row per group and one column per run."""
    frame, path = table.frame, table.path
    present = {name: {name: name} for name in QUANTITIES if name in frame}
    quantity = chosen_quantity(wanted, {name: present.get(name, {}) for name in QUANTITIES}, path)
    rows = frame[[ID, RUN, quantity]].drop_duplicates()
    rows = rows[rows[quantity].notna()]
    twice = rows[rows.duplicated([ID, RUN])]
    if frame[[ID, RUN]].isna().any(axis=None) or len(twice):
        first = f"{twice[ID].iloc[0]} in {twice[RUN].iloc[0]}" if len(twice) else "an empty group or run"
        raise InputError(f"{path}: expected one {quantity} per group and run; {first} has another.")
    described = frame[[name for name in _GROUP if name in frame]].drop_duplicates(ID).set_index(ID)
    wide = rows.pivot(index=ID, columns=RUN, values=quantity).reindex(described.index)
    wide = wide.reindex(columns=list(dict.fromkeys(frame[RUN])))
    columns = {run_name(str(run), strip): str(run) for run in wide.columns}
    if len(columns) < wide.shape[1]:
        raise InputError(f"{path}: several runs have one name without {strip!r}; rename one.")
    made = pd.concat([described, wide.set_axis(list(map(str, wide.columns)), axis=1)], axis=1).reset_index()
    return TextTable(path, made, table.comments, table.format), {**dict.fromkeys(QUANTITIES, {}), quantity: columns}


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
