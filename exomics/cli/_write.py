"""Writing what a command made, with the record of how it was made beside it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics._files import write_text
from exomics.cli._step import keep_inputs, record
from exomics.datasets import write_data
from exomics.results import Provenance, ResultTable
from exomics.results.provenance import sidecar_of
from exomics.schema import keys


def save_table(
    table: ResultTable,
    path: Path,
    arguments: argparse.Namespace,
    inputs: Sequence[Path],
    *,
    outputs: Sequence[Path] = (),
) -> None:
    """Write a result table and its sidecar; `outputs` are all files of the command, if there are more than this one."""
    keep_inputs(inputs, outputs or [path])
    write_text(path, table.to_text())
    save_provenance(table.provenance, path, arguments, inputs, outputs=outputs)


def save_frame(
    frame: pd.DataFrame,
    path: Path,
    provenance: Provenance,
    arguments: argparse.Namespace,
    inputs: Sequence[Path],
    *,
    outputs: Sequence[Path] = (),
) -> None:
    """Write a plain table (a comparison, a truth) and its sidecar."""
    keep_inputs(inputs, outputs or [path])
    write_text(path, frame.to_csv(sep="\t", index=False, lineterminator="\n"))
    save_provenance(provenance, path, arguments, inputs, outputs=outputs)


def save_data(
    data: AnnData | MuData,
    path: Path,
    arguments: argparse.Namespace,
    inputs: Sequence[Path],
    *,
    outputs: Sequence[Path] = (),
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Write AnnData or MuData and its sidecar."""
    keep_inputs(inputs, outputs or [path])
    write_data(data, path)
    thanks = acknowledgments_of(data)
    provenance = Provenance(method=arguments.argv[0], parameters=parameters or {}, acknowledgments=thanks)
    save_provenance(provenance, path, arguments, inputs, outputs=outputs)


def save_provenance(
    provenance: Provenance,
    path: Path,
    arguments: argparse.Namespace,
    inputs: Sequence[Path],
    *,
    outputs: Sequence[Path] = (),
) -> None:
    """Write ``<path>.provenance.json`` with the step that made `path`; acknowledgments of the inputs are carried on.

    The inputs are those that the library recorded, else the files that the command read.
    """
    inherited = [line for file in inputs for line in _acknowledgments_beside(file)]
    merged = tuple(dict.fromkeys([*provenance.acknowledgments, *inherited]))
    step = record(arguments.argv, inputs, outputs or [path], beside=path)
    files = tuple(
        {"name": file.name, "sha256": entry["sha256"]} for file, entry in zip(inputs, step["inputs"], strict=True)
    )
    replace(provenance, acknowledgments=merged, step=step, inputs=provenance.inputs or files).write(path)


def acknowledgments_of(data: AnnData | MuData) -> tuple[str, ...]:
    """The data-use sentences that an object carries."""
    parts = data.mod.values() if isinstance(data, MuData) else (data,)
    lines = [str(line) for part in parts for line in part.uns.get(keys.EXOMICS, {}).get(keys.ACKNOWLEDGMENTS, [])]
    return tuple(dict.fromkeys(lines))


def _acknowledgments_beside(file: Path) -> tuple[str, ...]:
    return Provenance.read(file).acknowledgments if sidecar_of(file).is_file() else ()
