"""Sample quality weights against limma::arrayWeights, and what they must do by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.sample_weights import estimate_sample_weights

EXPECTED = Path(__file__).parents[1] / "parity" / "sample_weights" / "expected"
VARIANTS = {
    "complete": ("complete", {}),
    "missing": ("missing", {}),
    "weighted": ("complete", {"weights": "weights"}),
    "missing_weighted": ("missing", {"weights": "weights"}),
    "grouped": ("missing", {"sample_groups": "batches"}),
    "strong_prior": ("complete", {"prior_n": 200}),
    "reml": ("complete", {"method": "reml"}),
    "reml_missing": ("missing", {"method": "reml", "tolerance": 1e-9}),
    "reml_grouped": ("complete", {"method": "reml", "tolerance": 1e-9, "sample_groups": "batches"}),
    "reml_weighted": ("missing", {"method": "reml", "tolerance": 1e-12, "weights": "weights"}),
    "reml_weighted_grouped": ("complete", {"method": "reml", "weights": "weights", "sample_groups": "batches"}),
}


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def option(key, value):
    if key == "weights":
        return read("weights").to_numpy().T
    return read("samples")["batches"] if key == "sample_groups" else value


@pytest.mark.filterwarnings("ignore:sample weights. the tolerance:RuntimeWarning")
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("design", ["means", "intercept", "far"])
def test_weights_equal_limma(design, variant):
    values, options = VARIANTS[variant]
    found = estimate_sample_weights(
        read(values).to_numpy().T,
        read(f"{design}_design").to_numpy(dtype=float),
        **{key: option(key, value) for key, value in options.items()},
    )
    np.testing.assert_allclose(found, read(f"{design}_expected")[variant], rtol=1e-11)


@pytest.mark.parametrize("method", ["gene_by_gene", "reml"])
def test_planted_scatter_is_found(method):
    rng = np.random.default_rng(7)
    scatter = np.exp(rng.normal(size=12) * 0.4)
    design = np.repeat(np.eye(3), 4, axis=0)
    noise = rng.normal(size=(12, 4000)) * scatter[:, None] * rng.gamma(4, size=4000)
    weights = estimate_sample_weights(noise + 5, design, method=method)
    assert np.log(weights).sum() == pytest.approx(0.0, abs=1e-9)
    assert np.corrcoef(np.log(weights), -2 * np.log(scatter))[0, 1] > 0.99


def test_groups_share_a_weight_whatever_their_labels():
    values = np.random.default_rng(8).normal(size=(8, 300))
    labels = np.array([3, 3, 1, 1, 1, 2, 2, 2])
    found = estimate_sample_weights(values, np.ones((8, 1)), sample_groups=labels)
    named = estimate_sample_weights(values, np.ones((8, 1)), sample_groups=np.array(list("xxzzzyyy")))
    np.testing.assert_allclose(found, named, rtol=1e-12)
    assert np.unique(found).size == 3
    assert np.log(found).sum() == pytest.approx(0.0, abs=1e-9)


def test_order_of_samples_does_not_matter():
    rng = np.random.default_rng(9)
    values, design = rng.normal(size=(9, 200)), np.column_stack([np.ones(9), rng.normal(size=9)])
    order = rng.permutation(9)
    found = estimate_sample_weights(values, design)
    np.testing.assert_allclose(estimate_sample_weights(values[order], design[order]), found[order], rtol=1e-11)


def test_too_little_to_judge_by_gives_ones():
    values = np.random.default_rng(10).normal(size=(4, 5))
    assert estimate_sample_weights(values[:, :1], np.ones((4, 1))).tolist() == [1.0] * 4
    assert estimate_sample_weights(values, np.eye(4)[:, :3]).tolist() == [1.0] * 4
    assert estimate_sample_weights(np.ones((4, 5)), np.ones((4, 1))).tolist() == [1.0] * 4
    assert estimate_sample_weights(np.ones((4, 5)), np.ones((4, 1)), method="reml").tolist() == [1.0] * 4


def test_unattainable_tolerance_is_said():
    values = np.random.default_rng(11).normal(size=(6, 50))
    with pytest.warns(RuntimeWarning, match="tolerance"):
        estimate_sample_weights(values, np.ones((6, 1)), method="reml", tolerance=0.0)


VALUES = np.random.default_rng(12).normal(size=(5, 6))


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (InputError, {"method": "bayes"}),
        (InputError, {"sample_groups": ["a"] * 5}),
        (InputError, {"sample_groups": ["a", "b"]}),
        (InputError, {"weights": -np.ones(5)}),
        (DesignError, {"design": np.ones((5, 2))}),
        (InputError, {"expression": VALUES * np.inf}),
    ],
)
def test_bad_input_is_refused(error, options):
    arguments = {"expression": VALUES, "design": np.ones((5, 1)), **options}
    with pytest.raises(error):
        estimate_sample_weights(**arguments)
