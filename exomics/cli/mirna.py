"""A miRNA, inferred from its targets or measured as cargo, with a verdict.

Inferred: a miRNA moves its targets in and outside the matrix, a change of fibroblasts the matrix alone. A differential
table (.tsv) is judged as it is, beside --adjusted, the same contrasts with stroma and purity among the covariates. Of
an AnnData of RNA (.h5ad) both models are fitted here: --method, --design, --contrast, and --adjust (ctl.stroma).
Measured: of an AnnData of plasma, serum or vesicles, --measured names miRNAs, --by the column of two groups, --control
the one that the other is held against, and --normalizer the denominator that is meant; all others are shown.
Hemolyzed samples are left out.

examples:
  exomics mirna training.tsv -o mirna.tsv --resamples 200
  exomics mirna ready.h5ad -o models.tsv --method limma_voom --design '~ subject_id + post + exercise_post' \\
      --contrast training=exercise_post --adjust ctl.stroma --resamples 200
  exomics mirna ev.h5ad -o cargo.tsv --measured hsa-miR-29a-3p --by exercise_post --control 0.0 --normalizer rpm \\
      --covariates post
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from exomics.cli._read import read_assay
from exomics.cli._sheet import read_sheet
from exomics.cli._step import input_path, require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.differential import Analysis, parse_contrast
from exomics.enrichment.mirna import ASSUMED, NonTargets, mirna_verdict
from exomics.errors import InputError
from exomics.harmonize import load_orthologs
from exomics.registry import load_signature
from exomics.results import CargoTable, DifferentialTable, MirnaTable
from exomics.schema.numbers import numbers_of
from exomics.scoring import cargo_verdict
from exomics.validation.mirna_models import mirna_models

LENGTH_COLUMNS = ("gene", "utr3_length")


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="differential table of RNA (.tsv), or AnnData (.h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="table of miRNA activity, or of cargo (.tsv)")
    inferred = parser.add_argument_group("inferred from targets")
    inferred.add_argument("--matrix", default="ev.mir29_ecm", metavar="ID", help="targets of the matrix (a signature)")
    inferred.add_argument("--other", default="ev.mir29_nonecm", metavar="ID", help="targets outside the matrix")
    inferred.add_argument(
        "--correlation", type=float, metavar="R", help="between targets (default: estimated; of a table 0.2)"
    )
    inferred.add_argument("--resamples", type=int, default=1000, metavar="N", help="random sets of non-targets")
    inferred.add_argument("--seed", type=whole_number, default=1, help="of the random sets")
    inferred.add_argument(
        "--lengths",
        type=input_path,
        metavar="FILE",
        help="columns gene, utr3_length: non-targets are matched on it too",
    )
    table = parser.add_argument_group("from a differential table")
    table.add_argument("--adjusted", type=input_path, help="the same contrasts, adjusted for stroma and purity (.tsv)")
    table.add_argument("--from-species", choices=("rat", "mouse"), help="species of the genes; the targets are human")
    table.add_argument("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    fitted = parser.add_argument_group("from RNA, fitted here with and without stroma")
    fitted.add_argument("--method", help="name of a test; `exomics catalog methods` lists them")
    fitted.add_argument("--design", metavar="FORMULA", help="such as '~ 0 + group'")
    fitted.add_argument("--contrast", action="append", default=[], metavar="NAME=EXPR", help="repeatable")
    fitted.add_argument(
        "--adjust", nargs="+", default=["ctl.stroma"], metavar="NAME", help="signatures, and numeric columns of obs"
    )
    measured = parser.add_argument_group("measured as cargo")
    measured.add_argument("--measured", nargs="+", metavar="MIRNA", help="names, such as hsa-miR-29a-3p")
    measured.add_argument("--by", metavar="COL", help="column of obs with two groups")
    measured.add_argument("--control", metavar="LEVEL", help="the group that the other is held against")
    measured.add_argument("--normalizer", help="rpm, spike_in, per_ml, per_particle or per_ug_protein")
    measured.add_argument("--covariates", nargs="+", default=[], metavar="COL", help="numeric columns of obs")
    measured.add_argument("--hemolysis-cut", type=float, metavar="LOG2", help="of counts: miR-451a / miR-23a-3p")


def run(arguments: argparse.Namespace) -> None:
    """Infer or measure, write, and tell the verdict."""
    require_suffix(arguments.output, ".tsv")
    table = _measured(arguments) if arguments.measured else _inferred(arguments)
    inputs = [arguments.data, *(file for file in (arguments.adjusted, arguments.lengths) if file)]
    save_table(table, arguments.output, arguments, inputs)
    by = ["feature_name"] if isinstance(table, CargoTable) else ["contrast", "model"]
    for row in table.frame.drop_duplicates(by).to_dict("records"):
        name, *model = (str(row[column]) for column in by)
        print(f"{name}{f' ({model[0]})' if model else ''}: {row['verdict']}")
    for note in table.provenance.notes:
        print(f"note: {note}")
    print(f"{arguments.output}: {len(table.frame)} rows")


def _inferred(arguments: argparse.Namespace) -> MirnaTable:
    non_targets = NonTargets(arguments.resamples, arguments.seed, _lengths(arguments.lengths))
    if arguments.data.suffix == ".h5ad":
        if not (arguments.method and arguments.design and arguments.contrast):
            raise InputError("give --method, --design and a --contrast to infer activity, or --measured for cargo.")
        return mirna_models(
            read_assay(arguments.data),
            Analysis(
                method=arguments.method,
                design=arguments.design,
                contrasts=tuple(map(parse_contrast, arguments.contrast)),
            ),
            targets=(arguments.matrix, arguments.other),
            adjust=arguments.adjust,
            inter_gene_correlation=arguments.correlation,
            non_targets=non_targets,
        )
    if arguments.design or arguments.contrast or arguments.method:
        raise InputError("a differential table is judged as it is; --design and --contrast need an AnnData (.h5ad).")
    species = arguments.from_species
    return mirna_verdict(
        DifferentialTable.from_tsv(arguments.data),
        load_signature(arguments.matrix).features("up"),
        load_signature(arguments.other).features("up"),
        adjusted=DifferentialTable.from_tsv(arguments.adjusted) if arguments.adjusted else None,
        mapping=load_orthologs(species, dataset=arguments.orthologs) if species else None,
        inter_gene_correlation=ASSUMED if arguments.correlation is None else arguments.correlation,
        non_targets=non_targets,
    )


def _measured(arguments: argparse.Namespace) -> CargoTable:
    if not (arguments.by and arguments.control and arguments.normalizer):
        raise InputError(
            "--measured needs --by COLUMN, --control LEVEL and --normalizer (rpm, spike_in, per_ml, ...): each tests "
            "another."
        )
    return cargo_verdict(
        read_assay(arguments.data),
        arguments.measured,
        column=arguments.by,
        control=arguments.control,
        normalizer=arguments.normalizer,
        covariates=arguments.covariates,
        maximum_log2_ratio=arguments.hemolysis_cut,
    )


def _lengths(path: Path | None) -> dict[str, float] | None:
    """3' UTR lengths by gene; the longest where a gene has several."""
    if path is None:
        return None
    frame = read_sheet(path)
    if not set(LENGTH_COLUMNS) <= set(frame.columns):
        raise InputError(
            f"{path}: expected the columns {', '.join(LENGTH_COLUMNS)}; got {', '.join(frame.columns[:6])}."
        )
    lengths = numbers_of(frame["utr3_length"])
    if lengths.isna().all() or (lengths <= 0).any():
        raise InputError(f"{path}: utr3_length must hold positive numbers of bases.")
    longest = pd.Series(lengths.to_numpy(), index=frame["gene"].astype(str)).dropna().groupby(level=0).max()
    return {str(gene): float(length) for gene, length in longest.items()}
