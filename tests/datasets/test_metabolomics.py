"""Metabolomics: the repository's three formats agree, and platforms that measured the same are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anndata import AnnData

from exomics.datasets import fetch, load, load_files
from exomics.errors import InputError


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def text_file(folder: Path, text: str, name: str = "study.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


MWTAB = (
    "#METABOLOMICS WORKBENCH someone STUDY_ID:ST000001 ANALYSIS_ID:AN000001\nVERSION\t1\n"
    "#SUBJECT_SAMPLE_FACTORS:\tSUBJECT\n"
    "SUBJECT_SAMPLE_FACTORS           \tp1\ts1\tTime:pre | Arm:HIIT\tRAW=x\n"
    "SUBJECT_SAMPLE_FACTORS           \t-\ts2\tTime:post | Arm:HIIT\n"
    "SUBJECT_SAMPLE_FACTORS           \tp3\ts9\tTime:post\n#MS_METABOLITE_DATA\n"
    "MS_METABOLITE_DATA:UNITS\tpeak area\nMS_METABOLITE_DATA_START\nSamples\ts1\ts2\nFactors\tTime:pre\tTime:post\n"
    "lactate\t12.5\t0\ncitrate\tND\t3e2\nMS_METABOLITE_DATA_END\n#METABOLITES\nMETABOLITES_START\n"
    "metabolite_name\tkegg_id\tRefMet\nlactate\tC00186\tLactic acid\ncitrate\tC00158\t\nMETABOLITES_END\n#END\n"
)
AS_JSON = {
    "METABOLOMICS WORKBENCH": {"STUDY_ID": "ST000001", "ANALYSIS_ID": "AN000001"},
    "SUBJECT_SAMPLE_FACTORS": [
        {"Subject ID": "p1", "Sample ID": "s1", "Factors": {"Time": "pre", "Arm": "HIIT"}},
        {"Subject ID": "-", "Sample ID": "s2", "Factors": {"Time": "post", "Arm": "HIIT"}},
        {"Subject ID": "p3", "Sample ID": "s9", "Factors": {"Time": "post"}},
    ],
    "MS_METABOLITE_DATA": {
        "Units": "peak area",
        "Data": [
            {"Metabolite": "lactate", "s1": "12.5", "s2": "0"},
            {"Metabolite": "citrate", "s1": "ND", "s2": "3e2"},
        ],
        "Metabolites": [
            {"Metabolite": "lactate", "kegg_id": "C00186", "RefMet": "Lactic acid"},
            {"Metabolite": "citrate", "kegg_id": "C00158", "RefMet": ""},
        ],
    },
}
REST = {
    "1": {"study_id": "ST1", "analysis_id": "AN1", "metabolite_name": "lactate", "refmet_name": "Lactic acid",
          "units": "area", "DATA": {"s1": "12.5", "s2": "0"}},
    "2": {"study_id": "ST1", "analysis_id": "AN1", "metabolite_name": "citrate", "refmet_name": "Citric acid",
          "units": "area", "DATA": {"s1": None, "s2": "300"}},
    "3": {"study_id": "ST1", "analysis_id": "AN2", "metabolite_name": "lactate", "refmet_name": "Lactic acid",
          "units": "ratio", "DATA": {"s2": "2"}},
}  # fmt: skip


def test_text_and_json_of_one_analysis_agree(tmp_path: Path) -> None:
    text = load_files("mwtab", {"mwtab": text_file(tmp_path, MWTAB)})
    held = load_files("mwtab", {"mwtab": text_file(tmp_path, json.dumps(AS_JSON), "study.json")})
    for data in (text, held):
        np.testing.assert_array_equal(data.X, [[12.5, np.nan], [0, 300]])
        assert list(data.var_names) == ["lactate", "citrate"]
        assert list(data.var["feature_name"]) == ["Lactic acid", "citrate"]
        assert list(data.var["kegg_id"]) == ["C00186", "C00158"]
        assert list(data.obs["Time"]) == ["pre", "post"]
        assert list(data.obs["subject_id"].astype(object).fillna("?")) == ["p1", "?"]
        assert "scale" not in data.uns["exomics"]
        report = report_of(data)
        assert (report["units"], report["zeros"], report["metabolites_without_refmet"]) == ("peak area", 1, 1)
        assert report["factors_without_sample"] == ["s9"]
    declared = load_files("mwtab", {"mwtab": text_file(tmp_path, MWTAB)}, {"scale": "linear:intensity"})
    assert declared.uns["exomics"]["scale"]["quantity"] == "intensity"


def test_a_metabolite_of_two_analyses_stays_two(tmp_path: Path) -> None:
    data = load_files("mwtab", {"mwtab": text_file(tmp_path, json.dumps(REST), "data.json")})
    assert list(data.var_names) == ["lactate|AN1", "citrate", "lactate|AN2"]
    assert list(data.var["feature_name"]) == ["Lactic acid", "Citric acid", "Lactic acid"]
    np.testing.assert_array_equal(data.X, [[12.5, np.nan, np.nan], [0, 300, 2]])
    assert report_of(data)["units"] == "area; ratio"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MWTAB.replace("12.5", "high"), r"column s1 holds 'high'"),
        (MWTAB.replace("citrate\tND", "lactate\tND"), r"labels of the metabolites must be unique"),
        (MWTAB.replace("\ts1\ts2\nFactors", "\ts1\ts1\nFactors"), r"labels of the samples must be unique"),
        (MWTAB.replace("_DATA_START", "_START"), r"expected mwTab with a table between"),
        (MWTAB.replace("\t3e2", "\t3e2\t7"), r"line 13 has 4 fields, the samples 2"),
        ('{"METABOLOMICS WORKBENCH": {}}', r"expected one of the sections MS_METABOLITE_DATA"),
        ('{"a": 1}', r"is no JSON of the Metabolomics Workbench"),
        ('{"a": ', r"is not whole JSON"),
        ("[]", r"is no JSON of the Metabolomics Workbench"),
        ("", r"is empty"),
    ],
)
def test_faults_are_named_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("mwtab", {"mwtab": text_file(tmp_path, text)})
    assert "\n" not in str(caught.value)


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_named_and_unnamed_metabolites_of_one_platform() -> None:
    """The consortium's own example: the same injections, two tables."""
    files: dict[str, Path] = {}
    for name, dataset in (("named", "motrpac_bicqc_metabolomics"), ("unnamed", "motrpac_bicqc_metabolomics_unnamed")):
        found = fetch(dataset)
        files |= {f"{role}.{name}": found[role] for role in ("results", "metabolites", "samples")}
    data = load_files("motrpac_platforms", files, {"specimen": "plasma"})
    named, unnamed = load("motrpac_bicqc_metabolomics"), load("motrpac_bicqc_metabolomics_unnamed")
    assert data.n_vars == named.n_vars + unnamed.n_vars
    rows = data[named.obs_names]
    np.testing.assert_array_equal(rows.X[:, : named.n_vars], named.X)
    assert data.var["platform"].value_counts().to_dict() == {"named": named.n_vars, "unnamed": unnamed.n_vars}
    assert (named.var["pool_cv"] > 0).mean() > 0.9


