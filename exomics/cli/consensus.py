"""Join deconvolutions of the same samples by several methods: one ranking per cell type, with intervals.

Methods weigh by what cohorts mixed from real profiles taught of them in this kind of sample (pbmc, blood, other),
halfway to equal weights. Give the table of lineage too: it needs no reference, and the consensus was chosen with it.
The values are SDs over the samples of this run: they rank these samples and are no fractions.

examples:
  exomics consensus cells.tsv lineage.tsv fractions.tsv -o consensus.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.results import DeconvolutionTable
from exomics.scoring import consensus


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tables", nargs="+", type=input_path, help="deconvolution tables (.tsv) of the same samples")
    parser.add_argument("-o", "--output", type=Path, required=True, help="deconvolution table (.tsv)")


def run(arguments: argparse.Namespace) -> None:
    """Join, write, and say what weighed how much."""
    require_suffix(arguments.output, ".tsv")
    table = consensus([DeconvolutionTable.from_tsv(path) for path in arguments.tables])
    save_table(table, arguments.output, arguments, arguments.tables)
    for cell_type, weights in table.provenance.parameters["weights"].items():
        print(f"{cell_type}: " + ", ".join(f"{method} {weight:.2f}" for method, weight in weights.items()))
    for note in table.provenance.notes:
        print(f"note: {note}")
    print(f"{arguments.output}: {len(table.frame)} rows")
