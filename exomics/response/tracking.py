"""Follow a person over time: which changes of a marker are more than its variation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.results import Provenance
from exomics.results.response import TrackingTable
from exomics.stats.reference_change import reference_change

__all__ = ["Variation", "track"]


_LARGEST_CV = 2.0  # beyond it a percentage was given


class Variation(NamedTuple):
    """How much a marker varies in a person in whom nothing changes; one value of each.

    Coefficients of variation, 0.1 being 10 %; ``false_alarm`` is the probability of any call in the whole series.
    """

    analytical_cv: float
    biological_cv: float
    false_alarm: float = 0.05


def track(
    frame: pd.DataFrame,
    *,
    variation: Variation,
    subject: str = "subject_id",
    time: str = "time",
    value: str = "value",
    baseline_until: float = 0.0,
) -> TrackingTable:
    """Each follow-up sample of a person beside his own baseline, called only beyond the reference change value.

    Parameters
    ----------
    frame
        One row per sample.
    variation
        Of the marker.
    subject, time, value
        Columns; the value is a concentration or another positive quantity, NaN where not measured.
    baseline_until
        Samples up to this time are the baseline (their geometric mean).

    Returns
    -------
    TrackingTable
        ``rise`` or ``fall`` beyond the limits, which hold the false-alarm rate over all follow-ups of the person;
        ``within_variation`` otherwise. A person without a baseline has rows without limits. A call is a change, not its
        cause.

    Raises
    ------
    InputError
        If a column is missing, there is no sample or one without a subject, a value is endless or not positive, a
        coefficient of variation is in percent, or a subject has two samples at one time.

    Notes
    -----
    Limits of `exomics.stats.reference_change.reference_change`.

    Examples
    --------
    >>> frame = pd.DataFrame({"subject_id": "p", "time": [0.0, 4.0, 8.0], "value": [10.0, 11.0, 16.0]})
    >>> track(frame, variation=Variation(0.05, 0.10)).frame["call"].tolist()
    ['within_variation', 'rise']
    """
    if max(variation[:2]) > _LARGEST_CV:
        raise InputError(f"coefficients of variation are fractions: 0.1 is 10 %; got {max(variation[:2]):g}.")
    rows = _samples(frame, subject, time, value)
    made = [
        row
        for name, part in rows.groupby("subject", sort=False)
        for row in _of_person(name, part, variation, baseline_until)
    ]
    provenance = Provenance(
        method="track",
        parameters={"variation": variation._asdict(), "baseline_until": baseline_until, "value": value},
    )
    return TrackingTable(frame=pd.DataFrame(made, columns=list(TrackingTable.columns)), provenance=provenance)


def _samples(frame: pd.DataFrame, subject: str, time: str, value: str) -> pd.DataFrame:
    absent = [name for name in (subject, time, value) if name not in frame.columns]
    if absent:
        raise InputError(
            f"the table has no column {', '.join(absent)}; it has {', '.join(map(str, frame.columns[:12]))}."
        )
    numbers = {
        name: pd.to_numeric(frame[column], errors="coerce") for name, column in (("time", time), ("value", value))
    }
    wrong = frame[value][numbers["value"].isna() & frame[value].notna()]
    endless = any(np.isinf(column.to_numpy(dtype=np.float64)).any() for column in numbers.values())
    if len(wrong) or endless or numbers["time"].isna().any():
        raise InputError(
            f"{time} and {value} must be numbers, none endless, each time known; leave a missing value empty."
        )
    if frame.empty:
        raise InputError("the table has no samples; one row per sample is needed.")
    if frame[subject].isna().any():
        raise InputError(f"{int(frame[subject].isna().sum())} samples have no {subject}; each needs one.")
    rows = pd.DataFrame({"subject": frame[subject].astype(str).to_numpy()}).assign(
        **{name: column.to_numpy(dtype=np.float64) for name, column in numbers.items()}
    )
    if (rows["value"] <= 0.0).any():
        raise InputError(f"{value} must be positive for relative changes; got {rows['value'].min():g}.")
    twice = rows[rows.duplicated(["subject", "time"])]
    if len(twice):
        raise InputError(
            f"{twice['subject'].iloc[0]} has two samples at {twice['time'].iloc[0]:g}; average them first."
        )
    return rows.sort_values(["subject", "time"], kind="stable")


def _of_person(name: object, part: pd.DataFrame, variation: Variation, until: float) -> Iterator[dict[str, Any]]:
    before = part.loc[(part["time"] <= until) & part["value"].notna(), "value"].to_numpy()
    after = part[part["time"] > until]
    measured = int(after["value"].notna().sum())
    baseline = float(np.exp(np.log(before).mean())) if len(before) else np.nan
    limits = (np.nan, np.nan)
    if len(before) and measured:
        limits = reference_change(
            variation.analytical_cv,
            variation.biological_cv,
            false_alarm=variation.false_alarm,
            n_baseline=len(before),
            n_follow_ups=measured,
        )[:2]
    for time, value in zip(after["time"], after["value"], strict=True):
        change = value / baseline - 1.0
        yield {
            "subject_id": name,
            "time": time,
            "value": value,
            "baseline": baseline,
            "change": change,
            "limit_low": limits[0],
            "limit_high": limits[1],
            "call": _call(change, limits),
            "note": "" if len(before) else "no baseline sample",
        }


def _call(change: float, limits: tuple[float, float]) -> str:
    if np.isnan(change):
        return "not_measured"
    if limits[0] <= change <= limits[1]:
        return "within_variation"
    return "rise" if change > 0.0 else "fall"
