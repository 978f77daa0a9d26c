"""The samples of a table that names them: the contract's columns from a sheet, where one is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from exomics.datasets.loaders._sample_options import contract_samples, identifier_columns
from exomics.datasets.loaders._sample_sheet import read_sheet
from exomics.errors import InputError


def samples_of(
    labels: Sequence[str], files: Mapping[str, Path], options: Mapping[str, Any], *, own: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The contract's obs of the samples `labels`.

    Parameters
    ----------
    labels
        Sample ids, in the order of the table.
    files
        With the role ``samples``, a sheet one column of which holds the ids; without it the samples are only named.
    options
        Sample options, and ``sample_id`` (column of the sheet; else the one whose ids are the table's).
    own
        What the table itself says of its samples, indexed by `labels`.

    Returns
    -------
    tuple
        The frame, and the part of the report that says which column matched and which rows of the sheet have no sample.

    Raises
    ------
    InputError
        If a sample of the table is not in the sheet.
    """
    index = pd.Index([str(label) for label in labels], dtype=object)
    held = pd.DataFrame(index=index) if own is None else own.set_axis(index, axis=0)
    table = next((path for role, path in files.items() if role != "samples"), Path("the table"))
    if "samples" not in files:
        return contract_samples(held, options, where=str(table)), {}
    path = files["samples"]
    sheet = read_sheet(path)
    _, column = sheet.match({"samples": list(index)}, options.get("sample_id"), table)
    rows = sheet.by(column, identifiers=identifier_columns(options))
    absent = [label for label in index if label not in rows.index]
    if absent:
        raise InputError(
            f"{path}: {len(absent)} of {len(index)} samples are not in the sample sheet ({', '.join(absent[:3])}). "
            "Add them, spelled as the table spells them."
        )
    report = {
        "sample_id_column": column,
        "sheet_rows_without_sample": [str(label) for label in rows.index if label not in set(index)],
    }
    joined = pd.concat([rows.loc[index], held.drop(columns=[name for name in held if name in rows])], axis=1)
    return contract_samples(joined, options, where=str(path)), report
