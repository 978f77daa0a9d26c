"""Agreement with a published table: equal digits, rounding as R rounds, and what happens when rows differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stats.t_distribution import normal_deviate_of_t, t_tests
from exomics.validation.agreement import ROUNDING, agreement, agreement_table, paired_deviates
from exomics.validation.rounding import round_decimals, round_significant


@pytest.fixture
def table() -> DifferentialTable:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "feature_id": np.tile([f"f{i}" for i in range(200)], 3),
            "contrast": np.repeat(["a - b", "c - b", "a - c"], 200),
            "log2_fold_change": rng.normal(0, 1, 600),
            "mean_expression": np.tile(rng.normal(5, 2, 200), 3),
            "statistic": rng.normal(0, 2, 600),
            "degrees_of_freedom": np.tile(rng.uniform(5, 50, 200), 3),
        }
    )
    frame["p_value"] = t_tests(frame["statistic"].to_numpy(), frame["degrees_of_freedom"].to_numpy())[0]
    frame["family"] = np.where(frame["contrast"] == "a - c", "second", "first")
    frame["adj_p_value"] = frame.groupby("family")["p_value"].transform(lambda values: benjamini_hochberg(values))
    fixed = {"feature_name": "", "test": "t", "status": "ok", "note": "", "n_samples": 6}
    empty = dict.fromkeys(("standard_error", "ci_low", "ci_high", "df_numerator"), np.nan)
    return DifferentialTable(frame=frame.assign(**fixed, **empty), provenance=Provenance(method="test"))


@pytest.fixture
def published(table: DifferentialTable) -> pd.DataFrame:
    frame = table.frame.copy()
    frame["z"] = normal_deviate_of_t(frame["statistic"].to_numpy(), frame["degrees_of_freedom"].to_numpy())
    for name, (rounding, digits) in ROUNDING.items():
        frame[name] = rounding(frame[name].to_numpy(), digits)
    return frame


def test_a_rounded_copy_agrees_in_every_digit(table: DifferentialTable, published: pd.DataFrame) -> None:
    found = agreement(table, published).set_index("family")
    assert list(found["rows"]) == [400, 200]
    assert (found[[f"equal_{name}" for name in ROUNDING]] == 100.0).all(axis=None)
    assert found["max_abs_dz"].max() == 0.0
    assert (found["n_both"] <= found["n_ours"]).all() and (found["n_both"] <= found["n_published"]).all()
    text = agreement_table(found.reset_index())
    assert "100.00" in text and "0.0e+00" in text


@pytest.mark.parametrize("column", ROUNDING)
def test_one_changed_digit_is_counted(table: DifferentialTable, published: pd.DataFrame, column: str) -> None:
    published.loc[7, column] = published.loc[7, column] * 1.1 + 0.011
    found = agreement(table, published).set_index("family")
    assert found.loc["first", f"equal_{column}"] == pytest.approx(99.75)
    assert found.loc["second", f"equal_{column}"] == 100.0


def test_a_shifted_deviate_is_measured(table: DifferentialTable, published: pd.DataFrame) -> None:
    published.loc[590, "z"] += 2.5e-7
    found = agreement(table, published).set_index("family")
    assert found.loc["second", "max_abs_dz"] == pytest.approx(2.5e-7, rel=1e-6)


def test_rows_of_one_side_only_are_counted_not_hidden(table: DifferentialTable, published: pd.DataFrame) -> None:
    extra = published.iloc[[0]].assign(feature_id="other")
    found = agreement(table, pd.concat([published.iloc[3:], extra])).set_index("family")
    assert (found.loc["first", "rows"], found.loc["first", "rows_matched"]) == (398, 397)
    assert found.loc["first", "rows_only_ours"] == 3
    assert found.loc["first", "equal_statistic"] == pytest.approx(100 * 397 / 398)


def test_the_order_of_the_rows_does_not_matter(table: DifferentialTable, published: pd.DataFrame) -> None:
    shuffled = published.sample(frac=1.0, random_state=0)
    columns = ["family", "rows", "equal_statistic", "max_abs_dz", "n_both"]
    found = agreement(table, shuffled)[columns].sort_values("family").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        found, agreement(table, published)[columns].sort_values("family").reset_index(drop=True)
    )


def test_pairs_for_a_picture(table: DifferentialTable, published: pd.DataFrame) -> None:
    pairs = paired_deviates(table, published)
    assert list(pairs.columns) == ["family", "contrast", "feature_id", "z", "z_published"]
    np.testing.assert_array_equal(pairs["z"], pairs["z_published"])


def test_bad_published_tables(table: DifferentialTable, published: pd.DataFrame) -> None:
    with pytest.raises(InputError) as error:
        agreement(table, published.drop(columns=["z", "family"]))
    assert str(error.value) == ("the published table lacks family, z; read it with datasets.published_differential.")
    with pytest.raises(InputError, match="no row of the published family 'first' is in the table"):
        agreement(table, published.assign(feature_id="nothing" + published["feature_id"]))


def test_decimals_round_to_the_nearer_double() -> None:
    values = [0.15, 0.25, 0.35, 2.675, -0.285, 1e-9, 12.345, np.nan]
    expected = [0.1, 0.2, 0.3, 2.7, -0.3, 0.0, 12.3, np.nan]
    np.testing.assert_array_equal(round_decimals(values, 1), expected)
    np.testing.assert_array_equal(round_decimals([1.005, 2.675, 0.125, 0.375], 2), [1.0, 2.67, 0.12, 0.38])


def test_significant_digits() -> None:
    values = [0.049501, 0.0495, 123.0, 1.25e-7, 9.96e-300, 0.0, 1.0, np.nan]
    expected = [0.05, 0.05, 120.0, 1.2e-7, 1e-299, 0.0, 1.0, np.nan]
    np.testing.assert_allclose(round_significant(values, 2), expected, rtol=1e-12)
