"""Over-representation against phyper and fisher.test, and limits that solve their equations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nchypergeom_fisher

from exomics.errors import InputError
from exomics.stats.over_representation import conditional_odds_ratios, hypergeometric_p_values

EXPECTED = Path(__file__).parents[1] / "parity" / "over_representation" / "expected" / "margins.tsv.gz"


@pytest.fixture(scope="module")
def frozen() -> pd.DataFrame:
    return pd.read_csv(EXPECTED, sep="\t", float_precision="round_trip")


def margins(frame: pd.DataFrame) -> list[np.ndarray]:
    return [frame[name].to_numpy() for name in ("overlap", "set", "chosen", "universe")]


def test_p_values_equal_the_reference(frozen: pd.DataFrame) -> None:
    at = margins(frozen)
    np.testing.assert_allclose(hypergeometric_p_values(*at), frozen["phyper"], rtol=1e-11)
    np.testing.assert_allclose(hypergeometric_p_values(*at), frozen["greater"], rtol=1e-11)
    np.testing.assert_allclose(hypergeometric_p_values(*at, alternative="less"), frozen["less"], rtol=1e-11)
    np.testing.assert_allclose(hypergeometric_p_values(*at, mid_p=True), frozen["mid"], rtol=1e-11)


@pytest.mark.parametrize(("ours", "theirs"), [("odds_ratio", "estimate"), ("ci_low", "low"), ("ci_high", "high")])
def test_odds_ratios_equal_the_reference_to_its_own_precision(frozen: pd.DataFrame, ours: str, theirs: str) -> None:
    """fisher.test solves for the ratio, or for its reciprocal above 1, to 1.2e-4."""
    found = getattr(conditional_odds_ratios(*margins(frozen)), ours)
    expected = frozen[theirs].to_numpy()
    assert np.array_equal(np.isinf(found), np.isinf(expected))
    small = np.minimum(found, 1 / np.maximum(found, 1e-300)), np.minimum(expected, 1 / np.maximum(expected, 1e-300))
    np.testing.assert_allclose(*small, atol=2.5e-4, rtol=0)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_limits_solve_their_equations(share: float) -> None:
    x, k, n, total = 7, 20, 60, 400
    found = conditional_odds_ratios([x], [k], [n], [total], level=0.9, mid_p=share == 0.5)
    at = nchypergeom_fisher(total, k, n, found.odds_ratio[0])
    assert at.mean() == pytest.approx(x, rel=1e-6)
    low, high = (nchypergeom_fisher(total, k, n, limit[0]) for limit in (found.ci_low, found.ci_high))
    assert low.sf(x) + share * low.pmf(x) == pytest.approx(0.05, rel=1e-6)
    assert high.cdf(x - 1) + share * high.pmf(x) == pytest.approx(0.05, rel=1e-6)


def test_edges_of_the_support() -> None:
    found = conditional_odds_ratios([0, 5, 3], [5, 5, 3], [10, 10, 10], [40, 40, 10])
    assert found.odds_ratio[0] == 0
    assert found.ci_low[0] == 0
    assert np.isinf(found.odds_ratio[1])
    assert np.isinf(found.ci_high[1])
    assert np.isnan(found.odds_ratio[2])
    assert hypergeometric_p_values([0], [5], [0], [40]).tolist() == [1.0]


@pytest.mark.parametrize(
    "table", [(6, 5, 10, 40), (2, 5, 1, 40), (2, 50, 10, 40), (0, 30, 30, 40), (1.5, 5, 10, 40), (np.nan, 5, 10, 40)]
)
def test_impossible_tables_are_refused(table: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        hypergeometric_p_values(*([value] for value in table))


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match="alternative"):
        hypergeometric_p_values([1], [5], [10], [40], alternative="two")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="level"):
        conditional_odds_ratios([1], [5], [10], [40], level=95)
