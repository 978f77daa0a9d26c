"""How many subjects a prediction model needs, before it is fitted: the four criteria of Riley and colleagues."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from exomics.errors import InputError

__all__ = ["PredictionSampleSize", "expected_shrinkage", "largest_cox_snell", "prediction_sample_size"]

_MARGIN: Final = 0.05  # of the overall risk
_MAPE: Final = 0.05  # mean absolute error of the predicted risks
_SHRINKAGE: Final = 0.9
_OPTIMISM: Final = 0.05  # of Nagelkerke's R squared
_USUAL: Final = 0.15  # Nagelkerke's R squared where nothing is known
_MOST_CANDIDATES: Final = 30  # for which the formula of the mean absolute error was made
_DEVIATE: Final = 1.959963984540054


class PredictionSampleSize(NamedTuple):
    """Subjects needed by each criterion, and by all of them; one value of each, no arrays.

    ``error`` is NaN with more than 30 candidates, for which its formula was not made.
    """

    overall_risk: int
    error: float
    shrinkage: int
    optimism: int
    needed: int


def prediction_sample_size(n_candidates: int, prevalence: float, *, nagelkerke: float = _USUAL) -> PredictionSampleSize:
    """Subjects that a model of a binary outcome needs to be fitted without a penalty.

    1. Overall risk within 0.05: ``n = (1.96 / 0.05)^2 phi (1 - phi)``.
    2. Mean absolute error of predicted risks of 0.05: ``n = exp((-0.508 + 0.259 ln phi + 0.504 ln P - ln 0.05) /
       0.544)``, for at most 30 candidates, with the rarer class for ``phi``.
    3. Shrinkage ``S`` of 0.9 or more: ``n = P / ((S - 1) ln(1 - R2 / S))``.
    4. Optimism of Nagelkerke's R squared of at most 0.05: as 3, with ``S = R2 / (R2 + 0.05 max R2)``.

    Parameters
    ----------
    n_candidates
        Candidate features ``P``: all that were looked at, not those that were kept.
    prevalence
        Fraction ``phi`` of subjects in the positive class, in (0, 1).
    nagelkerke
        Nagelkerke's R squared that is expected, in (0, 1); ``R2`` above is it times `largest_cox_snell`.

    Returns
    -------
    PredictionSampleSize
        Each rounded up.

    Raises
    ------
    InputError
        If an argument is out of its range.

    Notes
    -----
    Riley et al. (2020), doi:10.1136/bmj.m441; the second criterion is that of van Smeden et al. (2019),
    doi:10.1177/0962280218784726, which was fitted to simulations with 4 to 12 candidates and is commonly used up to 30.

    Examples
    --------
    >>> cox_snell = 0.288
    >>> prediction_sample_size(24, 0.174, nagelkerke=cox_snell / largest_cox_snell(0.174))
    PredictionSampleSize(overall_risk=221, error=801.0, shrinkage=623, optimism=662, needed=801)
    """
    if n_candidates < 1 or not 0.0 < prevalence < 1.0 or not 0.0 < nagelkerke < 1.0:
        raise InputError(
            "a sample size needs at least 1 candidate, and a prevalence and an R squared within (0, 1); got "
            f"{n_candidates}, {prevalence}, {nagelkerke}."
        )
    largest = largest_cox_snell(prevalence)
    cox_snell = nagelkerke * largest
    rare = min(prevalence, 1.0 - prevalence)
    overall = _whole((_DEVIATE / _MARGIN) ** 2 * prevalence * (1.0 - prevalence))
    few = n_candidates <= _MOST_CANDIDATES
    logarithm = -0.508 + 0.259 * np.log(rare) + 0.504 * np.log(n_candidates) - np.log(_MAPE)
    error = float(_whole(np.exp(logarithm / 0.544))) if few else np.nan
    shrinkage = _subjects(n_candidates, cox_snell, _SHRINKAGE)
    optimism = _subjects(n_candidates, cox_snell, cox_snell / (cox_snell + _OPTIMISM * largest))
    needed = max(overall, shrinkage, optimism, int(error) if few else 0)
    return PredictionSampleSize(overall, error, shrinkage, optimism, needed)


def expected_shrinkage(n_subjects: int, n_candidates: int, prevalence: float, *, nagelkerke: float = _USUAL) -> float:
    """The factor by which coefficients fitted without a penalty would have to be shrunk for new subjects.

    The ``S`` that solves ``n = P / ((S - 1) ln(1 - R2 / S))``, found by bisection.

    Parameters
    ----------
    n_subjects
        Subjects ``n``.
    n_candidates
        Candidate features ``P``.
    prevalence
        Fraction of subjects in the positive class, in (0, 1).
    nagelkerke
        Nagelkerke's R squared that is expected, in (0, 1).

    Returns
    -------
    float
        In (R2, 1): near 1 where there are subjects enough, and close to its lower end where the fit would be noise.

    Raises
    ------
    InputError
        If an argument is out of its range.

    Notes
    -----
    Riley et al. (2019), doi:10.1002/sim.7992.

    Examples
    --------
    >>> round(expected_shrinkage(623, 24, 0.174, nagelkerke=0.288 / largest_cox_snell(0.174)), 2)
    0.9
    """
    if n_subjects < 1 or n_candidates < 1 or not 0.0 < prevalence < 1.0 or not 0.0 < nagelkerke < 1.0:
        raise InputError(
            "a shrinkage needs subjects, candidates, and a prevalence and an R squared within (0, 1); got "
            f"{n_subjects}, {n_candidates}, {prevalence}, {nagelkerke}."
        )
    cox_snell = nagelkerke * largest_cox_snell(prevalence)
    low, high = cox_snell, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        enough = (middle - 1.0) * np.log1p(-cox_snell / middle) * n_subjects >= n_candidates
        low, high = (middle, high) if enough else (low, middle)
    return 0.5 * (low + high)


def largest_cox_snell(prevalence: float) -> float:
    """The largest Cox-Snell R squared that a binary outcome allows, ``1 - (phi^phi (1 - phi)^(1 - phi))^2``.

    Parameters
    ----------
    prevalence
        Fraction ``phi`` in the positive class, in (0, 1).

    Returns
    -------
    float
        At most 0.75.

    Raises
    ------
    InputError
        If the prevalence is no fraction.

    Notes
    -----
    Riley et al. (2020), doi:10.1136/bmj.m441.

    Examples
    --------
    >>> largest_cox_snell(0.5)
    0.75
    """
    if not 0.0 < prevalence < 1.0:
        raise InputError(f"the prevalence must be within (0, 1); got {prevalence}.")
    entropy = prevalence * np.log(prevalence) + (1.0 - prevalence) * np.log1p(-prevalence)
    return float(-np.expm1(2.0 * entropy))


def _subjects(n_candidates: int, cox_snell: float, shrinkage: float) -> int:
    return _whole(n_candidates / ((shrinkage - 1.0) * np.log1p(-cox_snell / shrinkage)))


def _whole(value: float) -> int:
    return int(np.ceil(value - 1e-9))
