"""Harmonize, check and explain from the command line: the losses are printed, a strict study is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from anndata import AnnData

from exomics.datasets import read_data, write_data
from exomics.schema import Scale, annotate, steps_of
from exomics.schema.host import study_of
from exomics.schema.study import template, template_text
from exomics.schema.study_fields import FIELDS
from tests.shared import must, refused


def written(path: Path, values: np.ndarray, names: list[str], **obs: object) -> Path:
    sheet = {"subject_id": [f"p{i}" for i in range(len(values))], "study_id": "own", "time_point": "baseline"}
    sheet |= {"species": "human", "specimen": "plasma", "sex": "female", **obs}
    frame = pd.DataFrame(sheet, index=[f"s{i}" for i in range(len(values))])
    var = pd.DataFrame({"feature_name": names, "feature_type": "mirna"}, index=[f"f{i}" for i in range(len(names))])
    data = AnnData(np.asarray(values, dtype=float), obs=frame, var=var)
    write_data(annotate(data, assay="smallrna", scale=Scale(kind="counts", quantity="count")), path)
    return path


@pytest.fixture
def plasma(tmp_path: Path) -> Path:
    names = ["hsa-miR-451a", "hsa-miR-23a-3p", "hsa-miR-29a", "hsa-mir-29a", "hsa-miR-99999", "cel-miR-39-3p"]
    counts = np.random.default_rng(1).poisson(500, size=(6, 6))
    obs = {"minutes_post_bout": [-5, 0, 30, 60, 1500, 3000], "plasma_ml": 0.5}
    return written(tmp_path / "plasma.h5ad", counts, names, **obs)


def test_phenotypes_and_study_go_in_and_are_told(plasma: Path, tmp_path: Path) -> None:
    study = template(species="human")
    study["fitt"] |= {"type": "cycle", "frequency_per_week": 3, "time_min_per_session": 40, "intensity_unit": "met"}
    study["fitt"] |= {
        "intensity_value": 6,
        "intensity_class": "vigorous",
        "program_weeks": 12,
        "comparator": "usual_care",
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    words = ["--identifiers", "phenotypes", "--study", tmp_path / "study.yaml", "--strict"]
    losses = tmp_path / "lost.tsv"
    said = must("harmonize", plasma, "-o", tmp_path / "told.h5ad", *words, "--losses", losses)
    assert "note: acute and resting samples are mixed" in said
    assert "note: dose: 12.0 MET h/week (MET as given)." in said
    told = read_data(tmp_path / "told.h5ad")
    assert told.obs["timing_class"].tolist() == ["pre", "0-2 h", "0-2 h", "0-2 h", ">=24 h rest", ">=48 h rest"]
    assert study_of(told)["fitt"]["program_weeks"] == 12
    assert losses.read_text(encoding="utf-8").startswith("what\tn\twhy\texamples")
    assert [step["step"] for step in steps_of(told)] == ["harmonize_phenotypes", "describe_study"]


def test_a_study_that_does_not_report_fitt_is_refused_when_strict(plasma: Path, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(template_text(species="human"), encoding="utf-8")
    must("harmonize", plasma, "-o", tmp_path / "loose.h5ad", "--study", path)
    error = refused(out, "harmonize", plasma, "-o", out / "told.h5ad", "--study", path, "--strict")
    assert error.startswith("study.yaml: not reported, though strict asks for it: fitt.type, ")
    assert "give --study FILE" in refused(
        out, "harmonize", plasma, "-o", out / "x.h5ad", "--strict", "--identifiers", "phenotypes"
    )
    assert "nothing to do" in refused(out, "harmonize", plasma, "-o", out / "x.h5ad")
    line = refused(out, "harmonize", plasma, "-o", out / "x.h5ad", "--study", tmp_path)
    assert line == f"{tmp_path} cannot be read or written: Is a directory."
    line = refused(out, "harmonize", plasma, "-o", path / "x.h5ad", "--study", path)
    assert line == f"{path} cannot be read or written: File exists."
    path.write_text("study: [", encoding="utf-8")
    assert "study.yaml" in refused(out, "harmonize", plasma, "-o", out / "x.h5ad", "--study", path)
    error = refused(out, "harmonize", plasma, "-o", out / "x.h5ad", "--identifiers", "sites", "--table", "ref_nothing")
    assert "no dataset is called 'ref_nothing'" in error


def test_proteins_are_named_by_a_file_of_ones_own(tmp_path: Path, out: Path) -> None:
    olink = written(tmp_path / "olink.h5ad", np.ones((1, 2)), ["MCP-1", "IL8"])
    data = read_data(olink)
    data.var["uniprot"] = ["P13500", "P10145"]
    write_data(data, olink)
    table = tmp_path / "hgnc.tsv"
    table.write_text(
        "symbol\tentrez_id\tensembl_gene_id\tuniprot_ids\trefseq_accession\n"
        "CCL2\t6347\tENSG00000108691\tP13500\tNM_002982\nCXCL8\t3576\tENSG00000169429\tP10145\tNM_000584\n"
    )
    words = ["--identifiers", "genes", "--table", table, "--id-column", "uniprot", "--rename"]
    said = must("harmonize", olink, "-o", tmp_path / "named.h5ad", *words)
    assert "lost: 2 renamed (the symbol of hgnc.tsv is taken): IL8 -> CXCL8, MCP-1 -> CCL2" in said
    assert read_data(tmp_path / "named.h5ad").var["feature_name"].tolist() == ["CCL2", "CXCL8"]
    error = refused(out, "harmonize", olink, "-o", out / "x.h5ad", "--identifiers", "phenotypes", "--rename")
    assert "--id-column and --rename are about genes" in error


@pytest.mark.real_data
def test_mirna_names_are_audited(plasma: Path, tmp_path: Path, mirror: Path) -> None:
    said = must("harmonize", plasma, "-o", tmp_path / "named.h5ad", "--identifiers", "mirna")
    for part in (
        "lost: 1 miRNA old_name", "hsa-miR-29a -> hsa-miR-29a-3p", "lost: 1 miRNA precursor", "lost: 1 miRNA unknown",
        "lost: 1 miRNA other_species", "2 of 5 mature names", "6 of 6 features",
    ):  # fmt: skip
        assert part in said
    named = read_data(tmp_path / "named.h5ad")
    assert named.var["mirna_accession"].tolist()[:3] == ["MIMAT0001631", "MIMAT0000078", "MIMAT0000086"]


def test_checks_and_denominators_run_as_steps(plasma: Path, tmp_path: Path) -> None:
    words = ["--flag", "check_hemolysis", "--flag", "measure_samples", "--normalize", "normalize_cargo:method=per_ml"]
    plan = ["--filter", "keep_counted:minimum_count=400,minimum_fraction=1", "--losses", tmp_path / "lost.tsv"]
    said = must("preprocess", plasma, "-o", tmp_path / "dose.h5ad", *words, *plan)
    assert '"tests": "delivered dose"' in said
    dose = read_data(tmp_path / "dose.h5ad")
    lost = pd.read_csv(tmp_path / "lost.tsv", sep="\t")
    assert lost.columns.tolist() == ["what", "n", "why", "examples"]
    assert {"hemolysis_log2_ratio", "library_size"} <= set(dose.obs)
    assert dose.uns["exomics"]["scale"]["quantity"] == "ratio"
    imputed = must(
        "preprocess", tmp_path / "dose.h5ad", "-o", tmp_path / "full.h5ad", "--impute", "impute_knn:n_neighbors=2"
    )
    assert '"n_imputed": 0' in imputed


def test_a_swap_is_flagged_against_another_assay(tmp_path: Path, out: Path) -> None:
    rng = np.random.default_rng(2)
    person = rng.gamma(2.0, 200.0, size=(12, 300))
    names = [f"G{i}" for i in range(300)]
    subjects = [f"p{i}" for i in range(12)]
    first = written(tmp_path / "a.h5ad", rng.poisson(person), names, subject_id=subjects)
    second = written(tmp_path / "b.h5ad", rng.poisson(person), names, subject_id=["p1", "p0", *subjects[2:]])
    said = must("preprocess", first, "-o", tmp_path / "checked.h5ad", "--against", second)
    assert "10 of 12 samples match their own label best" in said
    flags = read_data(tmp_path / "checked.h5ad").obs["qc_flag"].tolist()
    assert flags[:2] == ["swapped with p1 in one of two assays", "swapped with p0 in one of two assays"]
    assert set(flags[2:]) == {""}
    assert "no column 'mouse'" in refused(
        out, "preprocess", first, "-o", out / "x.h5ad", "--against", second, "--by", "mouse"
    )


def test_the_catalog_explains_a_field(out: Path) -> None:
    said = must("catalog", "fields", "fitt.type", "timing.minutes_post_bout")
    assert "levels: wheel, treadmill" in said
    assert "required: True" in said
    assert "unit: min" in said
    listed = must("catalog", "fields")
    assert listed.count("\n") > 120
    assert "wheel, treadmill, swim, ... (*)" in listed
    assert "sessions/week (*)" in listed
    group = must("catalog", "fields", "fitt", "rin")
    assert group.count("id: fitt.") == sum(field.group == "fitt" for field in FIELDS)
    assert "id: assay.rin" in group
    assert "license: CC0" in must("catalog", "datasets", "ref_hgnc_complete")
    assert "verified: False" in must("catalog", "datasets", "ref_hgnc_complete")
    assert "did you mean fitt.type" in refused(out, "catalog", "fields", "fitt.typ")
