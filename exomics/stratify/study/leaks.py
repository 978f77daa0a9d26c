"""Features that are the outcome by another name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.stratify.study.outcomes import Outcome

__all__ = ["refuse_copies", "refuse_order"]

FloatArray = NDArray[np.float64]


def refuse_copies(values: FloatArray, outcome: Outcome, names: Sequence[str]) -> None:
    """Refuse a feature with one value per class, another in each; and one that rises or falls with the time throughout.

    Parameters
    ----------
    values
        (n_samples, n_features), NaN where not measured.
    outcome
        Of the same samples.
    names
        n_features names.

    Raises
    ------
    InputError
        If there is such a feature.

    Examples
    --------
    >>> refuse_copies(np.array([[3.0], [5.0], [4.0]]), Outcome(np.array([0, 1, 1]), ("no", "yes")), ["dose"])
    """
    if not values.size:
        return
    for at in np.flatnonzero(_coded(values, outcome)).tolist():
        raise InputError(
            f"{names[at]!r} is a copy of the outcome: its {len(outcome.classes)} values are the classes. Leave it out; "
            "a feature must be known before the outcome."
        )
    if outcome.time is not None:
        refuse_order(values, outcome.time, names, what="time")


def refuse_order(values: FloatArray, numbers: FloatArray, names: Sequence[str], *, what: str) -> None:
    """Refuse a feature without gaps that rises, or falls, wherever an outcome in numbers does.

    Parameters
    ----------
    values
        (n_samples, n_features), NaN where not measured.
    numbers
        (n_samples,) outcome; three steps or more are needed to tell.
    names
        n_features names.
    what
        What the outcome is called.

    Raises
    ------
    InputError
        If there is such a feature.

    Examples
    --------
    >>> refuse_order(np.array([[3.0], [5.0], [4.0], [6.0]]), np.array([1.0, 2.0, 3.0, 4.0]), ["dose"], what="gain")
    """
    for at in np.flatnonzero(_in_order(values, numbers)).tolist():
        raise InputError(f"{names[at]!r} is a copy of the {what}: both have the same order throughout. Leave it out.")


def _coded(values: FloatArray, outcome: Outcome) -> NDArray[np.bool_]:
    """Whether each class has one value of its own, (n_features,)."""
    missing = np.isnan(values)
    low, high = np.where(missing, np.inf, values), np.where(missing, -np.inf, values)
    present = [outcome.labels == code for code in range(len(outcome.classes))]
    least = np.stack([low[rows].min(axis=0, initial=np.inf) for rows in present])
    most = np.stack([high[rows].max(axis=0, initial=-np.inf) for rows in present])
    with np.errstate(invalid="ignore"):  # classes without a value
        distinct = (np.diff(np.sort(least, axis=0), axis=0) > 0.0).all(axis=0)
    return np.asarray((least == most).all(axis=0) & distinct)


def _in_order(values: FloatArray, time: FloatArray) -> NDArray[np.bool_]:
    """Whether a feature without gaps rises, or falls, wherever the time does; (n_features,)."""
    order = np.argsort(time, kind="stable")
    later = np.diff(time[order]) > 0.0
    if later.sum() < 3:
        return np.zeros(values.shape[1], dtype=np.bool_)
    steps = np.diff(values[order], axis=0)[later]
    return np.asarray((steps > 0.0).all(axis=0) | (steps < 0.0).all(axis=0))
