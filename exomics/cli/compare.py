"""A differential table beside a published one, or beside the planted truth of a simulated study.

--published DATASET reads the consortium's own table (role `published`) and counts, column by column, how many rows
are equal after the published rounding. --truth FILE (from `exomics load embedded_truth`) holds findings against what
was planted.

examples:
  exomics compare training.tsv -o recovery.tsv --truth truth.tsv --contrast training
  exomics compare rat.tsv -o agreement.tsv --published motrpac_gn_rna
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_frame
from exomics.datasets import fetch, published_differential
from exomics.datasets.loaders.motrpac_published import PUBLISHED_TABLES
from exomics.registry.manifest import load_manifest
from exomics.results import DifferentialTable, Provenance
from exomics.validation.agreement import agreement, agreement_table
from exomics.validation.recovery import recover_embedded


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="differential table (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the comparison (.tsv)")
    against = parser.add_mutually_exclusive_group(required=True)
    against.add_argument("--published", metavar="DATASET", help="dataset, or an .rda of the same layout")
    against.add_argument("--truth", type=input_path, metavar="FILE", help="planted truth of the embedded study (.tsv)")
    parser.add_argument("--contrast", help="contrast to hold against the truth, if the table has several")


def run(arguments: argparse.Namespace) -> None:
    """Compare, write, and print the comparison."""
    require_suffix(arguments.output, ".tsv")
    table = DifferentialTable.from_tsv(arguments.table)
    if arguments.truth:
        _compare_truth(table, arguments)
    else:
        _compare_published(table, arguments)


def _compare_truth(table: DifferentialTable, arguments: argparse.Namespace) -> None:
    truth = pd.read_csv(arguments.truth, sep="\t", float_precision="round_trip")
    frame = recover_embedded(table, truth, contrast=arguments.contrast)
    provenance = Provenance(method="recovery", parameters={"contrast": arguments.contrast})
    save_frame(frame, arguments.output, provenance, arguments, [arguments.table, arguments.truth])
    print(frame.to_string(index=False, na_rep="", float_format="{:.3g}".format))


def _compare_published(table: DifferentialTable, arguments: argparse.Namespace) -> None:
    inputs: list[Path] = [arguments.table]
    thanks: tuple[str, ...] = ()
    if arguments.published.endswith(".rda"):
        path = input_path(arguments.published)
        inputs.append(path)
    else:
        path = fetch(arguments.published, roles=["published"])["published"]
        thanks = tuple(filter(None, [load_manifest(arguments.published).acknowledgment]))
    frame = agreement(table, _published(path))
    frame.insert(0, "published_file", Path(arguments.published).stem)
    provenance = Provenance(
        method="agreement", parameters={"published": Path(arguments.published).name}, acknowledgments=thanks
    )
    save_frame(frame, arguments.output, provenance, arguments, inputs)
    print(agreement_table(frame))


def _published(path: Path) -> pd.DataFrame:
    return pd.concat([published_differential(path, name) for name in PUBLISHED_TABLES], ignore_index=True)
