"""Score signatures in samples, with coverage and status for each score.

A signature is named by its id, its class, `all`, gene:SYMBOL, or a .yaml or .gmt file. On a layer that it does not
list it is refused unless --allow-layer is given, and then recorded as wrong_layer_override. --controls N scores N
random sets, matched on size and expression, beside each signature.

examples:
  exomics score tumor.h5ad -o scores.tsv --signatures imm.cyt imm.ifng6 ecm.col1 gene:CXCL9
  exomics score tumor.h5ad -o derived.tsv --signatures signatures/training.yaml --allow-layer \\
      --controls 100 --controls-output controls.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_frame, save_table
from exomics.errors import InputError
from exomics.harmonize import load_aliases
from exomics.results import Provenance, ScoreTable
from exomics.schema import layer_of
from exomics.scoring import control_scores, resolve_signatures, score


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, required=True, help="score table (.tsv)")
    parser.add_argument("--signatures", nargs="+", required=True, metavar="NAME", help="ids, a class, all, or files")
    parser.add_argument("--method", help="score all with this method; default: each signature's own")
    parser.add_argument("--allow-layer", action="store_true", help="score outside the listed layers, recorded")
    parser.add_argument("--aliases", metavar="DATASET", help="find members under aliases too, such as ref_hgnc")
    parser.add_argument("--controls", type=int, default=0, metavar="N", help="matched random sets per signature")
    parser.add_argument("--controls-output", type=Path, metavar="FILE", help="their scores (.tsv)")
    parser.add_argument("--seed", type=int, default=1, help="of the random sets")


def run(arguments: argparse.Namespace) -> None:
    """Score, write, and count the statuses."""
    require_suffix(arguments.output, ".tsv")
    if bool(arguments.controls) != bool(arguments.controls_output):
        raise InputError("--controls N and --controls-output FILE go together.")
    data = read_assay(arguments.data)
    chosen = resolve_signatures(arguments.signatures, layer_of(data))
    inputs = [arguments.data, *_files(arguments.signatures)]
    aliases = load_aliases(dataset=arguments.aliases) if arguments.aliases else None
    table = score(data, chosen, method=arguments.method, allow_layer=arguments.allow_layer, aliases=aliases)
    outputs = [arguments.output, *([arguments.controls_output] if arguments.controls_output else [])]
    save_table(table, arguments.output, arguments, inputs, outputs=outputs)
    if arguments.controls_output:
        frame = control_scores(
            data, chosen, table, n_sets=arguments.controls, seed=arguments.seed, method=arguments.method
        )
        drawn = Provenance(method="matched_controls", parameters={"n_sets": arguments.controls}, seed=arguments.seed)
        save_frame(frame, arguments.controls_output, drawn, arguments, inputs, outputs=outputs)
    _say(table, arguments.output)


def _files(words: list[str]) -> list[Path]:
    heads = [input_path(word) for word in words if word.endswith((".yaml", ".yml", ".gmt"))]
    bodies = [head.with_suffix(".tsv") for head in heads if head.suffix == ".yaml"]
    return [*heads, *(body for body in bodies if body.is_file())]


def _say(table: ScoreTable, output: Path) -> None:
    totals = table.frame[table.frame["arm"].isin(["total", "up"])]
    for signature, rows in totals.groupby("signature_id", sort=False):
        counts = ", ".join(f"{n} {status}" for status, n in rows["status"].value_counts().items())
        first = rows.iloc[0]
        print(f"{signature}: {counts}; {first['n_measured']} of {first['n_members']} members measured")
    print(f"{output}: {len(table.frame)} rows")
