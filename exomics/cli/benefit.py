"""Who benefits, not who does well: test every marker for an interaction with a randomized arm.

Markers are features taken before the arms began: .h5ad, score tables, or tables of numbers by sample_id. The endpoint
is survival (os, pfs), a response, or a number. P values are adjusted over all markers of the call; a marker that only
tells the outcome is called prognostic. Interactions need about four times the subjects of a main effect of the same
size, so a null is weak.

example:
  exomics benefit scores.tsv --samples tumor.h5ad --endpoint os --arm arm --control usual_care \\
      --keep time_point=baseline -o benefit.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._features import keep_samples, read_features, read_outcomes
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.stratify.benefit import benefit


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("markers", nargs="+", type=input_path, metavar="FILE", help="features before the arms began")
    parser.add_argument("--samples", type=input_path, required=True, help="arms and outcomes (.h5ad, .tsv)")
    parser.add_argument("--endpoint", required=True, help="os, pfs, response, or a column of numbers")
    parser.add_argument("--arm", required=True, metavar="COL", help="the randomized arm")
    parser.add_argument("--control", required=True, metavar="LEVEL", help="its level without training")
    parser.add_argument("--covariate", action="append", default=[], metavar="COL", help="adjust for (repeatable)")
    parser.add_argument("--keep", action="append", default=[], metavar="COL=VALUE", help="use these samples only")
    parser.add_argument("--level", type=float, default=0.05, help="false discovery rate (default 0.05)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="benefit table (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Test, write, and print what was found."""
    require_suffix(arguments.output, ".tsv")
    markers, _ = read_features(arguments.markers)
    samples = keep_samples(read_outcomes(arguments.samples), arguments.keep)
    table = benefit(
        markers,
        samples,
        endpoint=arguments.endpoint,
        arm=arguments.arm,
        control=arguments.control,
        covariates=tuple(arguments.covariate),
        level=arguments.level,
    )
    save_table(table, arguments.output, arguments, [*arguments.markers, arguments.samples])
    for row in table.frame.sort_values("p_value", kind="stable").head(10).to_dict("records"):
        if pd.notna(row["p_value"]):
            interval = f"{row['interaction']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
            print(f"{row['marker']}\t{interval}\tadjusted p {row['adj_p_value']:.3g}\t{row['verdict']}")
    counts = ", ".join(f"{n} {verdict}" for verdict, n in table.frame["verdict"].value_counts().items())
    print(f"{arguments.output}: {len(table.frame)} markers: {counts}")
