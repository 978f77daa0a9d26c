"""Do subjects respond differently to training, and who does? Trained beside controls.

Writes heterogeneity.tsv (typical error, net mean, signed variance of the response, proportion, dropout, AUC ceilings,
verdict) and subjects.tsv (changes with intervals, probabilities, calls). Nobody is called where the data show no
heterogeneity. Median splits and single arms are refused. A crossover has one row per subject and period, two or more
periods of either kind, and --period: each subject is their own control.

examples:
  exomics respond subjects.tsv -o response --arm arm --control usual_care --subject subject_id \\
      --pre vo2peak_baseline_1 --pre vo2peak_baseline_2 --post vo2peak_post
  exomics respond crossover.tsv -o crossed --arm arm --control rest --subject subject_id --period period \\
      --change vo2peak_change --swc 1
  exomics respond motrpac_physiology.h5mu -o rat_response --modality vo2max --keep age=6M --within sex \\
      --arm timepoint --control SED --trained 8W --pre pre_vo2max_ml_kg_min --post post_vo2max_ml_kg_min
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._sheet import read_sheet
from exomics.cli._step import input_path, keep_inputs
from exomics.cli._write import save_table
from exomics.errors import DesignError, InputError
from exomics.response import ChangeColumns, Response, Threshold, respond, respond_crossover
from exomics.response.definition import REFUSED

_SHOWN = ("typical_error", "net_mean_change", "response_variance", "response_sd", "proportion_responding")


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="one row per subject (.tsv, .csv, .h5ad, .h5mu)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the two tables")
    parser.add_argument("--change", metavar="COL", help="change, after minus before")
    parser.add_argument("--pre", action="append", default=[], metavar="COL", help="test before (several are averaged)")
    parser.add_argument("--post", action="append", default=[], metavar="COL", help="test after (several are averaged)")
    parser.add_argument("--retest", action="append", default=[], metavar="COL", help="tests for the typical error")
    parser.add_argument("--arm", metavar="COL", help="arm of the trial")
    parser.add_argument("--control", metavar="LEVEL", help="its level without training")
    parser.add_argument("--trained", metavar="LEVEL", help="the level to compare, where there are several")
    parser.add_argument("--subject", metavar="COL", help="subject (default: the row)")
    parser.add_argument("--typical-error", type=float, metavar="X", help="of one test (default: from repeated tests)")
    parser.add_argument("--swc", type=float, metavar="X", help="smallest worthwhile change; negative if a fall is")
    parser.add_argument("--lower-is-better", action="store_true", help="a fall is the benefit")
    parser.add_argument("--moderator", action="append", default=[], metavar="COL", help="what may explain the response")
    parser.add_argument("--within", metavar="COL", help="analyze each group alone, such as sex")
    parser.add_argument("--period", metavar="COL", help="period of a crossover, which orders a subject's rows")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these rows only")
    parser.add_argument("--modality", help="of an .h5mu")
    parser.add_argument("--definition", default="posterior_80", help="responder definition: id or .yaml")


def run(arguments: argparse.Namespace) -> None:
    """Analyze, write, and say what was found."""
    if not arguments.arm or not arguments.control:
        raise DesignError(f"name the arms with --arm COL --control LEVEL: {REFUSED['single_arm']}.")
    frame = read_sheet(arguments.table, modality=arguments.modality, keep=arguments.keep)
    found = _found(frame, arguments)
    _save(found, arguments)
    _say(found, arguments.output)


def _found(frame: pd.DataFrame, arguments: argparse.Namespace) -> Response:
    columns, threshold = _columns(arguments), Threshold(arguments.swc, arguments.lower_is_better)
    if not arguments.period:
        return respond(
            frame, columns, definition=arguments.definition, typical_error=arguments.typical_error,
            threshold=threshold, within=arguments.within,
        )  # fmt: skip
    if arguments.within or arguments.moderator or arguments.retest or arguments.typical_error:
        raise InputError(
            "a crossover (--period) tells its own error: no --within, --moderator, --retest, --typical-error."
        )
    return respond_crossover(
        frame, columns, period=arguments.period, definition=arguments.definition, threshold=threshold
    )


def _columns(arguments: argparse.Namespace) -> ChangeColumns:
    return ChangeColumns(
        arm=arguments.arm,
        control=arguments.control,
        trained=arguments.trained,
        change=arguments.change,
        before=tuple(arguments.pre),
        after=tuple(arguments.post),
        retests=tuple(arguments.retest),
        subject=arguments.subject,
        moderators=tuple(arguments.moderator),
    )


def _save(found: Response, arguments: argparse.Namespace) -> None:
    folder: Path = arguments.output
    outputs = [folder / "heterogeneity.tsv", folder / "subjects.tsv"]
    inputs = [arguments.table, *([input_path(arguments.definition)] if arguments.definition.endswith(".yaml") else [])]
    keep_inputs(inputs, outputs)
    for table, path in zip(found, outputs, strict=True):
        save_table(table, path, arguments, inputs, outputs=outputs)


def _say(found: Response, folder: Path) -> None:
    rows = found.heterogeneity.frame
    for group in dict.fromkeys(rows["group"]):
        part = rows[rows["group"] == group].set_index("quantity")
        size = f"{part['n_trained'].iloc[0]} trained, {part['n_control'].iloc[0]} controls"
        print(f"{group} ({size}): {part.loc['verdict', 'note']}")
        for name in _SHOWN:
            estimate, low, high = part.loc[name, ["estimate", "ci_low", "ci_high"]]
            interval = f" ({low:.3g} to {high:.3g})" if pd.notna(low) else ""
            print(f"{name}\t{f'{estimate:.3g}' if pd.notna(estimate) else 'no estimate'}{interval}")
        print(f"auc_ceiling_median_split\t{part.loc['auc_ceiling_median_split', 'estimate']:.2f}")
    calls = found.subjects.frame["call"].value_counts()
    print("calls\t" + ", ".join(f"{number} {name}" for name, number in calls.items()))
    print(f"{folder}: heterogeneity.tsv, subjects.tsv")
