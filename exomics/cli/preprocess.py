"""Check, filter, normalize and, where asked, impute as recorded steps: flags first, nothing dropped in silence.

Each step is NAME or NAME:KEY=VALUE,KEY=VALUE (`exomics catalog methods` lists them); the order is flags, filters,
normalization, imputation, batch. What a step drops, flags or fills in is recorded in the object, printed, and written
to --losses. --against holds the samples against another assay of the same subjects and flags labels that were swapped.
`normalize_cargo` with compare=COLUMN,control=GROUP says whether other denominators disagree about a difference.

examples:
  exomics preprocess muscle.h5ad -o ready.h5ad --filter filter_by_expression:group=arm --normalize tmm --losses lost.tsv
  exomics preprocess rat.h5ad -o checked.h5ad --flag check_sex --flag flag_outliers --against rat.protein.h5ad
  exomics preprocess ev.h5ad -o dose.h5ad --flag check_hemolysis --normalize normalize_cargo:method=rpm
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, option, require_suffix
from exomics.cli._write import save_data, save_frame
from exomics.errors import InputError
from exomics.preprocess import apply_step, flag_swaps, losses_of
from exomics.results import Provenance
from exomics.schema import keys, steps_of

_ORDER = ("flag", "filter", "normalize", "impute", "batch")


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the result (.h5ad)")
    for name in _ORDER:
        parser.add_argument(f"--{name}", action="append", type=_step, default=[], metavar="STEP", help="repeatable")
    parser.add_argument("--against", type=input_path, metavar="FILE", help="another assay of the same subjects (.h5ad)")
    parser.add_argument("--losses", type=Path, metavar="FILE", help="TSV of what was dropped, flagged or filled in")
    parser.add_argument("--by", default=keys.SUBJECT_ID, metavar="COL", help="column by which --against matches")


def run(arguments: argparse.Namespace) -> None:
    """Apply the steps, write, and print what each did."""
    require_suffix(arguments.output, ".h5ad")
    wanted = [step for name in _ORDER for step in getattr(arguments, name)]
    if not wanted and not arguments.against:
        raise InputError(f"nothing to do: give at least one of {', '.join(f'--{name}' for name in _ORDER)}, --against.")
    data = read_assay(arguments.data)
    done = len(steps_of(data))
    if arguments.against:
        data = flag_swaps(data, read_assay(arguments.against), by=arguments.by)
    for name, parameters in wanted:
        data = apply_step(data, name, parameters)
    record = {"steps": [{"step": name, "parameters": parameters} for name, parameters in wanted]}
    inputs = [arguments.data, *([arguments.against] if arguments.against else [])]
    outputs = [arguments.output, *([arguments.losses] if arguments.losses else [])]
    save_data(data, arguments.output, arguments, inputs, outputs=outputs, parameters=record)
    if arguments.losses:
        losses = losses_of(data, since=done)
        provenance = Provenance(method="preprocess", parameters=record, notes=losses.notes)
        save_frame(losses.frame, arguments.losses, provenance, arguments, inputs, outputs=outputs)
    for step in steps_of(data)[done:]:
        print(f"{step['step']}: {json.dumps(step['report'])}")
    print(f"{arguments.output}: {data.n_obs} samples x {data.n_vars} features")


def _step(text: str) -> tuple[str, dict[str, Any]]:
    name, _, rest = text.partition(":")
    return name, dict(option(pair) for pair in rest.split(",") if pair)
