"""A differential table beside a published one, another tool's, planted truth, or other layers of the study.

--published DATASET reads the consortium's own table (role `published`) and counts, column by column, how many rows
are equal after the published rounding. --reference FILE holds one contrast as another tool tested it (columns as
DESeq2, limma or edgeR call them): the features that only one of the two calls are listed with both p-values. --truth
FILE (from `exomics load embedded_truth`) holds findings against what was planted. --layer NAME=TABLE (repeatable) puts
layers of one study side by side, gene by gene and contrast by contrast: effects of RNA, protein and modified sites,
whether they agree, and a test of their difference.

examples:
  exomics compare training.tsv -o recovery.tsv --truth truth.tsv --contrast training
  exomics compare rat.tsv -o agreement.tsv --published motrpac_gn_rna
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._step import input_path, require_suffix, role_path
from exomics.cli._write import save_frame
from exomics.datasets import fetch, published_differential
from exomics.datasets.loaders.differential_results import differential_results
from exomics.datasets.loaders.motrpac_published import PUBLISHED_TABLES
from exomics.differential import concordance_of_layers
from exomics.errors import InputError
from exomics.registry.manifest import load_manifest
from exomics.results import DifferentialTable, Provenance, read_differential
from exomics.validation.agreement import agreement, agreement_table
from exomics.validation.changed_calls import changed_calls
from exomics.validation.recovery import recover_embedded


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="differential table (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the comparison (.tsv)")
    against = parser.add_mutually_exclusive_group(required=True)
    against.add_argument("--published", metavar="DATASET", help="dataset, or an .rda of the same layout")
    against.add_argument(
        "--reference", type=input_path, metavar="FILE", help="another tool's table of one contrast (.tsv)"
    )
    against.add_argument("--truth", type=input_path, metavar="FILE", help="planted truth of the embedded study (.tsv)")
    against.add_argument(
        "--layer", action="append", type=role_path, default=[], metavar="NAME=TABLE", help="another layer; repeatable"
    )
    parser.add_argument("--name", default="first", help="name of the table among the layers")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="TSV of the correlations between layers")
    parser.add_argument("--contrast", help="contrast to hold against the truth or the reference")


def run(arguments: argparse.Namespace) -> None:
    """Compare, write, and print the comparison."""
    for path in filter(None, (arguments.output, arguments.summary)):
        require_suffix(path, ".tsv")
    table = read_differential(arguments.table)
    if arguments.layer:
        _compare_layers(table, arguments)
    elif arguments.truth:
        _compare_truth(table, arguments)
    elif arguments.reference:
        _compare_reference(table, arguments)
    else:
        _compare_published(table, arguments)


def _compare_layers(table: DifferentialTable, arguments: argparse.Namespace) -> None:
    paths = {arguments.name: arguments.table, **dict(arguments.layer)}
    if len(paths) < 1 + len(arguments.layer):
        raise InputError(f"two layers have one name ({', '.join(paths)}); --name is that of the first table.")
    layers = {name: table if path is arguments.table else read_differential(path) for name, path in paths.items()}
    found = concordance_of_layers(layers)
    provenance = Provenance(
        method="concordance_of_layers",
        parameters={"layers": {name: path.name for name, path in paths.items()}, "significance": 0.05},
        notes=("layers of the same samples have correlated errors: the test of their difference is conservative",),
    )
    inputs = list(paths.values())
    outputs = [arguments.output, *([arguments.summary] if arguments.summary else [])]
    save_frame(found.genes, arguments.output, provenance, arguments, inputs, outputs=outputs)
    if arguments.summary:
        save_frame(found.summary, arguments.summary, provenance, arguments, inputs, outputs=outputs)
    print(found.summary.to_string(index=False, na_rep="", float_format="{:.3g}".format))


def _compare_truth(table: DifferentialTable, arguments: argparse.Namespace) -> None:
    truth = pd.read_csv(arguments.truth, sep="\t", float_precision="round_trip")
    frame = recover_embedded(table, truth, contrast=arguments.contrast)
    provenance = Provenance(method="recovery", parameters={"contrast": arguments.contrast})
    save_frame(frame, arguments.output, provenance, arguments, [arguments.table, arguments.truth])
    print(frame.to_string(index=False, na_rep="", float_format="{:.3g}".format))


def _compare_reference(table: DifferentialTable, arguments: argparse.Namespace) -> None:
    contrasts = list(dict.fromkeys(table.frame["contrast"]))
    if not arguments.contrast and len(contrasts) > 1:
        raise InputError(f"say which contrast the reference is of: --contrast, one of {', '.join(contrasts)}.")
    contrast = arguments.contrast or contrasts[0]
    found = changed_calls(table, differential_results(arguments.reference), contrast=contrast)
    provenance = Provenance(method="changed_calls", parameters={"contrast": contrast, "significance": 0.05})
    save_frame(found.changed, arguments.output, provenance, arguments, [arguments.table, arguments.reference])
    print(found.summary.to_string(index=False, na_rep="", float_format="{:.1e}".format))
    if len(found.changed):
        print(found.changed.to_string(index=False, na_rep="", float_format="{:.3g}".format))


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
