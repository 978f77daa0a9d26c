"""Score signatures in samples, with coverage and status for each score.

A signature is named by its id, its class, `all`, gene:SYMBOL, or a .yaml or .gmt file (genes of another species than
human: --gene-species). On a layer that it does not list it is refused unless --allow-layer is given, and then recorded
as wrong_layer_override. --controls N scores N random sets, matched on size and expression (--match-correlation: and on
correlation), beside each signature: --controls-output writes their scores, --p-values an empirical p-value for every
score. Methods that depend on the other samples take a frozen reference (--fit-reference writes one, --reference reads
it) and are refused by --single-sample without it.

examples:
  exomics score tumor.h5ad -o scores.tsv --signatures imm.cyt imm.ifng6 ecm.col1 gene:CXCL9
  exomics score tumor.h5ad -o derived.tsv --signatures signatures/training.yaml --allow-layer \\
      --controls 100 --controls-output controls.tsv
  exomics score tumor.h5ad -o beside.tsv --signatures imm.ifng6 imm.treg --controls 200 --p-values empirical.tsv
  exomics score tumor.h5ad -o axis.tsv --signatures imm.cxcr3_axis --fit-reference reference.tsv
  exomics score tumor.h5ad -o apart.tsv --signatures imm.ifng6 imm.gep18 --overlap jaccard.tsv --drop-shared
"""

from __future__ import annotations

import argparse
from pathlib import Path

from anndata import AnnData

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, keep_inputs, require_suffix, whole_number
from exomics.cli._write import save_frame, save_table
from exomics.errors import InputError
from exomics.harmonize import load_aliases
from exomics.results import Provenance, ReferenceTable, ScoreTable
from exomics.schema import keys, layer_of
from exomics.schema.vocabulary import SPECIES
from exomics.scoring import (
    ControlScores,
    RandomSets,
    control_scores,
    fit_reference,
    jaccard_overlap,
    require_single_sample,
    resolve_signatures,
    score,
    without_shared_members,
)


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, required=True, help="score table (.tsv)")
    parser.add_argument("--signatures", nargs="+", required=True, metavar="NAME", help="ids, a class, all, or files")
    parser.add_argument("--gene-species", choices=SPECIES, default="human", help="of gene:SYMBOL and .gmt files")
    parser.add_argument("--method", help="score all with this method; default: each signature's own")
    parser.add_argument("--allow-layer", action="store_true", help="score outside the listed layers, recorded")
    parser.add_argument("--aliases", metavar="DATASET", help="find members under aliases too, such as ref_hgnc")
    parser.add_argument("--controls", type=int, default=0, metavar="N", help="matched random sets per signature")
    parser.add_argument("--controls-output", type=Path, metavar="FILE", help="their scores (.tsv)")
    parser.add_argument("--p-values", type=Path, metavar="FILE", help="empirical p-value of every score (.tsv)")
    parser.add_argument("--match-correlation", action="store_true", help="random sets about as coherent as the members")
    parser.add_argument("--seed", type=whole_number, default=1, help="of the random sets")
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument("--reference", type=input_path, metavar="FILE", help="frozen reference (.tsv) to score against")
    frozen.add_argument("--fit-reference", type=Path, metavar="FILE", help="freeze these samples as a reference (.tsv)")
    parser.add_argument("--single-sample", action="store_true", help="refuse scores that depend on the other samples")
    parser.add_argument("--overlap", type=Path, metavar="FILE", help="share of common members of every two (.tsv)")
    parser.add_argument("--drop-shared", action="store_true", help="score without members that several signatures list")


