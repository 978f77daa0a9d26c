"""Carry features to approved symbols or to human genes, and report what was lost.

--identifiers approve replaces aliases and previous symbols by the approved ones (pinned HGNC table). --to-species
human maps rat or mouse genes by the pinned whole-genome ortholog table: 1:1 with at least three sources; 1:n are
summed on counts.

example:
  exomics harmonize rat.h5ad -o rat.human.h5ad --to-species human
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_data, save_frame
from exomics.errors import InputError
from exomics.harmonize import LossReport, approve_symbols, load_aliases, load_orthologs, to_human
from exomics.results import Provenance
from exomics.schema import keys


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the same samples, other features (.h5ad)")
    parser.add_argument("--identifiers", choices=("approve",), help="approved symbols for aliases")
    parser.add_argument("--to-species", choices=("human",), help="map orthologs")
    parser.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    parser.add_argument("--min-support", type=int, default=3, help="databases that must agree on a pair (default 3)")
    parser.add_argument("--losses", type=Path, metavar="FILE", help="TSV of what was lost")


def run(arguments: argparse.Namespace) -> None:
    """Harmonize, write, and print the losses."""
    require_suffix(arguments.output, ".h5ad")
    if not arguments.identifiers and not arguments.to_species:
        raise InputError("nothing to do: give --identifiers approve, --to-species human, or both.")
    data = read_assay(arguments.data)
    before, losses = data.n_vars, LossReport.of([])
    if arguments.identifiers:
        data, lost = approve_symbols(data, load_aliases())
        losses = losses + lost
    if arguments.to_species:
        species = sorted(set(data.obs[keys.SPECIES].astype(str)))
        if len(species) != 1:
            raise InputError(f"expected samples of one species; got {', '.join(species)}.")
        table = load_orthologs(species[0], dataset=arguments.orthologs, min_support=arguments.min_support)
        data, lost = to_human(data, table)
        losses = losses + lost
    outputs = [arguments.output, *([arguments.losses] if arguments.losses else [])]
    save_data(data, arguments.output, arguments, [arguments.data], outputs=outputs)
    if arguments.losses:
        provenance = Provenance(method="harmonize", notes=losses.notes)
        save_frame(losses.frame, arguments.losses, provenance, arguments, [arguments.data], outputs=outputs)
    for loss in losses.to_records():
        print(f"lost: {loss['n']} {loss['what']} ({loss['why']}): {loss['examples']}")
    for note in losses.notes:
        print(f"note: {note}")
    print(f"{arguments.output}: {data.n_vars} of {before} features")
