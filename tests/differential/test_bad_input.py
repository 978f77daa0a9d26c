"""Bad input of a differential test: one clear line, or a status for the feature and numbers for all others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from anndata import AnnData

from exomics.differential import fit, fit_question, run
from exomics.differential.methods import Tests
from exomics.differential.methods.limma_trend import limma_trend
from exomics.errors import DesignError, InputError, ScaleError
from exomics.registry.method import Methods, MethodSpec
from exomics.schema import Scale, annotate

CONTRASTS = ["F_8W - F_SED", "M_8W - M_SED"]
ON_COUNTS = [spec.name for spec in Tests if "counts" in spec.input_scale]
ON_LOGS = ["limma_trend"]


def refused(kind: type[Exception], adata: AnnData, **changes: object) -> str:
    arguments = {"design": "~ 0 + group", "contrasts": CONTRASTS, "method": "limma_trend", **changes}
    with pytest.raises(kind) as error:
        fit(adata, **arguments)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("level", [0.0, 7.25])
def test_a_constant_feature_is_not_significant_and_harms_no_other(log2_study: AnnData, level: float) -> None:
    before = fit(log2_study, design="~ 0 + group", contrasts=CONTRASTS, method="limma_trend").frame
    log2_study.X[:, 299] = level
    frame = fit(log2_study, design="~ 0 + group", contrasts=CONTRASTS, method="limma_trend").frame
    row = frame[frame["feature_id"] == "f299"]
    assert not (row["adj_p_value"] < 0.05).any() and (row["log2_fold_change"].abs() < 1e-9).all()
    others = frame["feature_id"] != "f299"
    planted = frame["feature_id"].isin([f"f{i}" for i in range(30)]) & (frame["contrast"] == CONTRASTS[0])
    assert (frame.loc[planted, "adj_p_value"] < 0.05).sum() >= 26
    assert np.corrcoef(frame.loc[others, "statistic"], before.loc[others, "statistic"])[0, 1] > 0.99


@pytest.mark.parametrize("method", ON_COUNTS)
def test_all_zero_constant_and_separated_counts(count_study: AnnData, method: str) -> None:
    """A group of zeros beside large counts separates the conditions perfectly: a number or a status, no crash."""
    count_study.X[:, 390] = 0
    count_study.X[:, 391] = 5
    count_study.X[:, 392] = 0
    count_study.X[15:, 392] = 400
    frame = fit(count_study, design="~ 0 + group", contrasts=CONTRASTS, method=method).frame.set_index("feature_id")
    assert set(frame.loc["g390", "status"]) == {"all_zero"}
    assert frame.loc["g390", "p_value"].isna().all()
    assert not (frame.loc["g391", "adj_p_value"] < 0.01).any()
    separated = frame.loc["g392"].set_index("contrast").loc["M_8W - M_SED"]
    assert separated["status"] != "ok" or separated["p_value"] < 1e-3
    assert (frame.drop(["g390", "g391", "g392"])["status"] == "ok").mean() > 0.99


def test_a_feature_that_does_not_converge_is_named_and_stops_nothing(
    log2_study: AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kernel(*arguments: object, **options: object) -> object:
        tests = limma_trend(*arguments, **options)  # type: ignore[arg-type]
        words = np.array([""] * 300, dtype=object)
        words[7] = "not_converged"
        tests.p_value[7] = np.nan
        return tests._replace(status=words)

    spec = MethodSpec(name="halting", kind="test", title="halting", function=kernel, input_scale=("log2",))
    monkeypatch.setattr(run, "Tests", Methods("test", (spec,)))
    frame = fit(log2_study, design="~ 0 + group", contrasts=CONTRASTS, method="halting").frame
    assert set(frame.loc[frame["status"] != "ok", "feature_id"]) == {"f7"}
    assert set(frame.loc[frame["feature_id"] == "f7", "status"]) == {"not_converged"}
    assert frame.loc[frame["status"] == "ok", "adj_p_value"].notna().all()


def test_designs_that_cannot_be(log2_study: AnnData) -> None:
    one = log2_study[log2_study.obs["group"] == "F_SED"].copy()
    assert refused(DesignError, one).startswith("the factor group has one level (F_SED) in these 5 samples.")
    log2_study.obs.loc[["s03", "s04"], "rin"] = np.nan
    assert refused(DesignError, log2_study, design="~ 0 + group + rin").startswith(
        "rin is missing in 2 of 20 samples (s03, s04). Impute it"
    )
    few = log2_study[[0, 5, 10, 15]].copy()
    assert refused(DesignError, few) == (
        "the design has 4 coefficients and 4 samples; at least 5 samples are needed. Use a simpler design or more "
        "samples."
    )


def test_a_covariate_that_is_the_condition(log2_study: AnnData) -> None:
    log2_study.obs["trained"] = np.where(log2_study.obs["group"].isin(["F_8W", "M_8W"]), "yes", "no")
    assert refused(DesignError, log2_study, design="~ 0 + group + trained").startswith(
        "group is confounded with trained: all samples of F_8W, M_8W are in trained yes, which holds no others."
    )


@pytest.mark.parametrize("method", ON_COUNTS)
def test_counts_that_are_none(count_study: AnnData, log2_study: AnnData, method: str) -> None:
    count_study.X[0, 0] = 1.5
    assert refused(ScaleError, count_study, method=method).startswith("X must be whole numbers; 1 of 8000 are not.")
    assert refused(ScaleError, log2_study, method=method).startswith(f"{method} takes counts values; X is declared as")
    declared = annotate(log2_study, assay="rna", scale=Scale(kind="counts", quantity="count"))
    declared.X[:] = np.nan_to_num(declared.X)
    assert "must be whole numbers" in refused(ScaleError, declared, method=method)


def test_a_feature_without_baseline_variation_in_ancova(log2_study: AnnData) -> None:
    obs = log2_study.obs.assign(
        subject_id=[f"p{i // 2}" for i in range(20)],
        time_point=["baseline", "post"] * 10,
        arm=["exercise"] * 10 + ["usual_care"] * 10,
    )
    study = log2_study.copy()
    study.obs = obs
    study.X[:] = np.nan_to_num(study.X)
    study.X[::2, 4] = 3.0
    frame = fit_question(study, "arms").frame
    row = frame[(frame["feature_id"] == "f4")].set_index("contrast")["status"]
    assert row["exercise - usual_care"] == "not_estimable"
    assert row["exercise - usual_care (difference in differences)"] == "ok"
    assert (frame.loc[frame["feature_id"] != "f4", "status"] == "ok").all()


def test_only_missing_features(log2_study: AnnData) -> None:
    log2_study.X[:] = np.nan
    assert refused(InputError, log2_study).startswith("20 samples have no values (s00, s01, s02)")


@pytest.fixture
def make_empty(log2_study: AnnData) -> Callable[[], AnnData]:
    return lambda: log2_study[:, :0].copy()


def test_no_features(make_empty: Callable[[], AnnData]) -> None:
    assert refused(InputError, make_empty()) == "none of the 0 features has a value to test; check the matrix."
