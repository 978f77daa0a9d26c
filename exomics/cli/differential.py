"""What changes: a differential table from a recipe, or from a design and contrasts.

A recipe is a document (`exomics catalog recipes`). Else give a method, a formula over the columns of obs, and
contrasts: NAME=EXPRESSION, arithmetic on the cells or coefficients of the design (NAME defaults to the expression).
--family NAME:c1,c2 adjusts p-values over those contrasts together; without it each contrast is a family.
--question NAME:KEY=VALUE,... asks as people do, and brings design, contrasts and what they assume: training_effect,
sex_by_training, subgroup_difference, prepost, arms, arms_by_subgroup, repeated_measures, dose_response,
time_lag (Python: exomics.differential.designs). --audit-only looks at the design and fits nothing.
--omnibus NAME:c1,c2 adds a test whether any of those contrasts differs from zero (F).
--parent PROTEINS.h5ad takes the log2 value of the parent protein in the same subject off each modified site first: what
changes beyond the amount of protein.

examples:
  exomics differential muscle.h5ad -o training.tsv --recipe randomized_trial_rna
  exomics differential rat.h5ad -o rat.tsv --recipe motrpac_muscle_rna
  exomics differential ready.h5ad -o by_hand.tsv --method limma_voom \\
      --design '~ subject_id + post + exercise_post' --contrast training=exercise_post
  exomics differential ready.h5ad -o change.tsv --method limma_voom --question prepost:only=arm=exercise
  exomics differential ready.h5ad -o arms.tsv --method limma_voom \\
      --question arms:adjustment=difference,covariates=batch
  exomics differential ready.h5ad -o sexes.tsv --method limma_voom --question arms_by_subgroup:subgroup=sex
  exomics differential ready.h5ad --audit-only --design '~ arm + batch'
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from anndata import AnnData

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, option, require_suffix
from exomics.cli._write import save_table
from exomics.differential import (
    Contrast,
    audit_design,
    contrasts_from_table,
    fit,
    fit_question,
    fit_recipe,
    parse_contrast,
    parse_family,
    parse_omnibus,
)
from exomics.differential.designs import ask
from exomics.errors import DesignError, InputError
from exomics.preprocess import subtract_parent_protein
from exomics.registry.recipe import load_recipe
from exomics.results import DifferentialTable


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, help="differential table (.tsv)")
    parser.add_argument("--recipe", help="id of a recipe, or a .yaml file")
    parser.add_argument("--method", help="name of a test; `exomics catalog methods` lists them")
    parser.add_argument("--design", metavar="FORMULA", help="such as '~ 0 + group'")
    parser.add_argument("--contrast", action="append", default=[], metavar="NAME=EXPR", help="repeatable")
    parser.add_argument("--contrasts", type=input_path, metavar="FILE", help="TSV: name, expression, family")
    parser.add_argument("--family", action="append", default=[], metavar="NAME:C1,C2", help="repeatable")
    parser.add_argument("--question", metavar="NAME:KEY=VALUE,...", help="design and contrasts in words")
    parser.add_argument("--audit-only", action="store_true", help="say what the design cannot tell; fit nothing")
    parser.add_argument("--omnibus", action="append", default=[], metavar="NAME:C1,C2", help="repeatable")
    parser.add_argument("--parent", type=input_path, metavar="FILE", help="proteins of the same subjects (.h5ad)")
    parser.add_argument("--parent-column", default="protein_id", metavar="COL", help="of var in both, the protein")
    parser.add_argument("--minimum-effect", type=float, metavar="LOG2", help="test against effects up to this size")
    parser.add_argument(
        "--option", action="append", type=option, default=[], dest="options", metavar="KEY=VALUE",
        help="of the method, such as robust=true (repeatable)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Fit, write, and say how many features change."""
    if arguments.audit_only:
        _audit(arguments)
        return
    if arguments.output is None:
        raise InputError("give the file to write with -o, or --audit-only.")
    require_suffix(arguments.output, ".tsv")
    by_hand = [arguments.method, arguments.design, arguments.contrast, arguments.contrasts, arguments.family]
    by_hand += [arguments.question, arguments.omnibus, arguments.minimum_effect is not None]
    if arguments.recipe and any(by_hand):
        raise InputError("a recipe brings its own method, design and contrasts; give either --recipe or those.")
    inputs = [arguments.data, *filter(None, (arguments.contrasts, arguments.parent))]
    if arguments.recipe and arguments.recipe.endswith((".yaml", ".yml")):
        inputs.append(input_path(arguments.recipe))
    table = _fitted(arguments)
    save_table(table, arguments.output, arguments, inputs)
    _say(table, arguments.output)


