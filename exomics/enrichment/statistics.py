"""From the rows of a differential table to the signed scores that sets are tested on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.enrichment._method import FeatureStatistics
from exomics.errors import InputError
from exomics.stats.t_distribution import normal_deviate_of_t

_WITHOUT_SIGN = ("F", "lrt")
_DEVIATE = "wald"
_RANKINGS = ("z", "statistic", "log2_fold_change")


def signed_scores(rows: pd.DataFrame, rank_by: str) -> FloatArray:
    """One signed score per row, NaN where the test has no sign or no number.

    Parameters
    ----------
    rows
        Rows of a differential table.
    rank_by
        ``z``: the standard normal deviate with the tail probability of t, so that features with different degrees of
        freedom can be compared (a Wald statistic is one already); ``statistic``; ``log2_fold_change``.

    Returns
    -------
    ndarray
        (n_rows,).

    Raises
    ------
    InputError
        If `rank_by` is unknown.

    Examples
    --------
    >>> rows = pd.DataFrame({"test": ["t", "F"], "statistic": [-3.0, 9.0], "degrees_of_freedom": [10.0, 10.0]})
    >>> signed_scores(rows, "z").round(4).tolist()
    [-2.4745, nan]
    """
    if rank_by not in _RANKINGS:
        raise InputError(f"rank_by must be one of {', '.join(_RANKINGS)}; got {rank_by!r}.")
    values = rows["log2_fold_change" if rank_by == "log2_fold_change" else "statistic"].to_numpy(dtype=np.float64)
    test = rows["test"].to_numpy(dtype=object)
    scores = np.where(np.isin(test, _WITHOUT_SIGN), np.nan, values)
    if rank_by == "z":
        df = rows["degrees_of_freedom"].to_numpy(dtype=np.float64)
        from_t = ~np.isin(test, (*_WITHOUT_SIGN, _DEVIATE)) & ~np.isnan(df)
        scores[from_t] = normal_deviate_of_t(scores[from_t], df[from_t])
    return scores


def feature_statistics(rows: pd.DataFrame, scores: FloatArray) -> FeatureStatistics:
    """What a kernel reads of the rows of one contrast.

    Parameters
    ----------
    rows
        Measured features.
    scores
        (n_rows,) from `signed_scores`.
    """
    columns = (rows[name].to_numpy(dtype=np.float64) for name in ("log2_fold_change", "p_value", "adj_p_value"))
    return FeatureStatistics(scores, *columns)