def run(arguments: argparse.Namespace) -> None:
    """Score, write, and count the statuses."""
    outputs = _outputs(arguments)
    sets = _random_sets(arguments)
    data = read_assay(arguments.data)
    whole = resolve_signatures(arguments.signatures, layer_of(data), species=arguments.gene_species)
    chosen = without_shared_members(whole) if arguments.drop_shared else whole
    inputs = [arguments.data, *_files(arguments.signatures), *([arguments.reference] if arguments.reference else [])]
    reference = _reference(arguments, data)
    if arguments.single_sample:
        require_single_sample(chosen, method=arguments.method, reference=reference)
    aliases = load_aliases(dataset=arguments.aliases) if arguments.aliases else None
    how = {"method": arguments.method, "aliases": aliases, "reference": reference}
    table = score(data, chosen, allow_layer=arguments.allow_layer, **how)
    controls = control_scores(data, chosen, table, draw=sets, **how) if sets else None
    save_table(table, arguments.output, arguments, inputs, outputs=outputs)
    if arguments.fit_reference and reference is not None:
        save_table(reference, arguments.fit_reference, arguments, inputs, outputs=outputs)
    if arguments.overlap:
        shared = jaccard_overlap(whole).rename_axis("signature_id").reset_index()
        save_frame(shared, arguments.overlap, Provenance(method="jaccard_overlap"), arguments, inputs, outputs=outputs)
    if sets and controls:
        settings = {"n_sets": sets.n_sets, "match_correlation": sets.match_correlation}
        drawn = Provenance(method="matched_controls", parameters=settings, seed=sets.seed)
        for path, frame in ((arguments.controls_output, controls.scores), (arguments.p_values, controls.p_values)):
            if path:
                save_frame(frame(), path, drawn, arguments, inputs, outputs=outputs)
    _say(table, arguments.output)
    _say_unnamed(table, data)
    _say_controls(controls)


def _outputs(arguments: argparse.Namespace) -> list[Path]:
    """The files to be written, refused before any work if their names are wrong."""
    more = (arguments.controls_output, arguments.p_values, arguments.fit_reference, arguments.overlap)
    outputs = [arguments.output, *(path for path in more if path)]
    for path in outputs:
        require_suffix(path, ".tsv")
    keep_inputs([arguments.data], outputs)
    return outputs


def _random_sets(arguments: argparse.Namespace) -> RandomSets | None:
    """How random sets are drawn; None where none are asked for."""
    if bool(arguments.controls) != bool(arguments.controls_output or arguments.p_values):
        raise InputError("--controls N goes together with --controls-output FILE, --p-values FILE, or both.")
    if arguments.match_correlation and not arguments.controls:
        raise InputError("--match-correlation chooses among random sets; give --controls N.")
    if not arguments.controls:
        return None
    return RandomSets(
        seed=arguments.seed,
        n_sets=arguments.controls,
        match_correlation=arguments.match_correlation,
        of_parts=bool(arguments.p_values),
    )


def _reference(arguments: argparse.Namespace, data: AnnData) -> ReferenceTable | None:
    """The frozen reference: read, or fitted on these samples."""
    if arguments.fit_reference:
        return fit_reference(data, arguments.data.stem)
    return ReferenceTable.from_tsv(arguments.reference) if arguments.reference else None


def _files(words: list[str]) -> list[Path]:
    heads = [input_path(word) for word in words if word.endswith((".yaml", ".yml", ".gmt"))]
    bodies = [head.with_suffix(".tsv") for head in heads if head.suffix == ".yaml"]
    return [*heads, *(body for body in bodies if body.is_file())]


def _say(table: ScoreTable, output: Path) -> None:
    for signature, rows in table.frame.groupby("signature_id", sort=False):
        totals = rows[rows["arm"] == "total"]
        rows = totals if len(totals) else rows
        counts = ", ".join(f"{n} {status}" for status, n in rows["status"].value_counts().items())
        measured, members = rows.drop_duplicates("arm")[["n_measured", "n_members"]].sum()
        reason = "" if rows["score"].notna().any() else f" ({rows['note'].iloc[0]})"
        print(f"{signature}: {counts}; {measured} of {members} members measured{reason}")
    print(f"{output}: {len(table.frame)} rows")


def _say_unnamed(table: ScoreTable, data: AnnData) -> None:
    """That no member of any signature is there: the features go by other names."""
    if (table.frame["status"] == "not_measured").all():
        names = ", ".join(data.var[keys.FEATURE_NAME].astype(str).head(3))
        print(f"note: no feature is a member of any signature; they are called {names}, ...: see exomics harmonize")


def _say_controls(controls: ControlScores | None) -> None:
    for reason in dict.fromkeys(controls.reasons.values()) if controls else ():
        print(f"no random sets: {reason}")
