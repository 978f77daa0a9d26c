"""The ridge score: its formulas, a signal spread over many features, and every way in which a pipeline is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from exomics.errors import DesignError, InputError
from exomics.stats.ridge_scores import ridge_paths
from exomics.stratify import CrossValidation, Study, cross_validate, folds
from exomics.stratify.evaluation.cohorts import leave_one_cohort_out
from exomics.stratify.evaluation.learning_curve import learning_curve
from exomics.stratify.models.ridge import RidgeScore
from exomics.stratify.models.search import fit_chosen
from exomics.stratify.pipelines import build
from exomics.stratify.study.splits import Fold

NAMES = [f"s{number:03d}" for number in range(80)]
LABELS = np.tile([0, 1], 40)
QUICK = CrossValidation(
    pipelines=("ridge_score",), n_repeats=1, inner_folds=3, n_permutations=19, n_bootstraps=0, seed=2
)


def _study(effect: float, seed: int = 1) -> Study:
    """A difference of `effect` SD in each of 200 features, some values of which are missing."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(80, 200)) + effect * LABELS[:, np.newaxis]
    values[generator.random(values.shape) < 0.02] = np.nan
    groups = pd.DataFrame({"subject_id": NAMES}, index=NAMES)
    return Study.of(pd.DataFrame(values, index=NAMES), pd.Series(LABELS, index=NAMES), groups)


@pytest.mark.parametrize("shape", [(30, 7), (20, 60)])
def test_paths_are_those_of_the_normal_equations(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(3)
    x, y = generator.normal(2.0, 3.0, size=shape), generator.normal(size=(2, shape[0]))
    x[:, 4] = 1.5
    paths, new = ridge_paths(x, y, n_penalties=5), generator.normal(size=(4, shape[1]))
    deviation = np.where(np.arange(shape[1]) == 4, np.inf, x.std(axis=0))
    z, z_new = (x - x.mean(axis=0)) / deviation, (new - x.mean(axis=0)) / deviation
    np.testing.assert_allclose(paths.penalties[[0, -1]], np.trace(z @ z.T) * np.array([1.0, 1e-4]), rtol=1e-10)
    for at, penalty in enumerate(paths.penalties):
        w = np.linalg.solve(z.T @ z + penalty * np.eye(shape[1]), z.T @ (y - y.mean(axis=1, keepdims=True)).T)
        np.testing.assert_allclose(paths.scores(new)[at], (z_new @ w).T, atol=1e-9)
        np.testing.assert_allclose(paths.coefficients(at), w / deviation[:, np.newaxis], atol=1e-9)


def test_probabilities_are_the_logistic_curve_of_what_inner_folds_held_out() -> None:
    study = _study(0.15)
    x, inner = np.nan_to_num(study.features), folds(LABELS, study.groups, n_folds=4, seed=1)
    model = RidgeScore(n_penalties=6).fit(x, LABELS, inner)
    held_out, losses = np.empty((6, 80)), np.zeros(6)
    for part in inner:
        paths = ridge_paths(x[part.train], LABELS[part.train], n_penalties=6)
        held_out[:, part.test] = paths.scores(x[part.test])[:, 0]
        losses += ((LABELS[part.test] - 0.5 - held_out[:, part.test]) ** 2).sum(axis=1)
    score = held_out[np.argmin(losses)]
    target = np.where(LABELS == 1, 41 / 42, 1 / 42)

    def loss(line: np.ndarray) -> float:
        odds = line[0] + line[1] * score / score.std()
        return float(np.sum(np.logaddexp(0.0, odds) - target * odds))

    least = optimize.minimize(loss, np.zeros(2), tol=1e-12).x
    odds = np.log(model.held_out_[:, 1] / model.held_out_[:, 0])
    np.testing.assert_allclose(odds, least[0] + least[1] * score / score.std(), atol=1e-4)
    coefficients, intercept, link = model.linear()
    np.testing.assert_allclose(
        model.predict_proba(x)[:, 1], 1 / (1 + np.exp(-(x @ coefficients + intercept)[:, 0])), rtol=1e-12
    )
    assert link == "logistic"


def test_held_out_scores_that_fall_say_nothing() -> None:
    """What rises with the class in one half falls with it in the other: every sample has the frequency of the class."""
    x, first, second = np.tile(np.arange(6.0), 2)[:, np.newaxis], np.arange(6), np.arange(6, 12)
    labels = np.repeat([0, 1, 1, 0], 3)
    for inner in ([Fold(first, second), Fold(second, first)], []):
        model = RidgeScore().fit(x, labels, inner)
        assert model.coefficients_[0, 0] == 0.0
        np.testing.assert_allclose(model.predict_proba(x), 0.5)


def test_a_signal_spread_over_many_features_is_found_and_noise_is_not() -> None:
    frame = cross_validate(_study(0.3), QUICK).performance.frame
    found = frame[(frame["signature_id"] == "ridge_score") & (frame["role"] == "resampled")].set_index("metric")
    assert found.loc["auc", "estimate"] > 0.85
    assert found.loc["permutation_p", "estimate"] == 0.05
    assert found.loc["brier", "estimate"] < 0.2
    frame = cross_validate(_study(0.0), QUICK).performance.frame
    noise = frame[(frame["signature_id"] == "ridge_score") & (frame["role"] == "resampled")].set_index("metric")
    assert 0.25 < noise.loc["auc", "estimate"] < 0.7
    assert noise.loc["permutation_p", "estimate"] > 0.05


def test_it_learns_by_size_and_across_cohorts() -> None:
    study = _study(0.3)
    curve = learning_curve(study, QUICK, fractions=(0.5, 0.75, 1.0)).frame.set_index("metric")["estimate"]
    assert curve["auc@64"] > 0.8
    cohorts = np.repeat(["a", "b", "c", "d"], 20)
    frame = leave_one_cohort_out(study, cohorts, QUICK).performance.frame
    one = frame[(frame["signature_id"] == "ridge_score") & (frame["metric"] == "auc")]
    assert one["estimate"].mean() > 0.8


def test_all_features_are_in_the_model_that_is_fitted() -> None:
    study = _study(0.3)
    inner = folds(study.labels, study.groups, n_folds=3, seed=1)
    chosen = fit_chosen(build("ridge_score", study, 1), study.features, study.labels, inner)
    assert (chosen.pipeline[-1].coefficients_ != 0).all()
    assert np.isfinite(chosen.held_out).all()


@pytest.mark.parametrize(
    ("features", "responses", "options", "message"),
    [
        ([[1.0], [np.nan]], [0, 1], {}, "without missing"),
        ([[1.0], [2.0]], [0, 1, 1], {}, "rows of 2"),
        ([[1.0], [2.0]], [0, 1], {"n_penalties": 0}, "at least 1"),
        ([[1.0], [1.0]], [0, 1], {}, "no feature varies"),
    ],
)
def test_bad_input_is_refused(features: Any, responses: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ridge_paths(features, responses, **options)


def test_three_classes_are_refused() -> None:
    with pytest.raises(DesignError, match="have 3"):
        RidgeScore().fit(np.eye(3), [0, 1, 2], [])
