"""A text file as lines, for formats that are no plain table."""

from __future__ import annotations

from pathlib import Path

from exomics.datasets.loaders._text_file import TextFile


def lines_of(path: Path) -> tuple[list[str], tuple[str, ...]]:
    """The lines of a text file, plain or gzipped, and what was mended while it was read.

    Parameters
    ----------
    path
        UTF-8, UTF-16 with byte order mark, or Latin-1.

    Returns
    -------
    tuple
        Lines without their ends, and notes.

    Raises
    ------
    InputError
        If the file is no whole text file.
    """
    file = TextFile(path)
    text = file.decoded([b"".join(file.blocks())])[0]
    return [line.rstrip("\r") for line in text.split("\n")], tuple(file.notes)
