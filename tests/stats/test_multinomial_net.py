"""Multinomial elastic nets: glmnet's paths, the conditions of the optimum, two classes, and bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from exomics.errors import InputError
from exomics.stats._elastic_net_grid import dense_rows
from exomics.stats.elastic_net import PATH_STATUS, ElasticNetPaths, elastic_net_path
from exomics.stats.multinomial_net import multinomial_paths

EXPECTED = Path(__file__).parents[1] / "parity" / "multinomial_net" / "expected"
TIGHT = 1e-15


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    """Simulated samples: two responses, and features from the third column on."""
    return pd.read_csv(EXPECTED / "inputs.tsv", sep="\t", float_precision="round_trip")


def _features(inputs: pd.DataFrame) -> np.ndarray:
    return inputs.iloc[:, 2:].to_numpy()


def _coefficients(paths: ElasticNetPaths, n_features: int) -> np.ndarray:
    """Shape (n_classes, n_penalties, n_features)."""
    n_classes, n_penalties = paths.penalties.shape
    dense = dense_rows((paths.indices, paths.values, paths.offsets), n_features)
    return dense.reshape(n_penalties, n_classes, n_features).swapaxes(0, 1)


@pytest.mark.parametrize(
    ("name", "alpha", "free"),
    [("three", 0.5, False), ("three", 1.0, False), ("three", 0.3, True), ("four", 0.7, False)],
)
def test_paths_equal_those_of_glmnet(name: str, alpha: float, free: bool, inputs: pd.DataFrame) -> None:
    frozen = pd.read_csv(EXPECTED / "paths.tsv", sep="\t", float_precision="round_trip")
    frozen = frozen[(frozen["name"] == name) & np.isclose(frozen["alpha"], alpha) & (frozen["free"] == free)]
    features, n_classes = _features(inputs), frozen["class"].nunique()
    factors = np.ones(features.shape[1])
    factors[:2] = 0.0 if free else 1.0
    penalties = frozen.loc[frozen["class"] == 0, "penalty"].to_numpy()
    paths = multinomial_paths(
        features, inputs[name], alpha=alpha, penalties=penalties, penalty_factors=factors, tolerance=TIGHT
    )
    assert len(penalties) == 12
    assert {PATH_STATUS[code] for code in paths.status[0]} == {"converged"}
    expected = frozen.filter(regex=r"^V\d+$").to_numpy().reshape(n_classes, len(penalties), -1)
    found = _coefficients(paths, features.shape[1])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(paths.intercepts, frozen["intercept"].to_numpy().reshape(n_classes, -1), atol=2e-6)
    assert (found[:, -1] != 0).any(axis=0).sum() > 10


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_the_conditions_of_the_optimum_hold_from_where_the_first_feature_enters(
    alpha: float, inputs: pd.DataFrame
) -> None:
    features, labels = _features(inputs), inputs["four"].to_numpy()
    paths = multinomial_paths(features, labels, alpha=alpha, penalties=8, tolerance=TIGHT)
    found = _coefficients(paths, features.shape[1])
    assert not found[:, 0].any()
    assert found[:, 1].any()
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    predictors = paths.predict(features)
    for at, penalty in enumerate(paths.penalties[0]):
        missing = (labels == np.arange(4)[:, np.newaxis]) - special.softmax(predictors[:, at], axis=0)
        beta = found[:, at] * features.std(axis=0)
        pull, inside = missing @ scaled / len(labels) - penalty * (1 - alpha) * beta, beta != 0
        np.testing.assert_allclose(pull[inside], alpha * penalty * np.sign(beta[inside]), atol=1e-6)
        assert (np.abs(pull[~inside]) <= alpha * penalty + 1e-6).all()
        np.testing.assert_allclose(missing.sum(axis=1), 0.0, atol=1e-4)
    np.testing.assert_allclose(paths.intercepts.sum(axis=0), 0.0, atol=1e-12)


def test_two_classes_are_those_of_the_logistic_lasso(inputs: pd.DataFrame) -> None:
    features, labels = _features(inputs), (inputs["three"] > 0).to_numpy().astype(np.int64)
    paths = multinomial_paths(features, labels, alpha=1.0, penalties=6, tolerance=TIGHT)
    path = elastic_net_path(features, labels, alpha=1.0, penalties=6, tolerance=TIGHT)
    np.testing.assert_allclose(paths.penalties[0], path.penalties, rtol=1e-9)
    first, second = _coefficients(paths, features.shape[1])
    np.testing.assert_allclose(second - first, path.coefficients, atol=1e-6)
    np.testing.assert_allclose(paths.intercepts[1] - paths.intercepts[0], path.intercepts, atol=1e-6)


@pytest.mark.parametrize(
    ("features", "labels", "options", "message"),
    [
        ([[1.0], [np.nan]], [0, 1], {}, "without missing"),
        ([[1.0], [2.0]], [0, 1, 1], {}, "name 2 classes"),
        ([[1.0], [2.0]], [0.0, 1.0], {}, "whole number"),
        ([[1.0], [2.0]], [0, 0], {}, "at least two classes"),
        ([[1.0], [2.0]], [0, 2], {}, r"\[1, 0, 1\]"),
        ([[1.0], [2.0]], [0, 1], {"alpha": 1.5}, "alpha"),
        ([[1.0], [2.0]], [0, 1], {"penalties": [0.1, 0.2]}, "falling"),
        ([[1.0], [2.0]], [0, 1], {"penalty_factors": [0.0]}, "no feature is penalized"),
    ],
)
def test_bad_input_is_refused(features: Any, labels: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        multinomial_paths(features, labels, **options)
