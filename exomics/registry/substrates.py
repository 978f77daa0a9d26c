"""A user's table of kinases and their substrate sites, as rows of text. None is shipped: see its readers' licenses."""

from __future__ import annotations

import csv
from pathlib import Path

from exomics.errors import InputError

COLUMNS = ("kinase", "substrate", "sign")


def read_substrate_rows(path: Path | str) -> list[dict[str, str]]:
    """Rows of a tab-separated table of substrates.

    Parameters
    ----------
    path
        TSV whose header names at least ``kinase``, ``substrate`` and ``sign``; other columns are left out.

    Returns
    -------
    list of dict
        One per row, in the order of the file.

    Raises
    ------
    InputError
        If the file is not there, a column is missing, or no row is left.

    Examples
    --------
    >>> read_substrate_rows("no_such_file.tsv")
    Traceback (most recent call last):
    exomics.errors.InputError: no_such_file.tsv does not exist; give a TSV with kinase, substrate, sign.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source} does not exist; give a TSV with {', '.join(COLUMNS)}.")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{source} needs the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}.")
        rows = [{column: (row[column] or "").strip() for column in COLUMNS} for row in reader]
    if not rows:
        raise InputError(f"{source} has a header and no rows; give one row per kinase and substrate.")
    return rows
