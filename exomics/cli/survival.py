"""What an arm does to survival, and what adherence does without immortal time.

Writes performance.tsv (hazard ratio, mean survival gained, cumulative incidence where causes compete), curves.tsv
(Kaplan-Meier with the numbers at risk) and, with --figure, curves.svg. The endpoint os stands in os_time_months and
os_event. Adherence is reached during follow-up: who died early had no time for it, so it is split at a landmark and
follows time, beside the naive figure that is biased.

examples:
  exomics survival subjects.tsv -o arms --endpoint os --arm arm --control usual_care --horizon 24 --figure
  exomics survival sessions.tsv -o adherence --endpoint os --adherent-from adherent_month --landmark 3
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, read_outcomes
from exomics.cli._figure import save_figure
from exomics.cli._step import input_path, keep_inputs
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.plotting import survival_by_group
from exomics.stratify import TrialColumns
from exomics.validation import Followed, follow_adherence, follow_arms


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="one row per patient (.tsv, .csv, .h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables")
    parser.add_argument("--endpoint", required=True, help="os, pfs, ...: <endpoint>_time_months, <endpoint>_event")
    parser.add_argument("--arm", metavar="COL", help="arm of the trial")
    parser.add_argument("--control", metavar="LEVEL", help="its level without training")
    parser.add_argument("--not-randomized", action="store_true", help="arms were chosen, not assigned by chance")
    parser.add_argument(
        "--horizon", type=float, metavar="MONTHS", help="of mean survival (default: both arms followed)"
    )
    parser.add_argument("--cause", metavar="COL", help="0 censored, 1 the event, 2 and more what competes with it")
    parser.add_argument("--adherent-from", metavar="COL", help="month at which adherence was reached; empty: never")
    parser.add_argument("--landmark", type=float, metavar="MONTH", help="at which those still followed are split")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these rows only")
    parser.add_argument("--cohort", default="", help="name of the cohort in the result (default: the file's)")
    parser.add_argument("--figure", action="store_true", help="draw curves.svg, with the numbers at risk")


def run(arguments: argparse.Namespace) -> None:
    """Compare, write, and print the estimates."""
    sheet = keep_samples(read_outcomes(arguments.table), arguments.keep)
    if bool(arguments.arm) == bool(arguments.adherent_from):
        raise InputError("name the arms (--arm COL --control LEVEL), or adherence (--adherent-from COL --landmark M).")
    found = _followed(sheet, arguments)
    _save(found, arguments)
    table = found.performance
    for row in table.frame.to_dict("records"):
        told = f"{row['estimate']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        print("\t".join((row["metric"], told if pd.notna(row["estimate"]) else "no estimate", row["note"])).rstrip())
    for note in table.provenance.notes:
        print(f"note\t{note}")
    print(f"{arguments.output}: performance.tsv, curves.tsv of {table.frame['n_samples'].iloc[0]} patients")


def _followed(sheet: pd.DataFrame, arguments: argparse.Namespace) -> Followed:
    cohort = arguments.cohort or arguments.table.stem
    if arguments.arm:
        if not arguments.control:
            raise InputError(f"name the level of {arguments.arm} without training with --control LEVEL.")
        columns = TrialColumns(
            endpoint=arguments.endpoint,
            arm=arguments.arm,
            control=arguments.control,
            randomized=not arguments.not_randomized,
            horizon=arguments.horizon,
        )
        return follow_arms(sheet, columns, cohort=cohort, cause=arguments.cause)
    if arguments.landmark is None:
        raise InputError("--adherent-from needs --landmark MONTH, at which those still followed are split.")
    return follow_adherence(
        sheet, arguments.endpoint, arguments.adherent_from, landmark_at=arguments.landmark, cohort=cohort
    )


def _save(found: Followed, arguments: argparse.Namespace) -> None:
    folder: Path = arguments.output
    outputs = [folder / "performance.tsv", folder / "curves.tsv"]
    outputs += [folder / "curves.svg"] if arguments.figure else []
    keep_inputs([arguments.table], outputs)
    for one, path in zip(found, outputs, strict=False):
        save_table(one, path, arguments, [arguments.table], outputs=outputs)
    if arguments.figure:
        words = {"y_label": arguments.endpoint, "horizon_months": arguments.horizon}
        save_figure(lambda axes: survival_by_group(found.curves.frame, axes, **words), outputs[2])
