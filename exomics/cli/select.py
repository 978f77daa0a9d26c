"""Select the features that tell two classes apart, with a bound on errors.

The default selector (shuffled_labels) looks at each feature alone: at a target q it lists anything from pure noise with
probability q at most, and holds the expected share of false features in a list to q / 4. Others are named by --selector
(repeatable): t_test_bh, complementary_pairs, integrated_paths, decoys, knockoffs; what the target bounds differs
between them and is printed. Student's t test with Benjamini-Hochberg stands beside every feature. Of 100 samples and
200 to 1,000 features the default finds 8.9 or more of ten that differ by 1 SD between the classes, with at most 8 % of
its list false; of ten that each add a log odds of 1 per SD to classes drawn from a logistic model it finds 0.3 to 1.9,
unless they are neighbors, where no selector could find 8.5. --operating-curve writes what the selectors do on these
very features with shuffled labels, before and after differences are planted. Features are .h5ad, score tables, or
tables of numbers by sample_id.

example:
  exomics select scores.tsv --samples tumor.h5ad --outcome response --positive responder --keep time_point=baseline \\
      --operating-curve curve.tsv --planted 1 --repeats 10 -o selected.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, read_features, read_outcomes, require_one_time_point
from exomics.cli._step import input_path, require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.results import OperatingTable, SelectionTable
from exomics.schema import keys
from exomics.schema.words import words_of
from exomics.stratify.selection.select import operating_curve, select
from exomics.stratify.selection.selectors import DEFAULT_SELECTOR, Selectors


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("features", nargs="+", type=input_path, metavar="FILE", help="features of samples")
    parser.add_argument("--samples", type=input_path, required=True, help="outcomes of samples (.h5ad, .tsv)")
    parser.add_argument("--outcome", required=True, metavar="COL", help="column with two classes")
    parser.add_argument("--positive", required=True, metavar="VALUE", help="the class compared with the other")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these samples only")
    parser.add_argument(
        "--selector", action="append", choices=Selectors.names, metavar="NAME",
        help=f"{', '.join(Selectors.names)} (repeatable; default {DEFAULT_SELECTOR})",
    )  # fmt: skip
    parser.add_argument("--target", type=float, default=0.2, help="bound on errors")
    parser.add_argument("--seed", type=whole_number, default=1, help="of shuffles and half-samples")
    parser.add_argument("--operating-curve", type=Path, metavar="FILE", help="operating table (.tsv)")
    parser.add_argument("--planted", type=int, default=10, help="features made to differ in it")
    parser.add_argument("--shift", type=float, default=1.0, help="by how many standard deviations")
    parser.add_argument("--repeats", type=int, default=50, help="of the operating curve")
    parser.add_argument("-o", "--output", type=Path, required=True, help="selection table (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Select, write, and print what was found."""
    outputs = [path for path in (arguments.output, arguments.operating_curve) if path]
    for path in outputs:
        require_suffix(path, ".tsv")
    features, _ = read_features(arguments.features)
    samples = keep_samples(read_outcomes(arguments.samples), arguments.keep)
    if arguments.outcome not in samples.columns:
        known = ", ".join(map(str, samples.columns[:15]))
        raise InputError(f"{arguments.samples} has no column {arguments.outcome!r}; it has {known}.")
    chosen = [word.partition("=")[0] for word in arguments.keep]
    measured = samples[samples.index.isin(features.index)]
    require_one_time_point(measured, [*chosen, arguments.outcome], "by --keep time_point=baseline, or another")
    outcome = words_of(samples[arguments.outcome].replace("", pd.NA).dropna())
    subjects = samples.get(keys.SUBJECT_ID)
    names, seed = tuple(dict.fromkeys(arguments.selector or (DEFAULT_SELECTOR,))), arguments.seed
    table = select(
        features, outcome, positive=arguments.positive, selectors=names, target=arguments.target, subjects=subjects,
        seed=seed,
    )  # fmt: skip
    inputs = [*arguments.features, arguments.samples]
    curve = None
    if arguments.operating_curve:
        curve = operating_curve(
            features, outcome, selectors=names, n_planted=arguments.planted, shift=arguments.shift,
            n_repeats=arguments.repeats, seed=seed,
        )  # fmt: skip
        save_table(curve, arguments.operating_curve, arguments, inputs, outputs=outputs)
    save_table(table, arguments.output, arguments, inputs, outputs=outputs)
    _say(table, arguments.output)
    if curve is not None:
        _say_curve(curve, arguments.operating_curve)


def _say(table: SelectionTable, path: Path) -> None:
    for name, rows in table.frame.groupby("selector", sort=False):
        chosen = rows[rows["selected"] == "yes"].sort_values("level", kind="stable")
        for row in chosen.head(20).to_dict("records"):
            interval = f"{row['difference']:.2f} SD ({row['ci_low']:.2f} to {row['ci_high']:.2f})"
            print(f"{name}\t{row['feature_id']}\t{interval}\tlevel {row['level']:.3g}\tt test {row['adj_p_value']:.3g}")
        target, beside = rows["target"].iloc[0], int((rows["adj_p_value"] <= rows["target"]).sum())
        print(f"{name}: {len(chosen)} of {len(rows)} features at {target:g} ({rows['target_bounds'].iloc[0]})")
        levels = "  ".join(f"{q:g}: {int((rows['level'] <= q).sum())}" for q in (0.05, 0.1, 0.2, 0.3, 0.5))
        print(f"{name}: selected by target  {levels}; t test with Benjamini-Hochberg at {target:g}: {beside}")
    print(f"{path}: {len(table.frame)} rows")


def _say_curve(table: OperatingTable, path: Path) -> None:
    for row in table.frame.to_dict("records"):
        print(
            f"{row['selector']} at {row['target']:g}: any of noise {row['any_selected']:.2f} "
            f"(SE {row['any_selected_error']:.2f}); of {row['n_planted']} planted at {row['shift']:g} SD "
            f"{row['true_selected']:.1f} found, false share {row['false_share']:.2f}"
        )
    print(f"{path}: {len(table.frame)} rows")
