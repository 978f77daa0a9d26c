"""Meta-regression over platforms against metafor's rma.mv, and what must hold whatever the numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.meta_analysis import combine_effects
from exomics.stats.multilevel_meta_analysis import MultilevelEffects, multilevel_effects

EXPECTED = Path(__file__).parents[1] / "parity" / "multilevel_meta_analysis" / "expected"
SMALLEST = -1.0 / 7.0


def frozen(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def fitted(rows: pd.DataFrame, groups: list[str]) -> MultilevelEffects:
    codes = pd.Index(groups).get_indexer(rows["group"])
    return multilevel_effects(rows["y"], rows["se"], codes, [pd.factorize(rows["platform"])[0]])


@pytest.fixture(scope="module")
def found() -> dict[int, tuple[MultilevelEffects, pd.DataFrame, pd.Series]]:
    estimates, tests = frozen("estimates"), frozen("tests").set_index("metabolite")
    made = {}
    for metabolite, rows in frozen("inputs").groupby("metabolite"):
        expected = estimates[estimates["metabolite"] == metabolite]
        made[metabolite] = fitted(rows, list(expected["group"])), expected, tests.loc[metabolite]
    return made


def test_a_proper_optimum_is_that_of_metafor(found) -> None:
    compared = 0
    for mine, expected, test in found.values():
        np.testing.assert_allclose([mine.q_residual, mine.q_residual_p], test[["qe", "qe_p"]], rtol=1e-9)
        assert mine.converged
        if test["rho"] < SMALLEST and test["tau2"] > 1e-8:
            continue
        compared += 1
        assert mine.log_likelihood >= test["log_likelihood"] - 1e-8
        np.testing.assert_allclose(mine.estimate, expected["estimate"], atol=1e-6)
        np.testing.assert_allclose(mine.standard_error, expected["se"], rtol=2e-6)
        np.testing.assert_allclose(np.log(mine.p_value), np.log(expected["p"]), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(mine.q_conditions, test["qm"], rtol=2e-6)
        np.testing.assert_allclose(mine.variance[0], test["tau2"], rtol=1e-4, atol=1e-7)
    assert compared >= 20


def test_an_improper_correlation_is_not_followed(found) -> None:
    """metafor goes on to a correlation that no random effects have, in the end to a chi-squared of 1e9."""
    improper = [(mine, test) for mine, _, test in found.values() if test["rho"] < SMALLEST and test["tau2"] > 1e-8]
    assert len(improper) >= 8 and max(test["qm"] for _, test in improper) > 1e6
    for mine, test in improper:
        assert mine.correlation[0] >= SMALLEST or np.isnan(mine.correlation[0])
        assert mine.log_likelihood <= test["log_likelihood"] + 1e-8
        assert mine.q_conditions < 1e3


def test_one_condition_is_the_meta_analysis_of_its_platforms() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        errors = rng.uniform(0.1, 0.3, 6)
        effects = rng.normal(0.4, 0.5, 6)
        one = multilevel_effects(effects, errors, np.zeros(6, dtype=int), [np.arange(6)])
        pooled = combine_effects(effects, errors)
        np.testing.assert_allclose(one.estimate, pooled.estimate, rtol=1e-5)
        np.testing.assert_allclose(one.standard_error, pooled.standard_error, rtol=1e-5)
        np.testing.assert_allclose(one.q_residual_p, pooled.q_p_value[0], rtol=1e-9)


def rows_of(seed: int, platforms: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    conditions, platform = np.tile(np.arange(4), platforms), np.repeat(np.arange(platforms), 4)
    shared = rng.normal(0.0, 0.2, platforms)[platform]
    return rng.normal(0.3, 0.1, platform.size) + shared, rng.uniform(0.05, 0.2, platform.size), conditions, platform


def test_order_scale_and_labels_do_not_matter() -> None:
    y, se, conditions, platform = rows_of(1)
    one = multilevel_effects(y, se, conditions, [platform])
    order = np.random.default_rng(2).permutation(y.size)
    other = multilevel_effects(7.0 * y[order], 7.0 * se[order], conditions[order], [10 - platform[order]])
    np.testing.assert_allclose(other.estimate, 7.0 * one.estimate, rtol=1e-6)
    np.testing.assert_allclose(other.p_value, one.p_value, rtol=1e-4)
    np.testing.assert_allclose(other.correlation, one.correlation, atol=1e-4)
    lifted = multilevel_effects(y + 1.0, se, conditions, [platform])
    np.testing.assert_allclose(lifted.estimate, one.estimate + 1.0, rtol=1e-6)


def test_a_second_grouping_never_lowers_the_likelihood() -> None:
    y, se, conditions, platform = rows_of(3, platforms=4)
    one = multilevel_effects(y, se, conditions, [platform])
    two = multilevel_effects(y, se, conditions, [platform, platform // 2])
    assert two.log_likelihood >= one.log_likelihood - 1e-8
    assert two.variance.shape == (2,)


def test_no_effect_gives_uniform_p_values() -> None:
    rng = np.random.default_rng(9)
    conditions, platform = np.tile(np.arange(4), 2), np.repeat([0, 1], 4)
    p_values = np.array(
        [
            multilevel_effects(rng.normal(0.0, 0.1, 8), np.full(8, 0.1), conditions, [platform]).q_conditions_p
            for _ in range(200)
        ]
    )
    assert 0.005 <= (p_values < 0.05).mean() <= 0.11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1.0, np.nan, 1.0, 1.0]}, "effects must be finite"),
        ({"se": [0.1, 0.0, 0.1, 0.1]}, "standard errors positive"),
        ({"conditions": [0, 2, 0, 2]}, "condition 1 has no estimate"),
        ({"conditions": [0.0, 1.0, 0.0, 1.0]}, "whole-number conditions"),
        ({"y": [1.0]}, "vectors of one length"),
    ],
)
def test_what_is_no_input(change: dict[str, list[float]], message: str) -> None:
    given = {"y": [1.0, 1.0, 1.0, 1.0], "se": [0.1] * 4, "conditions": [0, 1, 0, 1], **change}
    with pytest.raises(InputError, match=message):
        multilevel_effects(given["y"], given["se"], given["conditions"], [[0, 0, 1, 1]])


def test_conditions_of_one_platform_cannot_be_pooled() -> None:
    with pytest.raises(DesignError, match="no condition was estimated twice"):
        multilevel_effects([1.0, 2.0], [0.1, 0.1], [0, 1], [[0, 0]])
