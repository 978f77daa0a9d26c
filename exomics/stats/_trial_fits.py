"""One model on each of many simulated trials at once: least squares, logistic and Cox regression by Newton's method."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Slopes = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]

_MOST_STEPS = 20
_SETTLED = 1e-6
_WIDEST = 25.0  # log odds or log hazards beyond which a fit runs away
_TINY = 1e-9


class Fits(NamedTuple):
    """Coefficients and their standard errors, shape (n_trials, n_coef); NaN where a trial cannot be fitted."""

    coefficients: FloatArray
    errors: FloatArray


def fit_linear(design: FloatArray, outcome: FloatArray) -> Fits:
    """Least squares of `outcome` (n_trials, n) on `design` (n_trials, n, n_coef), which holds the intercept."""
    information = design.swapaxes(1, 2) @ design
    inverse, found = _inverses(information)
    beta = np.squeeze(inverse @ (design.swapaxes(1, 2) @ outcome[:, :, np.newaxis]), axis=2)
    residual = outcome - np.squeeze(design @ beta[:, :, np.newaxis], axis=2)
    df = design.shape[1] - design.shape[2]
    variance = np.einsum("tn,tn->t", residual, residual) / df
    errors = np.sqrt(variance[:, np.newaxis] * np.einsum("tpp->tp", inverse))
    return _where(found, beta, errors)


def fit_logistic(design: FloatArray, outcome: FloatArray, start: FloatArray) -> Fits:
    """Logistic regressions of `outcome` (n_trials, n) on `design` (n_trials, n, n_coef), which holds the intercept."""

    def slopes(beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        predictor = np.squeeze(design @ beta[:, :, np.newaxis], axis=2)
        probability = special.expit(predictor)
        weight = probability * (1.0 - probability)
        score = np.squeeze(design.swapaxes(1, 2) @ (outcome - probability)[:, :, np.newaxis], axis=2)
        return score, design.swapaxes(1, 2) @ (design * weight[:, :, np.newaxis]), np.abs(predictor).max(axis=1)

    return _newton(slopes, np.tile(start, (len(design), 1)))


def fit_cox(design: FloatArray, time: FloatArray, event: FloatArray, start: FloatArray) -> Fits:
    """Cox regressions of follow-up (n_trials, n), events at distinct times, on `design` (n_trials, n, n_coef)."""
    order = np.argsort(-time, axis=1, kind="stable")
    x = np.take_along_axis(design, order[:, :, np.newaxis], axis=1)
    happened = np.take_along_axis(event, order, axis=1)

    def slopes(beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        predictor = np.squeeze(x @ beta[:, :, np.newaxis], axis=2)
        predictor -= predictor.max(axis=1, keepdims=True)
        weight = np.exp(predictor)
        share = happened / np.cumsum(weight, axis=1)
        first = np.cumsum(weight[:, :, np.newaxis] * x, axis=1)
        mean = first * share[:, :, np.newaxis]  # of those at risk; 0 where nothing happens
        score = np.einsum("tn,tnp->tp", happened, x - mean)
        until = np.cumsum(share[:, ::-1], axis=1)[:, ::-1] * weight  # cumulative hazard of each subject
        second = x.swapaxes(1, 2) @ (x * until[:, :, np.newaxis])
        return score, second - mean.swapaxes(1, 2) @ mean, -predictor.min(axis=1)

    return _newton(slopes, np.tile(start, (len(design), 1)))


def _newton(slopes: Slopes, beta: FloatArray) -> Fits:
    """Climb from `beta`; `slopes` gives the score, the information, and the width of the predictor of each trial."""
    settled = np.zeros(len(beta), dtype=bool)
    lost = np.zeros(len(beta), dtype=bool)
    for _ in range(_MOST_STEPS):
        score, information, width = slopes(beta)
        inverse, found = _inverses(information)
        lost |= ~found | (width > _WIDEST)
        step = np.squeeze(inverse @ score[:, :, np.newaxis], axis=2)
        settled = np.abs(step).max(axis=1) < _SETTLED
        beta = np.where(lost[:, np.newaxis], beta, beta + np.clip(step, -2.0, 2.0))
        if (settled | lost).all():
            break
    return _where(settled & ~lost, beta, np.sqrt(np.einsum("tpp->tp", inverse)))


def _inverses(matrices: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Inverses (n_trials, p, p), and which of the matrices have one: the others are replaced by the identity."""
    size = np.einsum("tpp->tp", matrices)
    scale = np.sqrt(np.where(size > _TINY, size, 1.0))
    scaled = matrices / (scale[:, :, np.newaxis] * scale[:, np.newaxis, :])
    found = (size > _TINY).all(axis=1) & (np.abs(np.linalg.det(scaled)) > _TINY)
    identity = np.eye(matrices.shape[1])
    inverse = np.linalg.inv(np.where(found[:, np.newaxis, np.newaxis], scaled, identity))
    return inverse / (scale[:, :, np.newaxis] * scale[:, np.newaxis, :]), found


def _where(found: NDArray[np.bool_], beta: FloatArray, errors: FloatArray) -> Fits:
    known = found[:, np.newaxis]
    return Fits(np.where(known, beta, np.nan), np.where(known, errors, np.nan))
