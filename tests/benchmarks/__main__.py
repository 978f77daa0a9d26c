"""``python -m tests.benchmarks [--only NAME ...] [--quick] [--large]``: run the rows and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import table
from tests.benchmarks.catalog import ROWS
from tests.benchmarks.gastrocnemius import data_source
from tests.benchmarks.row import Measured, Row, measure
from tests.benchmarks.workspace import Workspace


def main() -> int:
    """Run; the exit status says nothing of the figures, only whether every row ran."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="rows whose name begins so")
    parser.add_argument("--quick", action="store_true", help="3 runs of ours, 1 of a peer")
    parser.add_argument("--large", action="store_true", help="also the sizes that take minutes and gigabytes")
    arguments = parser.parse_args()
    rows = _chosen(arguments)
    repeats, peer_repeats = (3, 1) if arguments.quick else (5, 5)
    _say(f"CPU seconds (user + system), one thread, warm, medians; n = runs of ours/peer. Data: {data_source()}.")
    _say(table.header())
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="exomics_bench_") as folder:
        workspace = Workspace(Path(folder))
        for row in rows:
            try:
                found.append(measure(row, workspace, repeats=repeats, peer_repeats=peer_repeats))
                _say(table.line(found[-1]))
            except Exception as error:  # one row that fails must not hide the others
                _say(table.failed(row, error))
    _say(table.summary(found))
    return 0 if len(found) == len(rows) else 1


def _chosen(arguments: argparse.Namespace) -> list[Row]:
    if arguments.only:
        rows = [row for row in ROWS if row.name.startswith(tuple(arguments.only))]
        if not rows:
            raise SystemExit(f"no row begins with {' or '.join(arguments.only)}: {', '.join(row.name for row in ROWS)}")
        return rows
    return [row for row in ROWS if arguments.large or not row.large]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
