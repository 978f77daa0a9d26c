"""From a table of protein groups to an object of the contract, whichever program wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._mangled import mangled_report
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import TextTable, require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.schema import Scale, keys

PROTEIN_OPTIONS: Final[Mapping[str, Any]] = {
    "quantity": None,
    "strip": "",
    "flagged": "keep",
    "sample_id": None,
    **SAMPLE_OPTIONS,
}
_CONTAMINANT: Final = re.compile(r"(?:^|;|\|)(?:CON__|contam_|Cont_|cRAP)", re.IGNORECASE)
_REVERSE: Final = re.compile(r"(?:^|;)(?:REV__|rev_|DECOY_|XXX_)", re.IGNORECASE)
_GENE: Final = re.compile(r"\bGN=(\S+)")
_RUN: Final = re.compile(r"\.(?:raw|mzml|mzxml|wiff2?|d|dia|htrms)$", re.IGNORECASE)


@dataclass(frozen=True)
class ProteinGroups:
    """A table of groups: which column is the id, which columns are samples, what each row is called and flagged."""

    table: TextTable
    identifiers: Sequence[str]
    names: Sequence[str]
    columns: Mapping[str, str]
    flags: Mapping[str, np.ndarray]
    quantity: str
    log2: bool = False
    feature_type: str = "protein"
    assay: str = "protein"
    missing: tuple[str, ...] = ()
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def protein_groups(
    groups: ProteinGroups,
    files: Mapping[str, Path],
    options: Mapping[str, Any],
    manifest: Manifest,
    *,
    found: Mapping[str, Any] | None = None,
) -> AnnData:
    """The object of the contract.

    Parameters
    ----------
    groups
        The table, and what its columns mean.
    files
        With the role ``samples``, the sample sheet.
    options
        See `PROTEIN_OPTIONS`: ``flagged`` is ``keep`` (default: contaminants, decoys and their like are flagged in
        ``var``) or ``drop``.
    manifest
        Where the files come from.
    found
        What the loader dropped before, for the report.

    Returns
    -------
    AnnData
        Samples x groups. A zero is a protein that was not quantified, and becomes missing.

    Raises
    ------
    InputError
        If an id or a sample occurs twice, or a value is no number.
    """
    path = groups.table.path
    if options["flagged"] not in ("keep", "drop"):
        raise InputError(f"the option `flagged` must be keep or drop; got {options['flagged']!r}.")
    require_labels(list(groups.identifiers), "rows", path)
    require_labels(list(groups.columns), "samples", path)
    values, notes = _numbers(groups, groups.columns)
    n_zero = 0 if groups.log2 else int((values == 0).sum())
    if not groups.log2:
        values = np.where(values == 0, np.nan, values)
    layers = {name: _numbers(groups, columns)[0] for name, columns in groups.layers.items()}
    obs, matched = samples_of(list(groups.columns), files, options)
    flagged = np.logical_or.reduce(list(groups.flags.values()))
    kept = ~flagged if options["flagged"] == "drop" else np.ones(len(flagged), dtype=bool)
    report = {
        **groups.table.format.report(),
        "notes": [*groups.table.format.notes, *notes],
        "quantity": groups.quantity,
        **(found or {}),
        **{f"n_{name.removeprefix('is_')}": int(flag.sum()) for name, flag in groups.flags.items()},
        "n_dropped": int((~kept).sum()),
        "zeros_as_missing": n_zero,
        "n_without_value": int(np.isnan(values).all(axis=1).sum()),
        **matched,
        **mangled_report(list(dict.fromkeys([*groups.identifiers, *groups.names]))),
    }
    scale = Scale(kind="log2" if groups.log2 else "linear", quantity="intensity")
    held = {name: layer[kept].T for name, layer in layers.items()}
    expression = Expression(values[kept].T, obs, _features(groups)[kept], held)
    return assemble(expression, assay=groups.assay, scale=scale, manifest=manifest, report=report)


def _numbers(groups: ProteinGroups, columns: Mapping[str, str]) -> tuple[np.ndarray, list[str]]:
    return number_columns(groups.table.frame, list(columns.values()), groups.table.path, missing=groups.missing)


def _features(groups: ProteinGroups) -> pd.DataFrame:
    """Names and flags first, then the columns of the table that are no sample's, numbers where all are."""
    index = pd.Index([str(label) for label in groups.identifiers], dtype=object)
    added = {keys.FEATURE_NAME: list(groups.names), keys.FEATURE_TYPE: groups.feature_type, **groups.flags}
    used = set(groups.columns.values()) | {name for layer in groups.layers.values() for name in layer.values()}
    frame = groups.table.frame
    rest = frame[
        [name for name in frame.columns if name not in used and name not in added and not _of_sample(name, groups)]
    ]
    return pd.concat([pd.DataFrame(added, index=index), rest.set_axis(index, axis=0)], axis=1)


def _of_sample(name: str, groups: ProteinGroups) -> bool:
    """Whether a column holds a further quantity of one sample."""
    return any(f" {sample} " in f" {name} " for sample in groups.columns)


def flags_of(frame: pd.DataFrame, columns: Sequence[str], *, marked: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Contaminants and decoys: by the prefixes of their ids in `columns`, and by a ``+`` in the columns `marked`."""
    ids = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), "").agg(";".join, axis=1)
    flags = {
        "is_contaminant": ids.str.contains(_CONTAMINANT).to_numpy(dtype=bool),
        "is_reverse": ids.str.contains(_REVERSE).to_numpy(dtype=bool),
    }
    for name, column in marked.items():
        found = (frame[column] == "+").to_numpy() if column in frame else np.zeros(len(frame), dtype=bool)
        flags[name] = flags.get(name, np.zeros(len(frame), dtype=bool)) | found
    return flags


def gene_names(frame: pd.DataFrame, column: str, headers: str = "") -> list[str]:
    """Gene names of each row, of `column` or of ``GN=`` in the FASTA `headers`; several joined by ``;``, none is ""."""
    if column in frame:
        return ["" if pd.isna(name) else str(name) for name in frame[column]]
    if headers not in frame:
        return [""] * len(frame)
    found = [_GENE.findall(header) if isinstance(header, str) else [] for header in frame[headers]]
    return [";".join(dict.fromkeys(names)) for names in found]


def words(column: pd.Series) -> list[str]:
    """A column of ids as text; missing ones are empty, which is refused later."""
    return ["" if pd.isna(word) else str(word) for word in column]


def run_name(column: str, strip: str) -> str:
    """The run's file name without folder and ending."""
    name = PureWindowsPath(column).name if "\\" in column else PurePosixPath(column).name
    return _RUN.sub("", name).removesuffix(strip)


def chosen_quantity(wanted: str | None, available: Mapping[str, Mapping[str, str]], path: Path) -> str:
    """The quantity asked for, or the first that has columns."""
    present = [name for name, columns in available.items() if columns]
    if not present:
        raise InputError(f"{path}: expected columns of one of the quantities {', '.join(available)}; there are none.")
    if wanted is not None and wanted not in present:
        raise InputError(f"{path}: no column holds the quantity {wanted!r}; there are {', '.join(present)}.")
    return wanted or present[0]
