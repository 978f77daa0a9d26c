"""Write a signature package: tables, GMT, provenance, checksums, acknowledgments.

Give the signatures (.yaml) and tables (.tsv) that earlier commands wrote. The package records every command back to
the public sources, so that `exomics verify` can run them again and check each number.

example:
  exomics publish signatures/training.yaml training.tsv scores.tsv -o package --title "Training in muscle"
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import input_path
from exomics.publish.package import publish


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", type=input_path, help="signatures and tables, each with its provenance")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the package")
    parser.add_argument("--study", type=input_path, help="study.yaml, checked and kept in the package")
    parser.add_argument("--strict", action="store_true", help="refuse a study that does not report FITT in full")
    parser.add_argument("--title", default="A signature package", help="title of the package")


def run(arguments: argparse.Namespace) -> None:
    """Write the package and say how to check it."""
    folder = publish(
        arguments.files, arguments.output, title=arguments.title, study=arguments.study, strict=arguments.strict
    )
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {count} files; check them with: exomics verify {folder}")
