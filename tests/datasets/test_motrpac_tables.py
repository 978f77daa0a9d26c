"""The consortium's result tables under our column names; nothing is invented where nothing is published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata

from exomics.cli.main import main
from exomics.datasets import load_table_files
from exomics.errors import InputError
from exomics.results import DifferentialTable


def text_file(folder: Path, text: str, name: str = "table.txt") -> Path:
    path = folder / name
    path.write_text(text.replace(" ", "\t"))
    return path


TIMEWISE = (
    "feature_ID sex comparison_group assay tissue logFC logFC_se zscore p_value adj_p_value gene_symbol\n"
    "ENSRNOG1 female 8w TRNSCRPT HEART 0.5 0.1 5 0.001 0.02 Ppargc1a\n"
    "ENSRNOG1 male 1w TRNSCRPT HEART -0.25 0.1 -2.5 0.01 0.05 Ppargc1a\n"
    "ENSRNOG2 male 8w TRNSCRPT HEART NA NA NA NA NA NA\n"
)


def test_timewise_contrasts_are_spelled_as_the_groups(tmp_path: Path) -> None:
    table = load_table_files("motrpac_differential", {"data": text_file(tmp_path, TIMEWISE)})
    assert list(table.columns) == list(DifferentialTable.columns)
    assert list(table["contrast"]) == ["F_8W - F_SED", "M_1W - M_SED", "M_8W - M_SED"]
    assert list(table["feature_name"]) == ["Ppargc1a", "Ppargc1a", ""]
    assert set(table["test"]) == {"wald"}
    np.testing.assert_array_equal(table["log2_fold_change"], [0.5, -0.25, np.nan])
    np.testing.assert_array_equal(table["standard_error"], [0.1, 0.1, np.nan])
    assert table[["ci_low", "ci_high", "degrees_of_freedom", "mean_expression"]].isna().all(axis=None)
    assert set(table["family"]) == {"TRNSCRPT timewise"}


def test_an_object_of_the_data_package_and_its_text_agree(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "feature_ID": ["Lactic acid", "Lactic acid", "Alanine"],
            "dataset": ["metab-t-tca", "metab-u-ionpneg", "metab-t-amines"],
            "assay": "METAB",
            "sex": "male",
            "comparison_group": "4w",
            "logFC": [0.5, 0.25, 1.0],
            "logFC_se": [0.1, 0.1, 0.2],
            "tscore": [5.0, 2.5, 5.0],
            "p_value": [0.01, 0.02, 0.001],
            "adj_p_value": [0.1, 0.2, 0.01],
            "metabolite_refmet": ["Lactic acid", "Lactic acid", "Alanine"],
        }
    )
    rdata.write_rda(tmp_path / "METAB_HEART_DA.rda", {"METAB_HEART_DA": frame})
    frame.to_csv(tmp_path / "da.csv", index=False)
    one = load_table_files("motrpac_differential", {"data": tmp_path / "METAB_HEART_DA.rda"})
    other = load_table_files("motrpac_differential", {"data": tmp_path / "da.csv"})
    pd.testing.assert_frame_equal(one, other)
    assert list(one["feature_id"]) == ["Lactic acid|metab-t-tca", "Lactic acid|metab-u-ionpneg", "Alanine"]
    assert set(one["test"]) == {"t"}


def test_the_training_effect_of_each_sex_and_of_both(tmp_path: Path) -> None:
    text = (
        "assay tissue feature_ID fscore_male fscore_female p_value_male p_value_female p_value adj_p_value\n"
        "PROT HEART NP_1 5.5 2 0.001 0.2 0.002 0.01\nPROT HEART NP_2 NA 3 NA 0.05 0.05 0.1\n"
    )
    table = load_table_files("motrpac_differential", {"data": text_file(tmp_path, text)})
    assert list(table["contrast"]) == ["training"] * 2 + ["training female"] * 2 + ["training male"] * 2
    assert set(table["test"]) == {"F"}
    np.testing.assert_array_equal(table["statistic"], [np.nan, np.nan, 2, 3, 5.5, np.nan])
    np.testing.assert_array_equal(table["p_value"], [0.002, 0.05, 0.2, 0.05, 0.001, np.nan])
    np.testing.assert_array_equal(table["adj_p_value"][:3], [0.01, 0.1, np.nan])
    assert table["log2_fold_change"].isna().all()


def test_the_human_table_keeps_its_interval_and_no_wrong_degrees_of_freedom(tmp_path: Path) -> None:
    text = (
        "tissue,assay,platform,contrast,feature_id,logFC,CI.L_calculated,CI.R_calculated,degrees_of_freedom,AveExpr,t,p_value,"
        "adj_p_value\nmuscle,metab,metab-t-tca,EE-CON 1h,Lactic acid,0.5,0.25,0.75,90,10,4,0.001,0.01\n"
        "muscle,metab,metab-t-tca,EE-CON 1h,Alanine,0,-1,1,90,10,0,1,1\n"
    )
    path = tmp_path / "human.csv"
    path.write_text(text)
    table = load_table_files("motrpac_differential", {"data": path})
    np.testing.assert_array_equal(table["standard_error"], [0.125, np.nan])
    np.testing.assert_array_equal(table[["ci_low", "ci_high"]], [[0.25, 0.75], [-1, 1]])
    assert table["degrees_of_freedom"].isna().all()
    assert set(table["family"]) == {"muscle metab metab-t-tca EE-CON 1h"}


SUMMARY = (
    "tissue assay randomGroupCode Timepoint feature_id Count Mean SD\n"
    "muscle prot-pr ADUEndur pre_exercise P1 16 2.5 0.4\nmuscle prot-pr ADUControl pre_exercise P1 0 NA NA\n"
)


def test_human_summaries_describe(tmp_path: Path) -> None:
    table = load_table_files("motrpac_human", {"data": text_file(tmp_path, SUMMARY)})
    assert list(table["n"]) == [16, 0]
    np.testing.assert_array_equal(table["standard_error"], [0.1, np.nan])
    assert list(table["platform"]) == ["", ""]


@pytest.mark.parametrize(
    ("loader", "text", "message"),
    [
        ("motrpac_differential", "a b\n1 2\n", r"expected a timewise table .* it has a, b"),
        ("motrpac_differential", TIMEWISE.replace("8w", "9w"), r"comparison_group must be one of control, 1w.* got 9w"),
        ("motrpac_differential", TIMEWISE.replace("female", "f"), r"sex must be one of female, male; got f"),
        ("motrpac_differential", TIMEWISE.replace("-0.25", "low"), r"column logFC holds 'low'"),
        ("motrpac_human", SUMMARY.replace("SD", "sd"), r"expected the columns SD"),
        ("motrpac_human", SUMMARY.replace(" 16 ", " 1.5 "), r"Count must hold whole numbers"),
        (
            "motrpac_human",
            SUMMARY.replace("ADUControl", "ADUEndur"),
            r"one row per feature, arm and time point; 1 occur",
        ),
        ("motrpac_human", "", r"is empty"),
    ],
)
def test_faults_are_named_in_one_line(loader: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_table_files(loader, {"data": text_file(tmp_path, text)})
    assert "\n" not in str(caught.value)


def test_own_tables_are_written_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = text_file(tmp_path, TIMEWISE), tmp_path / "out.tsv"
    command = ["load", "--loader", "motrpac_differential", "--file", f"data={source}", "-o", str(output)]
    assert main(command) == 0
    assert "3 rows" in capsys.readouterr().out
    assert pd.read_csv(output, sep="\t")["contrast"].tolist()[0] == "F_8W - F_SED"
    matrix = ["load", "--loader", "tenx", "--file", f"h5={source}", "-o", str(output)]
    assert main(matrix) == 2
    assert "the loader tenx makes a matrix; write it to .h5ad" in capsys.readouterr().err
