"""Use a locked model on a cohort it never saw: discrimination, calibration, coverage, drift. Nothing is refitted.

The model is a folder of `exomics stratify` (plain text, nothing is executed). A cohort on another scale, or the one it
was learned in, is refused; a sample that lacks too much of the model's weight gets no probability. Of a model of
several blocks name each, as NAME=FILE; a block that is not given, or that a sample lacks, adds nothing to a model that
keeps blocks apart. --thresholds are risks at which one would act: the net benefit of acting on the model then stands
beside that of treating everybody, there and at the threshold of the model.

example:
  exomics validate model tumor.h5ad --cohort elsewhere --keep time_point=baseline --thresholds 0.2 0.4 \\
    -o validated
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, named_path, read_blocks, read_outcomes
from exomics.cli._step import input_path
from exomics.cli._write import save_frame, save_table
from exomics.errors import InputError
from exomics.registry.locked_model import LockedModel, read_locked_model
from exomics.results import Provenance
from exomics.stratify.locking import predict
from exomics.stratify.study.features import side_by_side
from exomics.validation.locked import validate


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", type=input_path, metavar="MODEL_DIR", help="folder of a locked model")
    parser.add_argument("data", nargs="+", type=named_path, metavar="IN", help="features, or NAME=FILE of a block")
    parser.add_argument("--outcome", type=input_path, metavar="FILE", help="samples (default: the first IN)")
    parser.add_argument("--cohort", required=True, help="name of the cohort in the result")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these samples only")
    parser.add_argument("--thresholds", nargs="+", type=float, default=[], metavar="RISK", help="to act at")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables")


def run(arguments: argparse.Namespace) -> None:
    """Validate, write, and print the measures."""
    model = read_locked_model(arguments.model)
    blocks, scales = read_blocks(arguments.data)
    features = side_by_side(blocks, named=len(model.scales) > 1)
    if len(model.scales) == 1 and len(blocks) == 1:  # a single block may have any name
        scales = dict(zip(model.scales, scales.values(), strict=True))
    paths = [path for _, path in arguments.data]
    outcome = _outcome(model, keep_samples(read_outcomes(arguments.outcome or paths[0]), arguments.keep))
    table = validate(
        model, features, outcome, scale=scales, cohort_id=arguments.cohort, thresholds=arguments.thresholds
    )
    outputs = (arguments.output / "performance.tsv", arguments.output / "predictions.tsv")
    inputs = [*(arguments.model / name for name in model.files), *paths]
    inputs += [arguments.outcome] if arguments.outcome else []
    save_table(table, outputs[0], arguments, inputs, outputs=outputs)
    frame = _predictions(model, features)
    provenance = Provenance(method="predict", parameters={"model": model.id, "model_sha256": model.sha256})
    save_frame(frame, outputs[1], provenance, arguments, inputs, outputs=outputs)
    for row in table.frame.to_dict("records"):
        interval = f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})" if pd.notna(row["ci_low"]) else ""
        whose = "" if row["signature_id"] == model.id else f"{row['signature_id']} "
        print("\t".join((f"{whose}{row['metric']}", f"{row['estimate']:.3f}{interval}", row["note"])).rstrip())
    print(f"{outputs[0]}: {len(table.frame)} rows")


def _outcome(model: LockedModel, samples: pd.DataFrame) -> pd.Series | pd.DataFrame:
    wanted = [model.endpoint, *([model.event] if model.event else [])]
    missing = [name for name in wanted if name not in samples.columns]
    if missing:
        raise InputError(f"the samples have no column {missing[0]!r}, which {model.id} predicts.")
    return samples[wanted] if model.event else samples[model.endpoint].replace("", pd.NA)


def _predictions(model: LockedModel, features: pd.DataFrame) -> pd.DataFrame:
    """Probability of the positive class, or of an event by the last time; of several classes one column each."""
    found = predict(model, features)
    names = [f"probability:{name}" for name in model.classes] if len(model.classes) > 2 else ["probability"]
    told = pd.DataFrame(found.told[:, -len(names) :], columns=names).assign(coverage=found.coverage)
    told.insert(0, "sample_id", features.index.to_numpy())
    return told.assign(called=found.called)
