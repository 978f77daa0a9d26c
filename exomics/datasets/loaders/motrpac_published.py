"""The consortium's published differential tables in the columns of our differential table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._r_containers import read_r_object
from exomics.errors import InputError
from exomics.results import DifferentialTable

PUBLISHED_TABLES: Final = ("trained_vs_SED", "MvF")
_NAMES: Final = ("gene_symbol", "metabolite_refmet", "metabolite", "standardized_name")
_COLUMNS: Final = {
    "featureName": "feature_id",
    "logFC": "log2_fold_change",
    "AveExpr": "mean_expression",
    "t": "statistic",
    "df.total": "degrees_of_freedom",
    "P.Value": "p_value",
    "adj.P.Val": "adj_p_value",
    "z": "z",
}


def published_differential(path: Path | str, table: str) -> pd.DataFrame:
    """A published table under our column names.

    Parameters
    ----------
    path
        The file of role ``published``: an ``.rda`` with a list of two data frames.
    table
        ``trained_vs_SED`` or ``MvF``.

    Returns
    -------
    pandas.DataFrame
        The columns of `DifferentialTable` in their order, and ``z``. Rows in the order of the source.

    Raises
    ------
    InputError
        If the file holds no such table or lacks a column.

    Notes
    -----
    As published, ``t`` is rounded to 3 decimals, ``logFC``, ``AveExpr`` and ``df.total`` to 2, ``P.Value`` and
    ``adj.P.Val`` to 2 significant digits; ``z``, the normal deviate with the tail probability of t, is not rounded.
    No standard error is published, so that column and the interval stay empty. ``family`` is the name of the table:
    the adjustment is over all its rows.

    Examples
    --------
    >>> published_differential("no_such_file.rda", "MvF")
    Traceback (most recent call last):
    exomics.errors.InputError: no_such_file.rda does not exist; give an .rda, .RData or .rds file.
    """
    source = Path(path)
    _, found = read_r_object(source)
    frame = found.get(table) if isinstance(found, dict) else None
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{source}: expected a list with the table {table!r}; known: {', '.join(PUBLISHED_TABLES)}.")
    absent = [name for name in (*_COLUMNS, "contrast") if name not in frame.columns]
    if absent:
        raise InputError(f"{source}: the table {table} lacks the columns {', '.join(absent)}.")
    named = next((name for name in _NAMES if name in frame.columns), "featureName")
    made = {ours: frame[theirs].to_numpy() for theirs, ours in _COLUMNS.items()}
    texts = {
        "feature_name": frame[named].astype(object).where(frame[named].notna(), "").to_numpy(),
        "contrast": frame["contrast"].astype(str).to_numpy(),
        "test": "t",
        "family": table,
        "status": "ok",
        "note": "",
    }
    empty: dict[str, Any] = {
        "standard_error": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "df_numerator": np.nan,
        "n_samples": pd.NA,
    }
    assembled = pd.DataFrame({**made, **texts}).assign(**empty)
    return assembled[[*DifferentialTable.columns, "z"]]
