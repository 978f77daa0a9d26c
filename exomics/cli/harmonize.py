"""Carry features to approved names or to human genes, and samples to the words of the contract; report what was lost.

--identifiers: approve replaces aliases and previous symbols by the approved ones (pinned HGNC table); genes names
features by their Ensembl, NCBI, RefSeq or UniProt ids (by ref_hgnc_complete or ref_mane for human proteins, or by a
file of their kind; --id-column tells where the ids stand, --rename takes the table's symbol over the source's name);
mirna audits names against miRBase 6 to 22; metabolites gives RefMet names; sites maps rat modification sites to human
by table; phenotypes puts sex, specimen, time point, response into the words of the contract. --study attaches
study.yaml, checks the sample sheet against it, and derives the time after the last bout and the dose. --to-species
human maps rat or mouse genes by the pinned whole-genome ortholog table: 1:1 with at least three sources; 1:n are summed
on counts.

examples:
  exomics harmonize rat.h5ad -o rat.human.h5ad --to-species human
  exomics harmonize ev.h5ad -o ev.named.h5ad --identifiers mirna --identifiers phenotypes --losses lost.tsv
  exomics harmonize tumor.h5ad -o told.h5ad --study study.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, cast

from anndata import AnnData

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_data, save_frame
from exomics.errors import InputError
from exomics.harmonize import (
    Harmonizers,
    LossReport,
    describe_study,
    harmonize,
    load_orthologs,
    species_of_samples,
    to_human,
)
from exomics.harmonize._harmonizer import Harmonizer
from exomics.registry.document import parse_yaml
from exomics.results import Provenance


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the harmonized object (.h5ad)")
    parser.add_argument(
        "--identifiers", action="append", default=[], choices=Harmonizers.names, help="what to name anew (repeatable)"
    )
    parser.add_argument("--table", default="", metavar="DATASET", help="table for --identifiers, if not the pinned one")
    parser.add_argument("--id-column", metavar="COL", help="of var, with the ids for genes, if not the feature ids")
    parser.add_argument("--rename", action="store_true", help="genes: the table's symbol replaces the source's name")
    parser.add_argument("--study", type=input_path, metavar="FILE", help="study.yaml to check and attach")
    parser.add_argument("--strict", action="store_true", help="refuse a study that does not report FITT in full")
    parser.add_argument("--to-species", choices=("human",), help="map orthologs")
    parser.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    parser.add_argument("--min-support", type=int, default=3, help="databases that must agree on a pair")
    parser.add_argument("--losses", type=Path, metavar="FILE", help="TSV of what was lost")


def run(arguments: argparse.Namespace) -> None:
    """Harmonize, write, and print the losses."""
    require_suffix(arguments.output, ".h5ad")
    if not (arguments.identifiers or arguments.to_species or arguments.study):
        raise InputError("nothing to do: give --identifiers, --study or --to-species human (or several).")
    if arguments.strict and not arguments.study:
        raise InputError("--strict is about a study: give --study FILE.")
    if (arguments.id_column or arguments.rename) and "genes" not in arguments.identifiers:
        raise InputError("--id-column and --rename are about genes: give --identifiers genes.")
    given = read_assay(arguments.data)
    data, losses = _harmonized(given, arguments)
    outputs = [arguments.output, *([arguments.losses] if arguments.losses else [])]
    inputs = [arguments.data, *([arguments.study] if arguments.study else []), *_table_file(arguments)]
    parameters = {"tables": _tables(arguments)}
    save_data(data, arguments.output, arguments, inputs, outputs=outputs, parameters=parameters)
    if arguments.losses:
        provenance = Provenance(method="harmonize", parameters=parameters, notes=losses.notes)
        save_frame(losses.frame, arguments.losses, provenance, arguments, inputs, outputs=outputs)
    for loss in losses.to_records():
        print(f"lost: {loss['n']} {loss['what']} ({loss['why']}): {loss['examples']}")
    for note in losses.notes:
        print(f"note: {note}")
    print(f"{arguments.output}: {data.n_vars} of {given.n_vars} features")


def _table_file(arguments: argparse.Namespace) -> list[Path]:
    """The user's own table, which is an input like the data."""
    return [path] if (path := Path(arguments.table)).is_file() else []


def _tables(arguments: argparse.Namespace) -> list[str]:
    """Names of the tables that were read, whether pinned or asked for."""
    pinned = [cast(Harmonizer, Harmonizers[kind]).table for kind in arguments.identifiers]
    named = [Path(arguments.table).name if arguments.table else table for table in pinned if table]
    return [*dict.fromkeys(named), *([arguments.orthologs] if arguments.to_species else [])]


def _options(arguments: argparse.Namespace, kind: str) -> dict[str, Any]:
    """What was asked for besides, if the kind knows it."""
    asked = {"column": arguments.id_column, "rename": arguments.rename}
    known = cast(Harmonizer, Harmonizers[kind]).options
    return {name: value for name, value in asked.items() if value and name in known}


def _harmonized(data: AnnData, arguments: argparse.Namespace) -> tuple[AnnData, LossReport]:
    """Each step that was asked for: identifiers in their order, then the study, then orthologs."""
    losses = LossReport.of([])
    for kind in arguments.identifiers:
        data, lost = harmonize(data, kind, table=arguments.table, **_options(arguments, kind))
        losses = losses + lost
    if arguments.study:
        study = parse_yaml(arguments.study.read_bytes(), arguments.study.name)
        data, lost = describe_study(data, study, strict=arguments.strict, source=arguments.study.name)
        losses = losses + lost
    if arguments.to_species:
        species = species_of_samples(data)
        table = load_orthologs(species, dataset=arguments.orthologs, min_support=arguments.min_support)
        data, lost = to_human(data, table)
        losses = losses + lost
    return data, losses
