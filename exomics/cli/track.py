"""Follow persons over serial samples: which changes of a marker are more than its variation.

Each follow-up stands beside the person's own baseline; the limits come from the analytical and the biological
coefficient of variation (0.1 is 10 %) and hold the false-alarm rate over the whole series of a person.

example:
  exomics track serial.tsv -o tracked.tsv --value il6 --analytical-cv 0.08 --biological-cv 0.25
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._sheet import read_sheet
from exomics.cli._step import input_path, require_suffix
from exomics.cli._write import save_table
from exomics.response import Variation, track


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("table", type=input_path, help="one row per sample (.tsv, .csv, .h5ad)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="tracking table (.tsv)")
    parser.add_argument("--value", required=True, metavar="COL", help="the marker, positive")
    parser.add_argument("--subject", default="subject_id", metavar="COL", help="subject")
    parser.add_argument("--time", default="time", metavar="COL", help="time")
    parser.add_argument("--baseline-until", type=float, default=0.0, metavar="T", help="last time of baseline")
    parser.add_argument("--analytical-cv", type=float, required=True, metavar="CV", help="of the assay")
    parser.add_argument("--biological-cv", type=float, required=True, metavar="CV", help="of an unchanged person")
    parser.add_argument("--false-alarm", type=float, default=0.05, metavar="P", help="per person")


def run(arguments: argparse.Namespace) -> None:
    """Track, write, and count the calls."""
    require_suffix(arguments.output, ".tsv")
    table = track(
        read_sheet(arguments.table),
        variation=Variation(arguments.analytical_cv, arguments.biological_cv, arguments.false_alarm),
        subject=arguments.subject,
        time=arguments.time,
        value=arguments.value,
        baseline_until=arguments.baseline_until,
    )
    save_table(table, arguments.output, arguments, [arguments.table])
    calls = table.frame["call"].value_counts()
    print("calls\t" + ", ".join(f"{number} {name}" for name, number in calls.items()))
    print(f"{arguments.output}: {len(table.frame)} rows of {table.frame['subject_id'].nunique()} subjects")
