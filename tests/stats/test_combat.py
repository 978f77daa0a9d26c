"""ComBat and ComBat-seq against sva, their properties, and their refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats.combat import combat
from exomics.stats.combat_seq import combat_seq

EXPECTED = Path(__file__).parents[1] / "parity" / "combat" / "expected"
VARIANTS = {
    "plain": {},
    "protected": {"protect": True},
    "nonparametric": {"protect": True, "parametric": False},
    "mean_only": {"protect": True, "mean_only": True},
    "nonparametric_mean": {"mean_only": True, "parametric": False},
    "reference": {"protect": True, "reference": "p2"},
    "reference_mean": {"reference": "p1", "mean_only": True},
}


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def options(variant):
    chosen = dict(VARIANTS[variant])
    return {**chosen, "protect": read("protect").to_numpy(dtype=float)} if chosen.pop("protect", False) else chosen


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ["values", "missing"])
def test_combat_equals_sva(variant, kind):
    values, batch = read(kind).to_numpy().T, read("samples")["batch"]
    found = combat(values, batch, **options(variant))
    expected = read(variant if kind == "values" else f"{variant}_missing").to_numpy().T
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_a_batch_of_one_sample_is_shifted_only():
    values, protect = read("values").to_numpy().T, read("protect").to_numpy(dtype=float)
    found = combat(values, read("samples")["single"], protect=protect)
    np.testing.assert_allclose(found.T, read("single").to_numpy(), rtol=1e-8, atol=1e-10)


def test_constant_features_and_the_reference_stay():
    values, samples = read("values").to_numpy().T, read("samples")
    found = combat(values, samples["batch"], reference="p3")
    own = (samples["batch"] == "p3").to_numpy()
    np.testing.assert_array_equal(found[own], values[own])
    np.testing.assert_array_equal(found[:, 0], values[:, 0])


def test_order_of_samples_and_names_of_batches_do_not_matter():
    values, batch = read("values").to_numpy().T, read("samples")["batch"].to_numpy()
    order = np.random.default_rng(0).permutation(20)
    renamed = np.array([{"p1": "z", "p2": "y", "p3": "x"}[name] for name in batch])
    np.testing.assert_allclose(combat(values, batch)[order], combat(values[order], renamed[order]), rtol=1e-9)


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (InputError, {"batch": np.zeros(6)}),
        (InputError, {"batch": [1, 2]}),
        (InputError, {"reference": "none"}),
        (DesignError, {"protect": np.repeat([[0.0], [1.0]], 3, axis=0)}),
        (DesignError, {"protect": np.full((6, 1), np.nan)}),
        (InputError, {"expression": np.vstack([np.full((3, 4), np.nan), np.eye(4)[:3]])}),
    ],
)
def test_bad_input_is_refused(error, change):
    values = np.random.default_rng(0).normal(size=(6, 4))
    with pytest.raises(error):
        combat(**{"expression": values, "batch": [1, 1, 1, 2, 2, 2], **change})


@pytest.mark.parametrize(("variant", "columns"), [("plain", []), ("group", [1]), ("covariate", [2])])
def test_combat_seq_differs_from_sva_by_single_counts_at_most(variant, columns):
    counts = read("counts").to_numpy().T
    found = combat_seq(counts, read("samples")["batch"], protect=read("protect").to_numpy(dtype=float)[:, columns])
    expected = read(f"seq_{variant}").to_numpy().T
    difference = np.abs(found - expected)
    assert difference.max() <= 1.0
    assert (difference > 0).mean() < 0.005
    np.testing.assert_array_equal(found, np.round(found))
    np.testing.assert_array_equal(found[:, :2], counts[:, :2])


def test_combat_seq_evens_batches_out_and_keeps_protected_groups():
    rng = np.random.default_rng(2)
    batch, group = np.repeat([0, 1], 10), np.tile([0.0, 1.0], 10)
    mean = 200.0 * np.exp(rng.normal(0, 0.7, 200) * batch[:, None] + 0.7 * (np.arange(200) < 60) * group[:, None])
    counts = rng.negative_binomial(20, 20 / (20 + mean))
    found = combat_seq(counts, batch, protect=group[:, None])
    ratio = [np.log(part[batch == 1].mean(axis=0) / part[batch == 0].mean(axis=0)) for part in (counts, found)]
    assert ratio[1].std() < 0.2 * ratio[0].std()
    kept = np.log(found[group == 1].mean(axis=0) / found[group == 0].mean(axis=0))
    assert abs((kept[:60].mean() - kept[60:].mean()) - 0.7) < 0.1


@pytest.mark.parametrize(
    ("error", "counts", "batch"),
    [
        (InputError, np.ones((4, 3)), [1, 1, 1, 2]),
        (ScaleError, np.full((4, 3), 0.5), [1, 1, 2, 2]),
        (InputError, np.ones((4, 3)), [1, 1, 1, 1]),
    ],
)
def test_combat_seq_refuses_bad_input(error, counts, batch):
    with pytest.raises(error):
        combat_seq(counts, batch)
