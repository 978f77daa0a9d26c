"""How large a change of one person has to be: typical error, intervals of a change, smallest worthwhile change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = [
    "ChangeInterval",
    "TypicalError",
    "change_interval",
    "minimal_detectable_change",
    "smallest_worthwhile_change",
    "typical_error",
    "typical_error_from_cv",
]

FloatArray = NDArray[np.float64]


class TypicalError(NamedTuple):
    """Standard deviation of one test within a person, its interval, and its degrees of freedom; one value of each."""

    estimate: float
    ci_low: float
    ci_high: float
    df: float


class ChangeInterval(NamedTuple):
    """Limits of the true change of each person; both have shape (n_subjects,)."""

    low: FloatArray
    high: FloatArray


def typical_error(tests: ArrayLike, *, level: float = 0.95) -> TypicalError:
    """Within-person standard deviation of repeated tests, shifts common to all persons removed.

    ``TE^2 = sum_ij (x_ij - x_i. - x_.j + x_..)^2 / ((n - 1) (k - 1))``; for two tests ``TE = SD(x_2 - x_1) / sqrt(2)``.

    Parameters
    ----------
    tests
        Shape (n_subjects, n_tests), without an intervention between the tests; persons with a NaN are left out.
    level
        Coverage of the chi-square interval.

    Returns
    -------
    TypicalError
        In the units of the tests.

    Raises
    ------
    InputError
        If fewer than two tests, or fewer than three persons with all of them, are there.

    Notes
    -----
    Hopkins (2000), doi:10.2165/00007256-200030010-00001.

    Examples
    --------
    >>> error = typical_error([[10.0, 11.0], [12.0, 12.0], [9.0, 11.0]])
    >>> round(error.estimate, 4), error.df
    (0.7071, 2.0)
    """
    values = np.asarray(tests, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise InputError(f"a typical error needs subjects x two or more tests; got shape {values.shape}.")
    known = values[np.isfinite(values).all(axis=1)]
    if len(known) < 3:
        raise InputError(f"a typical error needs three subjects with all tests; got {len(known)}.")
    rest = known - known.mean(axis=1, keepdims=True) - known.mean(axis=0) + known.mean()
    df = float((known.shape[0] - 1) * (known.shape[1] - 1))
    estimate = float(np.sqrt((rest**2).sum() / df))
    low, high = (estimate * np.sqrt(df / special.chdtri(df, tail)) for tail in (0.5 - level / 2.0, 0.5 + level / 2.0))
    return TypicalError(estimate, float(low), float(high), df)


def typical_error_from_cv(cv_percent: float, mean: float) -> float:
    """Typical error of a test whose coefficient of variation is published: ``TE = CV / 100 * mean``.

    Parameters
    ----------
    cv_percent
        Coefficient of variation, in percent.
    mean
        Mean of the test among the persons it is used for.

    Returns
    -------
    float
        In the units of `mean`.

    Raises
    ------
    InputError
        If the coefficient is not positive.

    Examples
    --------
    >>> typical_error_from_cv(5.0, 40.0)
    2.0
    """
    if not cv_percent > 0.0:
        raise InputError(f"a coefficient of variation must be positive; got {cv_percent}.")
    return abs(mean) * cv_percent / 100.0


def change_interval(
    change: ArrayLike,
    typical_error: float,
    *,
    df: float = np.inf,
    n_tests: tuple[int, int] = (1, 1),
    level: float = 0.95,
) -> ChangeInterval:
    """Interval of the true change of each person: ``change +- t TE sqrt(1 / n_before + 1 / n_after)``.

    Parameters
    ----------
    change
        After minus before, (n_subjects,); NaN stays.
    typical_error
        Of one test, in the units of `change`.
    df
        Degrees of freedom of the typical error; infinite where it is taken as known.
    n_tests
        Tests averaged before and after.
    level
        Coverage.

    Returns
    -------
    ChangeInterval
        For one person measured with error alone: it says nothing about what caused the change.

    Raises
    ------
    InputError
        If the typical error is not positive.

    Notes
    -----
    Hopkins (2000), doi:10.2165/00007256-200030010-00001; Swinton et al. (2018), doi:10.3389/fnut.2018.00041, take the
    degrees of freedom of the intervention sample. Those of the reliability study are right.

    Examples
    --------
    >>> change_interval([3.0], 1.0).low.round(3).tolist()
    [0.228]
    """
    if not typical_error > 0.0:
        raise InputError(f"a typical error must be positive; got {typical_error}.")
    quantile = special.ndtri(0.5 + level / 2.0) if np.isinf(df) else special.stdtrit(df, 0.5 + level / 2.0)
    half = float(quantile) * typical_error * np.sqrt(1.0 / n_tests[0] + 1.0 / n_tests[1])
    values = np.asarray(change, dtype=np.float64)
    return ChangeInterval(values - half, values + half)


def minimal_detectable_change(typical_error: float, *, level: float = 0.95) -> float:
    """Change that measurement error alone exceeds in ``1 - level`` of persons: ``z sqrt(2) TE``.

    Parameters
    ----------
    typical_error
        Of one test.
    level
        Share of unchanged persons within it.

    Returns
    -------
    float
        In the units of the typical error.

    Raises
    ------
    InputError
        If the typical error is not positive.

    Examples
    --------
    >>> round(minimal_detectable_change(1.0), 3)
    2.772
    """
    return float(change_interval(0.0, typical_error, level=level).high)


def smallest_worthwhile_change(baseline: ArrayLike, *, fraction: float = 0.2) -> float:
    """A fraction of the standard deviation between persons before: ``SWC = fraction * SD(baseline)``.

    Parameters
    ----------
    baseline
        (n_subjects,); NaN is left out.
    fraction
        0.2 is a small standardized effect.

    Returns
    -------
    float
        In the units of the baseline. A minimal important difference anchored in outcomes is better where one exists.

    Raises
    ------
    InputError
        If fewer than two values are known.

    Examples
    --------
    >>> smallest_worthwhile_change([10.0, 20.0, 30.0])
    2.0
    """
    values = np.asarray(baseline, dtype=np.float64)
    known = values[np.isfinite(values)]
    if known.size < 2:
        raise InputError(f"a standard deviation needs two baseline values; got {known.size}.")
    return float(fraction * known.std(ddof=1))
