"""Rows of a user's text file, plain or compressed, and the genes that it lists."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

from exomics.errors import InputError

GENE_COLUMNS = ("feature_id", "gene", "Gene.Symbol", "HUGO symbols", "GeneSymbol")


def text_rows(path: Path) -> list[list[str]]:
    """The rows of a tab-separated file without those that are empty; ``.gz`` is read too."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text ({error}); give a TSV or GMT file.") from error
    lines = [line.split("\t") for line in text.splitlines()]  # a quote that nobody closes takes no line with it
    rows = [[field.strip().strip('"').strip() for field in line] for line in lines if any(line)]
    if not rows:
        raise InputError(f"{path} is empty.")
    return rows


def column_of(header: Sequence[str], known: Sequence[str]) -> int | None:
    """Where the first of the known names stands in a header."""
    return next((header.index(name) for name in known if name in header), None)


def listed_genes(rows: Sequence[Sequence[str]], columns: Sequence[str] = GENE_COLUMNS) -> tuple[str, ...]:
    """Each gene once: of the column that has one of these names, else the first field of every row."""
    gene = column_of(rows[0], columns)
    listed = [row[gene or 0] for row in (rows if gene is None else rows[1:]) if len(row) > (gene or 0)]
    return tuple(dict.fromkeys(name for name in listed if name))
