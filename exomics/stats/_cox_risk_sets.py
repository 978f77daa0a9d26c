"""Partial likelihood of a Cox model over explicit risk sets, its penalty, and its maximum."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MOST_STEPS: Final = 100
_SMALL_STEP: Final = 1e-10
_LONGEST_STEP: Final = 5.0
_WIDE: Final = 30.0


class RiskSets(NamedTuple):
    """Standardized covariates (n, p); how much each row counts at each event, (n_events, n); the rows of the events."""

    x: FloatArray
    counted: FloatArray
    events: NDArray[np.int64]
    firth: bool


def penalized_terms(problem: RiskSets, beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log likelihood, score and information, penalized if asked for."""
    x, counted = problem.x, problem.counted
    predictor = x @ beta
    largest = float(predictor.max())
    weights = counted * np.exp(predictor - largest)
    totals = weights.sum(axis=1)
    weights /= totals[:, None]
    means = weights @ x
    likelihood = float((predictor[problem.events] - largest - np.log(totals)).sum())
    score = (x[problem.events] - means).sum(axis=0)
    share = weights.sum(axis=0)
    information = (x * share[:, None]).T @ x - means.T @ means
    if not problem.firth:
        return likelihood, score, information
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0.0:
        return -np.inf, score, information
    penalty = _third_moments(x, weights, means) @ np.linalg.inv(information).ravel()
    return likelihood + 0.5 * float(log_determinant), score + 0.5 * penalty, information


def _third_moments(x: FloatArray, weights: FloatArray, means: FloatArray) -> FloatArray:
    """Derivative of the information by each coefficient, (p, p * p): third central moments of the risk sets."""
    p = x.shape[1]
    total = np.zeros((p, p * p))
    for weight, mean in zip(weights, means, strict=True):
        centered = x - mean
        total += (centered * weight[:, None]).T @ (centered[:, :, None] * centered[:, None, :]).reshape(-1, p * p)
    return total


def maximize(problem: RiskSets, beta: FloatArray, free: NDArray[np.bool_]) -> tuple[FloatArray, float, FloatArray, str]:
    """Newton's method with halved steps over the free coefficients."""
    current, score, information = penalized_terms(problem, beta)
    if not free.any():
        return beta, current, information, "converged"
    for _ in range(_MOST_STEPS):
        part = information[np.ix_(free, free)]
        if not np.isfinite(part).all() or np.linalg.matrix_rank(part, hermitian=True) < len(part):
            return beta, current, information, _why(problem, beta)
        step = np.zeros(beta.size)
        step[free] = np.linalg.solve(part, score[free])
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        value, new_score, new_information = penalized_terms(problem, beta + step)
        while not value >= current - 1e-12 * abs(current) and float(np.abs(step).max()) > 1e-14:
            step = 0.5 * step
            value, new_score, new_information = penalized_terms(problem, beta + step)
        beta = beta + step
        current, score, information = value, new_score, new_information
        if _why(problem, beta) == "monotone_likelihood" and not problem.firth:
            return beta, current, information, "monotone_likelihood"
        if float(np.abs(step).max()) < _SMALL_STEP * max(1.0, float(np.abs(beta).max())):
            return beta, current, information, "converged"
    return beta, current, information, "not_converged"


def _why(problem: RiskSets, beta: FloatArray) -> str:
    return "monotone_likelihood" if np.ptp(problem.x @ beta) > _WIDE else "singular"
