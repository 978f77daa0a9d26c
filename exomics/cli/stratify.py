"""Learn who has an outcome from features known before it, and say what that is worth for subjects never seen.

Repeated nested cross-validation, grouped by subject: every step is fitted on training samples alone. The model without
features, and that of the clinical columns, stand beside it, and the whole pipeline is run on shuffled labels. Features
are .h5ad, score tables, or tables of numbers by sample_id. --config is a plan: an id, or a .yaml with outcome,
group_by, keep, clinical, pipelines, folds, permutations, lock. Writes performance.tsv and predictions.tsv; a plan that
locks a model writes it to model/, unless there is no evidence that it predicts anything.

example:
  exomics stratify --features scores.tsv --outcome tumor.h5ad --config tumor_response -o stratified
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import read_features, read_outcomes
from exomics.cli._step import input_path
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.registry.locked_model import write_locked_model
from exomics.registry.stratification import Stratification, load_stratification
from exomics.results import PerformanceTable
from exomics.stratify import CrossValidation, Study, cross_validate
from exomics.stratify.locked_model import lock


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--features", nargs="+", type=input_path, required=True, metavar="FILE", help="of samples")
    parser.add_argument("--outcome", type=input_path, required=True, metavar="FILE", help="samples (.h5ad, .tsv)")
    parser.add_argument("--config", required=True, metavar="PLAN", help="id of a plan, or a .yaml")
    parser.add_argument("--cohort", default="study", help="name of the cohort in the result")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables")


def run(arguments: argparse.Namespace) -> None:
    """Judge, write, and print what was found."""
    plan = load_stratification(arguments.config)
    features, scale = read_features(arguments.features)
    study = _study(arguments, plan, features)
    found = cross_validate(study, CrossValidation(**plan.how))
    tables = (arguments.output / "performance.tsv", arguments.output / "predictions.tsv")
    inputs = [*arguments.features, arguments.outcome]
    if arguments.config.endswith((".yaml", ".yml")):
        inputs.append(input_path(arguments.config))
    for table, path in zip((found.performance, found.predictions), tables, strict=True):
        save_table(table, path, arguments, inputs, outputs=tables)
    _say(found.performance, tables[0])
    if plan.lock:
        _lock(study, plan, found.performance, scale, arguments.output / "model")


def _study(arguments: argparse.Namespace, plan: Stratification, features: pd.DataFrame) -> Study:
    outcomes = read_outcomes(arguments.outcome)
    needed = [plan.column, *plan.group_by, *plan.clinical, *plan.keep]
    missing = [name for name in needed if name not in outcomes.columns]
    if missing:
        known = ", ".join(map(str, outcomes.columns[:15]))
        raise InputError(f"{arguments.outcome} has no column {missing[0]!r}, which the plan needs; it has {known}.")
    for column, value in plan.keep.items():
        kept = outcomes[outcomes[column].astype(str) == value]
        if kept.empty:
            raise InputError(f"no sample has {column} {value!r}, which the plan keeps.")
        outcomes = kept
    return Study.of(
        features,
        outcomes[plan.column].replace("", pd.NA),
        outcomes[list(plan.group_by)],
        positive=plan.positive,
        clinical=outcomes[list(plan.clinical)] if plan.clinical else None,
        endpoint=plan.column,
        cohort=arguments.cohort,
    )


def _say(table: PerformanceTable, path: Path) -> None:
    for row in table.frame.to_dict("records"):
        interval = f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})" if pd.notna(row["ci_low"]) else ""
        told = (row["signature_id"], row["role"], row["metric"], f"{row['estimate']:.3f}{interval}", row["note"])
        print("\t".join(told).rstrip())
    print(f"{path}: {len(table.frame)} rows")


def _lock(study: Study, plan: Stratification, table: PerformanceTable, scale: str, folder: Path) -> None:
    frame = table.frame
    judged = frame[(frame["signature_id"] == "elastic_net_logistic") & (frame["role"] == "resampled")]
    auc = judged[judged["metric"] == "auc"]
    if auc.empty:
        raise InputError("only elastic_net_logistic can be locked; name it among the pipelines of the plan.")
    if auc["ci_low"].iloc[0] <= 0.5:
        print("no model is locked: the interval of the AUC holds 0.5, which is no evidence that it predicts anything")
        return
    model = lock(study, identifier=plan.lock, scale=scale, seed=int(plan.how.get("seed", 1)))
    print(f"{write_locked_model(model, folder)}: {len(model.features)} features")
