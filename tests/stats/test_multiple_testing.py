"""Adjustment of P values against R's p.adjust, and its properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.multiple_testing import (
    adjust_over_contrasts,
    adjust_p_values,
    adjust_within_families,
    benjamini_hochberg,
)

EXPECTED = Path(__file__).parents[1] / "parity" / "multiple_testing" / "expected" / "adjusted.tsv"
R_NAMES = {"benjamini_hochberg": "BH", "benjamini_yekutieli": "BY", "bonferroni": "bonferroni", "holm": "holm"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(EXPECTED, sep="\t", float_precision="round_trip")


@pytest.mark.parametrize("method", R_NAMES)
def test_equals_p_adjust_to_the_last_bit(table, method):
    adjusted = adjust_p_values(table["p"], method=method)
    np.testing.assert_array_equal(adjusted, table[R_NAMES[method]])


@pytest.mark.parametrize("method", R_NAMES)
def test_families_are_adjusted_apart(table, method):
    adjusted = adjust_within_families(table["p"], table["family"], method=method)
    np.testing.assert_array_equal(adjusted, table[R_NAMES[method] + "_within"])


def test_contrasts_of_one_family_are_pooled():
    p = np.random.default_rng(0).random((7, 3))
    adjusted = adjust_over_contrasts(p, [0, 1, 0])
    np.testing.assert_array_equal(adjusted[:, [0, 2]], benjamini_hochberg(p[:, [0, 2]]))
    np.testing.assert_array_equal(adjusted[:, 1], benjamini_hochberg(p[:, 1]))


def test_order_of_tests_does_not_matter():
    rng = np.random.default_rng(1)
    p, order = rng.random(200).round(2), rng.permutation(200)
    np.testing.assert_array_equal(benjamini_hochberg(p)[order], benjamini_hochberg(p[order]))


def test_all_missing_and_empty():
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
    assert benjamini_hochberg([]).size == 0


@pytest.mark.parametrize("p", [[-0.1, 0.5], [0.2, 1.5]])
def test_values_that_are_no_probabilities_are_refused(p):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        benjamini_hochberg(p)


def test_wrong_shapes_and_methods_are_refused():
    with pytest.raises(InputError, match="one length"):
        adjust_within_families([0.1, 0.2], [0])
    with pytest.raises(InputError, match="family code per contrast"):
        adjust_over_contrasts([[0.1, 0.2]], [0])
    with pytest.raises(InputError, match="must be one of"):
        adjust_p_values([0.1], method="fdr")
