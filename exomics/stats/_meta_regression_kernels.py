"""Between-study variance of meta-regressions: weighted least squares of many features at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_MOST_STEPS = 1000
_MOST_HALVINGS = 60
_TOLERANCE = 1e-13


class Studies(NamedTuple):
    """Effects, variances (1 where absent) and which are there, (n, k); the moderators (k, p)."""

    y: FloatArray
    v: FloatArray
    present: BoolArray
    X: FloatArray

    def part(self, rows: NDArray[np.generic]) -> Studies:
        return Studies(self.y[rows], self.v[rows], self.present[rows], self.X)


class WeightedFit(NamedTuple):
    """Weighted least squares at one tau^2."""

    weights: FloatArray
    inverse: FloatArray
    coefficients: FloatArray
    residuals: FloatArray


def fit_at(studies: Studies, tau_squared: FloatArray) -> WeightedFit:
    """Weighted least squares with weights 1 / (v + tau^2)."""
    weights = studies.present / (studies.v + tau_squared[:, None])
    inverse = np.linalg.inv(np.einsum("nk,kp,kq->npq", weights, studies.X, studies.X))
    coefficients = np.einsum("npq,nq->np", inverse, (weights * studies.y) @ studies.X)
    return WeightedFit(weights, inverse, coefficients, studies.present * (studies.y - coefficients @ studies.X.T))


def projection_traces(studies: Studies, fit: WeightedFit) -> tuple[FloatArray, FloatArray]:
    """Traces of P and P P, for P = W - W X (X'WX)^-1 X'W."""
    w, X = fit.weights, studies.X
    second = np.einsum("npq,nk,kq,kr->npr", fit.inverse, w**2, X, X, optimize=True)
    third = np.einsum("npq,nk,kq,kr->npr", fit.inverse, w**3, X, X, optimize=True)
    first_trace = w.sum(axis=1) - np.einsum("npp->n", second)
    square = np.einsum("npq,nqp->n", second, second)
    return first_trace, (w**2).sum(axis=1) - 2.0 * np.einsum("npp->n", third) + square


def between_study_variance(studies: Studies, method: str) -> tuple[FloatArray, BoolArray]:
    """tau^2 of every feature, and whether it was found."""
    n = len(studies.y)
    if method == "fixed" or n == 0:
        return np.zeros(n), np.ones(n, dtype=bool)
    if method == "dersimonian_laird":
        fit = fit_at(studies, np.zeros(n))
        q = (fit.weights * fit.residuals**2).sum(axis=1)
        left = studies.present.sum(axis=1) - studies.X.shape[1]
        return np.maximum(0.0, (q - left) / projection_traces(studies, fit)[0]), np.ones(n, dtype=bool)
    return _paule_mandel(studies) if method == "paule_mandel" else _reml(studies)


def _paule_mandel(studies: Studies) -> tuple[FloatArray, BoolArray]:
    """Root of Q(tau^2) = k - p by Newton steps from below: Q falls and is convex."""
    tau_squared, converged = np.zeros(len(studies.y)), np.zeros(len(studies.y), dtype=bool)
    left = studies.present.sum(axis=1) - studies.X.shape[1]
    for _ in range(_MOST_STEPS):
        open_ = np.flatnonzero(~converged)
        if open_.size == 0:
            break
        part = studies.part(open_)
        fit = fit_at(part, tau_squared[open_])
        excess = (fit.weights * fit.residuals**2).sum(axis=1) - left[open_]
        slope = ((fit.weights * fit.residuals) ** 2).sum(axis=1)
        step = np.where(excess > 0, excess / np.where(slope > 0, slope, 1.0), 0.0)
        tau_squared[open_] += step
        converged[open_] = step <= _TOLERANCE * tau_squared[open_]
    return tau_squared, converged


def _log_likelihood(studies: Studies, tau_squared: FloatArray) -> FloatArray:
    """Restricted, but for a constant."""
    fit = fit_at(studies, tau_squared)
    logs = np.where(studies.present, np.log(studies.v + tau_squared[:, None]), 0.0).sum(axis=1)
    q = (fit.weights * fit.residuals**2).sum(axis=1)
    return np.asarray(-0.5 * (logs - np.linalg.slogdet(fit.inverse)[1] + q))


def _hedges_start(studies: Studies) -> FloatArray:
    """The unweighted moment estimate."""
    equal = Studies(studies.y, np.ones_like(studies.v), studies.present, studies.X)
    fit = fit_at(equal, np.zeros(len(studies.y)))
    leverage = np.einsum("kp,npq,kq->nk", studies.X, fit.inverse, studies.X)
    noise = (studies.present * studies.v * (1.0 - leverage)).sum(axis=1)
    left = studies.present.sum(axis=1) - studies.X.shape[1]
    return np.maximum(0.0, ((fit.residuals**2).sum(axis=1) - noise) / left)


def _reml(studies: Studies) -> tuple[FloatArray, BoolArray]:
    """Fisher scoring, halved where the restricted likelihood falls; zero where that is likelier."""
    tau_squared = _hedges_start(studies)
    value = _log_likelihood(studies, tau_squared)
    converged = np.zeros(len(tau_squared), dtype=bool)
    for _ in range(_MOST_STEPS):
        open_ = np.flatnonzero(~converged)
        if open_.size == 0:
            break
        part, current = studies.part(open_), tau_squared[open_]
        fit = fit_at(part, current)
        first, second = projection_traces(part, fit)
        score = ((fit.weights * fit.residuals) ** 2).sum(axis=1) - first
        proposal = np.maximum(0.0, current + score / second)
        reached = _log_likelihood(part, proposal)
        for _ in range(_MOST_HALVINGS):
            falls = reached < value[open_] - 1e-14 * np.abs(value[open_])
            if not falls.any():
                break
            proposal = np.where(falls, 0.5 * (proposal + current), proposal)
            reached = _log_likelihood(part, proposal)
        tau_squared[open_], value[open_] = proposal, reached
        converged[open_] = (np.abs(proposal - current) <= _TOLERANCE * proposal) | ((proposal == 0.0) & (score <= 0.0))
    zero = np.zeros_like(tau_squared)
    return np.where(_log_likelihood(studies, zero) > value, 0.0, tau_squared), converged
