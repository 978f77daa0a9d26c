"""GDC, Xena, cBioPortal and MAF: what the format promises is held, what a source lacks or breaks is said."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from anndata import AnnData
from mudata import MuData

from exomics.datasets import load_files
from exomics.errors import InputError, ScaleError

COLUMNS = "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded\tfpkm_unstranded"
STAR = (
    f"# gene-model: GENCODE v36\n{COLUMNS}\tfpkm_uq_unstranded\nN_unmapped\t\t\t9\t9\t9\t\t\t\n"
    "N_multimapping\t\t\t4\t4\t4\t\t\t\nN_noFeature\t\t\t3\t7\t8\t\t\t\nN_ambiguous\t\t\t2\t1\t1\t\t\t\n"
    "ENSG00000000003.15\tTSPAN6\tprotein_coding\t{0}\t3\t4\t1.5\t0.5\t0.6\n"
    "ENSG00000000005.6\tTNMD\tprotein_coding\t0\t0\t0\t0.0\t0.0\t0.0\n"
)
SHEET = (
    "File ID\tFile Name\tProject ID\tCase ID\tSample ID\tSample Type\n"
    "f1\ta.tsv\tTCGA-LUSC\tTCGA-1\tTCGA-1-01A\tPrimary Tumor\n"
    "f2\tb.tsv\tTCGA-LUSC\tTCGA-1\tTCGA-1-11A\tSolid Tissue Normal\n"
    "f3\tc.tsv\tTCGA-LUSC\tTCGA-2\tTCGA-2-01A\tPrimary Tumor\n"
)
CLINICAL = "case_submitter_id\tgender\tvital_status\tdays_to_last_follow_up\nTCGA-1\tmale\tAlive\t487\n"


def report_of(data: AnnData) -> dict:
    return json.loads(data.uns["exomics"]["report"])


@pytest.fixture
def download(tmp_path: Path) -> dict[str, Path]:
    for file_id, name, count in (("f1", "a.tsv", 7), ("f2", "b.tsv", 8)):
        (tmp_path / "download" / file_id).mkdir(parents=True)
        (tmp_path / "download" / file_id / name).write_text(STAR.format(count))
    (tmp_path / "sheet.tsv").write_text(SHEET)
    (tmp_path / "clinical.tsv").write_text(CLINICAL)
    return {"folder": tmp_path / "download", "sample_sheet": tmp_path / "sheet.tsv"}


def test_star_counts_are_joined_to_case_and_outcome(download: dict[str, Path], tmp_path: Path) -> None:
    data = load_files("gdc_star_counts", {**download, "clinical": tmp_path / "clinical.tsv"})
    assert data.layers["counts"].tolist() == [[7, 0], [8, 0]]
    assert list(data.obs_names) == ["TCGA-1-01A", "TCGA-1-11A"]
    assert data.obs["specimen"].tolist() == ["tumor", "unknown"]
    assert data.obs["N_noFeature"].tolist() == [3, 3]
    assert data.obs["os_time_months"].tolist() == [16.0, 16.0]
    assert data.obs["os_event"].tolist() == [0.0, 0.0]
    assert set(data.obs["sex"]) == {"male"}
    assert report_of(data)["sheet_rows_without_file"] == ["c.tsv"]
    assert report_of(data)["gene_model"] == "gene-model: GENCODE v36"


def test_a_stranded_column_and_a_linear_one(download: dict[str, Path]) -> None:
    stranded = load_files("gdc_star_counts", download, {"column": "stranded_second"})
    assert stranded.X.tolist() == [[4.0, 0.0], [4.0, 0.0]]
    assert stranded.obs["N_noFeature"].tolist() == [8, 8]
    tpm = load_files("gdc_star_counts", download, {"column": "tpm_unstranded"})
    assert tpm.uns["exomics"]["scale"]["quantity"] == "tpm"
    assert tpm.X[0, 0] == 1.5
    with pytest.raises(InputError, match="`column` must be one of unstranded"):
        load_files("gdc_star_counts", download, {"column": "raw"})


def test_the_manifest_verifies_every_file(download: dict[str, Path], tmp_path: Path) -> None:
    content = {name: STAR.format(count).encode() for name, count in (("f1", 7), ("f2", 8))}
    sums = {name: hashlib.md5(text, usedforsecurity=False).hexdigest() for name, text in content.items()}
    rows = [f"{name}\tx\t{sums[name]}\t{len(text)}\tvalidated" for name, text in content.items()]
    manifest = tmp_path / "manifest.txt"
    manifest.write_text("id\tfilename\tmd5\tsize\tstate\n" + "\n".join(rows) + "\n")
    assert report_of(load_files("gdc_star_counts", {**download, "manifest": manifest}))["verified"] is True
    (download["folder"] / "f2" / "b.tsv").write_text(STAR.format(9))
    with pytest.raises(InputError, match=r"b\.tsv is not the file of the manifest: expected .* MD5 .* Fetch it again"):
        load_files("gdc_star_counts", {**download, "manifest": manifest})


def test_faults_of_a_download(download: dict[str, Path], tmp_path: Path) -> None:
    b = download["folder"] / "f2" / "b.tsv"
    b.write_text(STAR.format(8).replace("ENSG00000000005.6", "ENSG00000000005.7"))
    with pytest.raises(InputError, match=r"b\.tsv has other genes than the first file"):
        load_files("gdc_star_counts", download)
    b.write_text(STAR.format("8.5"))
    with pytest.raises(ScaleError, match="the column unstranded must be whole numbers"):
        load_files("gdc_star_counts", download)
    b.write_text("gene_id\tcount\nA\t1\n")
    with pytest.raises(InputError, match=r"b\.tsv: expected the columns of STAR counts; gene_name"):
        load_files("gdc_star_counts", download)
    (tmp_path / "sheet.tsv").write_text(SHEET.replace("TCGA-1-11A", "TCGA-1-01A"))
    with pytest.raises(InputError, match=r"1 samples have several files .*sample_id='File ID'"):
        load_files("gdc_star_counts", download)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match=r"holds none of the 3 files"):
        load_files("gdc_star_counts", {**download, "folder": tmp_path / "other"})
    with pytest.raises(InputError, match=r"\(role folder\) does not exist; give an existing folder"):
        load_files("gdc_star_counts", {**download, "folder": tmp_path / "nowhere"})


HTSEQ = "ENSG00000000003.13\t{0}\nENSG00000000005.5\t0\n__no_feature\t30\n__ambiguous\t4\n"


def test_htseq_counts_of_an_old_release(download: dict[str, Path], tmp_path: Path) -> None:
    a, b = download["folder"] / "f1" / "a.tsv", download["folder"] / "f2" / "b.tsv"
    a.write_bytes(gzip.compress(HTSEQ.format(2863).encode(), mtime=0)), b.write_text(HTSEQ.format(7))
    data = load_files("gdc_htseq_counts", {**download, "clinical": tmp_path / "clinical.tsv"})
    assert data.layers["counts"].tolist() == [[2863, 0], [7, 0]]
    assert list(data.var_names) == ["ENSG00000000003.13", "ENSG00000000005.5"]
    assert data.obs["__no_feature"].tolist() == [30, 30]
    assert data.obs["__not_aligned"].isna().all()
    assert data.obs["os_event"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HTSEQ.format(7).replace(".13", ".14"), r"b\.tsv has other genes than the first file"),
        (HTSEQ.format("1.25"), r"the values must be whole numbers"),
        (HTSEQ.format("many"), r"column count holds 'many'"),
        (HTSEQ.format("7\t8"), r"a gene and its count in every line, parted by a tab; line 1 has not"),
        (HTSEQ.format(7) + "ENSG00000000003.13\t1\n", r"the labels of the rows must be unique"),
    ],
)
def test_faults_of_htseq_counts(content: str, message: str, download: dict[str, Path]) -> None:
    (download["folder"] / "f1" / "a.tsv").write_text(HTSEQ.format(1))
    (download["folder"] / "f2" / "b.tsv").write_text(content)
    with pytest.raises((InputError, ScaleError), match=message):
        load_files("gdc_htseq_counts", download)


def test_mirna_quantifications(download: dict[str, Path]) -> None:
    head = "miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\n"
    for place, (count, flag) in {"f1/a.tsv": (5, "N"), "f2/b.tsv": (0, "Y")}.items():
        (download["folder"] / place).write_text(f"{head}hsa-mir-21\t{count}\t1.0\tN\nhsa-mir-486-1\t2\t1.0\t{flag}\n")
    data = load_files("gdc_mirna", download)
    assert data.X.tolist() == [[5.0, 2.0], [0.0, 2.0]]
    assert data.obs["cross_mapped_reads"].tolist() == [0.0, 2.0]
    isoforms = "miRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\tmiRNA_region\n"
    rows = "hsa-mir-21\tx\t5\t1\tN\tmature,MIMAT0000076\nhsa-mir-21\ty\t3\t1\tN\tstemloop\n"
    (download["folder"] / "f2" / "b.tsv").write_text(isoforms + rows)
    with pytest.raises(InputError, match="its files are mirnas and isoforms; give a sheet of one kind"):
        load_files("gdc_mirna", download)
    (download["folder"] / "f1" / "a.tsv").write_text(isoforms + rows.replace("76\n", "77\n"))
    mature = load_files("gdc_mirna", download)
    assert list(mature.var_names) == ["MIMAT0000076", "MIMAT0000077"]
    assert mature.X.tolist() == [[0.0, 5.0], [5.0, 0.0]]
    assert mature.obs["other_reads"].tolist() == [3.0, 3.0]


@pytest.mark.real_data
def test_the_real_clinical_tables(reference_folder: Path) -> None:
    """TCGA-LUSC, 135 cases in 270 rows: 64 dead, 71 alive, 100 male."""
    folder = reference_folder / "native" / "gdc"
    data = load_files("gdc_clinical", {"clinical": folder / "clinical.tsv", "exposure": folder / "exposure.tsv"})
    assert data.n_obs == 135
    assert data.obs["os_event"].value_counts().to_dict() == {0.0: 71, 1.0: 64}
    assert data.obs["sex"].value_counts().to_dict() == {"male": 100, "female": 35}
    assert data.obs.loc["TCGA-43-5670", "treatment_type"].count(";") == 1
    assert data[:, "pack_years_smoked"].X[0, 0] == 30.0
    assert report_of(data)["exposure"]["cases_absent"] == []
    sheet = folder / "gdc_sample_sheet.2020-02-13.tsv"
    with pytest.raises(InputError, match="holds none of the 149 files"):
        load_files("gdc_star_counts", {"folder": folder, "sample_sheet": sheet})


@pytest.fixture
def xena(tmp_path: Path) -> dict[str, Path]:
    counts = np.array([[0, 1, 123456], [7, 10**7, 3]])
    rows = ["\t".join([gene, *map(repr, np.log2(row + 1.0).tolist())]) for gene, row in zip("AB", counts, strict=True)]
    (tmp_path / "star.tsv").write_text("Ensembl_ID\tS1\tS2\tS3\n" + "\n".join(rows) + "\n")
    (tmp_path / "survival.tsv").write_text("sample\tOS\tOS.time\t_PATIENT\tDSS\nS1\t1\t487\tP1\t0\nS3\t0\t974\tP3\t0\n")
    (tmp_path / "map.tsv").write_text("id\tgene\tchrom\nA\tTP53\tchr17\n")
    return {role: tmp_path / f"{name}.tsv" for role, name in
            {"matrix": "star", "survival": "survival", "probemap": "map"}.items()}  # fmt: skip


def test_log_counts_become_the_counts_they_were(xena: dict[str, Path]) -> None:
    data = load_files("xena", xena, {"transform": "log2(count+1)"})
    assert data.layers["counts"].tolist() == [[0, 7], [1, 10**7], [123456, 3]]
    assert data.uns["exomics"]["scale"]["kind"] == "counts"
    assert data.obs["os_time_months"].dropna().tolist() == [16.0, 32.0]
    assert data.obs["subject_id"].dropna().tolist() == ["P1", "P3"]
    assert data.var["feature_name"].tolist() == ["TP53", ""]
    report = report_of(data)
    assert (report["samples_without_survival"], report["of_them"], report["inverted"]) == (["S2"], ["B"], True)


def test_a_transform_is_declared_and_held(xena: dict[str, Path]) -> None:
    with pytest.raises(ScaleError, match="the transform is not declared"):
        load_files("xena", xena)
    linear = load_files("xena", {"matrix": xena["matrix"]}, {"transform": "log2:count:1"})
    assert linear.uns["exomics"]["scale"] == {"kind": "log2", "offset": 1.0, "quantity": "count"}
    xena["matrix"].write_text("Ensembl_ID\tS1\nA\t3.3219\n")
    with pytest.raises(ScaleError, match=r"1 of 1 values are no log2\(count\+1\) of a whole count .*few digits"):
        load_files("xena", {"matrix": xena["matrix"]}, {"transform": "log2(count+1)"})
    xena["matrix"].write_text("Ensembl_ID\tT1\nA\t1.0\n")
    with pytest.raises(InputError, match=r"no row is a sample of the matrix \(T1 \.\.\.\)"):
        load_files("xena", xena, {"transform": "log2(count+1)"})


def test_mutations_are_counted_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    head = "#version 2.4\nHugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tChromosome\tStart_Position\t"
    head += "Reference_Allele\tTumor_Seq_Allele2\n"
    rows = "TP53\tS1\tMissense_Mutation\t17\t5\tA\tG\n" * 2 + "TP53\tS1\tNonsense_Mutation\t17\t9\tA\tG\n"
    (tmp_path / "a.maf").write_text(head + rows + "TTN\tS2\tSilent\t2\t5\tA\tG\n")
    (tmp_path / "sheet.tsv").write_text("sample\tpatient\nS1\tP1\nS2\tP2\nS3\tP3\n")
    files = {"data": tmp_path / "a.maf", "samples": tmp_path / "sheet.tsv"}
    data = load_files("maf", files, {"columns": "subject_id:patient"})
    assert (list(data.obs_names), list(data.var_names)) == (["S1", "S2", "S3"], ["TP53"])
    assert data.X.tolist() == [[2.0], [0.0], [0.0]]
    assert data.obs["n_variants"].tolist() == [2, 1, 0]
    report = report_of(data)
    assert (report["variants_left_out"], report["variants_repeated"]) == ({"Silent": 1}, 1)
    assert report["samples_without_variants"] == ["S3"]
    assert load_files("maf", {"data": files["data"]}, {"classes": "all"}).shape == (2, 2)
    (tmp_path / "a.maf").write_text(head.replace("Hugo_Symbol", "Gene") + rows)
    with pytest.raises(InputError, match=r"a\.maf: expected the columns Hugo_Symbol"):
        load_files("maf", files)


@pytest.mark.real_data
def test_a_real_study_folder(reference_folder: Path) -> None:
    data = load_files("cbioportal", {"study": reference_folder / "native" / "cbioportal_study_es_0"})
    assert isinstance(data, MuData)
    shapes = {name: held.shape for name, held in data.mod.items()}
    assert shapes["mrna"] == (526, 6)
    assert shapes["log2CNA"] == (778, 7)
    assert shapes["methylation_hm27"] == (311, 8)
    mrna = data.mod["mrna"]
    sample = mrna.obs_names[list(mrna.obs["sample_id"]).index("TCGA-A1-A0SD-01")]
    assert mrna[sample, "CREB3L1"].X.tolist() == [[1.4345]]
    assert mrna.obs.loc[sample, ["os_time_months", "os_event", "subtype"]].tolist() == [14.36, 0.0, "Luminal A"]
    assert "scale" not in mrna.uns["exomics"]
    assert set(report_of(mrna)["skipped"]) == {
        "meta_cna_hg19_seg.txt",
        "meta_expression_median_Zscores.txt",
        "meta_gistic_genes_amp.txt",
        "meta_gsva_pvalues.txt",
        "meta_structural_variants.txt",
    }
    mutations = data.mod["mutations"]
    assert report_of(mutations)["variants"] == 36
    assert (mutations.obs["case_list_sequenced"] | (mutations.X.sum(axis=1) >= 0)).all()


KIND = "genetic_alteration_type:"


def study(folder: Path, **documents: str) -> Path:
    base = {
        "meta_study.txt": "cancer_study_identifier: s\n",
        "meta_clinical.txt": f"{KIND} CLINICAL\ndatatype: SAMPLE_ATTRIBUTES\ndata_filename: c.txt\n",
        "c.txt": "#x\tx\tx\tx\nPATIENT_ID\tSAMPLE_ID\tPFS_STATUS\tPFS_MONTHS\np1\ts1\t1:PROGRESSION\t7\np1\ts2\t\t\n",
        "meta_rna.txt": f"{KIND} MRNA_EXPRESSION\ndatatype: CONTINUOUS\nstable_id: rna\ndata_filename: r.txt\n",
        "r.txt": "Hugo_Symbol\tEntrez_Gene_Id\ts1\ts2\ts9\nTP53\t1\t1\t2\t3\nTP53\t1\t4\t5\t6\n\t7422\t7\tNA\t9\n",
        "meta_lost.txt": f"{KIND} METHYLATION\ndatatype: CONTINUOUS\nstable_id: m\ndata_filename: m.txt\n",
    }
    for name, text in {**base, **documents}.items():
        (folder / name).write_text(text)
    return folder


def test_a_study_that_breaks_its_own_rules_is_read_and_reported(tmp_path: Path) -> None:
    data = load_files("cbioportal", {"study": study(tmp_path)}, {"scales": "rna:log2:array"})
    assert isinstance(data, AnnData)
    np.testing.assert_array_equal(data.X, [[1, 7], [2, np.nan], [3, 9]])
    assert list(data.var_names) == ["TP53", "entrez:7422"]
    assert data.obs["subject_id"].tolist() == ["p1", "p1", "s9"]
    assert data.obs["pfs_time_months"].dropna().tolist() == [7.0]
    assert data.obs["pfs_event"].dropna().tolist() == [1.0]
    report = report_of(data)
    assert report["samples_not_clinical"] == ["s9"]
    assert (report["repeated_features"], report["rows_of_repeated_features"]) == (["TP53"], 1)
    assert report["skipped"] == {"meta_lost.txt": "its data file 'm.txt' is not in the folder"}


@pytest.mark.parametrize(
    ("documents", "options", "message"),
    [
        ({}, {"profiles": "gistic"}, r"has no profile gistic to read; it has rna"),
        ({"c.txt": "PATIENT_ID\tAGE\np1\t50\n"}, {}, r"c\.txt: expected the columns SAMPLE_ID"),
        ({"r.txt": "Hugo_Symbol\ts1\nTP53\tlow\nVEGFA\t1\n"}, {}, r"column s1 holds 'low' in row TP53"),
        ({"r.txt": ""}, {}, r"r\.txt is empty"),
        ({"meta_rna.txt": "genetic_alteration_type: MRNA_EXPRESSION\n"}, {}, r"holds no profile with values"),
        ({"meta_rna.txt": "data_filename: ../../secret\nstable_id: rna\n"}, {}, r"holds no profile with values"),
    ],
)
def test_a_folder_that_is_no_study(documents: dict, options: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_files("cbioportal", {"study": study(tmp_path, **documents)}, options)


def test_a_folder_without_a_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no meta_study\.txt; give the folder of a cBioPortal study"):
        load_files("cbioportal", {"study": tmp_path})
