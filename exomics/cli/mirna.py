"""Infer the activity of a miRNA from its validated targets in and outside the matrix, and tell miRNA from stroma.

A miRNA moves both sets of targets, a change of fibroblasts the matrix alone. --adjusted takes the same contrasts with
stroma and purity among the covariates, shown beside the unadjusted ones.

examples:
  exomics mirna training.tsv -o mirna.tsv --resamples 200
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.enrichment.mirna import mirna_verdict
from exomics.harmonize import load_orthologs
from exomics.registry import load_signature
from exomics.results import DifferentialTable


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="differential table of RNA (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="table of miRNA activity (.tsv)")
    parser.add_argument("--adjusted", type=input_path, help="the same contrasts, adjusted for stroma and purity (.tsv)")
    parser.add_argument("--matrix", default="ev.mir29_ecm", metavar="ID", help="targets of the matrix (a signature)")
    parser.add_argument("--other", default="ev.mir29_nonecm", metavar="ID", help="targets outside the matrix")
    parser.add_argument("--from-species", choices=("rat", "mouse"), help="species of the genes; the targets are human")
    parser.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    parser.add_argument("--correlation", type=float, default=0.05, help="between targets (default 0.05)")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="random sets of non-targets")
    parser.add_argument("--seed", type=int, default=1, help="of the random sets")


def run(arguments: argparse.Namespace) -> None:
    """Infer, write, and tell the verdict of each contrast."""
    require_suffix(arguments.output, ".tsv")
    inputs = [arguments.table, *([arguments.adjusted] if arguments.adjusted else [])]
    tables = [DifferentialTable.from_tsv(path) for path in inputs]
    species = arguments.from_species
    table = mirna_verdict(
        tables[0],
        load_signature(arguments.matrix).features("up"),
        load_signature(arguments.other).features("up"),
        adjusted=tables[1] if arguments.adjusted else None,
        mapping=load_orthologs(species, dataset=arguments.orthologs) if species else None,
        inter_gene_correlation=arguments.correlation,
        resampling=(arguments.resamples, arguments.seed),
    )
    save_table(table, arguments.output, arguments, inputs)
    told = table.frame.drop_duplicates(["contrast", "model"])
    for contrast, model, verdict in told[["contrast", "model", "verdict"]].itertuples(index=False):
        print(f"{contrast} ({model}): {verdict}")
    for note in table.provenance.notes:
        print(f"note: {note}")
    print(f"{arguments.output}: {len(table.frame)} rows")
