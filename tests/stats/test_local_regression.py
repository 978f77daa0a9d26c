"""Local regression against stats::lowess and limma::weightedLowess, and its own rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.local_regression import choose_lowess_span, evaluate_curve, lowess, trend_curve, weighted_lowess

EXPECTED = Path(__file__).parents[1] / "parity" / "lowess" / "expected"
CURVES = pd.read_csv(EXPECTED / "curves.tsv.gz", sep="\t", float_precision="round_trip")
CASES = [pytest.param(table, id=str(name)) for name, table in CURVES.groupby("case", sort=False)]


@pytest.mark.parametrize("case", CASES)
def test_lowess_equals_r(case):
    x, y = case["x"], case["y"]
    np.testing.assert_allclose(lowess(x, y, 0.5).fitted, case["lowess"], rtol=1e-12, atol=1e-12)
    every_point = lowess(x, y, 0.7, iterations=2, delta=0.0)
    np.testing.assert_allclose(every_point.fitted, case["lowess_every_point"], rtol=1e-12, atol=1e-12)
    coarse = lowess(x, y, 2 / 3, iterations=0, delta=0.2 * (x.max() - x.min()))
    np.testing.assert_allclose(coarse.fitted, case["lowess_coarse"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_weighted_lowess_equals_limma(case):
    fit = weighted_lowess(case["x"], case["y"], case["w"], span=0.5)
    np.testing.assert_allclose(fit.fitted, case["weighted"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(fit.robustness_weights, case["robustness"], rtol=0, atol=1e-12)
    assert fit.delta == pytest.approx(case["delta"].iloc[0], rel=1e-12, abs=0)
    once = weighted_lowess(case["x"], case["y"], case["w"], span=0.31, iterations=1, n_anchors=17)
    np.testing.assert_allclose(once.fitted, case["weighted_once"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("smooth", [lowess, weighted_lowess])
def test_order_of_points_does_not_matter(smooth):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=120), rng.normal(size=120)
    shuffled = rng.permutation(120)
    np.testing.assert_array_equal(smooth(x[shuffled], y[shuffled]).fitted, smooth(x, y).fitted[shuffled])


def test_integer_weights_count_points():
    rng = np.random.default_rng(4)
    x, y, weights = rng.normal(size=60), rng.normal(size=60), rng.integers(1, 4, 60)
    repeated = weighted_lowess(np.repeat(x, weights), np.repeat(y, weights), span=0.5, delta=0.0)
    fit = weighted_lowess(x, y, weights, span=0.5, delta=0.0)
    np.testing.assert_allclose(repeated.fitted, np.repeat(fit.fitted, weights), rtol=1e-9)


def test_a_point_alone_is_its_own_smooth():
    assert lowess([2.0], [5.0]).fitted.tolist() == [5.0]


def test_span_narrows_from_one():
    assert [choose_lowess_span(n, 500) for n in (1, 500)] == [1.0, 1.0]
    assert choose_lowess_span(4000, 500) == pytest.approx(0.3 + 0.7 * 0.5)


def test_curve_agrees_with_interpolation_at_crowded_knots():
    rng = np.random.default_rng(5)
    knots = np.sort(np.concatenate([rng.normal(size=500), 1e-6 * rng.normal(size=500), [50.0]]))
    heights = rng.normal(size=knots.size)
    at = np.concatenate([rng.normal(size=3000) * 2, knots, [-99.0, 99.0]])
    curve = trend_curve(knots, heights)
    np.testing.assert_allclose(evaluate_curve(curve, at), np.interp(at, knots, heights), rtol=1e-9, atol=1e-9)
    table = np.asfortranarray(at[:3000].reshape(60, 50))
    np.testing.assert_array_equal(evaluate_curve(curve, table).ravel(), evaluate_curve(curve, at[:3000]))
    assert np.isnan(evaluate_curve(curve, [np.nan])).all()
    assert evaluate_curve(trend_curve([1.0, 1.0], [2.0, 4.0]), [0.0, 1.0, 2.0]).tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: lowess([1.0, 2.0], [1.0]),
        lambda: lowess([1.0, np.nan], [1.0, 2.0]),
        lambda: lowess([], []),
        lambda: lowess([1.0, 2.0], [1.0, 2.0], 0.0),
        lambda: lowess([1.0, 2.0], [1.0, 2.0], iterations=-1),
        lambda: lowess([1.0, 2.0], [1.0, 2.0], delta=-1.0),
        lambda: weighted_lowess([1.0, 2.0], [1.0, 2.0], [1.0, -1.0]),
        lambda: weighted_lowess([1.0, 2.0], [1.0, 2.0], [0.0, 0.0]),
        lambda: weighted_lowess([1.0, 2.0], [1.0, 2.0], iterations=0),
        lambda: weighted_lowess([1.0, 2.0], [1.0, 2.0], n_anchors=0),
        lambda: weighted_lowess([1.0], [1.0]),
        lambda: choose_lowess_span(0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InputError):
        call()
