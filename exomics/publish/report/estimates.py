"""Rows of a performance table for reading: ratios with intervals, heterogeneity, the place among random sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.publish.report.blocks import MISSING, interval, number, ratio_interval, records

POOLED: Final = "pooled_"
ENDPOINTS: Final = {"os": "Overall survival", "pfs": "Progression-free survival", "response": "Response"}
EFFECTS: Final = {"os": "log_hazard_ratio", "pfs": "log_hazard_ratio", "response": "log_odds_ratio"}
_RATIO_NAMES: Final = {"log_hazard_ratio": "hazard ratio per SD", "log_odds_ratio": "odds ratio per SD"}
_RANDOM_METRICS: Final = ("empirical_p_value", "control_percentile")


def estimate_rows(frame: pd.DataFrame, chosen: Mapping[str, object]) -> pd.DataFrame:
    """Rows in which every named column has the given value and the estimate is finite."""
    match = np.ones(len(frame), dtype=bool)
    for column, value in chosen.items():
        match &= (frame[column] == value).to_numpy()
    return frame[match & frame["estimate"].notna().to_numpy()]


def estimate_table(frame: pd.DataFrame, endpoint: str) -> pd.DataFrame:
    """One row per signature and cohort: effect with interval, AUC, heterogeneity for pooled rows, n, events, note."""
    rows = frame[(frame["endpoint"] == endpoint) & ~frame["metric"].isin(_RANDOM_METRICS)]
    order = {name: position for position, name in enumerate(dict.fromkeys(rows["signature_id"]))}
    rows = rows.sort_values("signature_id", key=lambda names: names.map(order), kind="stable")
    effect = EFFECTS[endpoint]
    shown = []
    for (signature_id, cohort_id), part in rows.groupby(["signature_id", "cohort_id"], sort=False):
        by_metric = {row["metric"]: row for row in records(part)}
        main = by_metric.get(effect, records(part)[0])
        line = {"signature": signature_id, "cohort": cohort_id, _RATIO_NAMES[effect]: _ratio(by_metric.get(effect))}
        if endpoint == "response":
            line["AUC"] = _plain(by_metric.get("auc"))
        line |= {"n": main["n_samples"], "events": main["n_events"], "remark": _remark(by_metric, main)}
        shown.append(line)
    table = pd.DataFrame(shown)
    return table.astype({"n": "Int64", "events": "Int64"})


def random_set_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the comparison with random matched sets."""
    return frame[frame["metric"].isin(_RANDOM_METRICS)]


def random_set_table(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per signature, cohort and endpoint: percentile and empirical p-value."""
    keys = ["signature_id", "cohort_id", "endpoint"]
    shown = []
    for key, part in rows.groupby(keys, sort=False):
        values = part.set_index("metric")["estimate"]
        percentile = values.get("control_percentile", float("nan"))
        p_value = values.get("empirical_p_value", float("nan"))
        line = dict[str, Any](zip(("signature", "cohort", "endpoint"), key, strict=True))
        shown.append(line | {"percentile": percentile, "empirical p": p_value, "remark": str(part["note"].iloc[0])})
    return pd.DataFrame(shown)


def _ratio(row: Mapping[str, Any] | None) -> str:
    if row is None or not np.isfinite(row["estimate"]):
        return MISSING
    return ratio_interval(row["estimate"], row["ci_low"], row["ci_high"])


def _plain(row: Mapping[str, Any] | None) -> str:
    if row is None or not np.isfinite(row["estimate"]):
        return MISSING
    return interval(row["estimate"], row["ci_low"], row["ci_high"])


def _remark(by_metric: Mapping[str, Mapping[str, Any]], main: Mapping[str, Any]) -> str:
    """The note of the row; for a pooled row its heterogeneity and the prediction interval."""
    parts = [str(main["note"])] if main["note"] else []
    if "tau_squared" in by_metric:
        parts.append(f"τ² {number(by_metric['tau_squared']['estimate'])}")
    if "i_squared" in by_metric:
        parts.append(f"I² {number(100 * by_metric['i_squared']['estimate'], '.0f')} %")
    predicted = by_metric.get("prediction_interval")
    if predicted is not None and np.isfinite(predicted["ci_low"]):
        low, high = (number(float(np.exp(predicted[end])), ".2f") for end in ("ci_low", "ci_high"))
        parts.append(f"prediction interval [{low}, {high}]")
    return "; ".join(parts)
