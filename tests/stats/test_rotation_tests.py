"""Fry against limma; roast against limma's with many rotations, within Monte Carlo error; properties and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.linear_effects import linear_effects
from exomics.stats.rotation_tests import fry, roast
from exomics.stats.within_subject import BlockCorrelation

EXPECTED = Path(__file__).parents[1] / "parity" / "rotation" / "expected"
VARIANTS = ("plain", "weighted", "samples", "trend", "robust", "block", "block_weighted")
CONTRAST = [-1.0, 1.0, 0.0]
N_ROTATIONS = 40_000


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def sets():
    frame = read("sets")
    return [frame.loc[frame["set"] == name, "member"].to_numpy() - 1 for name in dict.fromkeys(frame["set"])]


def inputs(variant):
    values, given = read("values").to_numpy().T, {}
    if "weighted" in variant:
        given["weights"] = read("weights").to_numpy().T
    if variant == "samples":
        given["weights"] = read("samples")["arrays"].to_numpy()
    if "block" in variant:
        given["blocks"] = BlockCorrelation(read("samples")["block"], 0.25)
    effects = linear_effects(values, read("design").to_numpy(dtype=float), CONTRAST, **given)
    return effects, {"robust": variant == "robust", "covariate": values.mean(axis=0) if variant == "trend" else None}


@pytest.mark.parametrize("variant", VARIANTS)
def test_fry_equals_limma(variant):
    effects, options = inputs(variant)
    found, expected = fry(effects, sets(), **options), read(f"{variant}_fry")
    assert found.n_measured.tolist() == expected["n"].tolist()
    assert found.direction.tolist() == expected["direction"].tolist()
    tolerance = 1e-4 if variant == "robust" else 1e-8
    np.testing.assert_allclose(found.p_value, expected["p"], rtol=tolerance)
    np.testing.assert_allclose(found.p_value_mixed, expected["mixed"], rtol=tolerance)


@pytest.mark.parametrize(
    ("variant", "statistic"), [*((v, "mean") for v in VARIANTS), ("plain", "floormean"), ("plain", "msq")]
)
def test_roast_equals_limma_within_monte_carlo_error(variant, statistic):
    effects, options = inputs(variant)
    generator = np.random.default_rng(7)
    found = roast(effects, sets(), generator=generator, statistic=statistic, n_rotations=N_ROTATIONS, **options)
    expected = read(f"{variant}_{statistic}")
    np.testing.assert_allclose(found.proportion_down, expected["down"], rtol=1e-12)
    np.testing.assert_allclose(found.proportion_up, expected["up"], rtol=1e-12)
    clear = expected["p"] < 0.9
    assert (found.direction == expected["direction"])[clear].all()
    for ours, limma in ((found.p_value, expected["p"]), (found.p_value_mixed, expected["mixed"])):
        error = np.sqrt(2.0 * limma * (1.0 - limma) / N_ROTATIONS) + 2.0 / N_ROTATIONS
        assert (np.abs(ours - limma) < 5.0 * error).all()


def test_the_same_generator_gives_the_same_numbers_whatever_the_other_sets():
    effects, _ = inputs("plain")
    one = roast(effects, sets(), generator=np.random.default_rng(1), n_rotations=600)
    other = roast(effects, sets()[1:2], generator=np.random.default_rng(1), n_rotations=600)
    assert one.p_value[1] == other.p_value[0]


def test_null_sets_hold_their_level_although_correlated():
    rng = np.random.default_rng(11)
    values = rng.normal(size=(10, 2000)) + np.repeat(rng.normal(size=(10, 100)), 20, axis=1)
    effects = linear_effects(values, np.repeat(np.eye(2), 5, axis=0), [-1.0, 1.0])
    members = np.arange(2000).reshape(100, 20)
    found = roast(effects, members, generator=rng, n_rotations=999)
    for p_value in (found.p_value, found.p_value_mixed, fry(effects, members).p_value):
        assert 0.005 <= (p_value < 0.05).mean() <= 0.12


def test_empty_sets_have_no_numbers_and_no_sets_no_rows():
    effects, _ = inputs("plain")
    found = roast(effects, [[], [3]], generator=np.random.default_rng(0), n_rotations=99)
    assert np.isnan(found.p_value).tolist() == [True, False]
    assert found.direction[0] == 0
    assert np.isnan(fry(effects, [[], [3]]).p_value).tolist() == [True, False]
    assert roast(effects, [], generator=np.random.default_rng(0), n_rotations=9).p_value.size == 0


@pytest.mark.parametrize(
    "change",
    [
        {"effects": np.ones((5, 1))},
        {"effects": np.full((5, 3), np.nan)},
        {"sets": [[5]]},
        {"statistic": "mean50"},
        {"n_rotations": 0},
    ],
)
def test_bad_input_is_refused(change):
    rng = np.random.default_rng(0)
    with pytest.raises(InputError):
        roast(**{"effects": rng.normal(size=(5, 4)), "sets": [[0, 1]], "generator": rng, **change})


def test_effects_need_residual_degrees_of_freedom():
    with pytest.raises(DesignError, match="residual"):
        linear_effects(np.ones((2, 3)), np.eye(2), [1.0, -1.0])
