"""Response in designs that repeat it: trained twice, or crossed over between training and control."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.individual_response import ChangeSpreads
from exomics.stats.response_variance import ResponseVariance, variance_difference

__all__ = ["Kappa", "cohen_kappa", "crossover_response", "repeated_response", "spreads_of_crossover"]

FloatArray = NDArray[np.float64]


class Kappa(NamedTuple):
    """Agreement of two labels of the same persons beyond chance, and its interval; one value of each."""

    estimate: float
    ci_low: float
    ci_high: float
    n: int


def repeated_response(changes: ArrayLike, *, level: float = 0.95) -> ResponseVariance:
    """Variance of the subject x training component from a training that each person underwent several times.

    ``V = (MS_between - MS_within) / k`` of the changes ``d_ij`` of person i in period j, period means removed.

    Parameters
    ----------
    changes
        (n_subjects, n_periods); persons with a NaN are left out.
    level
        Coverage.

    Returns
    -------
    ResponseVariance
        Stable differences between persons, signed. Without a control period they include stable trends that have
        nothing to do with training.

    Raises
    ------
    InputError
        If fewer than two periods, or fewer than three complete persons, are there.

    Notes
    -----
    Hecksteden et al. (2015), doi:10.1152/japplphysiol.00714.2014; interval as `variance_difference`.

    Examples
    --------
    >>> found = repeated_response([[1.0, 2.0], [4.0, 6.0], [8.0, 7.0], [3.0, 3.0]])
    >>> round(found.estimate, 3)
    6.333
    """
    values = _complete(changes, "periods of training")
    return variance_difference(*_components(values), level=level)


def _components(values: FloatArray) -> tuple[list[float], list[float]]:
    """Mean squares between and within persons over the number of periods, and their degrees of freedom."""
    n, k = values.shape
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    within = float((rest**2).sum() / ((n - 1) * (k - 1)))
    return [float(values.mean(axis=1).var(ddof=1)), within / k], [n - 1.0, (n - 1.0) * (k - 1.0)]


def crossover_response(trained: ArrayLike, control: ArrayLike, *, level: float = 0.95) -> ResponseVariance:
    """Variance of the subject x training component from persons with several periods of training and of control.

    ``V = var_i(mean_trained_i - mean_control_i) - s^2 (1 / k_trained + 1 / k_control)`` with ``s^2`` the variance of
    the change between periods of one kind within a person.

    Parameters
    ----------
    trained, control
        Changes (n_subjects, n_periods) of the same persons in the periods of either kind; persons with a NaN are left
        out.
    level
        Coverage.

    Returns
    -------
    ResponseVariance
        Signed. This is the design that separates different responses from variation within persons.

    Raises
    ------
    InputError
        If the persons differ, or a kind has fewer than two periods: one period each cannot tell the two apart.

    Notes
    -----
    Senn (2016), doi:10.1002/sim.6739; Atkinson and Batterham (2015), doi:10.1113/EP085070.

    Examples
    --------
    >>> trained = [[4.0, 5.0], [9.0, 8.0], [1.0, 2.0], [6.0, 6.0]]
    >>> round(crossover_response(trained, [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]).estimate, 2)
    6.83
    """
    spreads = spreads_of_crossover(trained, control)
    return variance_difference(spreads.variances, spreads.df, level=level)


def spreads_of_crossover(trained: ArrayLike, control: ArrayLike) -> ChangeSpreads:
    """The variance of the persons' net changes, and what variation within persons makes of it.

    Parameters
    ----------
    trained, control
        As `crossover_response`.

    Returns
    -------
    ChangeSpreads
        Of ``mean_trained_i - mean_control_i``, and ``s^2 (1 / k_trained + 1 / k_control)``; the net change is its own
        mean, and no other is subtracted.

    Raises
    ------
    InputError
        As `crossover_response`.

    Examples
    --------
    >>> trained = [[4.0, 5.0], [9.0, 8.0], [1.0, 2.0], [6.0, 6.0]]
    >>> found = spreads_of_crossover(trained, [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    >>> found.means, found.df
    ((4.625, 0.0), (3.0, 6.0))
    """
    kinds = [np.asarray(values, dtype=np.float64) for values in (trained, control)]
    if any(values.ndim != 2 for values in kinds) or kinds[0].shape[0] != kinds[1].shape[0]:
        raise InputError(
            f"a crossover needs the periods of the same subjects; got shapes {kinds[0].shape} and {kinds[1].shape}."
        )
    known = np.isfinite(np.hstack(kinds)).all(axis=1)
    kinds = [_complete(values[known], "periods of each kind") for values in kinds]
    within, freedom, shares = 0.0, 0.0, 0.0
    for values in kinds:
        squares, df = _components(values)
        within, freedom = within + squares[1] * values.shape[1] * df[1], freedom + df[1]
        shares += 1.0 / values.shape[1]
    difference = kinds[0].mean(axis=1) - kinds[1].mean(axis=1)
    return ChangeSpreads(
        variances=(float(difference.var(ddof=1)), within / freedom * shares),
        df=(len(difference) - 1.0, freedom),
        means=(float(difference.mean()), 0.0),
        shares=(1.0 / len(difference), 0.0),
    )


def _complete(values: ArrayLike, what: str) -> FloatArray:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 2:
        raise InputError(f"two or more {what} are needed for every subject; got shape {matrix.shape}.")
    known = matrix[np.isfinite(matrix).all(axis=1)]
    if len(known) < 3:
        raise InputError(f"three subjects with all {what} are needed; got {len(known)}.")
    return known


def cohen_kappa(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Kappa:
    """``kappa = (p_observed - p_chance) / (1 - p_chance)`` of two labels of the same persons.

    Parameters
    ----------
    first, second
        Labels of any kind, (n_subjects,).
    level
        Coverage of the large-sample interval.

    Returns
    -------
    Kappa
        NaN where both label everybody alike.

    Raises
    ------
    InputError
        If the lengths differ or nobody is labeled.

    Notes
    -----
    Cohen (1960), doi:10.1177/001316446002000104; variance of Fleiss, Cohen and Everitt (1969), doi:10.1037/h0028106.

    Examples
    --------
    >>> cohen_kappa(["high", "high", "low", "low"], ["high", "low", "low", "low"]).estimate
    0.5
    """
    labels = [np.asarray(values).astype(str) for values in (first, second)]
    if labels[0].ndim != 1 or labels[0].shape != labels[1].shape or not labels[0].size:
        raise InputError(f"two labels of each subject are needed; got shapes {labels[0].shape} and {labels[1].shape}.")
    words, codes = np.unique(np.concatenate(labels), return_inverse=True)
    n = labels[0].size
    table = np.zeros((words.size, words.size))
    np.add.at(table, (codes[:n], codes[n:]), 1.0 / n)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, chance = float(np.trace(table)), float(rows @ columns)
    if chance == 1.0:
        return Kappa(np.nan, np.nan, np.nan, n)
    kappa = (observed - chance) / (1.0 - chance)
    sums = columns[:, None] + rows[None, :]  # label i first and j second: share of i second plus share of j first
    kept = np.diag(table) @ (1.0 - np.diag(sums) * (1.0 - kappa)) ** 2
    crossed = (1.0 - kappa) ** 2 * ((table * sums**2).sum() - np.diag(table) @ np.diag(sums) ** 2)
    variance = (kept + crossed - (kappa - chance * (1.0 - kappa)) ** 2) / (n * (1.0 - chance) ** 2)
    half = float(special.ndtri(0.5 + level / 2.0) * np.sqrt(max(variance, 0.0)))
    return Kappa(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), n)
