"""Sets that change: over-representation, pre-ranked analysis, camera, rotation tests (roast, fry), kinase activity.

Sets are a shipped collection (hallmark), one of its sets (HALLMARK_HYPOXIA@7.0), a signature or class of signatures, or
a .gmt file; for kinase_activity a .tsv with the columns kinase, substrate, sign (bring one that you may use). Features
of rat or mouse meet human sets through --from-species (symbols) or --sites (phosphosites). camera, and fry and
roast (does the set change at all?), read samples: give an .h5ad with --recipe, or with --test, --design and --contrast
(and --block where subjects are measured more than once); every other method reads a differential table.
Where the correlation between members is not estimated, p-values are given at 0, 0.01, 0.05, 0.1 and 0.2.

examples:
  exomics enrich rat.tsv -o sets.tsv --gene-sets hallmark --method camera_preranked --from-species rat
  exomics enrich rat.h5ad -o sets.tsv --gene-sets hallmark --method camera --from-species rat \\
      --recipe motrpac_muscle_rna
  exomics enrich training.tsv -o sets.tsv --gene-sets immune --method over_representation --option direction=up
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import input_path, option, require_suffix, whole_number
from exomics.cli._write import save_frame, save_table
from exomics.datasets import read_data
from exomics.differential import parse_contrast, parse_family, with_families
from exomics.differential.working_expression import (
    WorkingExpression,
    working_expression,
    working_expression_of_recipe,
)
from exomics.enrichment import (
    EnrichmentMethods,
    GeneSets,
    closest_sets,
    enrich,
    enrich_expression,
    jaccard_matrix,
    read_substrates,
    resolve_gene_sets,
    without_shared,
)
from exomics.errors import InputError
from exomics.harmonize import OrthologTable, load_orthologs
from exomics.harmonize.sites import SiteTable, load_sites
from exomics.results import Provenance, read_differential
from exomics.results.enrichment import EnrichmentTable

_SHOWN = 3


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="differential table (.tsv), or samples (.h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="enrichment table (.tsv)")
    parser.add_argument("--gene-sets", nargs="+", required=True, metavar="ID|FILE", help="collections, ids or files")
    parser.add_argument("--method", required=True, help="one of: " + ", ".join(EnrichmentMethods.names))
    parser.add_argument("--from-species", choices=("rat", "mouse"), help="species of the features; the sets are human")
    parser.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    parser.add_argument("--min-support", type=int, default=3, help="databases that must agree on a pair")
    parser.add_argument("--sites", nargs="?", const="ref_rat_to_human_site", metavar="DATASET", help="map rat sites")
    parser.add_argument("--drop-shared", action="store_true", help="leave out members that several sets share")
    parser.add_argument("--overlaps", type=Path, metavar="FILE", help="TSV of the Jaccard index of each pair of sets")
    parser.add_argument(
        "--option", action="append", type=option, default=[], dest="options", metavar="KEY=VALUE",
        help="of the method (repeatable)",
    )  # fmt: skip
    parser.add_argument("--seed", type=whole_number, default=1, help="of permutations and rotations")
    parser.add_argument("--recipe", help="samples: id of a recipe, or a .yaml file")
    parser.add_argument("--test", help="samples: limma_trend, limma_voom or voom_lm_fit, for values and weights")
    parser.add_argument("--design", metavar="FORMULA", help="samples: such as '~ 0 + group'")
    parser.add_argument("--contrast", action="append", default=[], metavar="NAME=EXPR", help="samples: repeatable")
    parser.add_argument("--block", default="", metavar="COL", help="samples: subjects, for fry and roast")
    parser.add_argument("--family", action="append", default=[], metavar="NAME:C1,C2", help="samples: repeatable")


def run(arguments: argparse.Namespace) -> None:
    """Test, write, and say what was found, what was below the floor and which sets overlap."""
    for path in filter(None, (arguments.output, arguments.overlaps)):
        require_suffix(path, ".tsv")
    gene_sets = _gene_sets(arguments.gene_sets)
    if arguments.drop_shared:
        gene_sets = without_shared(gene_sets)
    inputs = [arguments.data, *(input_path(word) for word in arguments.gene_sets if _is_file(word))]
    if arguments.recipe and _is_file(arguments.recipe):
        inputs.append(input_path(arguments.recipe))
    table = _tested(arguments, gene_sets)
    overlaps = jaccard_matrix(gene_sets)
    outputs = [arguments.output, *([arguments.overlaps] if arguments.overlaps else [])]
    save_table(table, arguments.output, arguments, inputs, outputs=outputs)
    if arguments.overlaps:
        made = Provenance(method="jaccard_matrix", parameters={"gene_sets": gene_sets.name, "sha256": gene_sets.sha256})
        frame = overlaps.rename_axis("gene_set").reset_index()
        save_frame(frame, arguments.overlaps, made, arguments, inputs, outputs=outputs)
    _say(table, gene_sets, arguments.output)


def _gene_sets(words: list[str]) -> GeneSets:
    tables = [word for word in words if word.endswith(".tsv")]
    if tables and len(words) > 1:
        raise InputError("give one kinase-substrate table (.tsv), or gene sets, not both.")
    return read_substrates(tables[0]) if tables else resolve_gene_sets(words)


def _is_file(word: str) -> bool:
    return word.endswith((".gmt", ".tsv", ".yaml", ".yml"))


def _tested(arguments: argparse.Namespace, gene_sets: GeneSets) -> EnrichmentTable:
    mapping, parameters = _mapping(arguments), dict(arguments.options)
    design = [getattr(arguments, name) for name in ("recipe", "test", "design", "contrast", "block", "family")]
    if arguments.data.suffix == ".h5ad":
        prepared = _prepared(arguments)
        return enrich_expression(
            prepared, gene_sets, method=arguments.method, parameters=parameters, mapping=mapping, seed=arguments.seed
        )
    if any(design):
        raise InputError(
            "--recipe, --test, --design, --contrast, --block and --family go with samples (.h5ad), not with a table."
        )
    table = read_differential(arguments.data)
    return enrich(
        table, gene_sets, method=arguments.method, parameters=parameters, mapping=mapping, seed=arguments.seed
    )


def _mapping(arguments: argparse.Namespace) -> OrthologTable | SiteTable | None:
    if arguments.sites and arguments.from_species:
        raise InputError("give --sites for phosphosites or --from-species for genes, not both.")
    if arguments.sites:
        return load_sites(arguments.sites)
    if arguments.from_species:
        return load_orthologs(arguments.from_species, dataset=arguments.orthologs, min_support=arguments.min_support)
    return None


def _prepared(arguments: argparse.Namespace) -> WorkingExpression:
    data = read_data(arguments.data)
    by_hand = [arguments.test, arguments.design, arguments.contrast]
    if arguments.recipe:
        if any(by_hand) or arguments.family or arguments.block:
            raise InputError("a recipe brings its own test, design and contrasts; give either --recipe or those.")
        return working_expression_of_recipe(data, arguments.recipe)
    if not all(by_hand):
        raise InputError("samples need --recipe, or --test with --design and at least one --contrast.")
    contrasts = with_families(
        [parse_contrast(text) for text in arguments.contrast], dict(map(parse_family, arguments.family))
    )
    return working_expression(
        data, design=arguments.design, contrasts=contrasts, test=arguments.test, block=arguments.block
    )


def _say(table: EnrichmentTable, gene_sets: GeneSets, output: Path) -> None:
    for (contrast, family), rows in table.frame.groupby(["contrast", "family"], sort=False):
        tested = rows[rows["p_value"].notna()]
        if len(tested):
            found = int((tested["adj_p_value"] < 0.05).sum())
            print(f"{contrast}: {found} of {len(tested)} sets (adjusted p < 0.05 over {family})")
    for first, second, share in closest_sets(gene_sets, _SHOWN):
        print(f"overlap: {first} and {second} (Jaccard {share:.2f})")
    for note in table.provenance.notes:
        print(f"note: {note}")
    print(f"{output}: {len(table.frame)} rows")
