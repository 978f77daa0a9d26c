"""Batch removal against limma::removeBatchEffect, missing values included, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.batch import remove_batch_effect

EXPECTED = Path(__file__).parents[1] / "parity" / "batch" / "expected"
VARIANTS = {
    "plex": {"batch": "plex"},
    "plex_group": {"batch": "plex", "group": "group"},
    "everything": {"batch": "plex", "second_batch": "run", "covariates": ["X1", "X2"], "group": "group"},
    "covariates": {"covariates": ["X1", "X2"]},
    "weighted": {"batch": "plex", "group": "group", "weights": "weights"},
}


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.mark.parametrize("variant", VARIANTS)
def test_adjusted_values_equal_limma(variant):
    samples = read("samples")
    found = remove_batch_effect(read("values").to_numpy().T, **{k: samples[v] for k, v in VARIANTS[variant].items()})
    expected = read(variant).to_numpy()
    np.testing.assert_array_equal(np.isnan(found.T), np.isnan(expected))
    np.testing.assert_allclose(found.T, expected, rtol=1e-10, atol=1e-11)


def test_group_and_its_design_protect_alike():
    samples, values = read("samples"), read("values").to_numpy().T
    design = pd.get_dummies(samples["group"]).to_numpy(dtype=float)
    by_group = remove_batch_effect(values, samples["plex"], group=samples["group"])
    by_design = remove_batch_effect(values, samples["plex"], design=np.column_stack([np.ones(18), design]))
    np.testing.assert_allclose(by_group, by_design, rtol=1e-10, atol=1e-12)


def test_group_differences_stay_and_batch_differences_go():
    rng = np.random.default_rng(1)
    group, batch = np.tile([0, 1], 8), np.repeat(["a", "b", "c", "d"], 4)
    values = rng.normal(size=(16, 50)) + 3 * group[:, None] + np.repeat([0, 5, -2, 9], 4)[:, None]
    found = remove_batch_effect(values, batch, group=group)
    means = np.array([found[batch == level].mean(axis=0) for level in "abcd"])
    np.testing.assert_allclose(means, np.tile(means[0], (4, 1)), atol=1e-12)
    kept = found[group == 1].mean(axis=0) - found[group == 0].mean(axis=0)
    np.testing.assert_allclose(kept, values[group == 1].mean(axis=0) - values[group == 0].mean(axis=0), atol=1e-12)


def test_a_second_batch_that_repeats_the_first_changes_nothing():
    samples, values = read("samples"), read("values").to_numpy().T
    once = remove_batch_effect(values, samples["plex"])
    np.testing.assert_allclose(remove_batch_effect(values, samples["plex"], second_batch=samples["plex"]), once)


def test_confounded_batches_are_refused():
    with pytest.raises(DesignError, match="confounded"):
        remove_batch_effect(np.ones((4, 2)), ["a", "a", "b", "b"], group=["x", "x", "y", "y"])
    with pytest.raises(DesignError, match="confounded"):
        remove_batch_effect(np.ones((6, 2)), list("aabbcc"), group=list("xyxyzz"))


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (InputError, {}),
        (InputError, {"batch": ["a", "a", "a", "a"]}),
        (InputError, {"batch": ["a", "b"]}),
        (InputError, {"covariates": [1.0, 2.0, np.nan, 4.0]}),
        (InputError, {"covariates": [1.0, 2.0]}),
        (InputError, {"batch": list("abab"), "group": ["x"]}),
        (DesignError, {"batch": list("abab"), "design": np.ones((3, 1))}),
    ],
)
def test_bad_input_is_refused(error, options):
    with pytest.raises(error):
        remove_batch_effect(np.ones((4, 2)), **options)
