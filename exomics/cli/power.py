"""How many subjects does a trial need, by simulation: main effects, marker x arm interactions, response heterogeneity.

The effect is a difference in standard deviations (continuous), an odds ratio (binary) or a hazard ratio (survival);
for an interaction the difference, or ratio, of that effect with and without the marker; for heterogeneity the SD of
the individual response in typical errors of one test. Without --n the number of subjects for --target is sought.

examples:
  exomics power interaction --outcome survival --effect 0.72 --control-rate 0.6 --trials 200 -o interaction_power.tsv
  exomics power main --effect 0.5 --n 64 --n 128 --n 256 -o main_power.tsv
  exomics power heterogeneity --effect 1 --n 40 --n 200 -o heterogeneity_power.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._step import require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.validation.power import PowerPlan, power_curve, sample_size


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    questions = ("main", "interaction", "heterogeneity")
    parser.add_argument("question", choices=questions, help="what the trial is to show")
    parser.add_argument("--effect", type=float, required=True, metavar="X", help="in the units of the outcome")
    parser.add_argument(
        "--outcome", choices=("continuous", "binary", "survival"), default="continuous", help="kind of outcome"
    )
    parser.add_argument(
        "--n", type=whole_number, action="append", default=[], metavar="N", help="power of N subjects in all"
    )
    parser.add_argument("--target", type=float, metavar="P", help="power wanted (default: 0.8, if there is no --n)")
    parser.add_argument("--markers", type=int, default=1, metavar="N", help="markers tested, by false discovery rate")
    parser.add_argument("--true-markers", type=int, default=1, metavar="N", help="those with the effect")
    marker = parser.add_mutually_exclusive_group()
    marker.add_argument("--prevalence", type=float, default=0.5, metavar="P", help="of subjects with the marker")
    marker.add_argument("--normal-marker", action="store_true", help="a normal marker, effects per SD")
    parser.add_argument("--arm-effect", type=float, metavar="X", help="of training without the marker (default: none)")
    parser.add_argument("--prognosis", type=float, metavar="X", help="of the marker without training (default: none)")
    parser.add_argument("--share-trained", type=float, default=0.5, metavar="P", help="of subjects in the trained arm")
    parser.add_argument("--control-rate", type=float, default=0.5, metavar="P", help="of controls with the event")
    parser.add_argument("--dropout", type=float, default=0.0, metavar="P", help="of subjects without an outcome")
    parser.add_argument("--level", type=float, default=0.05, metavar="P", help="level or FDR")
    parser.add_argument("--trials", type=whole_number, default=2000, metavar="N", help="simulated per size")
    parser.add_argument("--largest", type=whole_number, default=20_000, metavar="N", help="size at which to give up")
    parser.add_argument("--seed", type=whole_number, default=0, help="of the simulation")
    parser.add_argument("-o", "--output", type=Path, required=True, help="power table (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Simulate, write, and print power and sizes with their Monte Carlo errors."""
    require_suffix(arguments.output, ".tsv")
    plan = _plan(arguments)
    chance = {"n_trials": arguments.trials, "seed": arguments.seed}
    tables = []
    if arguments.target is not None or not arguments.n:
        target = 0.8 if arguments.target is None else arguments.target
        tables.append(sample_size(plan, target=target, largest=arguments.largest, **chance))
    if arguments.n:
        tables.append(power_curve(plan, arguments.n, **chance))
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    save_table(type(tables[0])(frame, tables[0].provenance), arguments.output, arguments, [])
    _say(frame)
    print(f"{arguments.output}: {len(frame)} rows, {arguments.trials} trials each")


def _plan(arguments: argparse.Namespace) -> PowerPlan:
    return PowerPlan(
        question=arguments.question,
        effect=arguments.effect,
        outcome=arguments.outcome,
        arm_effect=arguments.arm_effect,
        prognosis=arguments.prognosis,
        prevalence=None if arguments.normal_marker else arguments.prevalence,
        share_trained=arguments.share_trained,
        control_rate=arguments.control_rate,
        dropout=arguments.dropout,
        level=arguments.level,
        n_markers=arguments.markers,
        n_true=arguments.true_markers,
    )


def _say(frame: pd.DataFrame) -> None:
    for row in frame[frame["role"] == "curve"].to_dict("records"):
        error = f"Monte Carlo SE {row['standard_error']:.3f}"
        print(f"{row['question']}\tn = {row['n_subjects']}\tpower {row['power']:.3f} ({error})")
    needed = frame[frame["role"] == "required"].to_dict("records")
    for row in needed:
        interval = f"Monte Carlo 95 % interval {row['n_low']} to {row['n_high']}"
        print(f"{row['question']}\tpower {row['power']:g} needs n = {row['n_subjects']} ({interval})")
    if len(needed) == 2:
        times = needed[0]["n_subjects"] / needed[1]["n_subjects"]
        print(f"the interaction needs {times:.1f} times the subjects of a main effect of the same size;", end=" ")
        print("at half the size about four times as many again")
