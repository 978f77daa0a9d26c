"""Read secreted ligands against receptors in a tumor: a ranking of pairs, or scores in subjects with both layers.

With --table, pairs are ranked: what training does to the ligand in each contrast, whether the change is replicated,
in how many tumors both partners are detected, and the partial correlation of the axis with a target. --secretome adds
the genes of your list of secreted genes that change in every contrast and are the ligand of no pair. With --ligands,
the second layer of the same subjects, every subject is scored.

examples:
  exomics axes tumor.h5ad --table training.tsv -o axes.tsv --pairs myo.lr_pairs --adjust ctl.stroma
  exomics axes tumor.h5ad --table training.tsv -o secreted.tsv --contrast training --secretome secretome.txt
"""

from __future__ import annotations

import argparse
from pathlib import Path

from anndata import AnnData

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.harmonize import load_orthologs
from exomics.registry import Signature
from exomics.registry.secretome import SPECIES, read_secretome
from exomics.results import AxisTable, DifferentialTable
from exomics.schema import layer_of
from exomics.scoring import add_secreted, axis_scores, rank_axes, resolve_signatures


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
    parser.add_argument("--pairs", default="myo.lr_pairs", metavar="ID", help="signature of ligand-receptor pairs")
    ranking = parser.add_argument_group("of a ranking (--table)")
    ranking.add_argument(
        "--contrast", action="append", default=[], metavar="NAME", help="one that must agree; repeatable (default: all)"
    )
    ranking.add_argument("--target", default="imm.cd8", metavar="ID", help="signature that each axis is held against")
    ranking.add_argument(
        "--adjust", nargs="*", default=["ctl.stroma"], metavar="NAME", help="signatures, and numeric columns of obs"
    )
    ranking.add_argument("--secretome", type=input_path, metavar="FILE", help="secreted genes: one per line, or a TSV")
    ranking.add_argument("--secretome-species", choices=SPECIES, default="human", help="of the symbols in it")
    ranking.add_argument("--from-species", choices=("rat", "mouse"), help="species of the table; the pairs are human")
    ranking.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")


def run(arguments: argparse.Namespace) -> None:
    """Rank or score, write, and say what was found."""
    require_suffix(arguments.output, ".tsv")
    tumor = read_assay(arguments.tumor)
    pairs = resolve_signatures([arguments.pairs], layer_of(tumor))
    if len(pairs) != 1:
        raise InputError(f"{arguments.pairs!r} names {len(pairs)} signatures; name one of ligand-receptor pairs.")
    if arguments.ligands:
        _require_no_ranking(arguments)
        scores = axis_scores(read_assay(arguments.ligands), tumor, pairs[0])
        save_table(scores, arguments.output, arguments, [arguments.tumor, arguments.ligands])
        print(f"{arguments.output}: {len(scores.frame)} rows, {int((scores.frame['status'] == 'ok').sum())} scored")
        return
    ranked = _ranked(arguments, tumor, pairs[0])
    inputs = [arguments.tumor, arguments.table, *filter(None, [arguments.secretome])]
    save_table(ranked, arguments.output, arguments, inputs)
    _say(ranked)
    print(f"{arguments.output}: {len(ranked.frame)} rows")


def _require_no_ranking(arguments: argparse.Namespace) -> None:
    given = [name for name in ("contrast", "secretome", "from_species") if getattr(arguments, name)]
    if given:
        raise InputError(
            f"--{given[0].replace('_', '-')} goes with a differential table (--table), not with --ligands."
        )


def _ranked(arguments: argparse.Namespace, tumor: AnnData, pairs: Signature) -> AxisTable:
    species = arguments.from_species
    orthologs = load_orthologs(species, dataset=arguments.orthologs) if species else None
    table = DifferentialTable.from_tsv(arguments.table)
    if arguments.contrast:
        table = table.of_contrasts(arguments.contrast)
    ranked = rank_axes(table, tumor, pairs, target=arguments.target, adjust=arguments.adjust, orthologs=orthologs)
    if not arguments.secretome:
        return ranked
    secretome = read_secretome(arguments.secretome, species=arguments.secretome_species)
    return add_secreted(ranked, table, secretome, orthologs=orthologs)


def _say(ranked: AxisTable) -> None:
    """The replicated ligands, by name; then what is secreted and has no pair."""
    alone = ranked.frame["status"] == "no_receptor"
    frame, others = ranked.frame[~alone], ranked.frame[alone]
    found = sorted(set(frame.loc[frame["replicated"] != "no", "ligand"]))
    absent = frame.loc[frame["status"] == "not_measured", "ligand"].nunique()
    print(f"{frame['ligand'].nunique()} ligands, {absent} not measured; replicated: {', '.join(found) or 'none'}")
    for note in ranked.provenance.notes:
        print(f"note: {note}")
    for direction, rows in others.groupby("replicated", sort=False):
        print(f"secreted, of no pair, {direction}: {', '.join(sorted(set(rows['ligand'])))}")
