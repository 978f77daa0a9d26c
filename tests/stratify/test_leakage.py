"""Nothing leaks: noise gives one half through every pipeline, and each classic mistake is caught or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, UserError
from exomics.registry.method import MethodSpec
from exomics.results import PredictionTable, Provenance
from exomics.stats.discrimination import area_under_curve
from exomics.stratify import CrossValidation, Pipelines, Study, cross_validate, folds
from exomics.stratify.evaluation.best_of import best_of
from exomics.stratify.evaluation.intervals import corrected_interval
from exomics.stratify.study.examine import Roles, examine
from exomics.stratify.study.outcomes import strata
from tests.stratify.interval_designs import SEED, FloatArray, measured, simulated

N_SETS = 200
WITHOUT_FEATURES = ("no_features", "no_features_survival")
HEAVY = (  # three folds, not five
    "sparse_pls_discriminant",
    "gradient_boosting",
    "principal_components_logistic",
    "late_fusion_softmax",
    "late_fusion_cox",
)


def _judged(spec: MethodSpec, seed: int) -> FloatArray:
    """AUC (of survival the concordance) of each fold of nested cross-validation, once."""
    study, n_folds = simulated(spec.outcomes[0], seed), 3 if spec.name in HEAVY else 5
    outer = folds(strata(study.response, n_folds), study.groups, n_folds=n_folds, seed=seed)
    return measured(spec, study, [outer], seed)[0]


@pytest.mark.slow
@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.name) for spec in Pipelines])
def test_noise_gives_one_half_and_its_interval_covers(spec: MethodSpec) -> None:
    """200 data sets without any signal: mean 0.50 +- 0.02; the interval holds 0.5 in 92 to 98 of 100.

    The share is itself a count of 200, of which two standard errors are allowed. It is 0.95 to 0.96 where models always
    say something, as sparse partial least squares does (0.91 with the interval of Nadeau and Bengio, which takes folds
    for less alike than they are), and 0.98 to 1 where 30 to 63 % of the folds choose no feature: their AUC of 0.5 is
    the truth, and the others share little. That is too often, with Nadeau and Bengio's too (0.985 to 0.99); what is
    narrow enough there holds weak signal in 79 to 84 of 100 (``interval_coverage_table.tsv``). So the upper side is
    not asked where most folds are silent, which holds for all without features.
    """
    values = np.stack([_judged(spec, SEED + number) for number in range(N_SETS)], axis=1)
    found = corrected_interval(values, len(values))
    covered = np.mean((found.ci_low <= 0.5) & (found.ci_high >= 0.5))
    assert abs(found.estimate.mean() - 0.5) < 0.02
    assert covered >= 0.92 - 2.0 * np.sqrt(0.92 * 0.08 / N_SETS)
    assert covered <= 0.98 + 2.0 * np.sqrt(0.98 * 0.02 / N_SETS) or np.mean(values == 0.5) > 0.5
    assert (found.estimate.std() > 0.02) == (spec.name not in WITHOUT_FEATURES)


NAMES = [f"s{number:03d}" for number in range(60)]
LABELS = pd.Series(np.tile([0, 1], 30), index=NAMES)
MODELS = tuple(f"model_{number}" for number in range(20))
QUICK = CrossValidation(n_repeats=1, n_permutations=0, n_bootstraps=0, inner_folds=3)


def _of(values: np.ndarray, *, labels: pd.Series = LABELS, subjects: Any = NAMES) -> Study:
    frame = pd.DataFrame(values, index=NAMES, columns=[f"g{number}" for number in range(values.shape[1])])
    return Study.of(frame, labels, pd.DataFrame({"subject_id": list(subjects)}, index=NAMES))


def _auc(study: Study) -> float:
    frame = cross_validate(study, QUICK).performance.frame
    found = frame[(frame["signature_id"] == "elastic_net_logistic") & (frame["role"] == "resampled")]
    return float(found.set_index("metric").loc["auc", "estimate"])


def test_features_chosen_outside_the_folds_are_told() -> None:
    """The top 20 of 2,000 noise features: an AUC near 1 if they were chosen beforehand, and a line that says so."""
    values = np.random.default_rng(1).normal(size=(60, 2000))
    gap = np.abs(values[LABELS == 1].mean(axis=0) - values[LABELS == 0].mean(axis=0))
    chosen, whole = _of(values[:, np.argsort(-gap)[:20]]), _of(values)
    sheet = pd.DataFrame(index=NAMES)
    assert _auc(chosen) > 0.85
    assert any("chosen by it" in doubt for doubt in examine(chosen, sheet))
    assert 0.25 < _auc(whole) < 0.75
    assert not any("chosen by it" in doubt for doubt in examine(whole, sheet))


def test_samples_of_a_subject_stay_on_one_side() -> None:
    """Four samples per subject: apart, they tell who a subject is; together, noise is noise."""
    generator = np.random.default_rng(2)
    subjects = np.repeat(np.arange(15), 4)
    values = generator.normal(size=(15, 40))[subjects] + 0.1 * generator.normal(size=(60, 40))
    labels = pd.Series(np.tile([0, 1], 8)[:15][subjects], index=NAMES)
    apart = _of(values, labels=labels)
    assert _auc(apart) > 0.9
    together = _of(values, labels=labels, subjects=[f"p{number}" for number in subjects])
    for fold in folds(together.labels, together.groups, n_folds=5, seed=1):
        assert not set(together.groups[fold.train]) & set(together.groups[fold.test])
    with pytest.raises(DesignError, match="15 independent subjects"):
        cross_validate(together, QUICK)


@pytest.mark.parametrize("code", [lambda y: 1.0 * y, lambda y: 7.0 - 2.0 * y, lambda y: np.exp(3.0 * y)])
def test_a_copy_of_the_outcome_is_refused(code: Any) -> None:
    values = np.random.default_rng(3).normal(size=(60, 5))
    values[:, 3] = code(LABELS.to_numpy())
    with pytest.raises(InputError, match="'g3' is a copy of the outcome"):
        _of(values)


def test_a_batch_that_is_the_outcome_is_refused_and_a_batch_near_it_is_told() -> None:
    """80/20 confounded batches carry an AUC by themselves; grouped by batch nothing of it is left."""
    generator = np.random.default_rng(4)
    study = _of(generator.normal(size=(60, 10)))
    aliased = pd.DataFrame({"plate": np.where(LABELS == 1, "A", "B")}, index=NAMES)
    with pytest.raises(DesignError, match="'plate' tells the classes apart"):
        examine(study, aliased, Roles(batch="plate"))
    other = generator.random(60) < 0.1
    near = pd.DataFrame({"plate": np.where((LABELS == 1) ^ other, "A", "B")}, index=NAMES)
    assert any("go together (Cramer's V 0." in doubt for doubt in examine(study, near, Roles(batch="plate")))
    unrelated = pd.DataFrame({"plate": np.repeat(["A", "B"], 30)}, index=NAMES)
    assert not any("plate" in doubt for doubt in examine(study, unrelated, Roles(batch="plate")))


def _of_chance(generator: np.random.Generator, *, right: str = "") -> PredictionTable:
    """Predictions of 20 models that know nothing, but for the one that is right."""
    rows = [
        {
            "sample_id": sample, "subject_id": sample, "model": model, "repeat": 1, "fold": 1, "target": "1",
            "probability": 0.8 * label if model == right else generator.random(), "outcome": label, "time": np.nan,
        }
        for model in MODELS
        for sample, label in zip(NAMES, LABELS, strict=True)
    ]  # fmt: skip
    return PredictionTable(frame=pd.DataFrame(rows), provenance=Provenance(method="chance"))


def test_the_best_of_many_is_worth_what_it_is_worth_with_the_choice_inside() -> None:
    """20 models of pure chance: the largest of their AUCs is 0.6 and more, the best of them is worth 0.5."""
    generator, study = np.random.default_rng(5), _of(np.random.default_rng(5).normal(size=(60, 3)))
    largest, honest = [], []
    for _ in range(25):
        table = _of_chance(generator)
        wide = table.frame.pivot(index="sample_id", columns="model", values="probability").loc[NAMES]
        largest.append(area_under_curve(wide.to_numpy(), LABELS.to_numpy()).estimate.max())
        honest.append(best_of(study, table, MODELS, n_resamples=40).frame.iloc[0])
    assert np.mean(largest) > 0.6
    assert abs(np.mean([row["estimate"] for row in honest]) - 0.5) < 0.04
    assert np.mean([row["ci_low"] < 0.5 < row["ci_high"] for row in honest]) > 0.9
    true = best_of(study, _of_chance(generator, right="model_7"), MODELS, n_resamples=50).frame.iloc[0]
    assert true["estimate"] == 1.0
    assert "model_7 100%" in true["note"]


def test_the_best_is_judged_on_groups_that_did_not_choose_it() -> None:
    """Two subjects in a cage are drawn together, as are two samples of a subject."""
    values, predictions = np.random.default_rng(5).normal(size=(60, 3)), _of_chance(np.random.default_rng(6))
    frame = pd.DataFrame(values, index=NAMES, columns=["a", "b", "c"])
    cage = pd.Series(np.arange(60) // 2, index=NAMES)
    caged = Study.of(frame, LABELS, pd.DataFrame({"subject_id": NAMES, "cage": cage}, index=NAMES))
    same = Study.of(frame, LABELS, pd.DataFrame({"subject_id": cage}, index=NAMES))
    alone = Study.of(frame, LABELS, pd.DataFrame({"subject_id": NAMES}, index=NAMES))
    told = [best_of(study, predictions, MODELS, n_resamples=40).frame["estimate"][0] for study in (caged, same, alone)]
    assert told[0] == told[1] != told[2]


def test_a_feature_measured_after_the_outcome_is_refused() -> None:
    study = _of(np.random.default_rng(6).normal(size=(60, 3)))
    days = pd.DataFrame({"taken": np.arange(60.0), "judged": np.full(60, 84.0)}, index=NAMES)
    roles = Roles(sampled="taken", known="judged")
    assert len(examine(study, days, roles)) <= 1
    with pytest.raises(DesignError, match="2 samples, such as 's058', were taken on or after"):
        examine(study, days.assign(judged=58.0), roles)


def test_one_person_under_two_names_is_refused() -> None:
    values = np.random.default_rng(7).normal(size=(60, 30))
    values[41] = values[8]
    with pytest.raises(InputError, match="'s008' and 's041' are two subjects with the same values"):
        examine(_of(values), pd.DataFrame(index=NAMES))
    one = [name if name != "s041" else "s008" for name in NAMES]
    labels = LABELS.replace({0: 0}).where(~LABELS.index.isin(["s041"]), LABELS["s008"])
    assert examine(_of(values, labels=labels, subjects=one), pd.DataFrame(index=NAMES))
    few_levels = np.random.default_rng(7).integers(0, 2, size=(60, 3)).astype(float)
    examine(_of(few_levels), pd.DataFrame(index=NAMES))


def test_a_subject_in_two_arms_is_refused() -> None:
    generator = np.random.default_rng(8)
    values = pd.DataFrame(generator.normal(size=(60, 3)), index=NAMES, columns=list("abc"))
    subjects = [f"p{number // 2}" for number in range(60)]
    sheet = pd.DataFrame({"subject_id": subjects, "arm": ["run", "rest"] * 30, "gain": 1.0}, index=NAMES)
    study = Study.of(values, pd.Series(np.repeat(np.tile([0, 1], 15), 2), index=NAMES), sheet[["subject_id"]])
    with pytest.raises(DesignError, match="is in 2 arms"):
        examine(study, sheet, Roles(arm="arm"))
    assert examine(study, sheet.assign(arm=np.repeat(["run", "rest"], 30)), Roles(arm="arm"))


def test_a_missing_role_is_refused() -> None:
    study = _of(np.random.default_rng(9).normal(size=(60, 3)))
    with pytest.raises(UserError, match="no column 'plate'"):
        examine(study, pd.DataFrame(index=NAMES), Roles(batch="plate"))


def test_too_few_subjects_for_the_features_are_told() -> None:
    study = _of(np.random.default_rng(10).normal(size=(60, 500)))
    (doubt,) = examine(study, pd.DataFrame(index=NAMES))
    assert "60 subjects, 30 in the rarer class, for 500 features" in doubt
    assert "Riley's criteria ask for" in doubt
