"""Locked models: numbers that restore the fit, samples that stand alone, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, RegistryError, ScaleError
from exomics.registry.locked_model import LockedModel, read_locked_model, write_locked_model
from exomics.stratify import Study
from exomics.stratify.locked_model import lock, predict
from exomics.validation import Label, assess_binary_risk
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
    assert (read.features, read.settings, read.intercept) == (model.features, model.settings, model.intercept)
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
    heaviest = model.features[int(np.argmax(np.abs(model.coefficients) * model.deviations))]
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


def test_an_outcome_of_several_classes_is_not_locked() -> None:
    names = [f"s{number}" for number in range(30)]
    values = pd.DataFrame(np.random.default_rng(1).normal(size=(30, 3)), index=names)
    groups = pd.DataFrame({"subject_id": names}, index=names)
    study = Study.of(values, pd.Series(list("abc") * 10, index=names), groups, positive=None)
    with pytest.raises(DesignError, match="the outcome of this study is classes"):
        lock(study, identifier="three", scale="log2")


def test_nothing_selected_is_an_honest_null() -> None:
    values, outcome = _values(15, 0.0)
    groups = pd.DataFrame({"subject_id": values.index}, index=values.index)
    study = Study.of(values[["g5"]], outcome, groups, positive="responder")
    with pytest.raises(DesignError, match="honest null"):
        lock(study, identifier="null", scale="log2")
