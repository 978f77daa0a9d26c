"""Leave one cohort out: planted signals travel, cohort effects do not, and real cohorts give what they give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.errors import DesignError
from exomics.schema import scale_of
from exomics.stats.discrimination import area_under_curve
from exomics.stratify import CrossValidation, Study
from exomics.stratify.evaluation.cohorts import _pooled_as, leave_one_cohort_out

CHECKPOINT = ("cho", "hugo", "kim", "mariathasan", "miao", "nathanson", "padron", "van_allen")
BEFORE = ("baseline", "unknown")


def _study(effect: float, seed: int, *, shift: float = 0.0) -> tuple[Study, np.ndarray]:
    """Four cohorts of 30 with other shares of responders; `shift` moves all features of a cohort by that share."""
    generator = np.random.default_rng(seed)
    cohorts = np.repeat(["A", "B", "C", "D"], 30)
    share = np.repeat([0.2, 0.4, 0.6, 0.8], 30)
    labels = (np.tile(np.arange(30) / 30, 4) < share).astype(int)
    values = generator.normal(size=(120, 10)) + shift * share[:, np.newaxis]
    values[:, :2] += effect * labels[:, np.newaxis]
    names = [f"s{number}" for number in range(120)]
    groups = pd.DataFrame({"subject_id": names}, index=names)
    return Study.of(pd.DataFrame(values, index=names), pd.Series(labels, index=names), groups), cohorts


def _rows(study: Study, cohorts: np.ndarray) -> pd.DataFrame:
    frame = leave_one_cohort_out(study, cohorts).performance.frame
    return frame[frame["signature_id"] == "elastic_net_logistic"].set_index(["metric", "cohort_id"])


def test_what_is_the_same_everywhere_travels() -> None:
    rows = _rows(*_study(1.5, 1))
    pooled = rows.loc[("pooled_auc", "all cohorts")]
    assert pooled["ci_low"] > 0.75
    reach = rows.loc[("auc_in_a_new_cohort", "all cohorts")]
    assert reach["ci_low"] <= pooled["ci_low"] < pooled["ci_high"] <= reach["ci_high"]
    assert rows.loc["auc"].index.tolist() == ["A", "B", "C", "D"]
    assert rows.loc[("auc", "A"), "n_samples"] == 30


def test_a_difference_between_cohorts_predicts_nothing_within_one() -> None:
    """Features that tell cohorts, hence shares of responders, apart give 0.5 in a cohort that was left out."""
    pooled = _rows(*_study(0.0, 2, shift=3.0)).loc[("pooled_auc", "all cohorts")]
    assert pooled["ci_low"] < 0.5 < pooled["ci_high"]


def test_nothing_of_the_cohort_left_out_is_learned() -> None:
    study, cohorts = _study(1.0, 3)
    altered = study.features.copy()
    altered[cohorts == "D", 0] += 1e3
    other = Study(**{**vars(study), "features": altered})
    plain, moved = (leave_one_cohort_out(one, cohorts).predictions.frame for one in (study, other))
    learned_without = plain["sample_id"].isin([study.samples[at] for at in np.flatnonzero(cohorts == "D")])
    assert not plain[~learned_without]["probability"].equals(moved[~learned_without]["probability"])
    features_alone = plain[learned_without & (plain["model"] == "no_features")]["probability"]
    assert features_alone.equals(moved.loc[features_alone.index, "probability"])
    flipped = study.labels.copy()
    flipped[cohorts == "D"] = 1 - flipped[cohorts == "D"]
    again = leave_one_cohort_out(Study(**{**vars(study), "labels": flipped}), cohorts).predictions.frame
    pd.testing.assert_series_equal(again[learned_without]["probability"], plain[learned_without]["probability"])


def test_too_few_cohorts_and_subjects_in_two_are_refused() -> None:
    study, cohorts = _study(1.0, 4)
    with pytest.raises(DesignError, match="2 cohorts have both classes"):
        leave_one_cohort_out(study, np.where(cohorts == "A", "A", "B"))
    with pytest.raises(DesignError, match="is in 2 cohorts"):
        leave_one_cohort_out(Study(**{**vars(study), "groups": np.arange(120) % 60}), cohorts)
    with pytest.raises(DesignError, match="one cohort per sample"):
        leave_one_cohort_out(study, cohorts[1:])


def test_a_cohort_without_a_wrong_pair_is_pooled_and_not_dropped() -> None:
    """An AUC of 1 has no logit: half a pair is taken from it, and the error is that of Hanley and McNeil there."""
    study, cohorts = _study(1.0, 6)
    clear = study.features.copy()
    clear[cohorts == "A", 0] += 20.0 * study.labels[cohorts == "A"]
    rows = _rows(Study(**{**vars(study), "features": clear}), cohorts)
    assert rows.loc[("auc", "A"), "estimate"] == 1.0
    assert "half a pair" in rows.loc[("auc", "A"), "note"]
    assert rows.loc[("pooled_auc", "all cohorts"), "note"].startswith("4 cohorts")
    area, error = _pooled_as(area_under_curve(np.array([1.0, 2, 3, 4, 5]), np.array([0, 0, 0, 1, 1])))
    assert area == 6.5 / 7
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    assert error == pytest.approx(np.sqrt((area * (1 - area) + (q1 - area**2) + 2 * (q2 - area**2)) / 6))
    assert _pooled_as(area_under_curve(np.array([5.0, 4, 3, 2, 1]), np.array([0, 0, 0, 1, 1])))[0] == 0.5 / 7


def test_a_cohort_of_one_class_is_learned_from_and_not_judged() -> None:
    study, cohorts = _study(1.5, 5)
    labels = study.labels.copy()
    labels[cohorts == "B"] = 0
    rows = _rows(Study(**{**vars(study), "labels": labels}), cohorts)
    assert np.isnan(rows.loc[("auc", "B"), "estimate"])
    assert "not judged" in rows.loc[("auc", "B"), "note"]
    assert rows.loc[("pooled_auc", "all cohorts"), "note"].startswith("3 cohorts")


def test_a_model_that_tells_nobody_apart_is_a_guess() -> None:
    study, cohorts = _study(1.5, 6)
    frame = leave_one_cohort_out(study, cohorts, CrossValidation(pipelines=())).performance.frame
    rows = frame.set_index("metric")
    assert (rows.loc["auc", "note"] == "nobody is told apart: one probability for all").all()
    assert rows.loc["auc", "ci_low"].isna().all()
    pooled = rows.loc["pooled_auc"]
    assert pooled["estimate"] == pytest.approx(0.5)


def _log2_tpm(data: AnnData) -> np.ndarray:
    """log2(TPM + 1), whatever the offset of the source."""
    scale, values = scale_of(data), np.asarray(data.X, dtype=np.float64)
    values = np.where(np.isnan(values), np.nan, values)  # missing values of R would raise a warning
    linear = np.exp2(values) - scale.offset if scale.kind == "log2" else values
    return np.log2(np.maximum(linear, 0.0) + 1.0)


def _checkpoint_cohorts() -> tuple[Study, np.ndarray]:
    """Samples before treatment with a response: log2(TPM + 1) of common genes, standardized within each sample."""
    values, sheets = [], []
    for name in CHECKPOINT:
        data = load(f"icb_{name}")
        sheet = data.obs[data.obs["time_point"].isin(BEFORE)].copy()
        sheet = sheet[sheet["response"].isin(["responder", "non_responder"])]
        names = data.var["feature_name"].astype(str)
        logs = pd.DataFrame(_log2_tpm(data[sheet.index]), [f"{name}:{one}" for one in sheet.index], names)
        values.append(logs.loc[:, ~logs.columns.duplicated()])
        sheets.append(sheet[["response"]].set_axis(logs.index, axis=0).assign(cohort=name))
    joined, sheet = pd.concat(values, join="inner"), pd.concat(sheets)
    standard = joined.sub(joined.mean(axis=1), axis=0).div(joined.std(axis=1), axis=0)
    groups = pd.DataFrame({"subject_id": sheet.index}, index=sheet.index)
    study = Study.of(standard, sheet["response"].astype(str), groups, positive="responder", endpoint="response")
    return study, sheet["cohort"].to_numpy(dtype=str)


@pytest.mark.slow
@pytest.mark.real_data
def test_checkpoint_cohorts_left_out_one_at_a_time(mirror: Path) -> None:
    assert mirror.is_dir()
    study, cohorts = _checkpoint_cohorts()
    assert len(study.samples) > 250
    assert study.features.shape[1] > 1000
    found = leave_one_cohort_out(study, cohorts, CrossValidation(pipelines=("elastic_net_logistic",)))
    frame = found.performance.frame.set_index(["signature_id", "metric", "cohort_id"])
    rows = frame.loc["elastic_net_logistic"]
    assert set(rows.loc["auc"].index) == set(CHECKPOINT)
    pooled, reach = rows.loc[("pooled_auc", "all cohorts")], rows.loc[("auc_in_a_new_cohort", "all cohorts")]
    assert pooled["note"].startswith("8 cohorts")
    assert 0.3 < pooled["ci_low"] < 0.5 < pooled["estimate"] < pooled["ci_high"] < 0.9
    assert reach["ci_low"] <= pooled["ci_low"]
    assert frame.loc[("no_features", "pooled_auc", "all cohorts"), "estimate"] == pytest.approx(0.5)
