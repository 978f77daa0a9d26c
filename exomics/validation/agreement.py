"""A recomputed differential table beside the published one: is every published digit the same?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import DifferentialTable
from exomics.stats.t_distribution import normal_deviate_of_t
from exomics.validation.rounding import round_decimals, round_significant

KEYS = ("contrast", "feature_id")
ROUNDING: dict[str, tuple[Callable[[Any, int], FloatArray], int]] = {
    "log2_fold_change": (round_decimals, 2),
    "mean_expression": (round_decimals, 2),
    "statistic": (round_decimals, 3),
    "degrees_of_freedom": (round_decimals, 2),
    "p_value": (round_significant, 2),
    "adj_p_value": (round_significant, 2),
}
_SAME_DECIMAL = 1e-9


def agreement(table: DifferentialTable, published: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """Count, family by family, in how many rows the recomputed numbers round to the published ones.

    Parameters
    ----------
    table
        Recomputed. Its rows without numbers (status other than ok) are set aside; so did the publication.
    published
        Columns ``contrast, feature_id, family`` and, rounded as MoTrPAC rounds, ``log2_fold_change, mean_expression,
        degrees_of_freedom`` (2 decimals), ``statistic`` (3 decimals), ``p_value, adj_p_value`` (2 significant digits),
        and unrounded ``z`` (the normal deviate of t).
    alpha
        Level at which adjusted p-values are counted.

    Returns
    -------
    DataFrame
        One row per published family: ``family, rows`` (published), ``rows_matched`` (also ours), ``rows_only_ours``;
        ``equal_<column>``, the percentage of published rows that are equal after rounding; ``max_abs_dz``;
        ``n_published``, ``n_ours``, ``n_both``: rows with adjusted p-value below `alpha` in the publication (rounded),
        in ours (unrounded), in both.

    Raises
    ------
    InputError
        If a column is missing, or no row of a family is in the table.

    Notes
    -----
    The deviate is recomputed from the statistic and its degrees of freedom, exactly. A published adjusted p-value of
    0.05 can stand for 0.0495, so `n_published` is a lower count than `n_ours` even where every digit agrees.

    Examples
    --------
    >>> from exomics.validation.agreement import agreement_table
    >>> "family" in agreement_table(pd.DataFrame({"family": ["trained_vs_SED"], "rows": [113608]}))
    True
    """
    _require_columns(published)
    ours = table.frame.loc[table.frame["p_value"].notna(), [*KEYS, *ROUNDING]]
    rows = [_compare(part, ours, alpha=alpha) for _, part in published.groupby("family", sort=False)]
    return pd.DataFrame(rows)


def paired_deviates(table: DifferentialTable, published: pd.DataFrame) -> pd.DataFrame:
    """The rows of both tables: ``family, contrast, feature_id, z, z_published``, for a picture of the agreement.

    Parameters
    ----------
    table, published
        As in `agreement`.

    Returns
    -------
    DataFrame
        In the order of the published rows.
    """
    _require_columns(published)
    ours = table.frame.loc[table.frame["p_value"].notna(), [*KEYS, "statistic", "degrees_of_freedom"]]
    pairs = published[[*KEYS, "family", "z"]].rename(columns={"z": "z_published"}).astype(dict.fromkeys(KEYS, str))
    pairs = pairs.merge(ours, on=list(KEYS), how="inner", validate="one_to_one")
    pairs["z"] = normal_deviate_of_t(pairs["statistic"].to_numpy(), pairs["degrees_of_freedom"].to_numpy())
    return pairs[["family", *KEYS, "z", "z_published"]]


def agreement_table(frame: pd.DataFrame) -> str:
    """The frame of `agreement` as text: percentages with two decimals, the deviate in scientific notation."""
    shown = frame.copy()
    for name in shown.columns:
        if name.startswith("equal_"):
            shown[name] = [f"{value:.2f}" for value in shown[name]]
        elif name == "max_abs_dz":
            shown[name] = [f"{value:.1e}" for value in shown[name]]
    return shown.to_string(index=False)


def _compare(published: pd.DataFrame, ours: pd.DataFrame, *, alpha: float) -> dict[str, Any]:
    family = str(published["family"].iloc[0])
    theirs = published.astype(dict.fromkeys(KEYS, str))
    pairs = theirs.merge(ours, on=list(KEYS), how="inner", suffixes=("_published", ""), validate="one_to_one")
    if pairs.empty:
        raise InputError(
            f"no row of the published family {family!r} is in the table; contrasts and feature ids must be spelled as "
            "in the publication. Was another dataset or recipe used?"
        )
    in_family = int(ours["contrast"].isin(theirs["contrast"].unique()).sum())
    row: dict[str, Any] = {
        "family": family,
        "rows": len(theirs),
        "rows_matched": len(pairs),
        "rows_only_ours": in_family - len(pairs),
    }
    for name, (rounding, digits) in ROUNDING.items():
        same = _equal(rounding(pairs[name].to_numpy(), digits), pairs[f"{name}_published"].to_numpy(dtype=np.float64))
        row[f"equal_{name}"] = 100.0 * float(same.sum()) / len(theirs)
    deviates = normal_deviate_of_t(pairs["statistic"].to_numpy(), pairs["degrees_of_freedom"].to_numpy())
    row["max_abs_dz"] = float(np.abs(deviates - pairs["z"].to_numpy(dtype=np.float64)).max())
    low_theirs = (pairs["adj_p_value_published"] < alpha).to_numpy()
    low_ours = (pairs["adj_p_value"] < alpha).to_numpy()
    counts = {"n_published": low_theirs, "n_ours": low_ours, "n_both": low_theirs & low_ours}
    return {**row, **{name: int(found.sum()) for name, found in counts.items()}}


def _equal(rounded: FloatArray, published: FloatArray) -> np.ndarray:
    """Equal decimals; doubles that stand for the same decimal may differ in their last bits."""
    return np.abs(rounded - published) <= _SAME_DECIMAL * np.abs(published)


def _require_columns(published: pd.DataFrame) -> None:
    missing = [name for name in (*KEYS, "family", "z", *ROUNDING) if name not in published.columns]
    if missing:
        raise InputError(
            f"the published table lacks {', '.join(missing)}; read it with datasets.published_differential."
        )
