"""Who benefits, not who does well: test every marker for an interaction with a randomized arm.

Markers are features taken before the arms began: .h5ad, score tables, or tables of numbers by sample_id. The endpoint
is survival (os, pfs), a response, or a number. P values are adjusted over all markers of the call; a marker that only
tells the outcome is called prognostic. Interactions need about four times the subjects of a main effect of the same
size, so a null is weak.

With --scores the markers together predict the benefit of each subject by models fitted without that subject:
scores.tsv, and how well they rank benefit in performance.tsv (AUTOC, Qini, C-for-benefit, each with its interval),
uplift.tsv and groups.tsv.

examples:
  exomics benefit scores.tsv --samples tumor.h5ad --endpoint os --arm arm --control usual_care \\
      --keep time_point=baseline -o benefit.tsv
  exomics benefit scores.tsv --samples tumor.h5ad --endpoint os --arm arm --control usual_care \\
      --keep time_point=baseline -o benefit.tsv --scores benefit_scores --subgroup sex --subgroups subgroups.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, read_features, read_outcomes
from exomics.cli._step import input_path, keep_inputs, require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.results import BenefitTable, SubgroupTable
from exomics.stratify import TreatmentScores, TrialColumns, benefit, subgroup_effects, treatment_scores

_SCORE_FILES = ("scores.tsv", "performance.tsv", "uplift.tsv", "groups.tsv")


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("markers", nargs="+", type=input_path, metavar="FILE", help="features before the arms began")
    parser.add_argument("--samples", type=input_path, required=True, help="arms and outcomes (.h5ad, .tsv)")
    parser.add_argument("--endpoint", required=True, help="os, pfs, response, or a column of numbers")
    parser.add_argument("--arm", required=True, metavar="COL", help="the randomized arm")
    parser.add_argument("--control", required=True, metavar="LEVEL", help="its level without training")
    parser.add_argument("--not-randomized", action="store_true", help="arms were chosen, not assigned by chance")
    parser.add_argument("--covariate", action="append", default=[], metavar="COL", help="adjust for (repeatable)")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these samples only")
    parser.add_argument("--level", type=float, default=0.05, help="false discovery rate")
    parser.add_argument("--scores", type=Path, metavar="DIR", help="folder of benefit scores and their judgment")
    parser.add_argument(
        "--method", choices=("r_learner", "modified_covariates"), default="r_learner", help="how benefit is predicted"
    )
    parser.add_argument("--lower-is-better", action="store_true", help="a low number, or 0, is the good outcome")
    parser.add_argument("--horizon", type=float, metavar="MONTHS", help="up to which survival counts as gain")
    parser.add_argument("--group-by", action="append", default=[], metavar="COL", help="stays in one fold, as a center")
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="of the scores")
    parser.add_argument("--seed", type=whole_number, default=0, help="of folds and bootstrap")
    parser.add_argument(
        "--subgroup", action="append", default=[], metavar="COL", help="effect of the arm by its levels"
    )
    parser.add_argument("--subgroups", type=Path, metavar="FILE", help="table of those effects (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="benefit table (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Test and predict, write everything, and print what was found."""
    outputs = _outputs(arguments)
    markers, _ = read_features(arguments.markers)
    samples = keep_samples(read_outcomes(arguments.samples), arguments.keep)
    columns = _columns(arguments)
    table = benefit(markers, samples, columns, level=arguments.level)
    scores = subgroups = None
    if arguments.scores:
        scores = treatment_scores(
            markers, samples, columns, method=arguments.method, n_folds=arguments.folds, seed=arguments.seed
        )
    if arguments.subgroup:
        there = [name for name in markers.index if name in samples.index]
        subgroups = subgroup_effects(samples.loc[there], arguments.subgroup, columns)
    tables = [table, *(scores or ()), *([subgroups] if subgroups else [])]
    for one, path in zip(tables, outputs, strict=True):
        save_table(one, path, arguments, [*arguments.markers, arguments.samples], outputs=outputs)
    _say_markers(table)
    if scores:
        _say_scores(scores)
    if subgroups:
        _say_subgroups(subgroups)
    for note in table.provenance.notes:
        print(f"note\t{note}")
    counts = ", ".join(f"{n} {verdict}" for verdict, n in table.frame["verdict"].value_counts().items())
    print(f"{arguments.output}: {len(table.frame)} markers: {counts}")


def _outputs(arguments: argparse.Namespace) -> list[Path]:
    """The files to be written, refused before any work if their names are wrong."""
    if bool(arguments.subgroup) != bool(arguments.subgroups):
        raise InputError("--subgroup COL names what makes subgroups, and --subgroups FILE.tsv their table; give both.")
    outputs = [arguments.output]
    if arguments.scores:
        outputs += [arguments.scores / name for name in _SCORE_FILES]
    if arguments.subgroups:
        outputs.append(arguments.subgroups)
    for path in outputs:
        require_suffix(path, ".tsv")
    keep_inputs([*arguments.markers, arguments.samples], outputs)
    return outputs


def _columns(arguments: argparse.Namespace) -> TrialColumns:
    return TrialColumns(
        endpoint=arguments.endpoint,
        arm=arguments.arm,
        control=arguments.control,
        covariates=tuple(arguments.covariate),
        group_by=tuple(arguments.group_by),
        randomized=not arguments.not_randomized,
        lower_is_better=arguments.lower_is_better,
        horizon=arguments.horizon,
    )


def _say_markers(table: BenefitTable) -> None:
    for row in table.frame.sort_values("p_value", kind="stable").head(10).to_dict("records"):
        if pd.notna(row["p_value"]):
            interval = f"{row['interaction']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
            print(f"{row['marker']}\t{interval}\tadjusted p {row['adj_p_value']:.3g}\t{row['verdict']}")
    unknown = table.frame[table.frame["p_value"].isna()]
    for note, rows in unknown.groupby("note", sort=False):
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        print(f"{rows['marker'].iloc[0]}{more}\tnot estimated\t{note}")


def _say_scores(found: TreatmentScores) -> None:
    for row in found.performance.frame.to_dict("records"):
        interval = f"{row['estimate']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        print(f"{row['metric']}\t{interval}\t{row['note'].partition('; ')[0]}")


def _say_subgroups(found: SubgroupTable) -> None:
    rows = found.frame[found.frame["variable"] != "all"].drop_duplicates("variable")
    for row in rows.to_dict("records"):
        known = pd.notna(row["interaction_p_value"])
        told = f"p {row['interaction_p_value']:.3g}" if known else "not estimated"
        print(f"{row['variable']}\tinteraction with the arm: {told}")
