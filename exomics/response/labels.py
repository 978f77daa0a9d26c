"""Labels of responders that somebody made: are they cut from the raw change, and what could a marker reach?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics.errors import DesignError, InputError
from exomics.response.definition import REFUSED

__all__ = ["require_no_split"]


def require_no_split(labels: ArrayLike, change: ArrayLike) -> None:
    """Raise, with the reason, if labels are nothing but a cut of the raw change.

    Parameters
    ----------
    labels
        Two words, (n_subjects,); subjects with another or no word are left out by the caller.
    change
        After minus before, (n_subjects,); NaN is left out.

    Returns
    -------
    None
        Where no single cut of the change gives the labels.

    Raises
    ------
    DesignError
        If one cut separates the labels without an exception.
    InputError
        If there are not two labels.

    Notes
    -----
    Median-split labels of two trials of the same persons agree by kappa 0 where nobody responds differently, and by
    0.22 where the response varies as much as the error does: what they can be predicted by is the baseline, by
    regression to the mean.

    Examples
    --------
    >>> require_no_split(["high", "low", "high", "low"], [3.0, 1.0, 0.5, 2.0])
    """
    words, values = np.asarray(labels).astype(str), np.asarray(change, dtype=np.float64)
    if words.shape != values.shape:
        raise InputError(f"one change is needed for each label; got shapes {words.shape} and {values.shape}.")
    words, values = words[np.isfinite(values)], values[np.isfinite(values)]
    kinds = np.unique(words)
    if kinds.size != 2:
        raise InputError(f"two labels are needed; got {', '.join(kinds) or 'none'}.")
    one, other = (values[words == kind] for kind in kinds)
    if one.min() > other.max() or other.min() > one.max():
        upper = kinds[0] if one.min() > other.max() else kinds[1]
        share = float((words == upper).mean())
        rule = "median_split" if abs(share - 0.5) <= 0.5 / len(words) + 1e-9 else "raw_change"
        raise DesignError(
            f"the labels are one cut of the raw change ({share:.0%} are {str(upper)!r}): {REFUSED[rule]}. Use the "
            "change itself as outcome, or the probabilities of `exomics respond`."
        )
