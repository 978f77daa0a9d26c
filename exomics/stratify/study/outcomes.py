"""Outcomes: one of two classes, one of several, or the time to an event."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.schema.words import word_of, words_of

__all__ = ["OUTCOME_KINDS", "Outcome", "OutcomeKind", "outcome_of", "strata"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
OutcomeKind = Literal["binary", "classes", "survival"]

#: The kinds of outcome that pipelines may be made for.
OUTCOME_KINDS: tuple[OutcomeKind, ...] = ("binary", "classes", "survival")


class Outcome(NamedTuple):
    """What happened to each sample: ``labels`` and ``time`` have shape (n_samples,).

    ``labels`` holds positions in `classes`; of survival, 1 for an event and 0 for a censored sample, and `time` is
    known. Of two classes the second is the positive one.
    """

    labels: IntArray
    classes: tuple[str, ...]
    time: FloatArray | None = None


def outcome_of(known: pd.Series | pd.DataFrame, positive: object) -> Outcome:
    """Read an outcome without missing values.

    Parameters
    ----------
    known
        (n_samples,) classes; or (n_samples, 2): time, and 1 for an event or 0 for a censored sample.
    positive
        Of two classes the one to be predicted (1 is also 1.0); None for several classes, none of which is more than the
        others.

    Returns
    -------
    Outcome
        Several classes are sorted by name.

    Raises
    ------
    DesignError
        If there is one class only, two of which `positive` is none, or no event.
    InputError
        If a time is not above 0, or an indicator is neither 0 nor 1.

    Examples
    --------
    >>> outcome_of(pd.Series(["Basal", "LumA", "Her2"]), None).labels.tolist()
    [0, 2, 1]
    >>> outcome_of(pd.DataFrame({"months": [3.5, 7.0], "died": [1, 0]}), None).time.tolist()
    [3.5, 7.0]
    """
    if isinstance(known, pd.DataFrame):
        return _survival(known)
    words = words_of(known)
    found = sorted(set(words))
    if positive is None:
        return _classes(words, found)
    wanted = word_of(positive)
    if len(found) != 2 or wanted not in found:
        raise DesignError(
            f"the outcome must have two classes, {wanted!r} among them; it has {', '.join(map(repr, found[:6]))}."
        )
    other = next(word for word in found if word != wanted)
    return Outcome(np.asarray(words == wanted, dtype=np.int64), (other, wanted))


def strata(response: FloatArray | IntArray, n_folds: int) -> IntArray | None:
    """What folds are to be balanced by: classes; of survival (n_samples, 2) the events, if neither kind is rare.

    Parameters
    ----------
    response
        (n_samples,) classes, or (n_samples, 2) times and events.
    n_folds
        Number of folds.

    Returns
    -------
    ndarray or None
        (n_samples,), or None where all samples but a few have the event.

    Examples
    --------
    >>> strata(np.array([[1.0, 1.0], [2.0, 1.0]]), 2) is None
    True
    """
    if response.ndim == 1:
        return np.asarray(response, dtype=np.int64)
    events = np.asarray(response[:, 1], dtype=np.int64)
    return events if np.sum(events == 0) >= n_folds else None


def _classes(words: pd.Series, found: list[str]) -> Outcome:
    if len(found) < 3:
        told = "one class only" if len(found) == 1 else "two classes: name the positive one"
        raise DesignError(f"the outcome has {told} ({', '.join(found)}).")
    return Outcome(np.asarray(words.map({word: at for at, word in enumerate(found)}), dtype=np.int64), tuple(found))


def _survival(known: pd.DataFrame) -> Outcome:
    if known.shape[1] != 2 or not all(pd.api.types.is_numeric_dtype(known[name]) for name in known.columns):
        raise InputError("survival needs two columns of numbers: the time, and 1 for an event or 0 for a censored one.")
    time, event = known.to_numpy(dtype=np.float64).T
    bad = np.flatnonzero(~(np.isfinite(time) & (time > 0.0)))
    if len(bad):
        raise InputError(f"{known.index[bad[0]]} has the time {time[bad[0]]:g}; survival needs times above 0.")
    if not np.isin(event, (0.0, 1.0)).all():
        raise InputError(f"{known.columns[1]!r} must be 1 for an event and 0 for a censored sample.")
    if not event.any():
        raise DesignError("all samples are censored: without an event there is nothing to learn.")
    return Outcome(event.astype(np.int64), ("censored", "event"), time)
