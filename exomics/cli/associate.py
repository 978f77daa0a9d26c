"""Scores beside response and survival in one cohort: estimates with intervals, one row for each, none dropped.

Scores enter in standard deviations of the cohort; survival is censored at --horizon months. With --controls (written by
`exomics score --controls`) each derived signature stands beside its matched random sets. These are associations.

example:
  exomics associate scores.tsv --samples tumor.h5ad --cohort embedded -o associations.tsv --time-point baseline
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_frame, save_table
from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance, ScoreTable
from exomics.schema import keys
from exomics.validation.association import associate
from exomics.validation.controls import beside_controls


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("scores", nargs="+", type=input_path, help="score tables (.tsv)")
    parser.add_argument("--samples", type=input_path, required=True, help="the cohort (.h5ad), for its outcomes")
    parser.add_argument("--cohort", required=True, help="name of the cohort in the result")
    parser.add_argument("-o", "--output", type=Path, required=True, help="performance table (.tsv)")
    parser.add_argument(
        "--endpoint", action="append", dest="endpoints", metavar="NAME", help="os, pfs, response (default: all known)"
    )
    parser.add_argument("--horizon", type=float, default=36.0, metavar="MONTHS", help="censor survival here")
    parser.add_argument("--time-point", help="use the samples of this time point only")
    parser.add_argument("--controls", type=input_path, help="scores of matched random sets (.tsv)")
    parser.add_argument("--controls-output", type=Path, metavar="FILE", help="their estimates (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Associate, write, and print the estimates."""
    require_suffix(arguments.output, ".tsv")
    if bool(arguments.controls) != bool(arguments.controls_output):
        raise InputError("--controls FILE and --controls-output FILE go together.")
    inputs = [*arguments.scores, arguments.samples, *([arguments.controls] if arguments.controls else [])]
    outcomes = _outcomes(arguments)
    scores = _joined([ScoreTable.from_tsv(path) for path in arguments.scores], outcomes)
    table = associate(
        scores,
        outcomes,
        cohort_id=arguments.cohort,
        endpoints=arguments.endpoints,
        horizon_months=arguments.horizon,
    )
    outputs = [arguments.output, *([arguments.controls_output] if arguments.controls_output else [])]
    if arguments.controls:
        controls = _of_samples(pd.read_csv(arguments.controls, sep="\t", dtype={"sample_id": str}), outcomes)
        table, estimates = beside_controls(table, controls, outcomes, horizon_months=arguments.horizon)
        provenance = Provenance(method="associate_controls", parameters={"cohort": arguments.cohort})
        save_frame(estimates, arguments.controls_output, provenance, arguments, inputs, outputs=outputs)
    save_table(table, arguments.output, arguments, inputs, outputs=outputs)
    _say(table, arguments.output)


def _outcomes(arguments: argparse.Namespace) -> pd.DataFrame:
    obs = read_assay(arguments.samples).obs
    if not arguments.time_point:
        return obs
    chosen = obs[obs[keys.TIME_POINT].astype(str) == arguments.time_point]
    if chosen.empty:
        known = ", ".join(sorted(set(obs[keys.TIME_POINT].astype(str))))
        raise InputError(f"no sample has the time point {arguments.time_point!r}; the cohort has {known}.")
    return chosen


def _joined(tables: list[ScoreTable], outcomes: pd.DataFrame) -> ScoreTable:
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    return ScoreTable(frame=_of_samples(frame, outcomes), provenance=tables[0].provenance)


def _of_samples(frame: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["sample_id"].isin(outcomes.index)].reset_index(drop=True)


def _say(table: PerformanceTable, output: Path) -> None:
    for row in table.frame.to_dict("records"):
        interval = f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})" if pd.notna(row["ci_low"]) else ""
        estimate = f"{row['estimate']:.3f}{interval}" if pd.notna(row["estimate"]) else "no estimate"
        told = (row["signature_id"], row["endpoint"], row["metric"], estimate, f"n {row['n_samples']}", row["note"])
        print("\t".join(told).rstrip())
    print(f"{output}: {len(table.frame)} rows")
