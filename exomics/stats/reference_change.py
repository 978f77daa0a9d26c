"""Is a change of one person's marker more than its variation? Reference change values of single and serial samples."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.optimize import find_root

__all__ = ["ReferenceChange", "false_alarm_rate", "reference_change", "series_quantile", "within_person_cv"]

FloatArray = NDArray[np.float64]

_NODES: Final = np.polynomial.hermite_e.hermegauss(80)
_WIDEST: Final = 12.0


class ReferenceChange(NamedTuple):
    """Relative changes that variation alone leaves between them (0.2 is a rise by 20 %); one value of each.

    ``quantile`` is that of the standardized change, ``log_sd`` the standard deviation of its logarithm.
    """

    low: float
    high: float
    quantile: float
    log_sd: float


def reference_change(
    analytical_cv: float,
    biological_cv: float,
    *,
    false_alarm: float = 0.05,
    n_baseline: int = 1,
    n_follow_ups: int = 1,
) -> ReferenceChange:
    """Limits of ``follow-up / baseline - 1`` for a person in whom nothing changed.

    ``s^2 = log(1 + CV_A^2) + log(1 + CV_I^2)``; the limits are ``exp(+-z s sqrt(1 + 1 / n_baseline)) - 1``.

    Parameters
    ----------
    analytical_cv, biological_cv
        Coefficients of variation (0.1 is 10 %) of the assay, and of the person from day to day. If the biological one
        was estimated from single assays it holds both: then give 0 for the analytical one.
    false_alarm
        Probability that an unchanged person is called, once or more in the whole series.
    n_baseline
        Baseline samples whose geometric mean is the baseline.
    n_follow_ups
        Follow-up samples that are each held against the same baseline.

    Returns
    -------
    ReferenceChange
        A fall is limited to -1, so the limits are not symmetric.

    Raises
    ------
    InputError
        If a coefficient is negative, both are 0, or a number is out of range.

    Notes
    -----
    Harris and Yasaka (1983), Clin. Chem. 29, 25; on the logarithm Fokkema et al. (2006),
    doi:10.1373/clinchem.2005.065144.

    Examples
    --------
    >>> found = reference_change(0.05, 0.10)
    >>> round(found.low, 3), round(found.high, 3)
    (-0.266, 0.362)
    """
    if not (analytical_cv >= 0.0 and biological_cv >= 0.0 and analytical_cv + biological_cv > 0.0):
        raise InputError(
            f"coefficients of variation must be 0 or more, and not both 0; got {analytical_cv} and {biological_cv}."
        )
    quantile = series_quantile(false_alarm, n_follow_ups=n_follow_ups, n_baseline=n_baseline)
    log_sd = float(np.sqrt((np.log1p(analytical_cv**2) + np.log1p(biological_cv**2)) * (1.0 + 1.0 / n_baseline)))
    return ReferenceChange(float(np.expm1(-quantile * log_sd)), float(np.expm1(quantile * log_sd)), quantile, log_sd)


def false_alarm_rate(quantile: float, *, n_follow_ups: int = 1, n_baseline: int = 1) -> float:
    """Probability that any of the standardized changes of an unchanged person exceeds `quantile` in size.

    Parameters
    ----------
    quantile
        0 or more; 1.96 is customary for one follow-up.
    n_follow_ups
        Follow-ups against one baseline: they share its error, so their changes correlate by 1 / (n_baseline + 1).
    n_baseline
        Samples in the baseline.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InputError
        If a number is out of range.

    Notes
    -----
    One integral over the shared error, by Gauss-Hermite quadrature.

    Examples
    --------
    >>> round(false_alarm_rate(1.96), 3), round(false_alarm_rate(1.96, n_follow_ups=12), 3)
    (0.05, 0.319)
    """
    if not quantile >= 0.0 or n_follow_ups < 1 or n_baseline < 1:
        raise InputError(
            f"a quantile of 0 or more and one or more samples are needed; got {quantile}, {n_follow_ups}, {n_baseline}."
        )
    shared = 1.0 / (n_baseline + 1.0)
    nodes, weights = _NODES
    own = np.sqrt(1.0 - shared)
    center = np.sqrt(shared) * nodes
    quiet = special.ndtr((quantile - center) / own) - special.ndtr((-quantile - center) / own)
    return float(np.clip(1.0 - weights @ quiet**n_follow_ups / weights.sum(), 0.0, 1.0))


def series_quantile(false_alarm: float, *, n_follow_ups: int = 1, n_baseline: int = 1) -> float:
    """The quantile at which `false_alarm_rate` of the whole series is `false_alarm`.

    Parameters
    ----------
    false_alarm
        Strictly between 0 and 1.
    n_follow_ups, n_baseline
        As `false_alarm_rate`.

    Returns
    -------
    float
        1.96 for one follow-up at 0.05.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> round(series_quantile(0.05), 3), round(series_quantile(0.05, n_follow_ups=12), 3)
    (1.96, 2.767)
    """
    if not 0.0 < false_alarm < 1.0:
        raise InputError(f"a false-alarm rate must lie between 0 and 1; got {false_alarm}.")

    def excess(quantile: float) -> float:
        return false_alarm_rate(quantile, n_follow_ups=n_follow_ups, n_baseline=n_baseline) - false_alarm

    return find_root(excess, (0.0, _WIDEST), (excess(0.0), excess(_WIDEST)), 1e-12)


def within_person_cv(values: ArrayLike) -> float:
    """Coefficient of variation within persons, biological and analytical together, from serial samples at rest.

    ``CV = sqrt(exp(s^2) - 1)`` with ``s^2`` the pooled variance of the logarithms within persons.

    Parameters
    ----------
    values
        Positive, (n_subjects, n_samples); NaN is missing, persons with fewer than two samples are left out.

    Returns
    -------
    float
        0.1 is 10 %.

    Raises
    ------
    InputError
        If a value is not positive, or no person has two samples.

    Notes
    -----
    Of persons in a steady state: any trend adds to it. Fraser and Harris (1989), doi:10.3109/10408368909106595.

    Examples
    --------
    >>> round(within_person_cv([[10.0, 11.0], [20.0, 18.0]]), 3)
    0.071
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or bool((matrix <= 0.0).any()):
        raise InputError("serial values must be positive and subjects x samples; got another shape, or 0 or less.")
    logs = np.log(matrix)
    count = np.isfinite(logs).sum(axis=1)
    chosen = logs[count > 1]
    if not len(chosen):
        raise InputError("two samples of at least one subject are needed for the variation within subjects.")
    rest = chosen - np.nanmean(chosen, axis=1, keepdims=True)
    return float(np.sqrt(np.expm1(np.nansum(rest**2) / (count[count > 1] - 1).sum())))
