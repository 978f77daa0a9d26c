"""Several classes, survival, and blocks that samples lack: planted truth is found, noise is not, nothing is made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from mudata import MuData, set_options
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from exomics.errors import DesignError, InputError, UserError
from exomics.stats.concordance import concordance
from exomics.stratify import CrossValidation, Study, cross_validate, folds
from exomics.stratify.evaluation.bootstrap import HeldOut, bootstrapped, subject_weights
from exomics.stratify.evaluation.calls import called, chosen_offset
from exomics.stratify.evaluation.measures import balanced_error, exact_balanced_error, fold_measures
from exomics.stratify.models.cox import ElasticNetCox
from exomics.stratify.models.search import fit_chosen, losses_of
from exomics.stratify.pipelines import Pipelines, build
from exomics.stratify.study.features import blocks_of

NAMES = [f"s{number:03d}" for number in range(90)]
GROUPS = pd.DataFrame({"subject_id": NAMES}, index=NAMES)
CLASSES = np.tile([0, 1, 2], 30)
QUICK = CrossValidation(n_repeats=1, inner_folds=3, n_permutations=0, n_bootstraps=50)


def _blocks(seed: int, signal: ArrayLike, *, lacking: int = 0) -> dict[str, pd.DataFrame]:
    """Two blocks of noise, the first with `signal` in its first three features; the last samples lack the second."""
    generator = np.random.default_rng(seed)
    first = generator.normal(size=(90, 12))
    first[:, :3] += np.asarray(signal)
    second = generator.normal(size=(90, 30))
    return {
        "rna": pd.DataFrame(first, index=NAMES).add_prefix("g"),
        "protein": pd.DataFrame(second, index=NAMES).add_prefix("g").iloc[: 90 - lacking],
    }


def _three(seed: int, *, lacking: int = 0) -> Study:
    words = pd.Series(np.array(["Basal", "Her2", "LumA"])[CLASSES], index=NAMES)
    blocks = _blocks(seed, 2.0 * np.eye(3)[CLASSES], lacking=lacking)
    return Study.of(blocks, words, GROUPS, positive=None)


def _survival(seed: int, effect: float) -> Study:
    generator = np.random.default_rng(seed)
    risk = generator.normal(size=90)
    waiting = generator.exponential(np.exp(-effect * risk))
    stop = generator.uniform(0.5, 3.0, size=90)
    known = pd.DataFrame(
        {"time": np.minimum(waiting, stop) + 1e-3, "event": (waiting <= stop).astype(int)}, index=NAMES
    )
    clinical = pd.DataFrame({"age": generator.normal(size=90)}, index=NAMES)
    return Study.of(_blocks(seed, risk[:, np.newaxis])["rna"], known, GROUPS, clinical=clinical)


def _found(frame: pd.DataFrame, model: str, metric: str) -> float:
    rows = frame[(frame["signature_id"] == model) & (frame["metric"] == metric) & (frame["role"] == "resampled")]
    return float(rows["estimate"].iloc[0])


@pytest.mark.parametrize(
    "name",
    ["elastic_net_logistic", "block_elastic_net", "late_fusion", "late_fusion_softmax", "sparse_pls_discriminant"],
)
def test_three_planted_classes_are_told_apart_though_some_lack_a_block(name: str) -> None:
    study = _three(1, lacking=20)
    assert study.kind == "classes"
    assert np.isnan(study.features[-1, 12:]).all()
    assert study.names[0] == "rna:g0"
    table = cross_validate(study, CrossValidation(**{**vars(QUICK), "pipelines": (name,)}))
    frame = table.performance.frame
    assert _found(frame, name, "balanced_error") < 0.25
    assert _found(frame, name, "auc") > 0.9
    assert _found(frame, "no_features", "balanced_error") == pytest.approx(2 / 3)
    held_out = table.predictions.frame
    total = held_out[held_out["model"] == name].groupby("sample_id")["probability"].sum()
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    assert set(held_out["target"]) == {"Basal", "Her2", "LumA"}


def test_fusion_hears_the_block_that_knows_and_makes_nothing_of_a_missing_one() -> None:
    study = _three(2, lacking=20)
    inner = folds(study.labels, study.groups, n_folds=3, seed=1)
    model = fit_chosen(build("late_fusion", study, 1), study.features, study.labels, inner).pipeline[-1]
    assert model.weights_[0] > 0.5 > model.weights_[1]
    nothing = np.full((1, study.features.shape[1]), np.nan)
    np.testing.assert_allclose(model.predict_proba(nothing), np.full((1, 3), 1 / 3), rtol=1e-12)
    lacking, other = study.features[:5].copy(), study.features[:5].copy()
    lacking[:, 12:] = np.nan
    model.weights_ = np.array([model.weights_[0], 0.0])
    np.testing.assert_array_equal(model.predict_proba(lacking), model.predict_proba(other))


def test_a_block_missing_from_a_class_is_left_out_rather_than_guessed() -> None:
    study = _three(3)
    features = study.features.copy()
    features[study.labels == 2, 12:] = np.nan
    inner = folds(study.labels, study.groups, n_folds=3, seed=1)
    model = fit_chosen(build("late_fusion", study, 1), features, study.labels, inner).pipeline[-1]
    assert model.members_[1] is None
    assert model.weights_[1] == 0.0
    components = build("sparse_pls_discriminant", study, 1).pipeline.fit(features, study.labels)[-1]
    assert list(components.members_) == [0]


def test_survival_is_learned_where_it_is_planted_and_not_where_it_is_not() -> None:
    settings = CrossValidation(**{**vars(QUICK), "pipelines": ("elastic_net_cox",)})
    for effect in (2.0, 0.0):
        study = _survival(4, effect)
        table = cross_validate(study, settings)
        frame = table.performance.frame
        concordant = _found(frame, "elastic_net_cox", "concordance")
        assert concordant > 0.7 if effect else 0.35 < concordant < 0.65
        assert _found(frame, "no_features", "concordance") == 0.5
        gain = _found(frame, "no_features", "integrated_brier") - _found(frame, "elastic_net_cox", "integrated_brier")
        assert gain > 0.02 if effect else gain < 0.02
        assert {"clinical_only", "no_features"} < set(frame["signature_id"])
        assert set(frame["n_events"]) == {int(study.labels.sum())}
    assert table.predictions.frame["probability"].between(0.0, 1.0).all()
    assert (table.predictions.frame["time"] > 0).all()


def test_survival_models_follow_their_formulas() -> None:
    study = _survival(5, 1.0)
    model = ElasticNetCox(position=10).fit(study.features, study.response)
    risk, (time, event) = model.predict(study.features), study.response.T
    at = np.quantile(time, [0.3, 0.6])
    hazard = [
        sum(1.0 / np.exp(risk[time >= t]).sum() for t, happened in zip(time, event, strict=True) if happened and t <= h)
        for h in at
    ]
    expected = np.exp(-np.asarray(hazard) * np.exp(risk)[:, np.newaxis])
    np.testing.assert_allclose(model.survival(study.features, at), expected, rtol=1e-10)
    rounded = np.ceil(4 * time)  # ties
    terms = [risk[i] - np.log(np.exp(risk[rounded >= rounded[i]]).sum()) for i in np.flatnonzero(event)]
    loss = losses_of(risk[np.newaxis, :, np.newaxis], np.column_stack([rounded, event]))
    assert loss[0] == pytest.approx(-np.mean(terms), rel=1e-12)


def test_two_classes_are_a_case_of_several() -> None:
    generator = np.random.default_rng(6)
    probability, labels = generator.random(40), generator.integers(2, size=40)
    both = np.column_stack([1.0 - probability, probability])
    np.testing.assert_allclose(fold_measures(probability, labels), fold_measures(both, labels), rtol=1e-12)
    assert fold_measures(probability, labels)[1] == pytest.approx(np.mean((probability - labels) ** 2))
    assert np.isnan(fold_measures(np.full((2, 3), 1 / 3), np.array([0, 1]))[[0, 3]]).all()


def test_the_exact_interval_is_that_of_each_class() -> None:
    labels = np.repeat([0, 1], [10, 20])
    calls = np.where(np.isin(np.arange(30), (0, 1, 2, 15)), 1 - labels, labels)
    found = exact_balanced_error(calls, labels, 2)
    each = [binomtest(wrong, n).proportion_ci(0.975, method="exact") for wrong, n in ((3, 10), (1, 20))]
    assert found.estimate == pytest.approx((0.3 + 0.05) / 2)
    assert found.ci_low == pytest.approx(np.mean([limits.low for limits in each]))
    assert found.ci_high == pytest.approx(np.mean([limits.high for limits in each]))


def test_a_rare_class_is_called_where_inner_folds_advise_it() -> None:
    generator = np.random.default_rng(7)
    labels = (generator.random(400) < 0.1).astype(np.int64)
    odds = np.exp(2.0 * labels + generator.normal(size=400) - 3.5)
    probability = np.column_stack([1.0 / (1.0 + odds), odds / (1.0 + odds)])
    prior = np.bincount(labels) / 400
    errors = [balanced_error(called(probability, prior, offset), labels, 2) for offset in (0.0, 1.0)]
    assert errors[1] < errors[0] - 0.1
    assert chosen_offset(probability, labels) >= 0.75


def test_drawn_subjects_measure_what_was_held_out() -> None:
    study, generator = _survival(8, 1.0), np.random.default_rng(8)
    weights = subject_weights(np.repeat(np.arange(45), 2), 300, generator)
    assert (weights[:, ::2] == weights[:, 1::2]).all()
    assert (weights[1:].sum(axis=1) == 90).all()
    risk = study.features[:, [0]] + generator.normal(size=(90, 1))
    one_fold = HeldOut(risk, np.zeros(90, dtype=np.int64), np.zeros(90, dtype=np.int64))
    found = bootstrapped([one_fold], study.response, weights)["concordance"]
    assert found[0] == pytest.approx(concordance(risk[:, 0], *study.response.T).estimate)
    twice = np.repeat(np.arange(90), weights[1].astype(int))
    drawn = concordance(risk[twice, 0], *study.response[twice].T).estimate
    assert found[1] == pytest.approx(drawn, rel=1e-12)
    odds = np.column_stack([1.0 - study.labels * 0.5, study.labels * 0.5])
    told = HeldOut(odds, np.zeros(90, dtype=np.int64), np.arange(90) % 5)
    measured = bootstrapped([told, told], study.labels, weights[:1])
    assert measured["auc"].tolist() == [1.0]
    assert measured["balanced_error_tuned"].tolist() == [0.5]
    assert measured["brier"][0] == pytest.approx(fold_measures(odds, study.labels)[1])


def test_modalities_become_blocks() -> None:
    frames = _blocks(9, 0.0, lacking=30)
    with set_options(pull_on_update=False):
        data = MuData({name: AnnData(frame.add_prefix(name)) for name, frame in frames.items()})
    study = Study.of(blocks_of(data), pd.Series(np.tile([0, 1], 45), index=NAMES), GROUPS)
    assert [tuple(block) for block in study.blocks] == [("rna", 12), ("protein", 30)]
    assert study.samples == tuple(NAMES)
    np.testing.assert_array_equal(study.features[:60, 12:], frames["protein"].to_numpy())
    assert np.isnan(study.features[60:, 12:]).all()


TIMES = pd.DataFrame({"time": np.linspace(1.0, 9.0, 90), "event": [0, 1, 1] * 30}, index=NAMES)


@pytest.mark.parametrize(
    ("outcome", "features", "message"),
    [
        (TIMES.assign(time=0.0), {}, "times above 0"),
        (TIMES.assign(event=0), {}, "all samples are censored"),
        (TIMES.assign(event=2), {}, "must be 1 for an event"),
        (TIMES.assign(event="died"), {}, "two columns of numbers"),
        (TIMES, {"died": TIMES["event"] * 3.0}, "'died' is a copy of the outcome"),
        (TIMES, {"days": -30.0 * TIMES["time"]}, "'days' is a copy of the time"),
        (pd.Series("A", index=NAMES), {}, "one class only"),
        (pd.Series(np.tile(["A", "B"], 45), index=NAMES), {}, "name the positive one"),
        (pd.Series(CLASSES, index=NAMES), {"code": np.array([7.0, 2.0, 5.0])[CLASSES]}, "'code' is a copy"),
    ],
)  # fmt: skip
def test_outcomes_that_cannot_be_learned_are_refused(outcome: Any, features: dict[str, Any], message: str) -> None:
    table = _blocks(10, 0.0)["rna"].assign(**features)
    with pytest.raises(UserError, match=message):
        Study.of(table, outcome, GROUPS, positive=None)


def test_pipelines_and_designs_that_do_not_fit_are_refused() -> None:
    study = _survival(11, 0.0)
    with pytest.raises(DesignError, match="elastic_net_logistic is not made for .* survival; use elastic_net_cox"):
        cross_validate(study, QUICK)
    few = pd.DataFrame({"time": np.arange(1.0, 91.0), "event": [1] * 5 + [0] * 85}, index=NAMES)
    rare = Study.of(_blocks(11, 0.0)["rna"], few, GROUPS)
    with pytest.raises(DesignError, match="5 events; 5 folds need at least 10"):
        cross_validate(rare, CrossValidation(**{**vars(QUICK), "pipelines": ("elastic_net_cox",)}))
    with pytest.raises(DesignError, match="are not the 3 that came"):
        Pipelines["sparse_pls_discriminant"].function(1, (2, 2)).pipeline.fit(np.eye(3), [0, 1, 1])
    with pytest.raises(DesignError, match="no block is measured"):
        Pipelines["sparse_pls_discriminant"].function(1).pipeline.fit(np.full((3, 2), np.nan), [0, 1, 1])
    with pytest.raises(InputError, match="protein have 's000' twice"):
        blocks = _blocks(11, 0.0)
        blocks["protein"] = pd.concat([blocks["protein"], blocks["protein"].iloc[:1]])
        Study.of(blocks, pd.Series(CLASSES, index=NAMES), GROUPS, positive=None)
