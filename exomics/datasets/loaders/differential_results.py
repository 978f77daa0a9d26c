"""P values of another tool's differential table, whatever it calls its columns."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.stats.multiple_testing import benjamini_hochberg

FEATURE: Final = ("feature_id", "feature_ID")
P_VALUE: Final = ("p_value", "pvalue", "P.Value", "PValue")
ADJUSTED: Final = ("adj_p_value", "padj", "adj.P.Val", "FDR")


def differential_results(path: Path | str) -> pd.DataFrame:
    """Feature ids and P values of a table of DESeq2, limma, edgeR or of this package's columns.

    Parameters
    ----------
    path
        Tab-separated, compressed or not, one row per feature of one contrast. Feature ids are in ``feature_id`` or else
        in the first column, P values in ``p_value``, ``pvalue``, ``P.Value`` or ``PValue``, adjusted ones in
        ``adj_p_value``, ``padj``, ``adj.P.Val`` or ``FDR``.

    Returns
    -------
    pandas.DataFrame
        ``feature_id, p_value, adj_p_value``; without an adjusted column, the last is Benjamini and Hochberg's over all
        rows.

    Raises
    ------
    InputError
        If there is no such file, no column of P values, or a feature twice.

    Examples
    --------
    >>> differential_results("no_such_table.tsv")
    Traceback (most recent call last):
    exomics.errors.InputError: no_such_table.tsv does not exist; give a tab-separated table of results.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source} does not exist; give a tab-separated table of results.")
    try:
        frame = pd.read_csv(source, sep="\t", float_precision="round_trip")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{source} is no tab-separated table ({' '.join(str(error).split())}).") from error
    p_values = _numbers(frame, P_VALUE, source)
    if p_values is None:
        raise InputError(f"{source} has no column of p-values; expected one of {', '.join(P_VALUE)}.")
    adjusted = _numbers(frame, ADJUSTED, source)
    ids = frame[next((name for name in FEATURE if name in frame.columns), frame.columns[0])].astype(str)
    if ids.duplicated().any():
        raise InputError(
            f"{source} has the feature {ids[ids.duplicated()].iloc[0]} more than once; give the table of one contrast."
        )
    adjusted = benjamini_hochberg(p_values) if adjusted is None else adjusted
    return pd.DataFrame({"feature_id": ids, "p_value": p_values, "adj_p_value": adjusted})


def _numbers(frame: pd.DataFrame, names: tuple[str, ...], source: Path) -> np.ndarray | None:
    name = next((name for name in names if name in frame.columns), "")
    if not name:
        return None
    try:
        return frame[name].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{source}: the column {name} must hold numbers; {error}.") from error
