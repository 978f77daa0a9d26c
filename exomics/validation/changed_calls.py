"""One contrast of ours beside another tool's table of it: which features are called by one of the two only?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.results import DifferentialTable

_PAIRED = ("p_value", "adj_p_value")


class CallComparison(NamedTuple):
    """How many features each table calls (one value of each count), and the features that only one of them calls."""

    summary: pd.DataFrame
    changed: pd.DataFrame


def changed_calls(
    table: DifferentialTable, reference: pd.DataFrame, *, contrast: str, alpha: float = 0.05
) -> CallComparison:
    """Compare the calls of one contrast with those of a reference, and list every one that differs.

    Parameters
    ----------
    table
        Ours.
    reference
        ``feature_id, p_value, adj_p_value``, one row per feature (see
        `exomics.datasets.loaders.differential_results.differential_results`).
    contrast
        Of `table`.
    alpha
        A feature is called where its adjusted P value is below.

    Returns
    -------
    CallComparison
        ``summary``: ``contrast, rows`` (features of both), ``rows_only_ours, rows_only_reference, n_ours,
        n_reference, n_both, n_changed``, and ``median_difference``, ``largest_difference`` of the P values, relative to
        the reference. ``changed``: ``contrast, feature_id, feature_name, called_by`` (ours, reference), ``p_value,
        p_value_reference, adj_p_value, adj_p_value_reference``, the smallest reference P value first.

    Raises
    ------
    InputError
        If the contrast is not there or no feature is in both.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> frame = pd.DataFrame(np.nan, index=range(2), columns=list(DifferentialTable.columns), dtype=object)
    >>> frame = frame.assign(feature_id=["a", "b"], contrast="x - y", p_value=[0.01, 0.9], adj_p_value=[0.04, 0.9])
    >>> frame = frame.assign(feature_name="", test="wald", family="x - y", n_samples=6, status="ok", note="")
    >>> reference = pd.DataFrame({"feature_id": ["a", "b"], "p_value": [0.02, 0.9], "adj_p_value": [0.06, 0.9]})
    >>> table = DifferentialTable(frame=frame, provenance=Provenance(method="example"))
    >>> found = changed_calls(table, reference, contrast="x - y")
    >>> found.changed[["feature_id", "called_by"]].to_numpy().tolist(), float(found.summary["largest_difference"][0])
    ([['a', 'ours']], 0.5)
    """
    known = list(dict.fromkeys(table.frame["contrast"]))
    if contrast not in known:
        raise InputError(f"there is no contrast {contrast!r}; the table has {', '.join(known)}.")
    ours = table.frame.loc[table.frame["contrast"] == contrast, ["contrast", "feature_id", "feature_name", *_PAIRED]]
    pairs = ours.merge(reference, on="feature_id", suffixes=("", "_reference"), validate="one_to_one")
    if pairs.empty:
        raise InputError(
            f"no feature of {contrast!r} is in the reference ({ours['feature_id'].iloc[0]}, "
            f"{reference['feature_id'].iloc[0]}); feature ids must be spelled alike."
        )
    called, theirs = pairs["adj_p_value"] < alpha, pairs["adj_p_value_reference"] < alpha
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.abs(pairs["p_value"] / pairs["p_value_reference"] - 1.0)
    summary = {
        "contrast": contrast,
        "rows": len(pairs),
        "rows_only_ours": len(ours) - len(pairs),
        "rows_only_reference": len(reference) - len(pairs),
        "n_ours": int(called.sum()),
        "n_reference": int(theirs.sum()),
        "n_both": int((called & theirs).sum()),
        "n_changed": int((called != theirs).sum()),
        "median_difference": difference.median(),
        "largest_difference": difference.max(),
    }
    changed = pairs[called != theirs].assign(called_by=np.where(called, "ours", "reference")[called != theirs])
    columns = [f"{name}{suffix}" for name in _PAIRED for suffix in ("", "_reference")]
    changed = changed[["contrast", "feature_id", "feature_name", "called_by", *columns]]
    return CallComparison(
        pd.DataFrame([summary]), changed.sort_values("p_value_reference", kind="stable", ignore_index=True)
    )
