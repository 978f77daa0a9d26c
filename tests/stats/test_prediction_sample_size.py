"""Riley's criteria against figures that their authors printed, and against what fitting does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.prediction_sample_size import expected_shrinkage, largest_cox_snell, prediction_sample_size


def test_published_figures_come_out() -> None:
    """The example of the R package pmsampsize (221, 623, 662), and the 544 subjects of Riley 2020 for criterion 2."""
    found = prediction_sample_size(24, 0.174, nagelkerke=0.288 / largest_cox_snell(0.174))
    assert (found.overall_risk, found.shrinkage, found.optimism) == (221, 623, 662)
    assert prediction_sample_size(30, 0.05).error == 544
    assert round(largest_cox_snell(0.174), 2) == 0.60


def test_the_error_has_no_formula_for_omics() -> None:
    found = prediction_sample_size(20_000, 0.5)
    assert np.isnan(found.error)
    assert found.needed == found.shrinkage > 1e6


def test_more_candidates_and_fewer_subjects_shrink_more() -> None:
    shrinkage = [expected_shrinkage(n, p, 0.5) for n, p in ((2000, 10), (200, 10), (200, 50), (60, 1000))]
    assert shrinkage == sorted(shrinkage, reverse=True)
    assert shrinkage[-1] == pytest.approx(0.15 * 0.75, abs=0.01)
    assert expected_shrinkage(20, 100_000, 0.5) == pytest.approx(0.15 * 0.75)
    needed = prediction_sample_size(10, 0.3).shrinkage
    assert expected_shrinkage(needed, 10, 0.3) >= 0.9 > expected_shrinkage(needed - 10, 10, 0.3)


def test_a_fit_without_a_penalty_needs_that_shrinkage() -> None:
    """Calibration slopes of maximum-likelihood fits in new subjects have the mean that the formula tells."""
    n, p, slopes, explained = 300, 20, [], []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        x, new = generator.normal(size=(n, p)), generator.normal(size=(4000, p))
        weight = np.full(p, 0.2)
        y, truth = (generator.random(len(rows)) < 1 / (1 + np.exp(-rows @ weight)) for rows in (x, new))
        slopes.append(_logistic(new @ _logistic(x, y)[1:], truth)[1])
        explained.append(1 - np.exp(-2 * np.mean(_gain(new @ weight, truth))))
    expected = expected_shrinkage(n, p, 0.5, nagelkerke=float(np.mean(explained)) / 0.75)
    assert np.mean(slopes) == pytest.approx(expected, abs=0.08)


def _gain(odds: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Log likelihood above that of one half."""
    return np.where(truth, -np.log1p(np.exp(-odds)), -np.log1p(np.exp(odds))) + np.log(2.0)


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Intercept and coefficients of greatest likelihood, by Newton's steps."""
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(design.shape[1])
    for _ in range(20):
        p = 1 / (1 + np.exp(-design @ beta))
        beta += np.linalg.solve((design.T * (p * (1 - p))) @ design, design.T @ (y - p))
    return beta


@pytest.mark.parametrize(
    "call",
    [
        lambda: prediction_sample_size(0, 0.5),
        lambda: prediction_sample_size(5, 1.0),
        lambda: expected_shrinkage(0, 5, 0.5),
        lambda: expected_shrinkage(50, 5, 0.5, nagelkerke=1.0),
        lambda: largest_cox_snell(0.0),
    ],
)
def test_what_is_no_fraction_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=r"within \(0, 1\)"):
        call()
