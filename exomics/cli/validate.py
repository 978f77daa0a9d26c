"""Use a locked model on a cohort it never saw: discrimination, calibration, coverage, drift. Nothing is refitted.

The model is a folder of `exomics stratify` (plain text, nothing is executed). A cohort on another scale, or the one it
was learned in, is refused; a sample that lacks too much of the model's weight gets no probability.

example:
  exomics validate model tumor.h5ad --cohort elsewhere --keep time_point=baseline -o validated
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, read_features, read_outcomes
from exomics.cli._step import input_path
from exomics.cli._write import save_frame, save_table
from exomics.errors import InputError
from exomics.registry.locked_model import read_locked_model
from exomics.results import Provenance
from exomics.stratify.locked_model import predict
from exomics.validation.locked import validate


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", type=input_path, metavar="MODEL_DIR", help="folder of a locked model")
    parser.add_argument("data", nargs="+", type=input_path, metavar="IN", help="features, as of `exomics stratify`")
    parser.add_argument("--outcome", type=input_path, metavar="FILE", help="samples (default: the first IN)")
    parser.add_argument("--cohort", required=True, help="name of the cohort in the result")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these samples only")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables")


def run(arguments: argparse.Namespace) -> None:
    """Validate, write, and print the measures."""
    model = read_locked_model(arguments.model)
    features, scale = read_features(arguments.data)
    outcomes = keep_samples(read_outcomes(arguments.outcome or arguments.data[0]), arguments.keep)
    if model.endpoint not in outcomes.columns:
        raise InputError(f"the samples have no column {model.endpoint!r}, which {model.id} predicts.")
    outcome = outcomes[model.endpoint].replace("", pd.NA)
    table = validate(model, features, outcome, scale=scale, cohort_id=arguments.cohort)
    outputs = (arguments.output / "performance.tsv", arguments.output / "predictions.tsv")
    inputs = [*(arguments.model / name for name in ("model.yaml", "features.tsv")), *arguments.data]
    inputs += [arguments.outcome] if arguments.outcome else []
    save_table(table, outputs[0], arguments, inputs, outputs=outputs)
    found = predict(model, features)
    columns = {"sample_id": features.index, "probability": found.probability, "coverage": found.coverage}
    frame = pd.DataFrame(columns).assign(
        called=pd.Series(found.called).map({True: model.positive, False: ""}).to_numpy()
    )
    provenance = Provenance(method="predict", parameters={"model": model.id, "model_sha256": model.sha256})
    save_frame(frame, outputs[1], provenance, arguments, inputs, outputs=outputs)
    for row in table.frame.to_dict("records"):
        interval = f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})" if pd.notna(row["ci_low"]) else ""
        print("\t".join((row["metric"], f"{row['estimate']:.3f}{interval}", row["note"])).rstrip())
    print(f"{outputs[0]}: {len(table.frame)} rows")
