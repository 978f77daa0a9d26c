"""DIA-NN's report of precursors as protein groups: what is a decoy or too uncertain is dropped, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import number_option
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._protein_groups import ProteinGroups, chosen_quantity, flags_of, gene_names, words
from exomics.datasets.loaders._report_rows import per_group, read_report, runs_of
from exomics.datasets.loaders._text_table import TextTable
from exomics.errors import InputError

GROUP: Final = "Protein.Group"
RUNS: Final = ("Run", "File.Name")
GROUP_QUANTITIES: Final = ("PG.MaxLFQ", "PG.Normalised", "PG.Quantity", "PG.TopN")
SUMMED_QUANTITIES: Final = ("Precursor.Normalised", "Precursor.Quantity")
REPORT_OPTIONS: Final[Mapping[str, Any]] = {"q_values": "Q.Value,PG.Q.Value", "max_q_value": 0.01}
_TOLD: Final = ("Protein.Ids", "Protein.Names", "Genes")
_DECOY: Final = "Decoy"
_MISSING: Final = ("", "NA", "NaN")


def report_groups(path: Path, names: list[str], options: Mapping[str, Any]) -> tuple[ProteinGroups, dict[str, Any]]:
    """The protein groups of a report.

    Parameters
    ----------
    path
        ``report.tsv`` or ``report.parquet``.
    names
        Its columns.
    options
        See `load_diann`.

    Returns
    -------
    tuple
        The groups, and how many rows, groups and runs the filters took.

    Raises
    ------
    InputError
        If a column is missing, a value is no number, no row is left, or a group has two quantities in one run.
    """
    run = next(name for name in RUNS if name in names)
    limits = _limits(path, names, options)
    known: tuple[str, ...] = (*GROUP_QUANTITIES, *SUMMED_QUANTITIES)
    offered = {name: {name: name} if name in names else {} for name in known}
    quantity = chosen_quantity(options["quantity"], offered, path)
    table = read_report(path, {GROUP, run, quantity, _DECOY, *limits, *_TOLD}, missing=_MISSING)
    kept, lost = _confident(table, limits, number_option(options, "max_q_value"))
    held = table.frame[kept].reset_index(drop=True)
    held = held.assign(**{quantity: number_columns(held, [quantity], path)[0][:, 0]})
    frame = held if quantity in GROUP_QUANTITIES else _summed(held, run, quantity)
    rows = TextTable(path, frame, (), table.format)
    wide = per_group(rows, group=GROUP, run=run, quantity=quantity, described=_TOLD)
    runs = runs_of(table, run, options["strip"])
    told = [str(name) for name in wide.columns if name not in runs.values()]
    wide = wide.reindex(columns=[*told, *runs.values()])  # a run without any row left stays a sample
    groups = ProteinGroups(
        table=TextTable(path, wide, (), table.format),
        identifiers=words(wide[GROUP]),
        names=gene_names(wide, "Genes"),
        columns=runs,
        flags=flags_of(wide, [name for name in told if name != "Genes"], marked={}),
        quantity=quantity,
    )
    return groups, {**lost, **_emptied(table.frame, held, run)}


def _limits(path: Path, names: list[str], options: Mapping[str, Any]) -> list[str]:
    """The q-values to filter by."""
    limits = [name.strip() for name in str(options["q_values"]).split(",") if name.strip()]
    absent = [name for name in limits if name not in names]
    if absent:
        known = ", ".join(name for name in names if name.endswith("Q.Value")) or "none"
        raise InputError(f"{path}: no column {', '.join(absent)} to filter by; choose `q_values` among {known}.")
    return limits


def _confident(table: TextTable, limits: list[str], most: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Which rows are no decoy and below every limit, and how many each of them took; a missing q-value is above."""
    frame, path = table.frame, table.path
    kept = np.ones(len(frame), dtype=bool)
    if _DECOY in frame:
        kept = number_columns(frame, [_DECOY], path)[0][:, 0] != 1
    lost: dict[str, Any] = {"n_rows": len(frame), "n_decoy_rows": int((~kept).sum())}
    for name in limits:
        passed = number_columns(frame, [name], path)[0][:, 0] <= most
        lost[f"n_rows_above_{name}_{most:g}"] = int((kept & ~passed).sum())
        kept &= passed
    if not kept.any():
        told = f"; {', '.join(limits)} must not exceed {most:g}" if limits else ""
        raise InputError(f"{path}: none of {len(frame)} rows is left{told}; is it a report of DIA-NN?")
    return kept, lost


def _summed(frame: pd.DataFrame, run: str, quantity: str) -> pd.DataFrame:
    """One row per group and run, its quantity the sum over precursors."""
    by = frame.groupby([GROUP, run], sort=False, dropna=False)
    told = [name for name in _TOLD if name in frame]
    return pd.concat([by[told].first(), by[quantity].sum(min_count=1)], axis=1).reset_index()


def _emptied(before: pd.DataFrame, after: pd.DataFrame, run: str) -> dict[str, Any]:
    """Groups and runs of which no row is left."""
    groups = sorted(set(before[GROUP].dropna()) - set(after[GROUP]))
    runs = sorted(set(before[run].dropna()) - set(after[run]))
    return {"n_groups_lost": len(groups), "groups_lost": groups[:10], "runs_without_value": runs}
