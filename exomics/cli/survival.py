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
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.cli._features import keep_samples, read_outcomes
from exomics.cli._figure import save_figure
from exomics.cli._step import input_path, keep_inputs
from exomics.cli._write import save_table
from exomics.errors import DesignError, InputError
from exomics.plotting import survival_by_group
from exomics.results import CurveTable, PerformanceTable
from exomics.stratify.trial.columns import NOT_RANDOMIZED, require_columns, trained
from exomics.validation import adherence_effect, contrast_arms, survival_curves
from exomics.validation._rows import Label


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
    table, curves = _arms(sheet, arguments) if arguments.arm else _adherence(sheet, arguments)
    _save(table, curves, arguments)
    for row in table.frame.to_dict("records"):
        found = f"{row['estimate']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        print("\t".join((row["metric"], found if pd.notna(row["estimate"]) else "no estimate", row["note"])).rstrip())
    for note in table.provenance.notes:
        print(f"note\t{note}")
    print(f"{arguments.output}: performance.tsv, curves.tsv of {table.frame['n_samples'].iloc[0]} patients")


def _arms(sheet: pd.DataFrame, arguments: argparse.Namespace) -> tuple[PerformanceTable, CurveTable]:
    if not arguments.control:
        raise DesignError(f"name the level of {arguments.arm} without training with --control LEVEL.")
    time, event = _follow_up(sheet, arguments.endpoint)
    group = trained(sheet, arguments.arm, arguments.control)
    label = _label(f"{sheet[arguments.arm][group == 1.0].iloc[0]} against {arguments.control}", arguments)
    cause = event if arguments.cause is None else _numbers(sheet, arguments.cause)
    if arguments.horizon is None:
        arguments.horizon = float(min(np.nanmax(time[group == code]) for code in (0.0, 1.0)))
    table = contrast_arms(time, cause, group, label=label, horizon=arguments.horizon)
    if arguments.not_randomized:
        table = replace(table, provenance=replace(table.provenance, notes=(NOT_RANDOMIZED,)))
    return table, survival_curves(time, event, sheet[arguments.arm], endpoint=arguments.endpoint)


def _adherence(sheet: pd.DataFrame, arguments: argparse.Namespace) -> tuple[PerformanceTable, CurveTable]:
    if arguments.landmark is None:
        raise InputError("--adherent-from needs --landmark MONTH, at which those still followed are split.")
    time, event = _follow_up(sheet, arguments.endpoint)
    reached = _numbers(sheet, arguments.adherent_from)
    label = _label(arguments.adherent_from, arguments)
    table = adherence_effect(time, event, reached, label=label, landmark_at=arguments.landmark)
    followed = time > arguments.landmark
    early = np.where(reached <= arguments.landmark, "adherent at the landmark", "not yet")
    endpoint = f"{arguments.endpoint} from month {arguments.landmark:g}"
    return table, survival_curves(time[followed], event[followed], early[followed], endpoint=endpoint)


def _label(signature: str, arguments: argparse.Namespace) -> Label:
    return Label(signature, arguments.cohort or arguments.table.stem, arguments.endpoint)


def _follow_up(sheet: pd.DataFrame, endpoint: str) -> tuple[np.ndarray, np.ndarray]:
    return _numbers(sheet, f"{endpoint}_time_months"), _numbers(sheet, f"{endpoint}_event")


def _numbers(sheet: pd.DataFrame, name: str) -> np.ndarray:
    column = require_columns(sheet, (name,))[name]
    numbers = pd.to_numeric(column.replace("", np.nan), errors="coerce")
    if (numbers.isna() & column.replace("", np.nan).notna()).any():
        wrong = column[numbers.isna() & column.replace("", np.nan).notna()].iloc[0]
        raise InputError(f"{name} holds {wrong!r}; it needs numbers, and nothing where unknown.")
    return numbers.to_numpy(dtype=np.float64)


def _save(table: PerformanceTable, curves: CurveTable, arguments: argparse.Namespace) -> None:
    folder: Path = arguments.output
    outputs = [folder / "performance.tsv", folder / "curves.tsv"]
    outputs += [folder / "curves.svg"] if arguments.figure else []
    keep_inputs([arguments.table], outputs)
    for one, path in zip((table, curves), outputs, strict=False):
        save_table(one, path, arguments, [arguments.table], outputs=outputs)
    if arguments.figure:
        words = {"y_label": arguments.endpoint, "horizon_months": arguments.horizon}
        save_figure(lambda axes: survival_by_group(curves.frame, axes, **words), outputs[2])
