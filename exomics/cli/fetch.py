"""Fetch a dataset's files: from the cache, the mirror (EXOMICS_MIRROR) or the public address; verified by sha256.

example:
  exomics fetch motrpac_gn_rna --to .
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.datasets.fetch import fetch


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("dataset", help="id of a dataset; `exomics catalog datasets` lists them")
    parser.add_argument("--role", action="append", dest="roles", metavar="ROLE", help="only this file (repeatable)")
    parser.add_argument("--to", type=Path, metavar="DIR", help="copy the files here, under their own names")
    parser.add_argument("--offline", action="store_true", default=None, help="never touch the network")
    parser.add_argument("--accept-terms", action="store_true", help="needed for a restricted dataset")


def run(arguments: argparse.Namespace) -> None:
    """Fetch and print role and path of each file."""
    files = fetch(
        arguments.dataset,
        roles=arguments.roles,
        to=arguments.to,
        offline=arguments.offline,
        accept_terms=arguments.accept_terms,
    )
    for role, path in files.items():
        print(f"{role}\t{path}")
