"""Outcomes below a limit: the maximum is one, and its intervals hold what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from exomics.stats.censored_regression import left_censored_link
from exomics.stats.path_links import link_fit
from exomics.stats.t_distribution import t_quantile

GROUP = np.repeat([0.0, 1.0], 12)
NONE = np.empty((24, 0))


def test_without_censoring_it_is_least_squares() -> None:
    y = GROUP + np.random.default_rng(0).normal(size=24)
    assert left_censored_link(y, GROUP, NONE, np.zeros(24, dtype=bool)) == link_fit(y, GROUP, NONE, binary=False)
    far = np.arange(24) == 0  # below a limit far above it: next to nothing is known of that one
    found = left_censored_link(np.where(far, 50.0, y), GROUP, NONE, far)
    without = link_fit(y[1:], GROUP[1:], NONE[1:], binary=False)
    assert found.estimate == pytest.approx(without.estimate, abs=1e-6)


def test_it_is_the_maximum_of_the_likelihood_found_by_a_general_optimizer() -> None:
    rng = np.random.default_rng(1)
    covariate = rng.normal(size=24)
    y = 1.5 * GROUP + 0.5 * covariate + rng.normal(size=24)
    hidden = y < 0.3
    held = np.where(hidden, 0.3, y)
    design = np.column_stack([np.ones(24), GROUP, covariate])

    def minus_log_likelihood(at: np.ndarray) -> float:
        spread = np.exp(at[-1])
        known = stats.norm.logpdf(held[~hidden], design[~hidden] @ at[:-1], spread).sum()
        return -float(known + stats.norm.logcdf(held[hidden], design[hidden] @ at[:-1], spread).sum())

    best = optimize.minimize(minus_log_likelihood, np.zeros(4), method="BFGS", options={"gtol": 1e-8})
    found = left_censored_link(held, GROUP, covariate[:, None], hidden)
    assert found.estimate == pytest.approx(best.x[1], abs=1e-5)
    steps = 1e-3 * np.eye(4)
    curvature = [
        [
            sum(a * b * minus_log_likelihood(best.x + a * one + b * two) for a in (1, -1) for b in (1, -1)) / 4e-6
            for two in steps
        ]
        for one in steps
    ]
    assert found.standard_error == pytest.approx(np.sqrt(np.linalg.inv(curvature)[1, 1] * 24 / 21), rel=1e-3)


@pytest.mark.parametrize("planted", [0.0, 2.0])
def test_intervals_hold_the_planted_difference(planted: float) -> None:
    """200 studies of 12 and 12, a third of the first group below the limit; 95 % are asked for."""
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(200):
        y = planted * GROUP + rng.normal(size=24)
        hidden = y < -0.4
        found = left_censored_link(np.where(hidden, -0.4, y), GROUP, NONE, hidden)
        half = float(t_quantile(0.975, found.degrees_of_freedom)) * found.standard_error
        inside.append(abs(found.estimate - planted) < half)
    assert 0.92 < np.mean(inside) < 0.985


def test_a_side_of_which_nothing_was_detected_has_no_coefficient() -> None:
    hidden = GROUP == 0
    assert np.isnan(left_censored_link(np.where(hidden, 0.0, 3.0), GROUP, NONE, hidden).estimate)
