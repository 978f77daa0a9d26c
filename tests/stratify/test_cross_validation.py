"""Nested cross-validation: noise stays noise, planted truth is found, and nothing leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone

from exomics.errors import DesignError, InputError, UserError
from exomics.stratify import CrossValidation, MedianImputer, Pipelines, Study, cross_validate, folds, joined_groups
from exomics.stratify.models.search import fit_chosen, predictions
from exomics.stratify.pipelines import Built

NAMES = [f"s{number:03d}" for number in range(60)]
QUICK = CrossValidation(n_repeats=2, n_permutations=0, inner_folds=3)


def _study(effect: float, seed: int, *, n_features: int = 30, clinical: float | None = None) -> Study:
    generator = np.random.default_rng(seed)
    labels = np.tile([0, 1], 30)
    values = generator.normal(size=(60, n_features))
    values[:, :3] += effect * labels[:, np.newaxis]
    values[generator.random(values.shape) < 0.05] = np.nan
    known = pd.DataFrame({"age": generator.normal(size=60) + (clinical or 0.0) * labels}, index=NAMES)
    return Study.of(
        pd.DataFrame(values, index=NAMES, columns=[f"g{number}" for number in range(n_features)]),
        pd.Series(labels, index=NAMES),
        pd.DataFrame({"subject_id": NAMES}, index=NAMES),
        clinical=None if clinical is None else known,
        cohort="planted",
    )


def _estimate(frame: pd.DataFrame, model: str, metric: str, role: str = "resampled") -> float:
    chosen = frame[(frame["signature_id"] == model) & (frame["metric"] == metric) & (frame["role"] == role)]
    return float(chosen["estimate"].iloc[0])


def test_planted_features_are_found_and_stand_beside_models_without_them() -> None:
    found = cross_validate(_study(1.5, 1, clinical=0.5), QUICK)
    frame = found.performance.frame
    assert set(frame["signature_id"]) == {"elastic_net_logistic", "clinical_only", "no_features"}
    assert _estimate(frame, "elastic_net_logistic", "auc") > 0.9
    assert 0.5 < _estimate(frame, "clinical_only", "auc") < 0.85
    assert _estimate(frame, "no_features", "auc") == 0.5
    assert _estimate(frame, "elastic_net_logistic", "auc_above_clinical_only") > 0.1
    assert _estimate(frame, "elastic_net_logistic", "auc", "apparent") >= _estimate(
        frame, "elastic_net_logistic", "auc"
    )
    assert "variance components" in found.performance.provenance.parameters["interval"]
    of_omics = frame[(frame["signature_id"] == "elastic_net_logistic") & (frame["role"] == "resampled")]
    limits = of_omics.set_index("metric").loc[["auc", "auc_above_no_features"], ["ci_low", "ci_high"]].to_numpy()
    np.testing.assert_allclose(limits[0] - 0.5, limits[1])
    held_out = found.predictions.frame
    assert len(held_out) == 60 * 2 * 3
    assert (held_out.groupby(["model", "repeat"])["sample_id"].nunique() == 60).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (cross_validate(_study(1.0, 2), QUICK) for _ in range(2))
    assert first.performance.to_text() == second.performance.to_text()
    assert first.predictions.to_text() == second.predictions.to_text()


def test_the_order_of_samples_does_not_reach_the_other_side() -> None:
    """Whatever stands in the test rows, the model fitted on the training rows is the same."""
    study = _study(1.0, 3)
    fold = folds(study.labels, study.groups, n_folds=5, seed=1)[0]
    inner = folds(study.labels[fold.train], study.groups[fold.train], n_folds=3, seed=1)
    altered = study.features.copy()
    altered[fold.test] = 1e6
    followed = np.column_stack([np.arange(1.0, 61.0), study.labels])
    for spec in Pipelines:
        response = followed if "survival" in spec.outcomes else study.labels
        plain, other = (
            fit_chosen(spec.function(1, (10, 20)), data[fold.train], response[fold.train], inner)
            for data in (study.features, altered)
        )
        assert plain.settings == other.settings
        np.testing.assert_array_equal(
            *(predictions(each.pipeline, study.features[fold.test]) for each in (plain, other))
        )


class _Spy(BaseEstimator):
    """A step that refuses to be fitted on a sample it is told never to see; the first feature names the sample."""

    forbidden: frozenset[float] = frozenset()

    def fit(self, X: Any, y: Any = None) -> _Spy:
        assert not self.forbidden & set(X[:, 0])
        return self

    def transform(self, X: Any) -> Any:
        return X


def test_no_step_is_fitted_on_inner_or_outer_test_samples() -> None:
    features = np.column_stack([np.arange(60.0), np.random.default_rng(4).normal(size=(60, 5))])
    labels, built = np.tile([0, 1], 30), Pipelines["elastic_net_logistic"].function(1)
    seen: list[set[float]] = []

    class Recorder(_Spy):
        def fit(self, X: Any, y: Any = None) -> _Spy:
            seen.append(set(X[:, 0]))
            return self

    pipeline = clone(built.pipeline)
    pipeline.steps.insert(0, ("spy", Recorder()))
    fold = folds(labels, np.arange(60), n_folds=5, seed=2)[0]
    inner = folds(labels[fold.train], np.arange(len(fold.train)), n_folds=3, seed=2)
    fit_chosen(Built(pipeline, built.grid), features[fold.train], labels[fold.train], inner)
    assert len(seen) == 4
    outer_test = set(features[fold.test, 0])
    assert all(not outer_test & fitted for fitted in seen)
    for part, fitted in zip(inner, seen, strict=False):
        assert not set(features[fold.train][part.test, 0]) & fitted


def test_a_subject_is_never_on_both_sides() -> None:
    subjects = np.repeat(np.arange(30), 2)
    cages = pd.Series(subjects // 3)
    groups = joined_groups(pd.DataFrame({"subject": subjects, "cage": cages}))
    assert len(np.unique(groups)) == 10
    labels = (groups % 2).astype(np.int64)
    for fold in folds(labels, groups, n_folds=5, seed=3):
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(np.unique(labels[fold.test])) == 2


def test_repeated_samples_of_noise_stay_noise() -> None:
    """Four samples per subject: random folds would give 0.99 (field notes); folds by subject do not."""
    generator = np.random.default_rng(5)
    names = [f"s{number}" for number in range(120)]
    subject = np.repeat(np.arange(30), 4)
    values = np.repeat(generator.normal(size=(30, 50)), 4, axis=0) + 0.1 * generator.normal(size=(120, 50))
    study = Study.of(
        pd.DataFrame(values, index=names, columns=list(range(50))),
        pd.Series(np.repeat(np.tile([0, 1], 15), 4), index=names),
        pd.DataFrame({"subject_id": subject}, index=names),
    )
    auc = _estimate(cross_validate(study, QUICK).performance.frame, "elastic_net_logistic", "auc")
    assert 0.2 < auc < 0.75


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": pd.Series(1, index=NAMES)}, "two classes"),
        ({"outcome": pd.Series([0, 1, 2] * 20, index=NAMES)}, "two classes"),
        ({"positive": "yes"}, "two classes, 'yes'"),
        ({"features": pd.DataFrame({"g": ["a"] * 60}, index=NAMES)}, "is no number"),
        ({"features": pd.DataFrame({"label": [0, 1] * 30}, index=NAMES)}, "copy of the outcome"),
        ({"features": pd.DataFrame({"g": [1.0] * 60}, index=["s000"] * 60)}, "twice"),
        ({"features": pd.DataFrame({"g": [1.0] * 60}, index=[f"x{i}" for i in range(60)])}, "no sample"),
        ({"features": pd.DataFrame({"g": [np.inf] * 60}, index=NAMES)}, "endless"),
        ({"groups": pd.DataFrame(index=NAMES)}, "grouping column"),
    ],
)  # fmt: skip
def test_what_would_leak_or_cannot_be_learned_is_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "features": pd.DataFrame({"g": np.arange(60.0)}, index=NAMES),
        "outcome": pd.Series(np.tile([0, 1], 30), index=NAMES),
        "groups": pd.DataFrame({"subject_id": NAMES}, index=NAMES),
    }
    with pytest.raises(UserError, match=message):
        Study.of(*({**given, **change}[name] for name in given), positive=change.get("positive", 1))


def test_few_subjects_and_small_classes_are_refused() -> None:
    study = _study(1.0, 8)
    with pytest.raises(DesignError, match="at least 20"):
        few = NAMES[:18]
        small = Study.of(
            pd.DataFrame(np.ones((18, 1)), index=few),
            pd.Series([0, 1] * 9, index=few),
            pd.DataFrame({"subject_id": few}, index=few),
        )
        cross_validate(small, QUICK)
    with pytest.raises(DesignError, match="3 outer folds"):
        cross_validate(study, CrossValidation(n_folds=2))
    with pytest.raises(DesignError, match="class 1 has 3"):
        folds(np.array([1] * 3 + [0] * 20), np.arange(23), n_folds=5, seed=1)


def test_the_imputer_learns_from_training_samples_only() -> None:
    imputer = MedianImputer(most_missing=0.5).fit([[1.0, 5.0, np.nan], [3.0, 5.0, 1.0], [8.0, 5.0, 2.0]])
    assert imputer.transform([[np.nan, 9.0, np.nan]]).tolist() == [[3.0, 1.5]]
    with pytest.raises(DesignError, match="no feature varies"):
        MedianImputer().fit([[1.0], [1.0]])
    with pytest.raises(ValueError, match="features"):
        imputer.transform([[1.0]])


def test_endless_values_are_refused_before_anything_is_fitted() -> None:
    with pytest.raises(InputError, match="endless"):
        Study.of(
            pd.DataFrame({"g": [np.inf, *range(59)]}, index=NAMES),
            pd.Series(np.tile([0, 1], 30), index=NAMES),
            pd.DataFrame({"subject_id": NAMES}, index=NAMES),
        )


def test_samples_without_a_subject_are_not_one_subject() -> None:
    groups = joined_groups(pd.DataFrame({"subject_id": ["a", "a", None, np.nan, "b"]}))
    assert len(np.unique(groups)) == 4
