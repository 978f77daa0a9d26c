"""Linear model of changes whose variance differs between two arms, by restricted likelihood."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats.response_variance import ResponseVariance, variance_difference

__all__ = ["ArmVarianceFit", "fit_arm_variances"]

FloatArray = NDArray[np.float64]

_MOST_STEPS: Final = 1000
_TOLERANCE: Final = 1e-13
_NO_REST: Final = 1e-12  # of the variance of the changes, below which nothing is left


class ArmVarianceFit(NamedTuple):
    """Coefficients (n_coefficients,) with their covariance, and the response variance beside the model.

    ``df`` of ``response`` are the residual degrees of freedom of either arm; they sum to n - n_coefficients.
    """

    coefficients: FloatArray
    covariance: FloatArray
    response: ResponseVariance

    @property
    def standard_error(self) -> FloatArray:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))


def fit_arm_variances(
    change: ArrayLike, design: ArrayLike, trained: ArrayLike, *, level: float = 0.95
) -> ArmVarianceFit:
    """Fit ``change = X b + trained * u + e`` with ``var(u) = V`` of any sign and ``var(e) = s^2``, by REML.

    The two variances ``v_0 = s^2`` and ``v_1 = s^2 + V`` solve ``v_g = r_g' r_g / (n_g - h_g)``, with ``r_g`` the
    residuals of arm g in the weighted fit and ``h_g`` the leverage of its persons; these are the restricted likelihood
    equations.

    Parameters
    ----------
    change
        (n_subjects,), without NaN.
    design
        (n_subjects, n_coefficients): arm, baseline, moderators and their products with the arm.
    trained
        Whether a person was trained, (n_subjects,).
    level
        Coverage of the interval of V.

    Returns
    -------
    ArmVarianceFit
        V with the interval of `variance_difference` on ``n_g - h_g`` degrees of freedom.

    Raises
    ------
    DesignError
        If the design is rank-deficient, explains every change of an arm, or leaves one fewer than two degrees of
        freedom.
    InputError
        If shapes disagree or a value is missing.

    Notes
    -----
    The mixed model of Hopkins (2018), Sportscience 22, 39, with an extra random effect in the trained and negative
    variance allowed, written as two variances: Patterson and Thompson (1971), doi:10.1093/biomet/58.3.545. Equals
    ``gls(weights = varIdent(~ 1 | arm), method = "REML")`` of R's nlme.

    Examples
    --------
    >>> change, arm = np.array([4.0, 9.0, 1.0, 6.0, 1.0, -1.0, 0.0, 2.0]), np.repeat([1.0, 0.0], 4)
    >>> fit = fit_arm_variances(change, np.column_stack([np.ones(8), arm]), arm)
    >>> fit.coefficients.round(6).tolist(), round(fit.response.estimate, 6)
    ([0.5, 4.5], 9.666667)
    """
    y, x = np.asarray(change, dtype=np.float64), np.asarray(design, dtype=np.float64)
    arm = np.asarray(trained, dtype=np.float64) == 1.0
    if y.ndim != 1 or x.shape[:1] != y.shape or arm.shape != y.shape or not np.isfinite([*y, *x.ravel()]).all():
        raise InputError(
            f"change, design and arm must describe the same subjects without missing values; got shapes {y.shape}, "
            f"{x.shape} and {arm.shape}."
        )
    if x.ndim != 2 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise DesignError("the columns of the design depend on each other; leave one of them out.")
    groups = [arm, ~arm]
    variances = np.array([max(float(y[group].var()), np.finfo(float).tiny) for group in groups])
    for _ in range(_MOST_STEPS):
        previous = variances
        coefficients, covariance = _weighted_fit(y, x, np.where(arm, variances[0], variances[1]))
        rest = y - x @ coefficients
        leverage = [
            np.trace(covariance @ x[group].T @ x[group]) / v for group, v in zip(groups, variances, strict=True)
        ]
        df = np.array([group.sum() for group in groups]) - leverage
        if not bool((df > 1.999).all()):
            raise DesignError(
                f"the design leaves {df[0]:.1f} and {df[1]:.1f} degrees of freedom to the trained and the controls; "
                "two each are needed. Use fewer covariates."
            )
        variances = np.array([rest[group] @ rest[group] for group in groups]) / df
        if not bool((variances > _NO_REST * float(y.var())).all()):
            raise DesignError("the design explains every change of an arm: a covariate is the change, or holds it.")
        if bool((np.abs(variances - previous) <= _TOLERANCE * variances).all()):
            break
    return ArmVarianceFit(coefficients, covariance, variance_difference(variances, df, level=level))


def _weighted_fit(y: FloatArray, x: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    weighted = x / variance[:, None]
    covariance: FloatArray = np.linalg.inv(weighted.T @ x).astype(np.float64)
    return covariance @ (weighted.T @ y), covariance
