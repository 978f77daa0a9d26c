"""The runner: rows, statuses, families, provenance, and one clear line for each bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from anndata import AnnData

from exomics.differential import Contrast, Tests, fit
from exomics.errors import DesignError, InputError, RegistryError, ScaleError
from exomics.preprocess import apply_steps, log_cpm
from exomics.schema import Scale, annotate
from exomics.stats.multiple_testing import benjamini_hochberg

ALL = ["F_8W - F_SED", "M_8W - M_SED", "sex=M_SED - F_SED"]


def test_one_row_per_contrast_and_feature(log2_study: AnnData) -> None:
    frame = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    assert len(frame) == 900
    assert list(frame["contrast"].unique()) == ["F_8W - F_SED", "M_8W - M_SED", "sex"]
    assert list(frame["feature_id"][:300]) == list(log2_study.var_names)
    assert frame["feature_name"][5] == "name5"
    assert (frame["test"] == "t").all() and frame["df_numerator"].isna().all()
    present = (~np.isnan(log2_study.X)).sum(axis=0)
    assert list(frame["n_samples"][:300]) == list(present)
    found = frame[(frame["contrast"] == "F_8W - F_SED") & (frame["adj_p_value"] < 0.05)]["feature_id"]
    planted = {f"f{i}" for i in range(30)}
    assert len(planted & set(found)) > 25
    assert len(set(found) - planted) < 5


def test_each_contrast_is_its_own_family_unless_declared(log2_study: AnnData) -> None:
    alone = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    assert list(alone["family"].unique()) == ["F_8W - F_SED", "M_8W - M_SED", "sex"]
    families = {"trained": ALL[:2]}
    pooled = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", families=families).frame
    assert list(pooled["family"].unique()) == ["trained", "sex"]
    np.testing.assert_array_equal(pooled["p_value"], alone["p_value"])
    rows = pooled[pooled["family"] == "trained"]
    np.testing.assert_allclose(rows["adj_p_value"], benjamini_hochberg(rows["p_value"]))
    rows = alone[alone["family"] == "sex"]
    np.testing.assert_allclose(rows["adj_p_value"], benjamini_hochberg(rows["p_value"]))


def test_features_without_values_keep_their_row(log2_study: AnnData) -> None:
    full = fit(log2_study[:, 1:].copy(), design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    log2_study.X[:, 0] = np.nan
    table = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend")
    lost = table.frame[table.frame["feature_id"] == "f0"]
    assert list(lost["status"]) == ["all_missing"] * 3
    assert lost[["log2_fold_change", "p_value", "adj_p_value", "mean_expression"]].isna().all(axis=None)
    kept = table.frame[table.frame["feature_id"] != "f0"].reset_index(drop=True)
    np.testing.assert_allclose(kept["p_value"], full["p_value"], rtol=1e-12)
    np.testing.assert_allclose(kept["adj_p_value"], full["adj_p_value"], rtol=1e-12)
    assert (
        "1 features have no value in any sample; their rows have status all_missing and no numbers"
        in table.provenance.notes
    )


def test_a_contrast_that_a_feature_cannot_estimate_has_a_status(log2_study: AnnData) -> None:
    log2_study.X[:5, 3] = np.nan
    frame = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    rows = frame[frame["feature_id"] == "f3"].set_index("contrast")
    assert dict(rows["status"]) == {"F_8W - F_SED": "not_estimable", "M_8W - M_SED": "ok", "sex": "not_estimable"}
    assert rows.loc["F_8W - F_SED", "p_value"] != rows.loc["F_8W - F_SED", "p_value"]


@pytest.mark.parametrize("method", ["limma_voom", "voom_lm_fit"])
def test_counts(count_study: AnnData, method: str) -> None:
    count_study.X[:, 399] = 0
    frame = fit(count_study, design="~ 0 + group + rin", contrasts=ALL, method=method).frame
    assert set(frame["status"][frame["feature_id"] == "g399"]) == {"all_zero"}
    found = set(frame[(frame["contrast"] == "M_8W - M_SED") & (frame["adj_p_value"] < 0.05)]["feature_id"])
    assert len(found & {f"g{i}" for i in range(40)}) > 36
    assert len(found) < 44


def test_counts_are_taken_from_their_layer(count_study: AnnData) -> None:
    expected = fit(count_study, design="~ group", contrasts=["M_8W - M_SED"], method="limma_voom").frame
    logged = log_cpm(count_study)
    found = fit(logged, design="~ group", contrasts=["M_8W - M_SED"], method="limma_voom").frame
    np.testing.assert_array_equal(found["p_value"], expected["p_value"])
    trend = fit(logged, design="~ group", contrasts=["M_8W - M_SED"], method="limma_trend").frame
    assert np.corrcoef(trend["log2_fold_change"], expected["log2_fold_change"])[0, 1] > 0.99


def test_the_provenance_says_how(count_study: AnnData) -> None:
    prepared = apply_steps(count_study, [("filter_by_expression", {"group": "group"}), ("tmm", {})])
    contrasts = [Contrast("sex", "M_SED - F_SED", "sexes")]
    options = {"robust": True}
    table = fit(prepared, design="~ 0 + group", contrasts=contrasts, method="voom_lm_fit", parameters=options)
    parameters = table.provenance.parameters
    assert parameters["design"] == "~ 0 + group"
    assert parameters["contrasts"] == [{"name": "sex", "expression": "M_SED - F_SED", "family": "sexes"}]
    assert parameters["options"]["robust"] is True
    assert parameters["options"]["contrast_errors"] == "exact"
    assert [step["step"] for step in parameters["steps"]] == ["filter_by_expression", "tmm"]
    assert list(parameters["details"]["sample_weights"]) == list(prepared.obs_names)
    assert any("standard_error is |log2_fold_change / statistic|" in note for note in table.provenance.notes)
    json.loads(table.provenance.to_json())


def test_the_same_input_gives_the_same_bytes(log2_study: AnnData, tmp_path: object) -> None:
    tables = [fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend") for _ in range(2)]
    assert tables[0].frame.to_csv() == tables[1].frame.to_csv()
    assert tables[0].provenance.to_json() == tables[1].provenance.to_json()


def test_the_input_hash_notices_one_value(log2_study: AnnData) -> None:
    before = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").provenance.inputs
    log2_study.X[0, 0] = 1.25
    after = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").provenance.inputs
    assert before[0]["sha256"] != after[0]["sha256"]


def failure(adata: AnnData, **changes: object) -> str:
    arguments = {"design": "~ 0 + group", "contrasts": ["F_8W - F_SED"], "method": "limma_trend", **changes}
    with pytest.raises((DesignError, InputError, RegistryError)) as error:
        fit(adata, **arguments)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_undeclared_scale(log2_study: AnnData) -> None:
    del log2_study.uns["exomics"]
    assert failure(log2_study) == (
        "the scale of X is not declared; set uns['exomics']['scale'] with "
        "exomics.schema.annotate(adata, assay=..., scale=Scale(kind=..., quantity=...))."
    )


def test_a_log_method_refuses_counts_and_the_reverse(log2_study: AnnData, count_study: AnnData) -> None:
    assert failure(count_study) == (
        "limma_trend takes log2 values; X is declared as counts count. "
        "Use a method for counts, or run the steps tmm and log_cpm first."
    )
    assert failure(log2_study, method="limma_voom") == (
        "limma_voom takes counts values; X is declared as log2 ratio. "
        "Load the raw counts, or use a method for log2 values such as limma_trend."
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            0.5,
            "X must be whole numbers; 1 of 8000 are not. These look like normalized or log values: "
            "pass raw counts, or declare the scale they are on.",
        ),
        (-1.0, "X must not be negative; the smallest is -1.0. Log values are not counts."),
        (np.nan, "X must be finite; got 1 missing or infinite values."),
    ],
)
def test_counts_that_are_no_counts(count_study: AnnData, value: float, message: str) -> None:
    count_study.X[2, 2] = value
    assert failure(count_study, method="limma_voom") == message


def test_missing_normalization_factors(count_study: AnnData) -> None:
    del count_study.obs["normalization_factor"]
    assert failure(count_study, method="limma_voom") == (
        "the counts have no normalization factors; run the step tmm first (exomics preprocess --normalize tmm), "
        "or set obs['normalization_factor'] = 1 to use plain totals."
    )


def test_only_missing_values(log2_study: AnnData) -> None:
    log2_study.X[3] = np.nan
    assert failure(log2_study) == (
        "1 samples have no values (s03); drop them first (flag_missing_samples, drop_flagged_samples)."
    )


def test_no_feature_with_counts(count_study: AnnData) -> None:
    count_study.X[:] = 0
    assert failure(count_study, method="limma_voom") == (
        "none of the 400 features has a value to test; check the matrix."
    )


def test_repeated_feature_ids(log2_study: AnnData) -> None:
    log2_study.var_names = ["f0", *log2_study.var_names[:-1]]
    assert failure(log2_study) == "feature ids must be unique; 1 are repeated (f0). Rename or merge them."


def test_unknown_names(log2_study: AnnData) -> None:
    assert failure(log2_study, method="t_test") == (f"no test is called 't_test'; known: {', '.join(Tests.names)}.")
    assert failure(log2_study, parameters={"robus": True}) == (
        "limma_trend has no parameter 'robus'; its parameters: sample_weights, block, trend, robust, contrast_errors, "
        "prior, optimum, minimum_effect, log_odds."
    )


def test_a_rank_deficient_design_and_a_zero_contrast_reach_the_user(log2_study: AnnData) -> None:
    log2_study.obs["copy"] = log2_study.obs["rin"]
    assert failure(log2_study, design="~ 0 + group + rin + copy") == (
        "the design is rank-deficient: copy = rin. "
        "Leave out one of these columns, or merge the levels that always occur together."
    )
    assert failure(log2_study, contrasts=["F_8W - F_8W"]) == (
        "the contrast 'F_8W - F_8W' is zero: its terms cancel. Name two conditions of: F_SED, F_8W, M_SED, M_8W."
    )
    assert failure(log2_study, contrasts=["F_8W - F_16W"]) == (
        "the contrast 'F_8W - F_16W' names 'F_16W', which is no condition of the design; "
        "conditions: F_SED, F_8W, M_SED, M_8W."
    )


def test_an_infinite_value(log2_study: AnnData) -> None:
    log2_study.X[0, 0] = np.inf
    assert "infinite" in failure(log2_study)


def test_a_scale_with_counts_in_a_linear_object(log2_study: AnnData) -> None:
    linear = annotate(log2_study, assay="protein", scale=Scale(kind="linear", quantity="intensity"))
    with pytest.raises(ScaleError, match="limma_trend takes log2 values; X is declared as linear intensity"):
        fit(linear, design="~ group", contrasts=["F_8W - F_SED"], method="limma_trend")
