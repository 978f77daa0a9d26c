"""One self-contained page (no network) from the tables and signatures of a run.

Give any files that earlier commands wrote, in any order; what each is, and what it belongs to, is read from its
columns and its provenance. --summary writes the findings as plain text too.

example:
  exomics report signatures/training.yaml training.tsv scores.tsv associations.tsv -o report.html \\
      --title "Training in muscle"
"""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics._files import write_text
from exomics.cli._step import input_path, keep_inputs, require_suffix
from exomics.publish.report import build_report, summary_text
from exomics.publish.report.reading import read_content


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", type=input_path, help="tables (.tsv) and signatures (.yaml)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the page (.html)")
    parser.add_argument("--title", default="What training changes", help="title of the page")
    parser.add_argument("--question", default="", help="what was asked, in one sentence")
    parser.add_argument("--verified", type=input_path, metavar="FILE", help="what `exomics verify` printed")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write the findings as text here")


def run(arguments: argparse.Namespace) -> None:
    """Build the page, and the summary if it is asked for."""
    require_suffix(arguments.output, ".html")
    keep_inputs(arguments.files, [arguments.output, *([arguments.summary] if arguments.summary else [])])
    verdict = arguments.verified.read_text(encoding="utf-8").splitlines()[-1] if arguments.verified else ""
    content = read_content(arguments.files, title=arguments.title, question=arguments.question, verification=verdict)
    build_report(content, arguments.output)
    text = summary_text(content)
    if arguments.summary:
        write_text(arguments.summary, text)
    print(text, end="")
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.1f} MB")
