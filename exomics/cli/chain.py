"""Is a chain of causes supported: each link with its interval, their product, and where the chain is broken.

Nodes are columns of a table with one row per subject (and <node>_baseline where it was measured before); --scores adds
those of score tables, by signature id. A node that no table has is not measured, and its links say so. What drives two
nodes, such as age, purity or stroma (ctl.stroma of a score table), is named by --adjust. Only a randomized design with
baselines may ask for --claim mediation.

examples:
  exomics chain subjects.tsv -o chain.tsv --scores scores.tsv --signs +--+ --design randomized --resamples 200 \\
      --nodes arm ev.mir29a_cargo ecm.col1 imm.cyt response --level arm=exercise --level response=responder
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._sheet import read_sheet
from exomics.cli._step import input_path, option, require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.results import ScoreTable
from exomics.validation.chain import DESIGNS, ChainDesign, chain
from exomics.validation.subject_scores import require_one_row_each, with_scores


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="one row per subject (.tsv, .csv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="chain table (.tsv)")
    parser.add_argument("--nodes", nargs="+", required=True, metavar="NAME", help="in causal order")
    parser.add_argument("--signs", required=True, help="expected sign of each link, such as +--+")
    parser.add_argument("--design", required=True, choices=DESIGNS, help="what the study can carry")
    parser.add_argument("--claim", choices=("association", "mediation"), default="association", help="what you ask")
    parser.add_argument("--level", action="append", type=option, default=[], metavar="NODE=LEVEL", help="counts as 1")
    parser.add_argument("--adjust", nargs="+", default=[], metavar="COL", help="covariates of the links: age, purity")
    parser.add_argument("--scores", action="append", type=input_path, default=[], metavar="FILE", help="score tables")
    parser.add_argument("--subject", default="subject_id", metavar="COL", help="subject")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="bootstrap resamples of subjects")
    parser.add_argument("--seed", type=whole_number, default=1, help="of the resamples")


def run(arguments: argparse.Namespace) -> None:
    """Estimate, write, and tell each link and the verdict."""
    require_suffix(arguments.output, ".tsv")
    frame = read_sheet(arguments.table)
    require_one_row_each(frame, arguments.subject)
    for path in arguments.scores:
        frame = with_scores(frame, ScoreTable.from_tsv(path), subject=arguments.subject)
    table = chain(
        frame,
        arguments.nodes,
        signs=arguments.signs,
        design=ChainDesign(arguments.design, tuple(arguments.adjust)),
        levels={name: str(level) for name, level in arguments.level},
        claim=arguments.claim,
        resampling=(arguments.resamples, arguments.seed),
    )
    save_table(table, arguments.output, arguments, [arguments.table, *arguments.scores])
    for row in table.frame.to_dict("records"):
        shown = [f"{row[name]:.3g}" for name in ("estimate", "ci_low", "ci_high")]
        numbers = (
            "" if row["status"] in ("not_measured", "not_estimated") else f"{shown[0]} ({shown[1]} to {shown[2]}), "
        )
        print(f"{row['link']}: {row['from_node']} -> {row['to_node']}: {numbers}{row['status']}. {row['note']}")
    print(f"{arguments.output}: {len(table.frame)} rows")
