"""The class that is called: the likeliest after the classes' frequencies are set off, as far as inner folds advise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stratify.evaluation.measures import balanced_error

__all__ = ["called", "chosen_offset"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_OFFSETS = (0.0, 0.25, 0.5, 0.75, 1.0)


def called(probability: FloatArray, prior: FloatArray, offset: float) -> IntArray:
    """The class with the largest ``p_k / prior_k^offset``.

    Of two classes this is a threshold between one half (offset 0) and the frequency of the positive class (offset 1).

    Parameters
    ----------
    probability
        (n_samples, n_classes).
    prior
        (n_classes,) frequencies in the training samples.
    offset
        Between 0 and 1.

    Returns
    -------
    ndarray
        (n_samples,) positions of classes.

    Examples
    --------
    >>> called(np.array([[0.7, 0.3]]), np.array([0.8, 0.2]), 1.0).tolist()
    [1]
    """
    return np.asarray(np.argmax(probability / prior**offset, axis=1), dtype=np.int64)


def chosen_offset(held_out: FloatArray, labels: IntArray) -> float:
    """The offset with the least balanced error of what inner folds held out; the least of those equally good.

    Parameters
    ----------
    held_out
        (n_samples, n_classes), NaN where nothing was held out.
    labels
        (n_samples,) of the training samples.

    Returns
    -------
    float
        One of 0, 0.25, 0.5, 0.75, 1.

    Examples
    --------
    >>> chosen_offset(np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.7, 0.3]]), np.array([0, 0, 0, 1]))
    1.0
    """
    known = np.isfinite(held_out[:, 0])
    n_classes = held_out.shape[1]
    prior = np.bincount(labels, minlength=n_classes) / len(labels)
    errors = [balanced_error(called(held_out[known], prior, offset), labels[known], n_classes) for offset in _OFFSETS]
    return _OFFSETS[int(np.argmin(errors))]
