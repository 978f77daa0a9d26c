"""Survival of groups over time, with the numbers at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exomics.errors import InputError
from exomics.results import CurveTable, Provenance
from exomics.stats.kaplan_meier import Interval, kaplan_meier
from exomics.validation._rows import usable_follow_up

__all__ = ["survival_curves"]


def survival_curves(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, endpoint: str, interval: Interval = "log-log"
) -> CurveTable:
    """Kaplan-Meier curve of each group.

    Parameters
    ----------
    time, event
        Follow-up in months and event indicators (1 event, 0 censored), (n_samples,); samples with NaN are left out.
    group
        Name of the group of each sample, (n_samples,).
    endpoint
        Word of the table.
    interval
        Scale on which the pointwise 95 % interval is symmetric, as in `exomics.stats.kaplan_meier`; the default keeps
        it within 0 and 1.

    Returns
    -------
    CurveTable
        A row per group and distinct time; groups in alphabetical order.

    Raises
    ------
    InputError
        If lengths differ, a time is not positive, or all are censored.

    Notes
    -----
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; the interval by Kalbfleisch and Prentice, log(-log S).
    Intervals are pointwise: they do not compare groups.

    Examples
    --------
    >>> table = survival_curves([2.0, 3.0, 4.0, 5.0], [1, 0, 1, 1], ["a", "a", "b", "b"], endpoint="os")
    >>> table.frame[["group", "time_months", "n_at_risk", "survival"]].to_numpy().tolist()
    [['a', 2.0, 2, 0.5], ['a', 3.0, 1, 0.5], ['b', 4.0, 2, 0.5], ['b', 5.0, 1, 0.0]]
    """
    names, codes = np.unique(np.asarray(group).astype(str), return_inverse=True)
    if codes.shape != np.shape(time):
        raise InputError(f"{codes.shape} groups for {np.shape(time)} times; give one of each per sample.")
    times, events, which = usable_follow_up(time, event, codes)
    parts = []
    for code in np.unique(which):
        chosen = which == code
        curve = kaplan_meier(times[chosen], events[chosen], interval=interval)._asdict()
        curve["time_months"] = curve.pop("time")
        del curve["standard_error"]
        parts.append(pd.DataFrame(curve).assign(group=str(names[int(code)]), endpoint=endpoint))
    provenance = Provenance(method="survival_curves", parameters={"endpoint": endpoint, "interval": interval})
    return CurveTable(frame=pd.concat(parts, ignore_index=True), provenance=provenance)
