"""Pool the associations of several cohorts by random effects, with heterogeneity and a prediction interval.

example:
  exomics pool associations.tsv -o pooled.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import pandas as pd

from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.results import PerformanceTable
from exomics.stats.meta_analysis import Inference
from exomics.validation.pooling import pool


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tables", nargs="+", type=input_path, help="performance tables of cohorts (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="pooled performance table (.tsv)")
    parser.add_argument(
        "--method", default="reml", choices=("fixed", "dl", "reml", "pm"), help="between-cohort variance"
    )
    parser.add_argument(
        "--inference", default="normal", choices=get_args(Inference), help="intervals of the pooled effect"
    )


def run(arguments: argparse.Namespace) -> None:
    """Pool, write, and print the pooled effects."""
    require_suffix(arguments.output, ".tsv")
    tables = [PerformanceTable.from_tsv(path) for path in arguments.tables]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    pooled = pool(
        PerformanceTable(frame=frame, provenance=tables[0].provenance),
        method=arguments.method,
        inference=arguments.inference,
    )
    save_table(pooled, arguments.output, arguments, arguments.tables)
    effects = pooled.frame[pooled.frame["metric"].isin(["log_hazard_ratio", "log_odds_ratio"])]
    for row in effects.dropna(subset=["estimate"]).itertuples():
        estimate = f"{row.estimate:.4f} ({row.ci_low:.4f} to {row.ci_high:.4f})"
        print(f"{row.signature_id}\t{row.endpoint}\t{row.metric}\t{estimate}")
    print(f"{arguments.output}: {len(pooled.frame)} rows")
