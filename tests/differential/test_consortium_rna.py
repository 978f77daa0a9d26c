"""The consortium's RNA recipe on the gastrocnemius, held against DESeq2's tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.datasets.loaders.differential_results import differential_results
from exomics.differential import fit_recipe
from exomics.preprocess import keep_expressed
from exomics.validation.changed_calls import changed_calls
from tests.shared import exomics, must

REFERENCES = {
    "F_8W - F_SED": ("deseq2_wald_TRNSCRPT_GN_Female_8w_vs_control.tsv.gz", 22),
    "M_8W - M_SED": ("deseq2_wald_TRNSCRPT_GN_Male_8w_vs_control.tsv.gz", 513),
    "training": ("deseq2_lrt_TRNSCRPT_GN_training.tsv.gz", 590),
}
FILTER = {"minimum_cpm": 0.5, "minimum_samples": 2}
WITH_FILTER = {
    "F_8W - F_SED": (23, "65722", ""),
    "M_8W - M_SED": (515, "22723 13092 65474 04449", "19892 14981"),
    "training": (597, "03300 16692 20659 13239 10452 47218 32677 21808", ""),
}
"""Contrast -> calls with the paper's filter, and the genes gained and lost against DESeq2's tables, which lack it."""

PLANTED = [f"g{i}" for i in range(40)]


def stock_deseq2(folder: Path, name: str) -> pd.DataFrame:
    return differential_results(folder / "motrpac" / "reference" / name)


@pytest.mark.real_data
@pytest.mark.usefixtures("from_mirror")
def test_every_call_is_that_of_stock_deseq2(reference_folder: Path) -> None:
    table = fit_recipe(load("motrpac_gn_rna"), "motrpac_consortium_rna")
    for contrast, (name, n_called) in REFERENCES.items():
        found = changed_calls(table, stock_deseq2(reference_folder, name), contrast=contrast)
        summary = found.summary.iloc[0]
        assert summary["n_ours"] == summary["n_reference"] == summary["n_both"] == n_called
        assert summary["rows"] == 14201 and summary["median_difference"] < 1e-4
        assert found.changed.empty
    rows = table.frame.groupby("contrast", sort=False)["test"].agg(["size", "first"])
    assert list(rows["size"]) == [14201] * 11
    assert rows["first"].value_counts().to_dict() == {"wald": 8, "lrt": 2, "fisher": 1}
    low = table.frame["status"] == "low_count"
    assert low.any() and table.frame.loc[low, "adj_p_value"].isna().all()
    options = {part["options"]["optimum"] for part in table.provenance.parameters["parts"].values()}
    assert options == {"published"}


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.usefixtures("from_mirror")
def test_the_filter_of_the_paper_moves_only_calls_at_the_threshold(reference_folder: Path) -> None:
    """238 genes fewer: each adjustment and the dispersion prior move a little. Every call that changes stands here."""
    table = fit_recipe(keep_expressed(load("motrpac_gn_rna"), **FILTER), "motrpac_consortium_rna")
    for contrast, (called, gained, lost) in WITH_FILTER.items():
        found = changed_calls(table, stock_deseq2(reference_folder, REFERENCES[contrast][0]), contrast=contrast)
        summary = found.summary.iloc[0]
        assert (summary["rows"], summary["n_ours"]) == (13963, called)
        by = found.changed.groupby("called_by")["feature_id"].agg(set).to_dict()
        assert by.get("ours", set()) == {f"ENSRNOG000000{gene}" for gene in gained.split()}
        assert by.get("reference", set()) == {f"ENSRNOG000000{gene}" for gene in lost.split()}
        near = found.changed.dropna(subset="adj_p_value_reference")
        assert near[["adj_p_value", "adj_p_value_reference"]].sub(0.05).abs().to_numpy().max(initial=0.0) < 0.004


def test_genes_below_half_a_count_per_million_are_left_out(count_study: AnnData) -> None:
    count_study.obs["sex"] = ["female"] * 10 + ["male"] * 10
    count_study.X[1:, -1] = 0
    count_study.X[0, -1] = 50
    table = fit_recipe(keep_expressed(count_study, **FILTER), "motrpac_consortium_rna")
    assert count_study.var_names[-1] not in set(table.frame["feature_id"])
    parts = table.provenance.parameters["parts"].values()
    assert {part["options"]["max_iterations"] for part in parts} == {500}
    assert all("keep_expressed" in {step["step"] for step in part["steps"]} for part in parts)


def test_covariates_that_a_study_lacks_leave_the_model(count_study: AnnData) -> None:
    """One of the four covariates is there, and of the weeks only the eighth."""
    count_study.obs["sex"] = ["female"] * 10 + ["male"] * 10
    table = fit_recipe(count_study, "motrpac_consortium_rna")
    assert set(table.frame["contrast"]) >= {"F_8W - F_SED", "M_8W - M_SED", "training"}
    parts = table.provenance.parameters["parts"]
    assert {part["design"] for part in parts.values()} == {"~ 0 + group + rin"}
    planted = table.frame[(table.frame["contrast"] == "M_8W - M_SED") & table.frame["feature_id"].isin(PLANTED)]
    assert (planted["adj_p_value"] < 0.05).mean() > 0.8


def test_the_command_lists_what_another_tool_calls(count_study: AnnData, tmp_path: Path) -> None:
    table, other, listed = (tmp_path / name for name in ("de.tsv", "deseq2.tsv", "changed.tsv"))
    count_study.obs["sex"] = ["female"] * 10 + ["male"] * 10
    found = fit_recipe(count_study, "motrpac_consortium_rna")
    found.to_tsv(table)
    rows = found.frame.query("contrast == 'M_8W - M_SED'")
    theirs = pd.DataFrame({"pvalue": rows["p_value"].to_numpy(), "padj": rows["adj_p_value"].to_numpy()})
    theirs.index = pd.Index(rows["feature_id"])
    theirs.loc["g0"] = 0.5
    theirs.to_csv(other, sep="\t")
    said = must("compare", table, "-o", listed, "--reference", other, "--contrast", "M_8W - M_SED")
    changed = pd.read_csv(listed, sep="\t")
    assert list(changed["feature_id"]) == ["g0"] and list(changed["called_by"]) == ["ours"]
    assert changed["p_value"][0] < 0.05 and changed["p_value_reference"][0] == 0.5
    assert "n_changed" in said and "g0" in said
    refused = exomics("compare", table, "-o", tmp_path / "no.tsv", "--reference", other)
    assert refused.status == 2 and "say which contrast the reference is of: --contrast" in refused.err
    assert not (tmp_path / "no.tsv").exists()
