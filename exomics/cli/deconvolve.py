"""Estimate cell types in bulk samples.

Methods say in their unit what a value is: a fraction of all cells, or an arbitrary unit that ranks samples. Only
mcp_counter and lineage bring genes of their own; the others take the files that you may use: --reference FILE gives the
first part of a reference, --reference ROLE=FILE the others (`exomics catalog methods` says under which license they
come). Samples of mice take markers of mice (a table of populations with symbols, Ensembl ids or both) and their median,
as mMCP-counter does; --option statistic=mean takes the mean.

examples:
  exomics deconvolve tumor.h5ad -o cells.tsv --method mcp_counter
  exomics deconvolve tumor.h5ad -o lineage.tsv --method lineage
  exomics deconvolve tumor.h5ad -o fractions.tsv --method quantiseq --reference profiles.tsv --resamples 50
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from exomics.cli._read import read_assay
from exomics.cli._step import input_path, option, require_suffix, whole_number
from exomics.cli._write import save_table
from exomics.errors import InputError
from exomics.harmonize import load_aliases
from exomics.registry.cell_reference import read_cell_reference
from exomics.results import DeconvolutionTable
from exomics.scoring import Deconvolutions, deconvolve
from exomics.scoring._deconvolution import Deconvolution


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", type=input_path, help="AnnData (.h5ad) that meets the contract")
    parser.add_argument("-o", "--output", type=Path, required=True, help="deconvolution table (.tsv)")
    parser.add_argument("--method", required=True, help="one of: " + ", ".join(Deconvolutions.names))
    parser.add_argument(
        "--reference", action="append", default=[], metavar="[ROLE=]FILE", help="part of a reference (repeatable)"
    )
    parser.add_argument("--cell-types", nargs="+", default=[], metavar="NAME", help="only these of the reference")
    parser.add_argument(
        "--option", action="append", type=option, default=[], dest="options", metavar="KEY=VALUE",
        help="of the method (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--resamples", type=whole_number, default=0, metavar="N", help="resamples of the features for intervals"
    )
    parser.add_argument("--seed", type=whole_number, default=1, help="of the resamples")
    parser.add_argument("--aliases", metavar="DATASET", help="find features under aliases too, such as ref_hgnc")


def run(arguments: argparse.Namespace) -> None:
    """Estimate, write, and count the statuses."""
    require_suffix(arguments.output, ".tsv")
    files = _files(arguments.method, arguments.reference)
    data = read_assay(arguments.data)
    table = deconvolve(
        data,
        method=arguments.method,
        reference=read_cell_reference(files) if files else None,
        cell_types=arguments.cell_types,
        parameters=dict(arguments.options),
        resampling=(arguments.resamples, arguments.seed),
        aliases=load_aliases(dataset=arguments.aliases) if arguments.aliases else None,
    )
    save_table(table, arguments.output, arguments, [arguments.data, *files.values()])
    _say(table, arguments.output)


def _files(method: str, words: list[str]) -> dict[str, Path]:
    """Role -> file; a word without a role gives the first role of the method."""
    roles = cast(Deconvolution, Deconvolutions[method]).roles
    found: dict[str, Path] = {}
    if words and not roles:
        raise InputError(f"{method} brings genes of its own; leave out --reference.")
    for word in words:
        role, separator, path = word.partition("=")
        role, path = (role, path) if separator and role in roles else (roles[0], word)
        if role in found:
            raise InputError(f"--reference gives the {role} twice; {method} takes {', '.join(roles)}.")
        if not Path(path).is_file():
            raise InputError(f"{path} does not exist; give [ROLE=]FILE, of the roles of {method}: {', '.join(roles)}.")
        found[role] = Path(path)
    return found


def _say(table: DeconvolutionTable, output: Path) -> None:
    for cell_type, rows in table.frame.groupby("cell_type", sort=False):
        counts = ", ".join(f"{n} {status}" for status, n in rows["status"].value_counts().items())
        print(f"{cell_type}: {counts}")
    for note in table.provenance.notes:
        print(f"note: {note}")
    print(f"{output}: {len(table.frame)} rows ({table.frame['unit'].iloc[0]})")