Tables = Callable[..., dict[str, Path]]


@pytest.fixture
def platforms(tmp_path: Path) -> Tables:
    """Two platforms with vials of their own; the second lacks an animal and measured lactate with less noise."""

    def make(**other: str) -> dict[str, Path]:
        head = "sample_id\tsample_type\tanimal\n"
        texts = {
            "results.pos": "metabolite_name\tv1\tv2\tq1\tq2\nlac\t5\t6\t10\t20\nala\t1\t2\t3\t3\n",
            "metabolites.pos": "metabolite_name\trefmet_name\nlac\tLactic acid\nala\tAlanine\n",
            "samples.pos": head + "v1\tSample\ta1\nv2\tSample\ta2\nq1\tQC-Pooled\t\nq2\tQC-Pooled\t\n",
            "results.neg": "metabolite_name\tw2\tq1\tq2\nlactate\t60\t100\t101\n",
            "metabolites.neg": "metabolite_name\trefmet_name\nlactate\tLactic acid\n",
            "samples.neg": head + "w2\tSample\ta2\nq1\tQC-Pooled\t\nq2\tQC-Pooled\t\n",
            **other,
        }
        return {role: text_file(tmp_path, text, f"{role}.tsv") for role, text in texts.items()}

    return make


def test_platforms_are_joined_by_animal(platforms: Tables) -> None:
    data = load_files("motrpac_platforms", platforms(), {"join": "animal"})
    assert list(data.obs_names) == ["a1", "a2"]
    assert list(data.var_names) == ["lac_pos", "ala_pos", "lactate_neg"]
    np.testing.assert_array_equal(data.X, [[5, 1, np.nan], [6, 2, 60]])
    report = report_of(data)
    assert report["metabolites_on_several_platforms"] == ["Lactic acid"]
    assert report["samples_lacking"] == {"pos": 0, "neg": 1}
    assert report["platforms"] == {"pos": {"QC-Pooled": 2}, "neg": {"QC-Pooled": 2}}


def test_the_platform_whose_pools_vary_least_is_kept_when_asked(platforms: Tables) -> None:
    data = load_files("motrpac_platforms", platforms(), {"join": "animal", "redundant": "lowest_cv"})
    assert list(data.var_names) == ["ala_pos", "lactate_neg"]
    assert report_of(data)["rows_left_out"] == ["lac_pos"]
    np.testing.assert_allclose(data.var["pool_cv"], [0.0, np.sqrt(0.5) / 100.5])
    noisy = platforms(**{"results.neg": "metabolite_name\tw2\tq1\tq2\nlactate\t60\t1\t101\n"})
    other = load_files("motrpac_platforms", noisy, {"join": "animal", "redundant": "lowest_cv"})
    assert list(other.var_names) == ["lac_pos", "ala_pos"]


def test_faults_of_platforms_are_named(platforms: Tables) -> None:
    files = platforms()
    with pytest.raises(InputError, match=r"the option `redundant` must be one of keep, lowest_cv; got 'first'"):
        load_files("motrpac_platforms", files, {"redundant": "first"})
    with pytest.raises(InputError, match=r"the platform pos has no subject_id for every sample"):
        load_files("motrpac_platforms", files, {"join": "subject_id"})
    with pytest.raises(InputError, match=r"the platform neg lacks the roles metabolites.neg"):
        load_files("motrpac_platforms", {role: path for role, path in files.items() if role != "metabolites.neg"})
    with pytest.raises(InputError, match=r"expected the roles results.<platform>.* got results"):
        load_files("motrpac_platforms", {"results": files["results.pos"]})
    twice = platforms(
        **{"samples.pos": "sample_id\tsample_type\tanimal\nv1\tSample\ta1\nv2\tSample\ta1\nq1\tQ\t\nq2\tQ\t\n"}
    )
    with pytest.raises(InputError, match=r"the platform pos has several samples of animal a1; keep one"):
        load_files("motrpac_platforms", twice, {"join": "animal"})
