"""An inverse power law: what grows with the number of subjects toward a limit."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = ["InversePowerLaw", "inverse_power_law"]

FloatArray = NDArray[np.float64]

_RATES: Final = np.linspace(0.1, 2.0, 39)


class InversePowerLaw(NamedTuple):
    """``y(n) = limit - drop n^-rate``; one value of each, no arrays."""

    limit: float
    drop: float
    rate: float

    def at(self, size: float) -> float:
        """The value at `size`, (n_sizes,) or one number."""
        return float(self.limit - self.drop * size**-self.rate)


def inverse_power_law(sizes: ArrayLike, values: ArrayLike, *, most: float = 1.0) -> InversePowerLaw:
    """Least squares fit of a curve that rises to a limit, or does not rise at all.

    ``sum_i (y_i - a + b n_i^-c)^2`` is least over ``a <= most``, ``b >= 0`` and ``c`` in 0.1, 0.15, ..., 2.

    Parameters
    ----------
    sizes
        (n_sizes,) above 0.
    values
        (n_sizes,) what was reached with each.
    most
        Largest possible limit.

    Returns
    -------
    InversePowerLaw
        With ``drop`` 0 where values fall.

    Raises
    ------
    InputError
        If there are fewer than three sizes, or a number is missing.

    Notes
    -----
    Figueroa et al. (2012), doi:10.1186/1472-6947-12-8. For each rate the other two have a closed form; three sizes or
    four do not tell a slow approach to a high limit from a fast one to a low limit, so intervals of the limit are wide.

    Examples
    --------
    >>> sizes = np.array([20.0, 40.0, 80.0, 160.0])
    >>> fit = inverse_power_law(sizes, 0.9 - 2.0 / sizes)
    >>> round(fit.limit, 4), round(fit.drop, 4), round(fit.rate, 4)
    (0.9, 2.0, 1.0)
    """
    n, y = (np.asarray(given, dtype=np.float64) for given in (sizes, values))
    if n.shape != y.shape or n.ndim != 1 or len(n) < 3 or not (np.isfinite(n) & np.isfinite(y) & (n > 0.0)).all():
        raise InputError(f"a curve needs three or more sizes above 0 with a value each; got {n.shape} and {y.shape}.")
    best, least = InversePowerLaw(float(min(y.mean(), most)), 0.0, float(_RATES[0])), np.inf
    for rate in _RATES:
        x = n**-rate
        slope = float(np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2))
        drop = max(-slope, 0.0)
        limit = float(y.mean() + drop * x.mean())
        if limit > most:
            limit = most
            drop = max(float(np.sum(x * (most - y)) / np.sum(x * x)), 0.0)
        loss = float(np.sum((y - limit + drop * x) ** 2))
        if loss < least - 1e-15:
            best, least = InversePowerLaw(limit, drop, float(rate)), loss
    return best
