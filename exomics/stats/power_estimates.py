"""Power from simulated P values, and the size at which it reaches a target, each with its Monte Carlo interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = ["PowerEstimate", "RequiredSize", "estimate_power", "require_size"]

FloatArray = NDArray[np.float64]

_WALD = 1.959963984540054
_MOST_VALUES = 2_000_000
_NEAR = 0.7  # probits from the target within which the line of the sizes is straight


class PowerEstimate(NamedTuple):
    """Power with its Monte Carlo standard error and 95 % interval; one value of each."""

    power: float
    standard_error: float
    ci_low: float
    ci_high: float


class RequiredSize(NamedTuple):
    """Subjects needed with their Monte Carlo 95 % interval, one value of each, and all sizes tried on the way."""

    n_subjects: int
    ci_low: int
    ci_high: int
    tried: dict[int, PowerEstimate]


def estimate_power(
    p_values: ArrayLike,
    *,
    level: float = 0.05,
    n_markers: int = 1,
    n_true: int = 1,
    generator: np.random.Generator | None = None,
) -> PowerEstimate:
    """Share of true effects found, alone or by Benjamini-Hochberg among many markers.

    With `n_markers` beyond one the simulated P values are dealt into families of `n_true`; each is joined by
    ``n_markers - n_true`` uniform ones, and the power is the mean share of the true markers that are discovered.

    Parameters
    ----------
    p_values
        Of the simulated trials, (n_trials,); NaN (not estimated) counts as not found.
    level
        Level of the test; the false discovery rate among several markers.
    n_markers, n_true
        Markers tested, and how many of them have the effect.
    generator
        Source of chance, needed among several markers.

    Returns
    -------
    PowerEstimate
        ``SE = sqrt(power (1 - power) / n)``, or the spread of the families; Wilson's interval, on as many trials as
        that error is worth.

    Raises
    ------
    InputError
        If `level` is no probability, or there are not enough markers or trials.

    Notes
    -----
    Markers are taken as independent; a correlated panel loses less than this says. Wilson (1927),
    doi:10.1080/01621459.1927.10502953; Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> estimate_power([0.01, 0.2, 0.03, 0.04]).power
    0.75
    """
    p = np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=2.0)
    if not 0.0 < level < 1.0 or not 1 <= n_true <= n_markers or p.size < n_true:
        raise InputError(
            f"power needs a level in (0, 1), 1 <= n_true <= n_markers, and a trial per true marker; got {level}, "
            f"{n_true}, {n_markers}, {p.size}."
        )
    families = p[: p.size - p.size % n_true].reshape(-1, n_true)
    shares = (families <= level) if n_markers == 1 else _discovered(families, n_markers - n_true, level, generator)
    of_family = shares.mean(axis=1)
    return _with_interval(float(of_family.mean()), float(of_family.var()), len(of_family))


def require_size(
    power_at: Callable[[int], PowerEstimate], *, target: float = 0.8, smallest: int = 8, largest: int = 20_000
) -> RequiredSize:
    """Subjects at which the power reaches `target`.

    Sizes are doubled until the target is passed, then the bracket is halved until its ends lie within 10 %. The answer
    is where the line ``probit(power) = a + b sqrt(n)`` through the sizes near the target, weighted by their precision,
    crosses it.

    Parameters
    ----------
    power_at
        Power of a number of subjects, by fresh simulation.
    target
        Power wanted.
    smallest, largest
        Where to begin, and where to give up.

    Returns
    -------
    RequiredSize
        The interval is that of the crossing, by the delta method; `smallest` itself if that is enough.

    Raises
    ------
    InputError
        If the target is no probability or is not reached.

    Notes
    -----
    The power of a test with standard error proportional to ``1 / sqrt(n)`` is ``Phi(b sqrt(n) - z)``, which is why
    probits lie on a line. One run of the simulation may lie on the wrong side; the line uses all of them.

    Examples
    --------
    >>> def exact(n):
    ...     power = float(special.ndtr(0.25 * np.sqrt(n) - 1.96))
    ...     return PowerEstimate(power, 0.005, power, power)
    >>> require_size(exact).n_subjects
    126
    """
    if not 0.0 < target < 1.0:
        raise InputError(f"the target must be a power between 0 and 1; got {target}.")
    tried = {smallest: power_at(smallest)}
    low = high = smallest
    while tried[high].power < target:
        if high >= largest:
            raise InputError(
                f"a power of {target:g} is not reached by {largest} subjects, where it is {tried[high].power:.2f}; "
                "a trial for a larger effect, or fewer markers, is needed."
            )
        low, high = high, min(2 * high, largest)
        tried[high] = power_at(high)
    if high == smallest:
        return RequiredSize(smallest, smallest, smallest, tried)
    while high > 1.1 * low and high - low > 2:
        middle = (low + high) // 2
        tried[middle] = power_at(middle)
        low, high = (middle, high) if tried[middle].power < target else (low, middle)
    return RequiredSize(*_crossing(tried, target), tried)


def _crossing(tried: dict[int, PowerEstimate], target: float) -> tuple[int, int, int]:
    aim = float(special.ndtri(target))
    power = np.array([found.power for found in tried.values()])
    error = np.array([found.standard_error for found in tried.values()])
    inside = (power > 0.0) & (power < 1.0) & (error > 0.0)
    probit = special.ndtri(power[inside])
    root = np.sqrt(np.array(list(tried), dtype=np.float64)[inside])
    near = np.argsort(np.abs(probit - aim))[: max(3, int((np.abs(probit - aim) < _NEAR).sum()))]
    density = np.exp(-(probit**2) / 2.0) / np.sqrt(2.0 * np.pi)
    weight = (density / error[inside])[near] ** 2
    design = np.column_stack([np.ones(len(near)), root[near]])
    covariance = np.linalg.pinv(design.T @ (design * weight[:, np.newaxis]))
    intercept, slope = covariance @ (design.T @ (weight * probit[near]))
    crossing = (aim - intercept) / slope
    gradient = np.array([1.0, crossing]) / slope
    half = _WALD * float(np.sqrt(gradient @ covariance @ gradient))
    ends = [max(crossing + shift, 0.0) ** 2 for shift in (0.0, -half, half)]
    return int(np.ceil(ends[0])), int(np.floor(ends[1])), int(np.ceil(ends[2]))


def _with_interval(power: float, variance: float, n: int) -> PowerEstimate:
    """Wilson's interval on the number of coin tosses with the variance that was seen."""
    error = float(np.sqrt(variance / n))
    tosses = n if error == 0.0 else power * (1.0 - power) / error**2
    half = _WALD**2 / tosses
    center = (power + half / 2.0) / (1.0 + half)
    reach = float(np.sqrt(half * (power * (1.0 - power) + half / 4.0))) / (1.0 + half)
    return PowerEstimate(power, error, max(center - reach, 0.0), min(center + reach, 1.0))


def _discovered(
    families: FloatArray, n_null: int, level: float, generator: np.random.Generator | None
) -> NDArray[np.bool_]:
    """Which of the true P values (n_families, n_true) Benjamini-Hochberg discovers beside `n_null` uniform ones."""
    if generator is None:
        raise InputError("power among several markers draws P values of the others; give a generator.")
    n_true = families.shape[1]
    at_once = max(1, int(_MOST_VALUES / (n_true + 1.2 * level * n_null + 10)))
    found = []
    for begun in range(0, len(families), at_once):
        part = families[begun : begun + at_once]
        counts = generator.binomial(n_null, level, size=len(part))  # others above the level are never discovered
        others = level * generator.random((len(part), int(counts.max(initial=0))))
        others[np.arange(others.shape[1]) >= counts[:, np.newaxis]] = 2.0
        pooled = np.sort(np.concatenate([part, others], axis=1), axis=1)
        limits = level * np.arange(1, pooled.shape[1] + 1) / (n_true + n_null)
        cut = np.where(pooled <= limits, pooled, -1.0).max(axis=1)
        found.append(part <= cut[:, np.newaxis])
    return np.concatenate(found)
