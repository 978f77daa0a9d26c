"""Pool several studies: differential tables feature by feature, or the associations of several cohorts.

Differential tables, TABLE.tsv or STUDY=TABLE.tsv: one contrast of each, by random effects (reml, dersimonian_laird,
paule_mandel), a fixed effect, or p-values alone (stouffer, fisher); tau2, I2, Q and the prediction interval stand
beside the pooled effect. --contrast NAME names the contrast of all, STUDY=NAME that of one. Features are matched by id,
or by symbol (--by feature_name); a study of rat or mouse is carried to human symbols by --from-species STUDY=rat, pair
by pair of orthologs, and how certain the pair is stands in the table. --moderator fitt.program_weeks explains the
effects by what the studies did, read off --study STUDY=study.yaml, or by a column of --moderators FILE.tsv.
Performance tables (of `exomics associate`) are pooled signature by signature, endpoint by endpoint.

examples:
  exomics pool associations.tsv -o pooled.tsv
  exomics pool human=training.tsv rat=rat.tsv -o both_species.tsv --from-species rat=rat --contrast human=training \\
      --contrast 'rat=M_8W - M_SED' --inference normal
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast, get_args

import pandas as pd

from exomics.cli._pool_studies import add_study_options, pool_tables, require_no_study_options
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.results import PerformanceTable
from exomics.results.pooled import column_names
from exomics.stats.combine_p_values import Combination
from exomics.stats.meta_analysis import Estimator, Inference
from exomics.validation.pooling import pool


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tables", nargs="+", type=_table, metavar="[STUDY=]TABLE", help="tables of one kind (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="pooled table (.tsv)")
    parser.add_argument(
        "--method", default="reml", choices=(*get_args(Estimator), *get_args(Combination)),
        help="variance between studies, or how p-values are combined",
    )  # fmt: skip
    parser.add_argument(
        "--inference", choices=get_args(Inference),
        help="errors of the pooled effect (default: hartung_knapp for features, normal for associations)",
    )  # fmt: skip
    add_study_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Pool, write, and print what was found."""
    require_suffix(arguments.output, ".tsv")
    differential = {"contrast" in column_names(path) for _, path in arguments.tables}
    if len(differential) > 1:
        raise InputError("the tables are of two kinds; pool differential tables, or the tables of associations.")
    if differential == {True}:
        pool_tables(arguments)
        return
    require_no_study_options(arguments)
    _pool_associations(arguments)


def _pool_associations(arguments: argparse.Namespace) -> None:
    if arguments.method not in get_args(Estimator):
        raise InputError(f"associations are pooled by {', '.join(get_args(Estimator))}; got {arguments.method}.")
    paths = [path for _, path in arguments.tables]
    tables = [PerformanceTable.from_tsv(path) for path in paths]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    pooled = pool(
        PerformanceTable(frame=frame, provenance=tables[0].provenance),
        method=cast(Estimator, arguments.method),
        inference=arguments.inference or "normal",
    )
    save_table(pooled, arguments.output, arguments, paths)
    effects = pooled.frame[pooled.frame["metric"].isin(["log_hazard_ratio", "log_odds_ratio"])]
    for row in effects.dropna(subset=["estimate"]).itertuples():
        estimate = f"{row.estimate:.4f} ({row.ci_low:.4f} to {row.ci_high:.4f})"
        print(f"{row.signature_id}\t{row.endpoint}\t{row.metric}\t{estimate}")
    print(f"{arguments.output}: {len(pooled.frame)} rows")


def _table(text: str) -> tuple[str, Path]:
    """``TABLE.tsv``, whose study is called by the name of the file, or ``STUDY=TABLE.tsv``."""
    study, separator, path = text.partition("=")
    if not separator:
        return Path(text).stem, input_path(text)
    return study, input_path(path)
