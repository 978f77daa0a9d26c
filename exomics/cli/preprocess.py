"""Filter and normalize as recorded steps: flags first, then filters, then normalization.

Each step is NAME or NAME:KEY=VALUE,KEY=VALUE (`exomics catalog methods` lists them); the order is flags, filters,
normalization, batch. What a step drops is recorded in the object and printed.

example:
  exomics preprocess muscle.h5ad -o ready.h5ad --filter filter_by_expression:group=arm --normalize tmm
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, option, require_suffix
from exomics.cli._write import save_data
from exomics.errors import InputError
from exomics.preprocess import apply_step
from exomics.schema import steps_of

_ORDER = ("flag", "filter", "normalize", "batch")


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the result (.h5ad)")
    for name in _ORDER:
        parser.add_argument(f"--{name}", action="append", type=_step, default=[], metavar="STEP", help="repeatable")


def run(arguments: argparse.Namespace) -> None:
    """Apply the steps, write, and print what each did."""
    require_suffix(arguments.output, ".h5ad")
    wanted = [step for name in _ORDER for step in getattr(arguments, name)]
    if not wanted:
        raise InputError("nothing to do: give at least one of --flag, --filter, --normalize, --batch.")
    data = read_assay(arguments.data)
    done = len(steps_of(data))
    for name, parameters in wanted:
        data = apply_step(data, name, parameters)
    record = {"steps": [{"step": name, "parameters": parameters} for name, parameters in wanted]}
    save_data(data, arguments.output, arguments, [arguments.data], parameters=record)
    for step in steps_of(data)[done:]:
        print(f"{step['step']}: {json.dumps(step['report'])}")
    print(f"{arguments.output}: {data.n_obs} samples x {data.n_vars} features")


def _step(text: str) -> tuple[str, dict[str, Any]]:
    name, _, rest = text.partition(":")
    return name, dict(option(pair) for pair in rest.split(",") if pair)
