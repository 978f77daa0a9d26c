"""The ceiling of a biomarker of response: what a perfect one could reach against noisy labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics.errors import InputError

__all__ = ["auc_ceiling"]

FloatArray = NDArray[np.float64]

_NODES: Final = 2001
_REACH: Final = 9.0


def auc_ceiling(
    response_sd: float, noise_sd: float, *, mean: float = 0.0, above: float = 0.0, below: float | None = None
) -> float:
    """AUC of the true response against labels cut from the measured change ``d = r + e``.

    With ``r ~ N(mean, response_sd^2)`` and ``e ~ N(0, noise_sd^2)`` a person is positive if ``d > above`` and negative
    if ``d <= below``; the AUC is ``P(r_1 > r_0)`` for a positive and a negative person drawn at random.

    Parameters
    ----------
    response_sd
        Standard deviation of the true response; 0 or less (a negative signed root) means that there is none.
    noise_sd
        Standard deviation of the change without a response: that of the controls, or ``sqrt(2)`` typical errors.
    mean
        Mean change.
    above, below
        The cuts; one cut where `below` is None. At ``above = mean`` the labels are a median split.

    Returns
    -------
    float
        In [0.5, 1]; 0.5 where nobody responds differently. No biomarker, however good, can do better in expectation.

    Raises
    ------
    InputError
        If the noise is negative, both spreads are zero, or ``below > above``.

    Notes
    -----
    The integral is taken over ``r``. For a median split it is ``1/2 + (2 / pi) arcsin(rho / sqrt(2))`` with
    ``rho = response_sd / sqrt(response_sd^2 + noise_sd^2)``, from the orthant probability of three normal variables
    (Sheppard 1899, doi:10.1098/rsta.1899.0003).

    Examples
    --------
    >>> [round(auc_ceiling(ratio, 2**0.5), 2) for ratio in (0.25, 0.5, 1.0, 2.0)]  # in typical errors
    [0.58, 0.65, 0.77, 0.89]
    """
    lower = above if below is None else below
    if noise_sd < 0.0 or (noise_sd == 0.0 and response_sd <= 0.0) or lower > above:
        raise InputError(
            f"a ceiling needs noise of 0 or more, some spread, and below <= above; got noise {noise_sd}, "
            f"response {response_sd}, below {lower}, above {above}."
        )
    if response_sd <= 0.0:
        return 0.5
    if noise_sd == 0.0:
        return 1.0
    deviate = np.linspace(-_REACH, _REACH, _NODES)
    density = np.exp(-0.5 * deviate**2)
    change = mean + response_sd * deviate
    positive = _normalized(density * special.ndtr((change - above) / noise_sd))
    negative = _normalized(density * special.ndtr((lower - change) / noise_sd))
    before = np.cumsum(negative) - 0.5 * negative
    return float(positive @ before)


def _normalized(weights: FloatArray) -> FloatArray:
    total = float(weights.sum())
    return weights / total if total > 0.0 else np.full(weights.size, 1.0 / weights.size)
