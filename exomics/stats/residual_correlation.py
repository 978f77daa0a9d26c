"""How strongly the members of a set go together once a design is taken out."""

from __future__ import annotations

import numpy as np

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.stats._set_correlation import mean_correlation

__all__ = ["residual_correlation"]


def residual_correlation(values: FloatArray, design: FloatArray) -> float:
    """Mean correlation between features after a design, from what the variance of their mean has above independence.

    With ``u`` the residual effects of each feature, scaled to a mean square of 1, and ``m`` features:
    ``r = (m mean(mean_features(u)^2) - 1) / (m - 1)``.

    Parameters
    ----------
    values
        (n_samples, n_features) log values, none missing.
    design
        (n_samples, n_coefficients).

    Returns
    -------
    float
        NaN with fewer than two features that vary.

    Raises
    ------
    InputError
        If the design leaves no residual degree of freedom.

    Notes
    -----
    The estimate of `exomics.stats.competitive_tests.camera` (Wu and Smyth 2012, doi:10.1093/nar/gks461).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(200, 1))
    >>> round(residual_correlation(shared + rng.normal(size=(200, 12)), np.ones((200, 1))), 1)
    0.5
    """
    n_samples, n_coefficients = design.shape
    if n_samples <= n_coefficients:
        raise InputError("the design leaves no residual degree of freedom, so that no correlation can be estimated.")
    free = np.linalg.qr(design, mode="complete")[0][:, n_coefficients:]
    residuals = free.T @ values
    sizes = np.sqrt((residuals**2).mean(axis=0))
    varying = sizes > 1e-10 * np.maximum(np.abs(values).max(axis=0), 1.0)
    return mean_correlation((residuals[:, varying] / sizes[varying]).T)
