"""Recompute a signature package from its recorded inputs and check every number.

Every file is checked against SHA256SUMS, then every recorded command is run again in an empty folder and each published
file is compared with the recomputed one. One changed digit fails, and is named.

example:
  exomics verify package
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from exomics.cli import main as commands
from exomics.cli._step import input_path
from exomics.errors import VerificationError
from exomics.publish.replay import LONG
from exomics.publish.verify import verify


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("package", type=input_path, help="folder written by `exomics publish`")
    parser.add_argument(
        "--sources",
        type=input_path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="where the files are that no command made, such as your own matrix (repeatable)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        help="relative difference allowed between numbers; 0 asks for the same digits",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"leave out {' and '.join(LONG)}, which may take hours, and say so"
    )


def run(arguments: argparse.Namespace) -> None:
    """Verify, print one line per file, and fail on the first difference."""
    package: Path = arguments.package
    checks = verify(
        package, run=_replay, sources=arguments.sources, tolerance=arguments.tolerance, quick=arguments.quick
    )
    for check in checks:
        verdict = "FAILED" if check.difference else "-" if check.kind == "skipped" else "ok"
        print(f"{verdict:<6}  {check.kind:<10}  {check.file}  {check.difference}".rstrip())
    failed = [check for check in checks if check.difference]
    if failed:
        raise VerificationError(
            f"{len(failed)} of {len(checks)} checks failed; the first is {failed[0].file} "
            f"({failed[0].kind}): {failed[0].difference}."
        )
    n = Counter(check.kind for check in checks)
    left = f"; {n['skipped']} files of {' and '.join(LONG)} not recomputed (--quick)" if n["skipped"] else ""
    print(f"verified: {n['checksum']} checksums, {n['recomputed']} files recomputed, no difference{left}")


def _replay(command: Sequence[str]) -> int:
    print(f"  again: exomics {' '.join(map(_shown, command))}", file=sys.stderr)
    with contextlib.redirect_stdout(io.StringIO()):
        return commands.main(command)


def _shown(word: str) -> str:
    """A word without the folder of the file that it names."""
    key, equals, value = word.rpartition("=")
    return f"{key}{equals}{Path(value).name}" if "/" in value else word
