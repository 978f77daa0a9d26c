"""Load a dataset, or your own files, as AnnData (.h5ad) or MuData (.h5mu) that meets the contract; or a table (.tsv).

examples:
  exomics load embedded_muscle_rna -o muscle.h5ad
  exomics load embedded_tumor_rna -o tumor.h5ad
  exomics load embedded_truth -o truth.tsv
  exomics load embedded_subjects -o subjects.tsv
  exomics load embedded_ev_mirna -o ev.h5ad
  exomics load motrpac_gn_rna -o rat.h5ad
  exomics load motrpac_gn_protein -o rat.protein.h5ad
  exomics load motrpac_physiology -o motrpac_physiology.h5mu
  exomics load --loader motrpac --file data=TRNSCRPT_GN.rda -o own.h5ad
"""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import Any

from anndata import AnnData
from mudata import MuData

from exomics.cli._step import option, require_suffix, role_path
from exomics.cli._write import save_data, save_frame
from exomics.datasets import Tables, load, load_files, load_table, load_table_files
from exomics.errors import InputError
from exomics.registry.manifest import load_manifest
from exomics.results import Provenance
from exomics.schema import keys

_NO_LOSS = ("compression", "delimiter", "encoding", "matrix_file", "profile")  # how a file is written


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("dataset", nargs="?", help="id of a dataset; `exomics catalog datasets` lists them")
    parser.add_argument("--loader", help="loader of your own files; `exomics catalog methods` lists them")
    parser.add_argument(
        "--file", action="append", type=role_path, default=[], dest="files", metavar="ROLE=PATH", help="repeatable"
    )
    parser.add_argument(
        "--option", action="append", type=option, default=[], dest="options", metavar="KEY=VALUE",
        help="of the loader, such as scale=counts:count (repeatable)",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .h5ad, .h5mu or .tsv file")


def run(arguments: argparse.Namespace) -> None:
    """Load and write."""
    output: Path = arguments.output
    require_suffix(output, ".h5ad", ".h5mu", ".tsv")
    if bool(arguments.dataset) == bool(arguments.loader):
        raise InputError("give either a DATASET, or --loader with --file ROLE=PATH.")
    if arguments.dataset and (arguments.files or arguments.options):
        raise InputError(f"{arguments.dataset} brings its own files and options; --file and --option go with --loader.")
    if output.suffix == ".tsv":
        _load_table(arguments, output)
        return
    files, options = dict(arguments.files), dict(arguments.options)
    if arguments.dataset:
        data = load(arguments.dataset)
        parameters = {"dataset": arguments.dataset, "manifest_sha256": load_manifest(arguments.dataset).sha256}
    else:
        data = load_files(arguments.loader, files, options=options)
        roles = {role: path.name for role, path in files.items()}
        parameters = {"loader": arguments.loader, "files": roles, "options": options}
    save_data(data, output, arguments, list(files.values()), parameters=parameters)
    print(f"{output}: {data.n_obs} samples x {data.n_vars} features")
    for line in _told(data):
        print(line)


def _told(data: AnnData | MuData) -> list[str]:
    """What the loader dropped, mended or found missing, a line per finding; what all modalities share is told once."""
    parts = data.mod if isinstance(data, MuData) else {"": data}
    found = {
        name: [f"{what}: {_shown(value)}" for what, value in _report(held).items() if value and what not in _NO_LOSS]
        for name, held in parts.items()
    }
    shared = set.intersection(*map(set, found.values()))
    lines = [line for held in found.values() for line in held if line in shared]
    lines += [f"{name}: {line}" for name, held in found.items() for line in held if line not in shared]
    return [f"  {textwrap.shorten(line, 200, placeholder=' ...')}" for line in dict.fromkeys(lines)]


def _report(held: AnnData) -> dict[str, Any]:
    return dict(json.loads(held.uns[keys.EXOMICS].get(keys.REPORT, "{}")))


def _shown(found: Any) -> str:
    if isinstance(found, list):
        return f"{len(found)} ({', '.join(map(str, found[:3]))}{' ...' if len(found) > 3 else ''})"
    if isinstance(found, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in found.items())
    return " ".join(str(found).split())


def _load_table(arguments: argparse.Namespace, output: Path) -> None:
    files, options = dict(arguments.files), dict(arguments.options)
    if arguments.dataset:
        frame = load_table(arguments.dataset)
        manifest = load_manifest(arguments.dataset)
        lines = (manifest.acknowledgment,) if manifest.acknowledgment else ()
        parameters: dict[str, Any] = {"dataset": arguments.dataset}
    elif arguments.loader in Tables.names:
        frame, lines = load_table_files(arguments.loader, files, options), ()
        roles = {role: path.name for role, path in files.items()}
        parameters = {"loader": arguments.loader, "files": roles, "options": options}
    else:
        raise InputError(f"the loader {arguments.loader} makes a matrix; write it to .h5ad, or .h5mu.")
    provenance = Provenance(method="load", parameters=parameters, acknowledgments=lines)
    save_frame(frame, output, provenance, arguments, list(files.values()))
    print(f"{output}: {len(frame)} rows")
