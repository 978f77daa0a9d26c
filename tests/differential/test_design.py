"""Designs: columns, conditions, and one clear line for each way in which a design cannot be fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.differential import build_design
from exomics.errors import DesignError


def test_levels_name_their_columns_verbatim(samples: pd.DataFrame) -> None:
    design = build_design(samples, "~ 0 + group + rin")
    assert design.coefficients == ("F_SED", "F_8W", "M_SED", "M_8W", "rin")
    assert design.conditions == ("F_SED", "F_8W", "M_SED", "M_8W")
    np.testing.assert_array_equal(design.matrix[:, 0], (samples["group"] == "F_SED").astype(float))
    np.testing.assert_array_equal(design.matrix[:, 4], samples["rin"])


def test_a_level_that_two_factors_share_keeps_its_factor(samples: pd.DataFrame) -> None:
    table = samples.assign(other=["F_SED", "x"] * 10)
    design = build_design(table, "~ 0 + group + other")
    assert design.coefficients[:2] == ("F_SED", "F_8W")
    with pytest.raises(DesignError) as error:
        design.weights_of("F_SED")
    assert str(error.value) == (
        "the level 'F_SED' belongs to several factors of the design; write group[F_SED] or other[F_SED]."
    )
    assert design.weights_of("group[F_SED]") is not None


def test_text_is_sorted_and_unused_levels_are_dropped(samples: pd.DataFrame) -> None:
    males = samples.iloc[10:]
    assert build_design(males, "~ 0 + group").coefficients == ("M_SED", "M_8W")
    as_text = males.assign(group=males["group"].astype(str))
    assert build_design(as_text, "~ 0 + group").coefficients == ("M_8W", "M_SED")


@pytest.mark.parametrize("formula", ["~ 0 + group + rin", "~ group + rin", "~ rin + group", "~ rin + C(group)"])
def test_a_difference_of_conditions_is_the_same_in_every_coding(samples: pd.DataFrame, formula: str) -> None:
    design = build_design(samples, formula)
    response = np.random.default_rng(0).normal(size=20)
    coefficients = np.linalg.lstsq(design.matrix, response, rcond=None)[0]
    reference = build_design(samples, "~ 0 + group + rin")
    expected = np.linalg.lstsq(reference.matrix, response, rcond=None)[0]
    left, right = design.weights_of("M_8W"), design.weights_of("M_SED")
    assert left is not None and right is not None
    assert (left - right) @ coefficients == pytest.approx(expected[3] - expected[2], abs=1e-10)


def test_conditions_of_crossed_factors() -> None:
    table = pd.DataFrame({"sex": list("ffmm") * 3, "time": list("abab") * 3})
    design = build_design(table, "~ sex * time")
    assert design.conditions == ("f:a", "f:b", "m:a", "m:b")
    np.testing.assert_allclose(design.weights_of("m:b"), [1, 1, 1, 1])
    np.testing.assert_allclose(design.weights_of("b:m"), [1, 1, 1, 1])
    np.testing.assert_allclose(design.weights_of("b"), [1, 0.5, 1, 0.5])
    assert design.weights_of("nobody") is None


def test_numeric_variables_stand_at_their_mean(samples: pd.DataFrame) -> None:
    design = build_design(samples, "~ group + poly(rin, 2)")
    row = design.weights_of("F_SED")
    assert row is not None and row[0] == 1.0
    assert build_design(samples, "~ 0 + group + rin").weights_of("rin") is not None


def test_too_many_conditions_are_refused_when_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exomics.differential.design._MAXIMUM_CELLS", 3)
    table = pd.DataFrame({"sex": list("ffmm") * 2, "time": list("abab") * 2})
    with pytest.raises(DesignError, match="more than 3 conditions"):
        build_design(table, "~ sex + time").weights_of("f")


def test_a_confounded_design_names_the_combination(samples: pd.DataFrame) -> None:
    table = samples.assign(plex=["P1"] * 10 + ["P2"] * 10)
    with pytest.raises(DesignError) as error:
        build_design(table, "~ 0 + group + plex")
    assert str(error.value) == (
        "the design is rank-deficient: plex[T.P2] = M_SED + M_8W. "
        "Leave out one of these columns, or merge the levels that always occur together."
    )


def test_a_scaled_copy_of_a_covariate_is_named_with_its_factor(samples: pd.DataFrame) -> None:
    with pytest.raises(DesignError) as error:
        build_design(samples.assign(twice=2.0 * samples["rin"]), "~ group + rin + twice")
    assert "twice = 2 rin." in str(error.value)


def test_a_combination_without_samples_is_named() -> None:
    table = pd.DataFrame({"sex": list("ffffmmmm"), "time": list("aabbaaaa")})
    with pytest.raises(DesignError) as error:
        build_design(table, "~ 0 + sex:time")
    assert "m:b = 0 in every sample" in str(error.value)


def test_too_few_samples(samples: pd.DataFrame) -> None:
    with pytest.raises(DesignError) as error:
        build_design(samples.iloc[[0, 5, 10, 15]], "~ 0 + group")
    assert str(error.value) == (
        "the design has 4 coefficients and 4 samples; at least 5 samples are needed. "
        "Use a simpler design or more samples."
    )


def test_a_factor_of_one_level(samples: pd.DataFrame) -> None:
    with pytest.raises(DesignError) as error:
        build_design(samples.iloc[:5], "~ group")
    assert str(error.value) == (
        "the factor group has one level (F_SED) in these 5 samples. "
        "Leave it out of the design, or add samples of another level."
    )


def test_a_missing_covariate_names_the_samples(samples: pd.DataFrame) -> None:
    samples.loc[["s03", "s11"], "rin"] = np.nan
    with pytest.raises(DesignError) as error:
        build_design(samples, "~ 0 + group + rin")
    assert str(error.value) == (
        "rin is missing in 2 of 20 samples (s03, s11). Impute it with the step scale_covariates, or drop those samples."
    )


def test_a_missing_group_names_the_samples(samples: pd.DataFrame) -> None:
    samples.loc["s03", "group"] = np.nan
    with pytest.raises(DesignError) as error:
        build_design(samples, "~ 0 + group")
    assert str(error.value) == "group is missing in 1 of 20 samples (s03). Drop those samples."


def test_an_infinite_covariate(samples: pd.DataFrame) -> None:
    samples.loc["s03", "rin"] = np.inf
    with pytest.raises(DesignError, match=r"rin holds infinite values"):
        build_design(samples, "~ group + rin")


def test_a_constant_covariate_is_a_multiple_of_the_intercept(samples: pd.DataFrame) -> None:
    with pytest.raises(DesignError) as error:
        build_design(samples.assign(depth=3.0), "~ group + depth")
    assert "depth = 3 Intercept" in str(error.value)
