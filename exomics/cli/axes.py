"""Read secreted ligands against receptors in a tumor: a ranking of pairs, or scores in subjects with both layers.

With --table, pairs are ranked: what training does to the ligand in each contrast, whether the change is replicated,
in how many tumors both partners are detected, and the partial correlation of the axis with a target. With --ligands,
the second layer of the same subjects, every subject is scored.

examples:
  exomics axes tumor.h5ad --table training.tsv -o axes.tsv --pairs myo.lr_pairs --adjust ctl.stroma
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.harmonize import load_orthologs
from exomics.results import DifferentialTable
from exomics.schema import layer_of
from exomics.scoring import axis_scores, rank_axes, resolve_signatures


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tumor", type=input_path, help="AnnData of the tumors (.h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="axis table, or score table (.tsv)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--table", type=input_path, metavar="FILE", help="differential table of the tissue that secretes"
    )
    source.add_argument(
        "--ligands", type=input_path, metavar="FILE", help="AnnData of it, of the same subjects (.h5ad)"
    )
    parser.add_argument("--pairs", default="myo.lr_pairs", metavar="NAME", help="signature of ligand-receptor pairs")
    parser.add_argument("--target", default="imm.cd8", metavar="NAME", help="signature the axis is correlated with")
    parser.add_argument(
        "--adjust", nargs="*", default=["ctl.stroma"], metavar="NAME", help="signatures, columns of obs"
    )
    parser.add_argument("--orthologs", metavar="SPECIES", help="species of the table, such as rat, if it is not human")


def run(arguments: argparse.Namespace) -> None:
    """Rank or score, write, and say what was found."""
    require_suffix(arguments.output, ".tsv")
    tumor = read_assay(arguments.tumor)
    pairs = resolve_signatures([arguments.pairs], layer_of(tumor))
    if len(pairs) != 1:
        raise InputError(f"{arguments.pairs!r} names {len(pairs)} signatures; name one of ligand-receptor pairs.")
    if arguments.ligands:
        scores = axis_scores(read_assay(arguments.ligands), tumor, pairs[0])
        save_table(scores, arguments.output, arguments, [arguments.tumor, arguments.ligands])
        print(f"{arguments.output}: {len(scores.frame)} rows, {int((scores.frame['status'] == 'ok').sum())} scored")
        return
    orthologs = load_orthologs(arguments.orthologs) if arguments.orthologs else None
    table = DifferentialTable.from_tsv(arguments.table)
    ranked = rank_axes(table, tumor, pairs[0], target=arguments.target, adjust=arguments.adjust, orthologs=orthologs)
    save_table(ranked, arguments.output, arguments, [arguments.tumor, arguments.table])
    frame = ranked.frame
    replicated = sorted(set(frame.loc[frame["replicated"] != "no", "ligand"]))
    absent = frame.loc[frame["status"] == "not_measured", "ligand"].nunique()
    print(f"{frame['ligand'].nunique()} ligands, {absent} not measured; replicated: {', '.join(replicated) or 'none'}")
    print(f"{arguments.output}: {len(frame)} rows")
