"""Does the effect of an arm depend on a marker? One interaction per marker: linear, logistic, proportional hazards."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._cox_kernels import CONVERGED as COX_CONVERGED
from exomics.stats._cox_kernels import fit_several
from exomics.stats._follow_up import checked_follow_up, descending_order, tie_borders
from exomics.stats.t_distribution import t_tests

__all__ = ["INTERACTION_STATUS", "InteractionScreen", "interaction_screen"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Family = Literal["linear", "logistic", "cox"]

#: Names of the status codes of an interaction, in order.
INTERACTION_STATUS = ("fitted", "too_few", "constant", "one_outcome", "not_converged")

FITTED, TOO_FEW, CONSTANT, ONE_OUTCOME, NOT_CONVERGED = range(5)
_MOST_STEPS = 50
_SETTLED = 1e-10
_SINGULAR = 1e-10  # eigenvalue of the scaled Gram matrix at which columns say the same
_WIDEST = 25.0  # log odds beyond which a fit runs away


class InteractionScreen(NamedTuple):
    """Interactions of markers with an arm; every field has shape (n_markers,), per standard deviation of the marker.

    ``interaction`` is the effect of the marker in the treated minus that in the controls; ``in_control`` and
    ``in_treated`` are those two. ``status`` indexes :data:`INTERACTION_STATUS`.
    """

    interaction: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    in_control: FloatArray
    in_control_error: FloatArray
    in_treated: FloatArray
    in_treated_error: FloatArray
    n_samples: IntArray
    status: IntArray


class _Data(NamedTuple):
    """Known samples: arm (n_samples,), covariates (n_samples, n_covariates), outcome as its family has it."""

    arm: FloatArray
    covariates: FloatArray
    outcome: FloatArray
    family: str


def interaction_screen(
    markers: ArrayLike,
    arm: ArrayLike,
    outcome: ArrayLike,
    *,
    family: Family,
    covariates: ArrayLike | None = None,
) -> InteractionScreen:
    """Fit ``g(outcome) = a + b arm + c marker + d arm x marker + covariates`` for each marker alone.

    ``d`` says whether the benefit of the arm depends on the marker; ``c`` alone is prognosis and says nothing of it.

    Parameters
    ----------
    markers
        (n_samples, n_markers), measured before the arms were assigned; put in standard deviations here. NaN is left
        out marker by marker.
    arm
        (n_samples,) 1 treated, 0 control.
    outcome
        (n_samples,) numbers for ``linear``, 0 and 1 for ``logistic``; (n_samples, 2) time and event for ``cox``.
    family
        ``linear`` (t test with residual degrees of freedom), ``logistic`` or ``cox`` (Efron's ties; Wald tests).
    covariates
        (n_samples, n_covariates), adjusted for in every model.

    Returns
    -------
    InteractionScreen
        A marker that cannot be fitted has NaN and a status: ``too_few`` (fewer than 5 samples per coefficient in all,
        or fewer than 3 in an arm), ``constant``, ``one_outcome`` (an arm without events or, for ``logistic``, with
        events alone), ``not_converged``.

    Raises
    ------
    InputError
        If shapes do not fit, an arm is not 0 or 1, or an outcome or covariate is no number of its family.

    Notes
    -----
    Royston and Sauerbrei (2004), doi:10.1002/sim.1815, for continuous markers. The markers must not be measured after
    the arms began: that would be a consequence, not a modifier.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> m, arm = generator.normal(size=(200, 2)), np.tile([0, 1], 100)
    >>> found = interaction_screen(m, arm, m[:, 0] * arm + m[:, 1] + generator.normal(size=200), family="linear")
    >>> (found.p_value < 0.001).tolist()
    [True, False]
    """
    values = np.asarray(markers, dtype=np.float64)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    data, known = _checked(values, arm, outcome, family, covariates)
    values = values[known]
    result = np.full((values.shape[1], 8), np.nan)
    status, n_samples = np.empty(values.shape[1], dtype=np.int64), np.empty(values.shape[1], dtype=np.int64)
    for j in range(values.shape[1]):
        here = np.isfinite(values[:, j])
        n_samples[j] = here.sum()
        part = _Data(data.arm[here], data.covariates[here], data.outcome[here], family)
        status[j] = _fit(values[here, j], part, result[j])
    crossed, error, statistic, p, main, main_error, sum_, sum_error = result.T
    effects = (main, main_error, sum_, sum_error)
    return InteractionScreen(crossed, error, statistic, p, *effects, n_samples, status)


def _checked(
    markers: FloatArray, arm: ArrayLike, outcome: ArrayLike, family: str, covariates: ArrayLike | None
) -> tuple[_Data, NDArray[np.bool_]]:
    if family not in ("linear", "logistic", "cox"):
        raise InputError(f"family must be linear, logistic or cox; got {family!r}.")
    n = len(markers)
    arms, outcomes = np.asarray(arm, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    beside = np.empty((n, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64).reshape(n, -1)
    if markers.ndim != 2 or arms.shape != (n,) or outcomes.shape != ((n, 2) if family == "cox" else (n,)):
        raise InputError(f"arm and outcome must have one entry per row of the markers ({n}).")
    if not np.isin(arms[np.isfinite(arms)], (0, 1)).all():
        raise InputError("an arm must be 1 (treated) or 0 (control).")
    known = np.isfinite(arms) & np.isfinite(outcomes.reshape(n, -1)).all(axis=1) & np.isfinite(beside).all(axis=1)
    if family == "logistic" and not np.isin(outcomes[known], (0, 1)).all():
        raise InputError("a logistic outcome must be 0 or 1.")
    if family == "cox":
        outcomes = np.column_stack(checked_follow_up(outcomes[:, 0], outcomes[:, 1]))
    return _Data(arms[known], beside[known], outcomes[known], family), known


def _fit(marker: FloatArray, data: _Data, row: FloatArray) -> int:
    """Write one marker's estimates into `row`, and return its status."""
    n_coefficients = 4 + data.covariates.shape[1]
    treated = int(data.arm.sum())
    if len(marker) < 5 * n_coefficients or min(treated, len(marker) - treated) < 3:
        return TOO_FEW
    deviation = marker.std(ddof=1)
    if not deviation > 1e-12 * max(abs(float(marker.mean())), 1e-300):
        return CONSTANT
    if _has_one_outcome(data):
        return ONE_OUTCOME
    scaled = (marker - marker.mean()) / deviation
    design = np.column_stack([data.arm, scaled, data.arm * scaled, data.covariates])
    beta, covariance, df = fit_model(design, data.outcome, data.family)
    if not (np.isfinite(beta).all() and np.isfinite(covariance).all()):
        return NOT_CONVERGED
    main, crossed = beta[1], beta[2]
    error = np.sqrt(covariance[2, 2])
    both = np.sqrt(covariance[1, 1] + covariance[2, 2] + 2.0 * covariance[1, 2])
    statistic = crossed / error
    p = float(t_tests(np.array([statistic]), np.array([df]))[0][0]) if df else 2.0 * special.ndtr(-abs(statistic))
    row[:] = crossed, error, statistic, p, main, np.sqrt(covariance[1, 1]), main + crossed, both
    return FITTED


def _has_one_outcome(data: _Data) -> bool:
    """Whether an arm holds no event, or, where time does not tell them apart, events alone."""
    if data.family == "linear":
        return False
    events = data.outcome[:, 1] if data.family == "cox" else data.outcome
    shares = [float(events[data.arm == arm].mean()) for arm in (0.0, 1.0)]
    return 0.0 in shares or (data.family == "logistic" and 1.0 in shares)


def fit_model(design: FloatArray, outcome: FloatArray, family: str) -> tuple[FloatArray, FloatArray, float]:
    """Coefficients without the intercept, their covariance, and residual degrees of freedom (0: Wald)."""
    return _FITS[family](design, outcome)


def _linear(design: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Least squares with an intercept; coefficients without it, their covariance, residual degrees of freedom."""
    x = np.column_stack([design, np.ones(len(design))])
    gram = x.T @ x
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    kept = values > _SINGULAR
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T / np.outer(scale, scale)
    beta = inverse @ (x.T @ outcome)
    df = len(x) - int(kept.sum())
    variance = float(np.sum((outcome - x @ beta) ** 2)) / df
    return beta[:-1], (variance * inverse)[:-1, :-1], float(df)


def _logistic(design: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Newton's method; NaN where the odds run away."""
    x = np.column_stack([design, np.ones(len(design))])
    beta = np.zeros(x.shape[1])
    for _ in range(_MOST_STEPS):
        probability = special.expit(x @ beta)
        weight = probability * (1.0 - probability)
        information = x.T @ (x * weight[:, np.newaxis])
        if np.linalg.cond(information) > 1e12:
            break
        step = np.linalg.solve(information, x.T @ (outcome - probability))
        beta = beta + step
        if np.abs(x @ beta).max() > _WIDEST:
            break
        if np.abs(step).max() < _SETTLED:
            return beta[:-1], np.linalg.inv(information)[:-1, :-1], 0.0
    return np.full(x.shape[1] - 1, np.nan), np.full((x.shape[1] - 1,) * 2, np.nan), 0.0


def _cox(design: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Partial likelihood with Efron's ties on centered, scaled columns; NaN where it runs away."""
    order = descending_order(outcome[:, 0], outcome[:, 1])
    spread = design.std(axis=0)
    spread[spread == 0.0] = 1.0
    x = np.ascontiguousarray(((design - design.mean(axis=0)) / spread)[order])
    borders = tie_borders(outcome[order, 0])
    beta, covariance, _, status = fit_several(x, borders, outcome[order, 1] == 1.0, True)
    if status != COX_CONVERGED:
        return np.full(len(spread), np.nan), np.full((len(spread),) * 2, np.nan), 0.0
    return beta / spread, covariance / np.outer(spread, spread), 0.0


_FITS = {"linear": _linear, "logistic": _logistic, "cox": _cox}