def _data(arguments: argparse.Namespace) -> AnnData:
    """The assay, or its sites relative to their proteins."""
    data = read_assay(arguments.data)
    if not arguments.parent:
        return data
    return subtract_parent_protein(data, read_assay(arguments.parent), parent=arguments.parent_column)


def _fitted(arguments: argparse.Namespace) -> DifferentialTable:
    data = _data(arguments)
    if arguments.recipe:
        return fit_recipe(data, arguments.recipe)
    contrasts = _contrasts(arguments)
    if arguments.question:
        if arguments.design or contrasts or arguments.family or arguments.omnibus:
            raise InputError("a question brings its own design and contrasts; give either --question or those.")
        parameters = _parameters(arguments)
        return fit_question(data, arguments.question, method=arguments.method or "", parameters=parameters)
    if not (arguments.method and arguments.design and contrasts):
        raise InputError("give --recipe, --question with --method, or --method with --design and a --contrast.")
    return fit(
        data,
        design=arguments.design,
        contrasts=contrasts,
        method=arguments.method,
        families=dict(map(parse_family, arguments.family)) or None,
        omnibus={one.name: one.members for one in map(parse_omnibus, arguments.omnibus)},
        parameters=_parameters(arguments),
    )


def _parameters(arguments: argparse.Namespace) -> dict[str, Any]:
    parameters = dict(arguments.options)
    if arguments.minimum_effect is not None:
        parameters["minimum_effect"] = arguments.minimum_effect
    return parameters


def _audit(arguments: argparse.Namespace) -> None:
    """Print the findings on the design; a fatal one ends like any user's error."""
    obs, formula = read_assay(arguments.data).obs, arguments.design
    if arguments.recipe:
        formula = load_recipe(arguments.recipe).test.design
    if arguments.question:
        analysis = ask(obs, arguments.question)
        obs = obs if analysis.samples is None else analysis.samples.join(obs, rsuffix=" in obs")
        formula = analysis.design
        print("\n".join(f"assumption: {note}" for note in analysis.notes))
    if not formula:
        raise InputError("--audit-only looks at a design; give --design, --question or --recipe.")
    found = audit_design(obs, formula, block=str(dict(arguments.options).get("block", "")))
    print("\n".join(f"{one.severity}: {one.message}" for one in found) or f"{formula}: no finding")
    if any(one.severity == "fatal" for one in found):
        raise DesignError("the design cannot be fitted; see the fatal findings above.")


def _contrasts(arguments: argparse.Namespace) -> list[Contrast]:
    listed = arguments.contrasts.read_text(encoding="utf-8") if arguments.contrasts else ""
    return [*map(parse_contrast, arguments.contrast), *(contrasts_from_table(listed) if listed else [])]


def _say(table: DifferentialTable, output: Path) -> None:
    frame = table.frame
    for contrast, rows in frame.groupby("contrast", sort=False):
        found = rows[rows["adj_p_value"] < 0.05]
        up = int((found["log2_fold_change"] > 0).sum())
        tested = int(rows["p_value"].notna().sum())
        directed = rows["log2_fold_change"].notna().any()
        change = f"{up} up, {len(found) - up} down" if directed else f"{len(found)} change"
        print(f"{contrast}: {change} of {tested} tested (adjusted p < 0.05)")
    print(f"{output}: {len(frame)} rows")
