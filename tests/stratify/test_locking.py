"""Locked models: numbers that restore the fit, samples that stand alone, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, RegistryError, ScaleError
from exomics.registry.locked_model import LockedModel, read_locked_model, write_locked_model
from exomics.stats.survival_accuracy import brier_scores
from exomics.stratify import Pipelines, Study
from exomics.stratify.evaluation.measures import horizons_of
from exomics.stratify.evaluation.predictions import inner_folds_of
from exomics.stratify.locking import lock, predict
from exomics.stratify.locking.folding import is_linear
from exomics.stratify.models.search import fit_chosen, predictions
from exomics.stratify.pipelines import build
from exomics.validation import Label, Resampling, assess_binary_risk
from exomics.validation.locked import drift, validate


def _values(seed: int, effect: float, n: int = 80) -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(seed)
    labels = np.tile([0, 1], n // 2)
    values = generator.normal(size=(n, 20)) + effect * labels[:, np.newaxis] * (np.arange(20) < 3)
    names = [f"p{seed}_{number}" for number in range(n)]
    frame = pd.DataFrame(values, index=names, columns=[f"g{number}" for number in range(20)])
    return frame, pd.Series(np.where(labels == 1, "responder", "non_responder"), index=names)


@pytest.fixture(scope="module")
def model() -> LockedModel:
    """Learned where three genes are planted."""
    values, outcome = _values(1, 1.2)
    groups = pd.DataFrame({"subject_id": values.index}, index=values.index)
    study = Study.of(values, outcome, groups, positive="responder", endpoint="response", cohort="training")
    return lock(study, identifier="planted", scale="log2 tpm")


def test_what_is_written_is_read(model: LockedModel, tmp_path: Path) -> None:
    head = write_locked_model(model, tmp_path / "model")
    read = read_locked_model(head.parent)
    values, _ = _values(2, 1.2)
    np.testing.assert_array_equal(predict(read, values).probability, predict(model, values).probability)
    assert (read.features, read.settings, read.parts) == (model.features, model.settings, model.parts)
    again = write_locked_model(read, tmp_path / "again")
    assert again.read_bytes() == head.read_bytes()
    assert {"g0", "g1", "g2"} <= set(read.features)


def test_a_sample_stands_alone(model: LockedModel) -> None:
    values, _ = _values(3, 1.2)
    together = predict(model, values).probability
    alone = [predict(model, values.iloc[[at]]).probability[0] for at in range(5)]
    np.testing.assert_array_equal(together[:5], alone)
    shuffled = predict(model, values[values.columns[::-1]]).probability
    np.testing.assert_array_equal(together, shuffled)


def test_it_holds_where_the_truth_is_the_same_and_not_where_there_is_none(model: LockedModel) -> None:
    for seed, effect in ((4, 1.2), (5, 0.0)):
        values, outcome = _values(seed, effect, n=400)
        frame = validate(model, values, outcome, scale="log2 tpm", cohort_id="elsewhere").frame.set_index("metric")
        assert set(frame["role"]) == {"external"}
        low, high = frame.loc["auc", ["ci_low", "ci_high"]]
        assert low > 0.8 if effect else low < 0.5 < high
        slope = frame.loc["calibration_slope"]
        assert slope["ci_low"] > 0.5 if effect else slope["ci_low"] < 0.0 < slope["ci_high"]
        assert frame.loc["coverage", "estimate"] == 1.0
        alone = assess_binary_risk(
            predict(model, values).probability, outcome == "responder", label=Label("planted", "elsewhere", "response")
        ).frame.set_index("metric")
        assert set(alone.index) < set(frame.index)
        pd.testing.assert_frame_equal(frame.loc[alone.index], alone)


def test_missing_features_lower_the_coverage_and_then_refuse(model: LockedModel) -> None:
    values, outcome = _values(6, 1.2)
    heaviest = model.features[int(np.argmax(np.abs(model.coefficients[:, 0]) * model.deviations))]
    less = predict(model, values.drop(columns=heaviest))
    assert (less.coverage < 1).all()
    few = validate(model, values[["g0"]], outcome, scale="log2 tpm", cohort_id="panel").frame.set_index("metric")
    assert few.loc["predicted_fraction", "estimate"] == 0.0
    assert np.isnan(few.loc["auc", "estimate"])
    assert "too few" in few.loc["auc", "note"]
    with pytest.raises(InputError, match="none of the"):
        predict(model, values.add_suffix("x", axis=1))
    with pytest.raises(InputError, match="twice"):
        predict(model, pd.concat([values, values], axis=1))


def test_other_scales_other_platforms_and_the_training_cohort(model: LockedModel) -> None:
    values, outcome = _values(7, 1.2)
    with pytest.raises(ScaleError, match="learned on"):
        validate(model, values, outcome, scale="counts", cohort_id="elsewhere")
    with pytest.raises(InputError, match="never saw"):
        validate(model, values, outcome, scale="log2 tpm", cohort_id="training")
    for other in (outcome.where(outcome == "responder"), outcome.mask(values["g5"] > 1, "not evaluable")):
        with pytest.raises(InputError, match="needs two values"):
            validate(model, values, other, scale="log2 tpm", cohort_id="elsewhere")
    assert (drift(model, values + 5.0) > 3.0).all()
    with pytest.raises(InputError, match="not the quantities it knows"):
        validate(model, values + 5.0, outcome, scale="log2 tpm", cohort_id="elsewhere")
    moved = validate(model, values + 2.0, outcome, scale="log2 tpm", cohort_id="elsewhere").frame.set_index("metric")
    assert "not like the training cohort" in moved.loc["median_drift", "note"]


def test_altered_documents_are_refused(model: LockedModel, tmp_path: Path) -> None:
    folder = write_locked_model(model, tmp_path).parent
    body = folder / "features.tsv"
    body.write_text(body.read_text(encoding="utf-8").replace("g0", "g9", 1), encoding="utf-8")
    with pytest.raises(RegistryError, match="altered"):
        read_locked_model(folder)
    body.unlink()
    with pytest.raises(RegistryError, match="cannot read"):
        read_locked_model(folder)


def _linear(name: str) -> bool:
    return is_linear(Pipelines[name].function(1).pipeline) and not name.startswith("no_features")


LINEAR = [(spec.name, kind) for spec in Pipelines for kind in spec.outcomes if _linear(spec.name)]
NAMES = [f"s{number:02d}" for number in range(90)]


def _blocks(kind: str, seed: int = 11) -> Study:
    """90 samples of two blocks that both know something, and an outcome of that kind; the last 20 lack the second."""
    generator = np.random.default_rng(seed)
    classes = generator.permutation(np.repeat([0, 1, 2], 30)) % (3 if kind == "classes" else 2)
    signal = 1.5 * np.eye(3)[classes]
    frames = {}
    for name, width, n in (("rna", 8, 90), ("protein", 12, 70)):
        values = generator.normal(size=(90, width))
        values[:, :3] += signal
        values[generator.random(values.shape) < 0.03] = np.nan
        frames[name] = pd.DataFrame(values, index=NAMES).add_prefix("g").iloc[:n]
    outcome: pd.Series | pd.DataFrame = pd.Series(np.array(["Basal", "Her2", "LumA"])[classes], index=NAMES)
    if kind == "survival":
        waiting, stop = generator.exponential(np.exp(-2.0 * classes)), generator.uniform(0.5, 3.0, size=90)
        outcome = pd.DataFrame({"months": np.minimum(waiting, stop) + 1e-3, "died": (waiting <= stop) * 1}, NAMES)
    positive = "Her2" if kind == "binary" else None
    return Study.of(frames, outcome, pd.DataFrame({"subject_id": NAMES}, index=NAMES), positive=positive)


@pytest.mark.parametrize(("name", "kind"), [pytest.param(*case, id="-".join(case)) for case in LINEAR])
def test_a_locked_model_says_what_its_pipeline_says(name: str, kind: str, tmp_path: Path) -> None:
    """To 1e-10 on samples with gaps and without a block; written and read, and each sample by itself, to the bit."""
    study, new = _blocks(kind), _blocks(kind, seed=12)
    model = lock(study, name, identifier="m", scale="log2", inner_folds=2, min_coverage=0.0)
    inner = inner_folds_of(study, np.arange(90), n_folds=2, seed=1)
    fitted = fit_chosen(build(name, study, 1), study.features, study.response, inner).pipeline
    if kind == "survival":
        *steps, last = (step for _, step in fitted.steps)
        data = steps[0].transform(new.features) if steps else new.features
        expected = 1.0 - last.survival(data, horizons_of(study.time))
    else:
        expected = predictions(fitted, new.features)
    frame = pd.DataFrame(new.features, index=list(new.samples), columns=list(new.names))
    found = predict(model, frame)
    assert np.ptp(expected[:, -1]) > 0.2
    np.testing.assert_allclose(found.told, expected, rtol=0.0, atol=1e-10)
    read = read_locked_model(write_locked_model(model, tmp_path).parent)
    np.testing.assert_array_equal(predict(read, frame).told, found.told)
    np.testing.assert_array_equal(predict(read, frame.iloc[[3]]).told, found.told[[3]])
    assert model.n_events == study.base()["n_events"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("late_fusion", "binary"), ("sparse_pls_discriminant", "classes"), ("late_fusion_cox", "survival")],
)
def test_a_block_that_is_missing_is_left_out_and_one_that_is_half_there_is_counted(name: str, kind: str) -> None:
    study = _blocks(kind)
    model = lock(study, name, identifier="m", scale={"rna": "log2", "protein": "npx"}, inner_folds=2)
    frame = pd.DataFrame(study.features, index=list(study.samples), columns=list(study.names))
    rna = frame[[column for column in frame if column.startswith("rna:")]]
    found = predict(model, rna)
    assert [part.name for part in model.parts] == ["rna", "protein"]
    assert not found.measured[:, 1].any()
    assert np.isfinite(found.told[found.coverage >= 0.8]).all()
    assert (found.coverage > 0.8).mean() > 0.5
    heaviest = max(model.features, key=lambda at: np.ptp([0.0, *model.coefficients[model.features.index(at)]]))
    fewer = frame.drop(columns=heaviest).iloc[:70]
    assert (predict(model, fewer).coverage < predict(model, frame.iloc[:70]).coverage + 1e-12).all()
    nothing = predict(model, pd.DataFrame({model.features[0]: [np.nan]}))
    assert nothing.coverage.tolist() == [0.0]
    assert np.isnan(nothing.told).all()
    assert nothing.called.tolist() == [""]


def test_models_without_features_are_not_locked() -> None:
    study = _blocks("binary")
    with pytest.raises(DesignError, match="no_features cannot be locked"):
        lock(study, "no_features", identifier="m", scale="log2")
    with pytest.raises(DesignError, match="honest null"):
        lock(_blocks("survival"), "no_features_survival", identifier="m", scale="log2")
    with pytest.raises(DesignError, match="late_fusion_cox is not made for"):
        lock(study, "late_fusion_cox", identifier="m", scale="log2")


def _elsewhere(kind: str, seed: int) -> tuple[pd.DataFrame, pd.Series | pd.DataFrame]:
    """Features and outcome of another cohort of the same making."""
    study = _blocks(kind, seed=seed)
    frame = pd.DataFrame(study.features, index=list(study.samples), columns=list(study.names))
    if kind == "survival":
        return frame, pd.DataFrame({"months": study.time, "died": study.labels}, index=frame.index)
    return frame, pd.Series(np.array(study.classes)[study.labels], index=frame.index)


def test_survival_is_validated_with_censoring_weighed_for() -> None:
    model = lock(_blocks("survival"), "late_fusion_cox", identifier="m", scale="log2", inner_folds=2)
    frame, outcome = _elsewhere("survival", 13)
    found = validate(model, frame, outcome, scale="log2", cohort_id="elsewhere", resampling=Resampling(30)).frame
    rows = found.set_index("metric")
    assert rows.loc["concordance", "ci_low"] > 0.55
    assert rows.loc["calibration_slope", "ci_low"] > 0.0
    reached = predict(model, frame)
    kept = np.isfinite(reached.probability)
    expected = brier_scores(
        1.0 - reached.told[kept], outcome["months"][kept], outcome["died"][kept], horizons=model.baseline.times
    )
    assert rows.loc["integrated_brier", "estimate"] == pytest.approx(expected.integrated, rel=1e-12)
    assert expected.integrated < expected.integrated_reference
    assert rows.loc["measured:protein", "estimate"] == pytest.approx(70 / 90)
    assert set(found["n_events"]) == {int(outcome["died"][kept].sum())}
    short = outcome.assign(months=0.4 * model.baseline.times[0] * outcome["months"].rank(pct=True))
    early = validate(model, frame, short, scale="log2", cohort_id="elsewhere").frame.set_index("metric")
    assert "too short a follow-up" in early.loc["concordance", "note"]
    with pytest.raises(InputError, match="give two columns"):
        validate(model, frame, outcome["died"], scale="log2", cohort_id="elsewhere")


def test_several_classes_are_validated_each_with_its_calibration() -> None:
    model = lock(_blocks("classes"), "late_fusion", identifier="m", scale="log2", inner_folds=2)
    frame, outcome = _elsewhere("classes", 14)
    found = validate(model, frame, outcome, scale={"rna": "log2"}, cohort_id="elsewhere", resampling=Resampling(30))
    rows = found.frame.set_index("metric")
    assert rows.loc["auc", "ci_low"] > 0.7
    assert rows.loc["balanced_error", "ci_high"] < 2 / 3
    assert {f"calibration_slope:{name}" for name in model.classes} < set(rows.index)
    assert set(predict(model, frame).called) <= {*model.classes, ""}
    with pytest.raises(ScaleError, match="learned on 'log2'"):
        validate(model, frame, outcome, scale={"protein": "npx"}, cohort_id="elsewhere")
    with pytest.raises(InputError, match="knows no block 'mirna'"):
        validate(model, frame, outcome, scale={"mirna": "log2"}, cohort_id="elsewhere")
    with pytest.raises(InputError, match="must be among Basal, Her2, LumA; it has Basal, Her2, Normal"):
        validate(model, frame, outcome.replace("LumA", "Normal"), scale="log2", cohort_id="elsewhere")
    with pytest.raises(InputError, match="give one column, not 2"):
        validate(model, frame, pd.DataFrame({"a": outcome, "b": outcome}), scale="log2", cohort_id="elsewhere")


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("link: logistic", "link: softmax", "needs 2 predictors"),
        ("link: logistic", "link: log_hazard", "survival needs a baseline"),
        ("name: all", "name: rna", "do not name each other"),
        ("fusion: none", "fusion: weighted", "each prior needs 2 entries"),
        ("threshold: 0.5", "threshold: 1.5", "breaks its schema"),
        ("weight: 1.0", "weight: .inf", "a number of the head is missing or endless"),
        ("kind: linear_model", "kind: pickle", "breaks its schema"),
    ],
)
def test_documents_that_contradict_themselves_are_refused(
    model: LockedModel, tmp_path: Path, there: str, instead: str, message: str
) -> None:
    head = write_locked_model(model, tmp_path)
    text = head.read_text(encoding="utf-8")
    assert there in text
    head.write_text(text.replace(there, instead), encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        read_locked_model(tmp_path)


def test_nothing_selected_is_an_honest_null() -> None:
    values, outcome = _values(15, 0.0)
    groups = pd.DataFrame({"subject_id": values.index}, index=values.index)
    study = Study.of(values[["g5"]], outcome, groups, positive="responder")
    with pytest.raises(DesignError, match="honest null"):
        lock(study, identifier="null", scale="log2")
