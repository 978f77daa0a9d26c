"""Derive an up/down signature from differential tables, by a rule.

A rule is a document: contrasts that must agree, thresholds, the layer of the result, and how features are carried to
human genes. The signature is written as YAML and TSV in the registry's format, so that it can be scored and
published.

examples:
  exomics derive training.tsv -o signatures/training.yaml --rule embedded_muscle_training
  exomics derive rat.tsv -o signatures/rat.yaml --rule motrpac_gn_rna_8w_both_sexes
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import input_path, keep_inputs, require_suffix
from exomics.cli._write import save_frame, save_provenance
from exomics.harmonize import OrthologTable, load_orthologs
from exomics.registry.derivation_rule import DerivationRule, load_derivation_rule
from exomics.registry.signature_files import write_signature
from exomics.results import Provenance, read_differential
from exomics.scoring import Derivation, derive


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tables", nargs="+", type=input_path, help="differential tables (.tsv)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the signature (.yaml, body beside it)")
    parser.add_argument("--rule", required=True, help="id of a rule (`exomics catalog recipes`), or a .yaml file")
    parser.add_argument("--losses", type=Path, metavar="FILE", help="TSV of the features lost on the way")


def run(arguments: argparse.Namespace) -> None:
    """Derive, write, and say what was selected and what was lost."""
    output: Path = arguments.output
    require_suffix(output, ".yaml")
    rule = load_derivation_rule(arguments.rule)
    inputs = [*arguments.tables, *([input_path(arguments.rule)] if arguments.rule.endswith(".yaml") else [])]
    body = output.with_suffix(".tsv")
    keep_inputs(inputs, [output, body, *([arguments.losses] if arguments.losses else [])])
    tables = [read_differential(path) for path in arguments.tables]
    derivation = derive(tables, rule, orthologs=_orthologs(rule))
    write_signature(derivation.signature, output)
    outputs = [output, *([body] if body.is_file() else []), *([arguments.losses] if arguments.losses else [])]
    provenance = Provenance(method="derive", parameters={"rule": rule.id, "version": rule.version})
    save_provenance(provenance, output, arguments, inputs, outputs=outputs)
    if arguments.losses:
        save_frame(derivation.losses.frame, arguments.losses, provenance, arguments, inputs, outputs=outputs)
    _say(derivation, output)


def _orthologs(rule: DerivationRule) -> OrthologTable | None:
    if rule.mapping is None:
        return None
    return load_orthologs(rule.species, dataset=rule.mapping.orthologs, min_support=rule.mapping.min_support)


def _say(derivation: Derivation, output: Path) -> None:
    signature = derivation.signature
    selected = derivation.selected.drop_duplicates("feature_id")["arm"].value_counts()
    print(f"selected: {selected.get('up', 0)} up, {selected.get('down', 0)} down")
    for loss in derivation.losses.to_records():
        print(f"lost: {loss['n']} {loss['what']} ({loss['why']}): {loss['examples']}")
    print(f"{output}: {signature.id}, {len(signature.features('up'))} up, {len(signature.features('down'))} down")
