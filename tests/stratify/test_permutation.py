"""Shuffled outcomes: the null is centered, blocks and subjects are kept, and the fast way is the plain one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from exomics.errors import DesignError
from exomics.stratify import CrossValidation, Pipelines, Study, cross_validate, folds
from exomics.stratify.evaluation.in_step import in_step, stepper_of
from exomics.stratify.evaluation.permutation import _one_by_one, _with, permutation_null
from exomics.stratify.evaluation.work import Uninterrupted
from exomics.stratify.models.logistic import MedianImputer
from exomics.stratify.selection.feature_selector import FeatureSelector
from exomics.stratify.study.exchanges import exchanged
from exomics.stratify.study.splits import Fold

NAMES = [f"s{number:03d}" for number in range(60)]
ELASTIC_NET = Pipelines["elastic_net_logistic"].function(1)


def _study(effect: float, seed: int, **told: Any) -> Study:
    generator = np.random.default_rng(seed)
    labels = np.tile([0, 1], 30)
    values = generator.normal(size=(60, 12))
    values[:, :3] += effect * labels[:, np.newaxis]
    values[generator.random(values.shape) < 0.05] = np.nan
    groups = pd.DataFrame({"subject_id": NAMES}, index=NAMES)
    study = Study.of(pd.DataFrame(values, index=NAMES), pd.Series(labels, index=NAMES), groups)
    return replace(study, **told)


@pytest.mark.parametrize("name", ["elastic_net_logistic", "block_elastic_net", "ridge_score"])
def test_shuffles_in_step_equal_the_plain_loop(name: str) -> None:
    built = Pipelines[name].function(1, (4, 8))
    study, generator = _study(0.8, 6), np.random.default_rng(6)
    outer = folds(study.labels, study.groups, n_folds=3, seed=1)
    inner = [
        [Fold(fold.train[part.train], fold.train[part.test]) for part in folds(None, fold.train, n_folds=2, seed=2)]
        for fold in outer
    ]
    exchanges = [np.arange(60), *(generator.permutation(60) for _ in range(4))]
    parts, work = list(zip(outer, inner, strict=True)), Uninterrupted()
    fast = in_step(built, study.features, study.labels[np.stack(exchanges)], parts, work)
    plain = _one_by_one(built, study.features, [_with(study, given) for given in exchanges], parts, work)
    np.testing.assert_allclose(fast, plain, atol=1e-9)
    assert len(np.unique(fast)) > 2


def test_an_inner_fold_without_a_class_teaches_nothing() -> None:
    """One positive subject per outer training part: some inner training parts have none, and are left out alike."""
    labels = np.isin(np.arange(60), (0, 20, 40)).astype(np.int64)
    study = _study(0.0, 6, labels=labels)
    outer = [Fold(np.flatnonzero(np.arange(60) // 20 != k), np.flatnonzero(np.arange(60) // 20 == k)) for k in range(3)]
    inner = [[Fold(fold.train[10:], fold.train[:10]), Fold(fold.train[np.r_[0:5, 25:40]], fold.train[5:25])]
             for fold in outer]  # fmt: skip
    inner[0][0] = Fold(outer[0].train[1:20], outer[0].train[20:])
    for name in ("elastic_net_logistic", "ridge_score"):
        built, parts = Pipelines[name].function(1), list(zip(outer, inner, strict=True))
        fast = in_step(built, study.features, labels[np.newaxis], parts, Uninterrupted())
        plain = _one_by_one(built, study.features, [study], parts, Uninterrupted())
        np.testing.assert_allclose(fast, plain, atol=1e-9)


def test_the_null_is_centered_and_what_is_planted_is_beyond_it() -> None:
    found = {}
    for effect in (0.0, 1.5):
        study = _study(effect, 7)
        given = {"sizes": (3, 2, 99), "generator": np.random.default_rng(1)}
        found[effect] = permutation_null(ELASTIC_NET, study.features, study, **given)
        assert abs(found[effect].null.mean() - 0.5) < 0.03
    assert found[1.5].p_value == 0.01
    assert found[0.0].p_value > 0.05


def test_a_step_that_asks_for_the_outcome_is_fitted_anew_in_every_shuffle() -> None:
    select = ("select", FeatureSelector("t_test_bh", target=1.0))
    steps = [("impute", MedianImputer()), select, ELASTIC_NET.pipeline.steps[-1]]
    selecting = ELASTIC_NET._replace(pipeline=Pipeline(steps))
    assert stepper_of(ELASTIC_NET) is not None
    assert stepper_of(selecting) is None
    assert stepper_of(ELASTIC_NET._replace(grid={**ELASTIC_NET.grid, "model__alpha": [0.5, 1.0]})) is None
    study = _study(1.5, 7)
    given = {"sizes": (3, 2, 9), "generator": np.random.default_rng(1)}
    found = permutation_null(selecting, study.features, study, **given)
    assert found.p_value == 0.1
    assert found.null.max() < found.observed


def test_whole_subjects_are_exchanged_within_their_block() -> None:
    groups = np.repeat(np.arange(30), 2)
    study = _study(0.0, 8, groups=groups, labels=np.repeat(np.tile([0, 1], 15), 2), within=(groups >= 12).astype(int))
    outer = folds(study.labels, study.groups, n_folds=3, seed=1)
    moved = 0
    for positions in exchanged(study, outer, n=20, generator=np.random.default_rng(2)):
        shuffled = study.labels[positions]
        assert (shuffled[::2] == shuffled[1::2]).all()
        for block in (0, 1):
            assert shuffled[study.within == block].sum() == study.labels[study.within == block].sum()
        for fold in outer:
            assert shuffled[fold.test].sum() == study.labels[fold.test].sum()
        moved += int((shuffled != study.labels).sum())
    assert moved > 100


def test_samples_are_exchanged_within_subjects_that_have_both_outcomes() -> None:
    study = _study(0.0, 9, groups=np.repeat(np.arange(15), 4))
    for positions in exchanged(study, [], n=10, generator=np.random.default_rng(3)):
        assert (study.groups[positions] == study.groups).all()
        assert len(np.unique(positions)) == 60


def test_a_difference_between_studies_is_no_finding() -> None:
    """Two studies with other levels and other shares of responders: only shuffles within the study know that."""
    study = _study(0.0, 10)
    within = np.repeat([0, 1], 30)
    generator = np.random.default_rng(4)
    labels = np.r_[np.tile([0, 0, 0, 0, 1], 6), np.tile([1, 1, 1, 1, 0], 6)]
    features = np.nan_to_num(study.features) + 1.5 * within[:, np.newaxis]
    p_value = {}
    for name, blocks in (("pooled", None), ("within", within)):
        told = replace(study, features=features, labels=labels, within=blocks)
        given = {"sizes": (3, 2, 59), "generator": generator}
        p_value[name] = permutation_null(ELASTIC_NET, features, told, **given).p_value
    assert p_value["pooled"] < 0.05 < p_value["within"]


def test_survival_is_shuffled_too() -> None:
    generator = np.random.default_rng(5)
    values = pd.DataFrame(generator.normal(size=(60, 4)), index=NAMES)
    time = generator.exponential(np.exp(-1.5 * values[0]))
    outcome = pd.DataFrame({"time": time, "event": [1, 1, 1, 0] * 15}, index=NAMES)
    study = Study.of(values, outcome, pd.DataFrame({"subject_id": NAMES}, index=NAMES))
    how = {"n_folds": 3, "n_repeats": 1, "inner_folds": 2, "n_bootstraps": 0}
    found = cross_validate(study, CrossValidation(pipelines=("elastic_net_cox",), n_permutations=19, **how))
    frame = found.performance.frame.set_index("metric")
    assert frame.loc["permutation_p", "estimate"] == 0.05
    assert "concordance" in frame.loc["permutation_p", "note"]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"within": np.arange(60), "groups": np.arange(60)}, "no two outcomes can be exchanged"),
        (
            {"within": np.arange(60) % 2, "groups": np.arange(60) // 4, "labels": np.arange(60) // 4 % 2},
            "in two of the",
        ),
    ],
)
def test_blocks_that_leave_nothing_to_exchange_are_refused(told: dict[str, Any], message: str) -> None:
    study = _study(0.0, 11, **told)
    outer = folds(study.labels, study.groups, n_folds=3, seed=1)
    with pytest.raises(DesignError, match=message):
        next(exchanged(study, outer, n=1, generator=np.random.default_rng(1)))
