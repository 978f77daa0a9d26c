"""Learn who has an outcome from features known before it, and say what that is worth for subjects never seen.

Repeated nested cross-validation, grouped by subject: every step is fitted on training samples alone. The model without
features, and that of the clinical columns, stand beside it, and the whole pipeline is run on shuffled labels. Features
are .h5ad, .h5mu, score tables, or tables of numbers by sample_id; NAME=FILE makes a block of its own. --config is a
plan: an id, or a .yaml with outcome, group_by, keep, clinical, roles, pipelines, folds, permutations, learning_curve,
leave_out, lock. --response is a folder of `exomics respond`: its calls are the outcome, and the AUC that a perfect
marker could reach stands beside the AUCs. Writes performance.tsv and predictions.tsv; a plan that locks a model writes
its first pipeline, which must be linear or gradient_boosting, to model/ as a table of coefficients or of trees, unless
there is no evidence that it predicts anything. Below 20 subjects there is no classifier: then effects.tsv. An
interrupted run is taken up by the same command.

example:
  exomics stratify --features scores.tsv --outcome tumor.h5ad --config tumor_response -o stratified
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from exomics import __version__
from exomics._files import sha256_of
from exomics.cli._features import named_path
from exomics.cli._journal import Journal
from exomics.cli._plan_study import RESPONSE_FILES, Planned, planned_study
from exomics.cli._step import input_path, keep_inputs
from exomics.cli._write import save_provenance, save_table
from exomics.registry.locked_model import HEAD, LockedModel, write_locked_model
from exomics.registry.stratification import Stratification, load_stratification
from exomics.results import PerformanceTable, PredictionTable, Provenance
from exomics.stratify import CrossValidation, cross_validate
from exomics.stratify.effects import effect_table
from exomics.stratify.evaluation.best_of import best_of
from exomics.stratify.evaluation.cohorts import leave_one_cohort_out
from exomics.stratify.evaluation.cross_validation import LEAST_SUBJECTS
from exomics.stratify.evaluation.learning_curve import learning_curve
from exomics.stratify.locking import lock
from exomics.stratify.locking.lock_study import require_lockable
from exomics.stratify.pipelines import build
from exomics.stratify.study.examine import Roles, examine

_EVIDENCE = {"binary": "auc", "classes": "auc", "survival": "concordance"}


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--features", nargs="+", type=named_path, required=True, metavar="FILE", help="of samples; or NAME=FILE"
    )
    parser.add_argument("--outcome", type=input_path, required=True, metavar="FILE", help="samples (.h5ad, .tsv)")
    parser.add_argument("--config", required=True, metavar="PLAN", help="id of a plan, or a .yaml")
    parser.add_argument("--response", type=input_path, metavar="DIR", help="of `exomics respond`: calls as outcome")
    parser.add_argument("--leave-out", metavar="COL", help="column of cohorts, each predicted from the others")
    parser.add_argument("--cohort", default="study", help="name of the cohort in the result")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables")


def run(arguments: argparse.Namespace) -> None:
    """Judge, write, and print what was found."""
    plan = load_stratification(arguments.config)
    plan = replace(plan, leave_out=arguments.leave_out or plan.leave_out)
    planned = planned_study(arguments, plan)
    doubts = examine(planned.study, planned.samples, Roles(*(plan.roles.get(name, "") for name in Roles._fields)))
    n_subjects = len(set(planned.study.groups.tolist()))
    if n_subjects < LEAST_SUBJECTS and planned.study.kind == "binary":
        _only_effects(arguments, planned, n_subjects)
        return
    if plan.lock:
        require_lockable(build(_first(plan), planned.study, 1).pipeline, _first(plan))
    inputs = _inputs(arguments)
    tables = [arguments.output / name for name in ("performance.tsv", "predictions.tsv")]
    keep_inputs(inputs, tables)
    with Journal(arguments.output / "unfinished", _key(arguments, plan, inputs)) as journal:
        performance, predictions = _judged(planned, plan, journal)
        performance = _with_notes(performance, planned, doubts)
        model = _locked(planned, plan, performance) if plan.lock else None
        _save((performance, predictions), model, arguments, inputs, tables)
    _say(performance, tables[0])
    for doubt in doubts:
        print(f"doubt\t{doubt}")
    if model:
        print(f"{arguments.output / 'model' / HEAD}: {len(model.features)} features")
    elif plan.lock:
        print("no model is locked: the interval of its AUC, or concordance, holds 0.5: no evidence that it predicts")


def _save(
    found: tuple[PerformanceTable, PredictionTable],
    model: LockedModel | None,
    arguments: argparse.Namespace,
    inputs: Sequence[Path],
    tables: Sequence[Path],
) -> None:
    folder = arguments.output / "model"
    outputs = [*tables, *(folder / name for name in (model.files if model else ()))]
    for table, path in zip(found, tables, strict=True):
        save_table(table, path, arguments, inputs, outputs=outputs)
    if model:
        made = Provenance(method="lock", parameters={"model": model.id, "pipeline": model.pipeline})
        save_provenance(made, write_locked_model(model, folder), arguments, inputs, outputs=outputs)


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    inputs = [*(path for _, path in arguments.features), arguments.outcome]
    if arguments.config.endswith((".yaml", ".yml")):
        inputs.append(input_path(arguments.config))
    return inputs + [arguments.response / name for name in RESPONSE_FILES if arguments.response]


def _key(arguments: argparse.Namespace, plan: Stratification, inputs: Sequence[Path]) -> str:
    """What has to be the same for an interrupted run to be taken up."""
    words = [__version__, arguments.cohort, [name for name, _ in arguments.features], asdict(plan)]
    told = json.dumps([*words, *map(sha256_of, inputs)], sort_keys=True)
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _judged(planned: Planned, plan: Stratification, journal: Journal) -> tuple[PerformanceTable, PredictionTable]:
    study, how = planned.study, CrossValidation(**plan.how)
    if plan.leave_out:
        found = leave_one_cohort_out(study, planned.column(plan.leave_out), how, work=journal)
        return found.performance, found.predictions
    found = cross_validate(study, how, work=journal)
    more = []
    if len(how.pipelines) > 1 and study.kind == "binary":
        more.append(best_of(study, found.predictions, how.pipelines, seed=how.seed))
    if plan.learning_curve:
        more.append(learning_curve(study, how, fractions=plan.learning_curve, work=journal))
    frame = pd.concat([found.performance.frame, *(table.frame for table in more)], ignore_index=True)
    provenance = found.performance.provenance
    parameters = {**provenance.parameters, **{table.provenance.method: table.provenance.parameters for table in more}}
    return PerformanceTable(frame=frame, provenance=replace(provenance, parameters=parameters)), found.predictions


def _with_notes(table: PerformanceTable, planned: Planned, doubts: tuple[str, ...]) -> PerformanceTable:
    """The table with the ceiling of its labels as a row, and doubts in its provenance."""
    frame = table.frame
    if planned.ceiling:
        words = {"signature_id": "perfect_marker", "role": "resampled", "metric": "auc_ceiling", "resampling": ""}
        note = "what the true response itself would reach against these calls"
        limits = planned.ceiling._asdict()
        row = planned.study.base() | limits | words | {"note": note}
        frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True)
    return PerformanceTable(frame=frame, provenance=replace(table.provenance, notes=doubts))


def _only_effects(arguments: argparse.Namespace, planned: Planned, n_subjects: int) -> None:
    table, path = effect_table(planned.study), arguments.output / "effects.tsv"
    save_table(table, path, arguments, _inputs(arguments))
    print(
        f"no classifier is made of {n_subjects} subjects ({LEAST_SUBJECTS} are needed): effects of the features with "
        "intervals instead, not adjusted for their number"
    )
    print(f"{path}: {len(table.frame)} rows")


def _say(table: PerformanceTable, path: Path) -> None:
    for row in table.frame.to_dict("records"):
        interval = f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})" if pd.notna(row["ci_low"]) else ""
        words = (row["signature_id"], row["cohort_id"], row["role"], row["metric"])
        print("\t".join((*words, f"{row['estimate']:.3f}{interval}", row["note"])).rstrip())
    print(f"{path}: {len(table.frame)} rows")


def _first(plan: Stratification) -> str:
    """The pipeline that is locked: the first of the plan, whose outcomes are shuffled too."""
    return CrossValidation(**plan.how).pipelines[0]


def _locked(planned: Planned, plan: Stratification, table: PerformanceTable) -> LockedModel | None:
    """The first pipeline fitted on all samples; None where nothing shows that it predicts anything."""
    study, name = planned.study, _first(plan)
    metric = "pooled_auc" if plan.leave_out else _EVIDENCE[study.kind]
    frame = table.frame
    judged = frame[(frame["signature_id"] == name) & (frame["role"] == "resampled") & (frame["metric"] == metric)]
    if not judged["ci_low"].iloc[0] > 0.5:
        return None
    made = lock(study, name, identifier=plan.lock, scale=planned.scales, seed=int(plan.how.get("seed", 1)))
    return replace(made, event=plan.event)
