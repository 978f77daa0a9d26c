"""Elastic nets: glmnet's paths, the conditions of the optimum, what does not matter, and bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.elastic_net import PATH_STATUS, elastic_net_path, elastic_net_paths, largest_penalty

EXPECTED = Path(__file__).parents[1] / "parity" / "elastic_net" / "expected"
TIGHT = 1e-15


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    """Simulated samples: three responses, and features from the fifth column on."""
    return pd.read_csv(EXPECTED / "inputs.tsv", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def paths() -> pd.DataFrame:
    """What glmnet gave."""
    return pd.read_csv(EXPECTED / "paths.tsv", sep="\t", float_precision="round_trip")


def _response(inputs: pd.DataFrame, family: str) -> np.ndarray:
    columns = {"binomial": "class", "gaussian": "change", "cox": ["time", "event"]}
    return inputs[columns[family]].to_numpy(dtype=np.float64)


def _features(inputs: pd.DataFrame) -> np.ndarray:
    return inputs.iloc[:, 4:].to_numpy()


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
@pytest.mark.parametrize("family", ["binomial", "gaussian", "cox"])
def test_paths_equal_those_of_glmnet(
    family: Any, alpha: float, free: bool, inputs: pd.DataFrame, paths: pd.DataFrame
) -> None:
    frozen = paths[(paths["family"] == family) & (paths["alpha"] == alpha) & (paths["free"] == free)]
    features = _features(inputs)
    factors = np.ones(features.shape[1])
    factors[:2] = 0.0 if free else 1.0
    path = elastic_net_path(
        features,
        _response(inputs, family),
        family=family,
        alpha=alpha,
        penalties=frozen["penalty"].to_numpy(),
        penalty_factors=factors,
        tolerance=1e-13 if family == "cox" else TIGHT,  # its curvature is that of single samples: the last digits sway
    )
    assert len(frozen) >= 8
    np.testing.assert_allclose(
        path.coefficients, frozen.filter(regex=r"^V\d+$"), atol=1e-5 if family == "cox" else 2e-6
    )
    if family != "cox":
        np.testing.assert_allclose(path.intercepts, frozen["intercept"], atol=2e-6)
        np.testing.assert_allclose(path.deviance_explained, frozen["explained"], atol=2e-6)
    assert {PATH_STATUS[code] for code in path.status} == {"converged"}
    assert (path.coefficients[-1] != 0).sum() > 5


@pytest.mark.parametrize("family", ["binomial", "gaussian"])
def test_the_conditions_of_the_optimum_hold(family: Any, inputs: pd.DataFrame) -> None:
    """The slope of the likelihood is the penalty where a feature is in, and at most the penalty where it is not."""
    features, response, alpha = _features(inputs), _response(inputs, family), 0.5
    path = elastic_net_path(features, response, family=family, alpha=alpha, penalties=10, tolerance=TIGHT)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    for penalty, intercept, beta in zip(path.penalties, path.intercepts, path.coefficients, strict=True):
        predictor = features @ beta + intercept
        fitted = 1 / (1 + np.exp(-predictor)) if family == "binomial" else predictor
        slope = scaled.T @ (response - fitted) / len(response)
        standardized = beta * features.std(axis=0)
        inside = standardized != 0
        pull = slope - penalty * (1 - alpha) * standardized
        np.testing.assert_allclose(pull[inside], alpha * penalty * np.sign(standardized[inside]), atol=1e-6)
        assert (np.abs(slope[~inside]) <= alpha * penalty + 1e-6).all()
        assert abs((response - fitted).sum()) < 1e-4


@pytest.mark.parametrize("family", ["binomial", "gaussian", "cox"])
def test_the_grid_begins_where_the_first_feature_enters(family: Any, inputs: pd.DataFrame) -> None:
    features, response = _features(inputs), _response(inputs, family)
    top = largest_penalty(features, response, family=family)
    grid = [top * 1.0001, top * 0.999]
    path = elastic_net_path(features, response, family=family, penalties=grid, tolerance=TIGHT)
    assert (path.coefficients != 0).sum(axis=1).tolist() == [0, 1]
    own = elastic_net_path(features, response, family=family, penalties=5)
    np.testing.assert_allclose(own.penalties, top * np.geomspace(1, 0.05, 5))
    assert not own.coefficients[0].any()


def test_many_responses_in_step_are_each_alone(inputs: pd.DataFrame) -> None:
    features, response = _features(inputs), _response(inputs, "binomial")
    generator = np.random.default_rng(1)
    shuffled = np.stack([response, *(generator.permutation(response) for _ in range(4))])
    together = elastic_net_paths(features, shuffled, alpha=0.5, n_penalties=8, tolerance=TIGHT)
    for position, labels in enumerate(shuffled):
        alone = elastic_net_path(features, labels, alpha=0.5, penalties=8, tolerance=TIGHT)
        np.testing.assert_allclose(together.penalties[position], alone.penalties, rtol=1e-10)
        predictor = features @ alone.coefficients.T + alone.intercepts
        np.testing.assert_allclose(together.predict(features)[position], predictor.T, atol=1e-6)


def test_scale_and_order_do_not_matter(inputs: pd.DataFrame) -> None:
    features, response = _features(inputs), _response(inputs, "binomial")
    path = elastic_net_path(features, response, penalties=6, tolerance=TIGHT)
    generator = np.random.default_rng(2)
    rows, columns = generator.permutation(len(features)), generator.permutation(features.shape[1])
    scale = generator.uniform(0.1, 10, features.shape[1])
    other = elastic_net_path((features * scale + 5)[rows][:, columns], response[rows], penalties=6, tolerance=TIGHT)
    np.testing.assert_allclose(other.coefficients * scale[columns], path.coefficients[:, columns], atol=1e-6)


def test_a_constant_feature_and_a_perfect_fit() -> None:
    generator = np.random.default_rng(3)
    features = generator.normal(size=(20, 30))
    features[:, 7] = 2.5
    response = (features[:, 0] > 0).astype(float)
    path = elastic_net_path(features, response, alpha=1.0, penalties=np.geomspace(0.4, 1e-6, 40))
    assert (path.coefficients[:, 7] == 0).all()
    assert PATH_STATUS[path.status[-1]] == "saturated"
    assert np.isfinite(path.coefficients).all()


@pytest.mark.parametrize(
    ("features", "response", "options", "message"),
    [
        ([[1.0, np.nan], [2.0, 1.0]], [0, 1], {}, "without missing"),
        ([[1.0], [2.0]], [1, 1], {}, "both of them"),
        ([[1.0], [2.0]], [0, 2], {}, "0 and 1"),
        ([[1.0], [2.0]], [0, 1, 1], {}, "shape"),
        ([[1.0], [2.0]], [[0, 1], [2, 1]], {"family": "cox"}, "times > 0"),
        ([[1.0], [2.0]], [[1, 0], [2, 0]], {"family": "cox"}, "at least one event"),
        ([[1.0], [2.0]], [0, 1], {"alpha": 0.0}, "alpha"),
        ([[1.0], [2.0]], [0, 1], {"family": "poisson"}, "family"),
        ([[1.0], [2.0]], [0, 1], {"penalties": [0.1, 0.2]}, "falling"),
        ([[1.0], [2.0]], [0, 1], {"penalty_factors": [-1.0]}, "penalty_factors"),
        ([[1.0], [2.0]], [0, 1], {"penalty_factors": [0.0]}, "no feature is penalized"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(features: Any, response: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        elastic_net_path(features, response, **options)


@pytest.mark.parametrize("responses", [[[0, 1], [1, 1]], [[0, 1], [0, 2]], [[0, 1], [0, np.nan]]])
def test_each_response_needs_both_classes(responses: Any) -> None:
    with pytest.raises(InputError, match="every response"):
        elastic_net_paths([[1.0], [2.0]], responses)
