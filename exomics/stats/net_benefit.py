"""Is it worth acting on a predicted risk? Net benefit over thresholds, and what reclassification adds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.kaplan_meier import kaplan_meier

__all__ = ["NetBenefit", "Reclassification", "net_benefit", "reclassification"]

FloatArray = NDArray[np.float64]


class NetBenefit(NamedTuple):
    """Net benefit at each threshold of the model and of treating everybody, shape (n_thresholds,); nobody gives 0."""

    threshold: FloatArray
    model: FloatArray
    everybody: FloatArray
    share_treated: FloatArray


class Reclassification(NamedTuple):
    """What a second model adds to a first; one value of each.

    ``nri_events`` and ``nri_nonevents`` are net shares moved the right way, ``idi`` the gain of the difference of mean
    risks.
    """

    nri: float
    nri_events: float
    nri_nonevents: float
    idi: float


def net_benefit(
    risk: ArrayLike,
    outcome: ArrayLike,
    *,
    thresholds: ArrayLike,
    time: ArrayLike | None = None,
    horizon: float | None = None,
) -> NetBenefit:
    """``NB(t) = TP / n - FP / n * t / (1 - t)``, with patients treated whose risk is t or more.

    Parameters
    ----------
    risk
        Predicted probabilities, (n_samples,).
    outcome
        1 or 0, or the event indicators beside `time`, (n_samples,); samples with a NaN are left out.
    thresholds
        Risks at which one would act, in (0, 1): t / (1 - t) is the harm of acting in vain over the gain of acting
        rightly.
    time, horizon
        Follow-up, (n_samples,), and when the risk is predicted; then ``TP / n = (1 - S(horizon | treated)) P(treated)``
        by Kaplan-Meier among the treated.

    Returns
    -------
    NetBenefit
        In true positives per patient.

    Raises
    ------
    InputError
        If shapes differ, a risk is no probability, or a threshold lies outside (0, 1).

    Notes
    -----
    Vickers and Elkin (2006), doi:10.1177/0272989X06295361; with censoring Vickers et al. (2008),
    doi:10.1186/1472-6947-8-53.

    Examples
    --------
    >>> found = net_benefit([0.1, 0.3, 0.6, 0.8], [0, 1, 0, 1], thresholds=[0.2, 0.5])
    >>> found.model.round(4).tolist(), found.everybody.round(4).tolist()
    ([0.4375, 0.0], [0.375, 0.0])
    """
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if bool(((cuts <= 0.0) | (cuts >= 1.0)).any()):
        raise InputError("thresholds are risks strictly between 0 and 1.")
    if (time is None) != (horizon is None):
        raise InputError("time and horizon go together.")
    p, y = _risks(risk, outcome, time)
    followed = None if time is None else _known(np.asarray(time, dtype=np.float64), risk, outcome, time)
    until = np.inf if horizon is None else horizon
    treated = p >= cuts[:, None]
    odds = cuts / (1.0 - cuts)
    hits = np.array([_incidence(y[one], None if followed is None else followed[one], until) for one in treated])
    share = treated.mean(axis=1)
    everybody = _incidence(y, followed, until)
    return NetBenefit(cuts, share * hits - share * (1.0 - hits) * odds, everybody - (1.0 - everybody) * odds, share)


def reclassification(
    first: ArrayLike, second: ArrayLike, outcome: ArrayLike, *, cuts: ArrayLike | None = None
) -> Reclassification:
    """Net reclassification and integrated discrimination improvement of a second model over a first.

    ``NRI = P(up | event) - P(down | event) + P(down | no event) - P(up | no event)``;
    ``IDI = (mean p_2 - mean p_1 | event) - (mean p_2 - mean p_1 | no event)``.

    Parameters
    ----------
    first, second
        Predicted probabilities, (n_samples,).
    outcome
        1 or 0, (n_samples,).
    cuts
        Borders of risk categories; None counts every rise and fall (the category-free NRI).

    Returns
    -------
    Reclassification
        These reward poor calibration, and are positive for a useless marker more often than chance: they never stand
        alone, but beside the likelihood ratio test and net benefit.

    Raises
    ------
    InputError
        If shapes differ, a risk is no probability, or one outcome is missing altogether.

    Notes
    -----
    Pencina et al. (2008), doi:10.1002/sim.2929; warned of by Hilden and Gerds (2014), doi:10.1002/sim.5804, and Pepe et
    al. (2015), doi:10.1007/s12561-014-9118-0.

    Examples
    --------
    >>> reclassification([0.4, 0.4, 0.4, 0.4], [0.2, 0.5, 0.3, 0.6], [0, 0, 1, 1]).nri
    0.0
    """
    (p, y), (q, _) = _risks(first, outcome, second), _risks(second, outcome, first)
    if not 0.0 < y.mean() < 1.0:
        raise InputError("reclassification needs samples with and without the outcome; all have the same.")
    borders = None if cuts is None else np.sort(np.asarray(cuts, dtype=np.float64))
    moved = q - p if borders is None else np.digitize(q, borders) - np.digitize(p, borders)
    event = y == 1.0
    of_events = float(np.sign(moved[event]).mean())
    of_others = float(-np.sign(moved[~event]).mean())
    gain = q - p
    idi = float(gain[event].mean() - gain[~event].mean())
    return Reclassification(of_events + of_others, of_events, of_others, idi)


def _incidence(events: FloatArray, time: FloatArray | None, horizon: float) -> float:
    """Share with the event, by Kaplan-Meier where there is follow-up."""
    if not events.size:
        return 0.0
    if time is None:
        return float(events.mean())
    curve = kaplan_meier(time, events)
    reached = np.flatnonzero(curve.time <= horizon)
    return float(1.0 - curve.survival[reached[-1]]) if reached.size else 0.0


def _known(values: FloatArray, *arrays: ArrayLike | None) -> FloatArray:
    """`values` where every one of `arrays` is known."""
    known = np.ones(values.shape, dtype=bool)
    for array in arrays:
        if array is not None:
            known &= np.isfinite(np.asarray(array, dtype=np.float64))
    return values[known]


def _risks(risk: ArrayLike, outcome: ArrayLike, beside: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    p, y = np.asarray(risk, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    third = None if beside is None else np.asarray(beside, dtype=np.float64)
    if p.ndim != 1 or p.shape != y.shape or (third is not None and third.shape != p.shape):
        raise InputError(f"one outcome is needed for each risk; got shapes {p.shape} and {y.shape}.")
    p, y = _known(p, risk, outcome, beside), _known(y, risk, outcome, beside)
    if not p.size or bool(((p < 0.0) | (p > 1.0)).any()):
        raise InputError("risks must be probabilities in [0, 1].")
    if not bool(np.isin(y, (0.0, 1.0)).all()):
        raise InputError("outcomes must be 0 or 1 (NaN: unknown); recode them first.")
    return p, y
