"""Harrell's concordance index of a risk score with follow-up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from exomics.errors import InputError
from exomics.stats._cox_kernels import concordance_counts
from exomics.stats._follow_up import checked_follow_up

__all__ = ["Concordance", "concordance"]


class Concordance(NamedTuple):
    """Concordance index with its standard error and the numbers of comparable pairs; one of each, no arrays."""

    estimate: float
    standard_error: float
    n_concordant: int
    n_discordant: int
    n_tied: int


def concordance(risk: ArrayLike, time: ArrayLike, event: ArrayLike) -> Concordance:
    """Share of comparable pairs in which the sample at higher risk has the earlier event.

    A pair is comparable if the earlier time is an event (at equal times: if exactly one is an event, which counts as
    the earlier).  Pairs tied in risk count one half.

    Parameters
    ----------
    risk
        Risk score, higher is worse; shape (n_samples,).
    time, event
        Follow-up times and event indicators (1 event, 0 censored), shape (n_samples,).

    Returns
    -------
    Concordance
        The standard error is the infinitesimal jackknife over samples.  Without comparable pairs the estimate is NaN.

    Raises
    ------
    InputError
        If the shapes differ or the follow-up is malformed.

    Notes
    -----
    Harrell et al. (1982), doi:10.1001/jama.1982.03320430047030.  Equals ``1 - concordance(Surv(time, event) ~ risk)``
    of R's survival with its default weights.

    Examples
    --------
    >>> concordance([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [1, 1, 0]).estimate
    1.0
    """
    times, events = checked_follow_up(time, event)
    score = np.asarray(risk, dtype=np.float64)
    if score.shape != times.shape:
        raise InputError(f"The risk score must have {times.size} entries, one per follow-up time; got {score.shape}.")
    known = np.isfinite(score) & np.isfinite(times) & np.isfinite(events)
    counts = concordance_counts(times[known], events[known] == 1.0, score[known])
    agreeing, opposed, tied = (int(total) // 2 for total in counts.sum(axis=0))
    n_pairs = agreeing + opposed + tied
    if n_pairs == 0:
        return Concordance(np.nan, np.nan, 0, 0, 0)
    estimate = (agreeing + 0.5 * tied) / n_pairs
    influence = (counts[:, 0] + 0.5 * counts[:, 2] - estimate * counts.sum(axis=1)) / n_pairs
    return Concordance(estimate, float(np.sqrt(influence @ influence)), agreeing, opposed, tied)
