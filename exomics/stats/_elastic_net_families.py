"""What tells the families of a penalized likelihood apart: slopes, curvatures, deviances, and where fits begin."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

GAUSSIAN, BINOMIAL, COX = range(3)
_LEAST_CURVATURE = 1e-5


class Outcome(NamedTuple):
    """One response: (n_samples,) values, the first sample of each one's tied times (Cox), and the family."""

    response: FloatArray
    first: IntArray
    family: int


@helper
def _cox_working(outcome: Outcome, predictor: FloatArray, slope: FloatArray, curve: FloatArray) -> None:
    """Slope and curvature of Breslow's partial likelihood; samples by rising time, `first` of each tied group."""
    event, first, _ = outcome
    n = predictor.size
    top = predictor.max()
    risk = np.exp(predictor - top)
    at_risk = np.empty(n)
    total = 0.0
    for i in range(n - 1, -1, -1):
        total += risk[i]
        at_risk[i] = total
    hazard, hazard2 = 0.0, 0.0
    i = 0
    while i < n:
        end = i
        while end < n and first[end] == first[i]:
            end += 1
        deaths = 0.0
        for k in range(i, end):
            deaths += event[k]
        hazard += deaths / at_risk[i]
        hazard2 += deaths / at_risk[i] ** 2
        for k in range(i, end):
            slope[k] = event[k] - risk[k] * hazard
            curve[k] = max(risk[k] * hazard - risk[k] * risk[k] * hazard2, 0.0)
        i = end


@helper
def working(outcome: Outcome, predictor: FloatArray, slope: FloatArray, curve: FloatArray) -> None:
    """Write each sample's slope of the log likelihood, and its curvature, at `predictor`."""
    response, first, family = outcome
    if family == COX:
        _cox_working(outcome, predictor, slope, curve)
        return
    for i in range(response.size):
        if family == GAUSSIAN:
            slope[i] = response[i] - predictor[i]
            curve[i] = 1.0
        else:
            probability = 1.0 / (1.0 + math.exp(-predictor[i]))
            slope[i] = response[i] - probability
            curve[i] = max(probability * (1.0 - probability), _LEAST_CURVATURE)


@helper
def start(outcome: Outcome, predictor: FloatArray) -> float:
    """The intercept of the model without features, written into `predictor` too."""
    response, _, family = outcome
    if family == COX:
        return 0.0
    mean = response.mean()
    begin = mean if family == GAUSSIAN else math.log(mean / (1.0 - mean))
    predictor[:] = begin
    return begin


@helper
def _cox_deviance(outcome: Outcome, predictor: FloatArray) -> float:
    event, first, _ = outcome
    n = predictor.size
    top = predictor.max()
    at_risk = np.empty(n)
    running = 0.0
    for i in range(n - 1, -1, -1):
        running += math.exp(predictor[i] - top)
        at_risk[i] = running
    total = 0.0
    for i in range(n):
        total -= 2.0 * event[i] * (predictor[i] - top - math.log(at_risk[first[i]]))
    return total


@helper
def deviance(outcome: Outcome, predictor: FloatArray) -> float:
    """Twice the log likelihood that is missing to a perfect fit; for Cox, -2 x the log partial likelihood."""
    response, first, family = outcome
    if family == COX:
        return _cox_deviance(outcome, predictor)
    total = 0.0
    for i in range(response.size):
        if family == GAUSSIAN:
            total += (response[i] - predictor[i]) ** 2
        else:
            margin = predictor[i] if response[i] == 1.0 else -predictor[i]
            total += 2.0 * (math.log1p(math.exp(-abs(margin))) + max(-margin, 0.0))
    return total
