"""Small RNA tables: what each row names, which rows share reads, and that nothing is lost in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.datasets.loaders._mirna_names import parse_mirna
from exomics.errors import InputError, ScaleError

COUNTED = {"scale": "counts:count", "orientation": "features_in_rows"}


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def text_file(folder: Path, text: str, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("label", "name", "form", "arm"),
    [
        ("hsa-miR-21-5p", "hsa-miR-21-5p", "mature", "5p"),
        ("hsa-let-7a-3p", "hsa-let-7a-3p", "mature", "3p"),
        ("hsa-miR-21*", "hsa-miR-21*", "mature", ""),
        ("hsa-miR-29a", "hsa-miR-29a", "mature_without_arm", ""),
        ("hsa-mir-21", "hsa-mir-21", "precursor", ""),
        ("hsa-let-7a-2", "hsa-let-7a-2", "precursor", ""),
        ("hsa-let-7b", "hsa-let-7b", "precursor_or_mature", ""),
        ("hsa.miR.21.5p", "hsa-miR-21-5p", "mature", "5p"),
        ("hsa.let.7a.1", "hsa-let-7a-1", "precursor", ""),
        ("MIMAT0000076", "MIMAT0000076", "accession", ""),
        ("MIMAT0000076_2", "MIMAT0000076", "accession", ""),
        ("MI0000077", "MI0000077", "precursor_accession", ""),
        ("cel-miR-39-3p", "cel-miR-39-3p", "mature", "3p"),
        ("tRNA-Gly-GCC-1-5", "tRNA-Gly-GCC-1-5", "other", ""),
        ("RP11-300A12.2", "RP11-300A12.2", "other", ""),
    ],
)
def test_what_a_row_names(label: str, name: str, form: str, arm: str) -> None:
    found = parse_mirna(label)
    assert (found.name, found.form, found.arm) == (name, form, arm)


@pytest.mark.parametrize(
    ("label", "members"),
    [
        ("hsa-miR-192-5p/215-5p", ("hsa-miR-192-5p", "hsa-miR-215-5p")),
        ("hsa-let-7a-5p/7c-5p", ("hsa-let-7a-5p", "hsa-let-7c-5p")),
        ("hsa-miR-517a-3p/hsa-miR-517b-3p", ("hsa-miR-517a-3p", "hsa-miR-517b-3p")),
        ("hsa-let-7a-5p/miR-98-5p", ("hsa-let-7a-5p", "hsa-miR-98-5p")),
        ("mmu-miR-106a-5p/17-5p/20a-5p", ("mmu-miR-106a-5p", "mmu-miR-17-5p", "mmu-miR-20a-5p")),
    ],
)
def test_a_merged_name_stands_for_all_its_members(label: str, members: tuple[str, ...]) -> None:
    assert parse_mirna(label).members == members


@pytest.mark.real_data
def test_real_serum_vesicles_name_each_locus(reference_folder: Path) -> None:
    """Each of 2,792 rows is a precursor with its mature miRNA; 166 miRNAs have several loci."""
    folder = reference_folder / "exercise"
    files = {"matrix": folder / "Saiki2021_serumEV_miRNA_counts.tsv.gz"}
    data = load_files("mirna_table", files, COUNTED)
    assert data.shape == (76, 2792)
    assert (data.var["precursor"] != "").all()
    report = report_of(data)
    assert report["name_forms"] == {"mature": 1891, "mature_without_arm": 901}
    assert (report["n_names"], report["shared_names"], report["rows_of_shared_names"]) == (2576, 166, 382)
    largest = load_files("mirna_table", files, {**COUNTED, "collapse": "max"})
    table = pd.read_csv(files["matrix"], sep="\t", index_col=0)
    expected = table.groupby(table.index.str.split("_").str[1]).max()
    assert largest.shape == (76, 2576)
    np.testing.assert_array_equal(largest.X.T, expected.loc[list(largest.var_names)].to_numpy())


@pytest.mark.real_data
def test_real_counts_of_feature_counts(reference_folder: Path) -> None:
    folder = reference_folder / "native" / "featurecounts"
    table = folder / "damaged_EV_bwa_counts.txt"
    files = {
        "counts": table,
        "summary": folder / "damaged_EV_bwa_counts.txt.summary",
        "samples": folder / "damaged_EV_metadata.csv",
        "names": folder / "mmu_miRBase_gff.csv",
    }
    data = load_files("feature_counts", files, {"strip": "_sorted", "constants": "species:mouse"})
    assert list(data.obs_names[:2]) == ["damaged_muscle_exosome_1", "damaged_muscle_exosome_2"]
    assert list(data.obs["condition"]) == ["damaged", "damaged", "control", "control"]
    assert data.uns["exomics"]["assay"] == "smallrna"
    mir206 = data[:, (data.var["feature_name"] == "mmu-miR-206-3p").to_numpy()].X
    np.testing.assert_array_equal(mir206[:, 0], [2340927, 2689150, 1310920, 2489000])
    np.testing.assert_array_equal(data.X.sum(axis=1), data.obs["reads_assigned"])
    report = report_of(data)
    assert report["samples_with_other_sum"] == []
    assert report["accessions_without_name"] == 0
    assert report["shared_names"] == 82


@pytest.mark.real_data
def test_real_counts_of_excerpt(reference_folder: Path) -> None:
    folder = reference_folder / "native" / "exceRpt"
    inner = folder / "testData_human.fastq"
    files = {"t": inner / "readCounts_miRNAmature_sense.txt", "t.stats": folder / "testData_human.fastq.stats"}
    data = load_files("excerpt", files)
    assert data.X.sum() == data.obs["reads_miRNA_sense"].iloc[0] == 35
    assert np.isnan(data.obs["reads_calibrator"].iloc[0])
    assert data.var["accession"].str.match("MIMAT").all()
    whole = load_files("excerpt", {"folder": folder})
    assert list(whole.obs_names) == ["testData_human.fastq"]
    np.testing.assert_array_equal(whole.X, data.X)
    assert whole.obs["reads_input"].iloc[0] == 1000
    with pytest.raises(InputError, match=r"expected a folder per sample with readCounts_piRNA_sense\.txt"):
        load_files("excerpt", {"folder": folder}, {"library": "piRNA_sense"})
    shared = load_files("excerpt", {"t": inner / "readCounts_tRNA_sense.txt"})
    assert shared.uns["exomics"]["scale"]["kind"] == "linear"
    assert abs(shared.X.sum() - 39) < 1e-9
    rounded = load_files("excerpt", {"t": inner / "readCounts_tRNA_sense.txt"}, {"round": True})
    assert rounded.uns["exomics"]["scale"]["kind"] == "counts"
    assert report_of(rounded)["rounded"]
    with pytest.raises(InputError, match="the files are of several kinds"):
        load_files("excerpt", {"a": files["t"], "b": inner / "readCounts_gencode_sense_geneLevel.txt"})


@pytest.mark.real_data
def test_real_dotted_precursors(reference_folder: Path) -> None:
    """Columns as R leaves them, with what the source says of the tumors beside them."""
    options = {
        "scale": "log2:cpm:1",
        "orientation": "samples_in_rows",
        "annotation": ["Responder", "TIDE", "Dysfunction", "Exclusion", "CTL.flag"],
    }
    data = load_files("mirna_table", {"matrix": reference_folder / "tumor" / "TCGA_UVM_miRNA_TIDE.csv.gz"}, options)
    assert data.var["feature_name"].str.startswith("hsa-").all()
    assert set(data.var["name_form"]) <= {"precursor", "precursor_or_mature"}
    assert data.var_names[0] == "hsa.let.7a.1"


def excerpt_text(*rows: tuple[str, float]) -> str:
    head = "ReferenceID\tuniqueReadCount\ttotalReadCount\tmultimapAdjustedReadCount\tmultimapAdjustedBarcodeCount\n"
    return head + "".join(f"{name}\t1\t{np.ceil(count):.0f}\t{count}\t0.0\n" for name, count in rows)


def test_a_reference_that_a_sample_does_not_list_had_no_read(tmp_path: Path) -> None:
    one = text_file(tmp_path, excerpt_text(("hsa-miR-1-3p", 4.0), ("hsa-miR-21-5p", 2.5)), "a.txt")
    other = text_file(tmp_path, excerpt_text(("hsa-miR-21-5p", 6.0)), "b.txt")
    data = load_files("excerpt", {"s1": one, "s2": other})
    assert data.X.tolist() == [[4.0, 2.5], [0.0, 6.0]]
    assert report_of(data)["fractional_values"] == 1
    total = load_files("excerpt", {"s1": one, "s2": other}, {"column": "totalReadCount"})
    assert total.layers["counts"].tolist() == [[4, 3], [0, 6]]


def test_the_merged_table_of_excerpt(tmp_path: Path) -> None:
    path = text_file(tmp_path, "s1\ts2\nhsa-miR-1-3p\t4\t0\n")
    data = load_files("excerpt", {"counts": path})
    assert list(data.obs_names) == ["s1", "s2"]
    assert data.X.tolist() == [[4.0], [0.0]]


MIRGE = (
    "miRNA,s1,s2\nmiRNAtotal,12,3\nhsa-miR-192-5p/215-5p,9,3\nhsa-miR-1-3p,0,0\nhsa-let-7a-5p/7c-5p,3,0\n"
    "hsa-miR-1-5p,0,0\n"
)


def test_mirge_says_what_it_delivered_and_what_that_names(tmp_path: Path) -> None:
    """The lesson of 2,731 rows delivered where 2,656 were expected: rows, names and silent rows are all counted."""
    data = load_files("mirge", {"counts": text_file(tmp_path, MIRGE, "miR.Counts.csv")})
    assert data.X.tolist() == [[9, 0, 3, 0], [3, 0, 0, 0]]
    report = report_of(data)
    assert (report["n_rows"], report["n_names"], report["n_without_read"]) == (4, 6, 2)
    assert report["merged_names"] == ["hsa-miR-192-5p/215-5p", "hsa-let-7a-5p/7c-5p"]
    assert report["dropped_rows"] == ["miRNAtotal"]
    assert report["without_read"] == ["hsa-miR-1-3p", "hsa-miR-1-5p"]


MAPPED = (
    "Sequence,exact miRNA,hairpin miRNA,mRNA,isomiR miRNA,annotFlag,s1,s2\n"
    "AAA,hsa-miR-1-3p,,,,1,5,1\nAAC,,,,hsa-miR-1-3p,1,2,0\nAAG,,,,hsa-miR-2-3p,1,1,1\nAAT,,,ACTB,,1,7,7\n"
)


def test_isomirs_are_counted_with_their_mirna(tmp_path: Path) -> None:
    path = text_file(tmp_path, MAPPED, "mapped.csv")
    added = load_files("mirge", {"mapped": path})
    assert added[:, ["hsa-miR-1-3p", "hsa-miR-2-3p"]].X.tolist() == [[7, 1], [1, 1]]
    report = report_of(added)
    assert (report["reads_exact"], report["reads_isomir"], report["reads_of_other_rna"]) == (6, 4, 14)
    exact = load_files("mirge", {"mapped": path}, {"isomirs": "drop"})
    assert list(exact.var_names) == ["hsa-miR-1-3p"]
    assert exact.X.tolist() == [[5], [1]]


LOCI = "id\ts1\ts2\nhsa-mir-1-1_hsa-miR-1-3p\t4\t1\nhsa-mir-1-2_hsa-miR-1-3p\t4\t2\nhsa-mir-2_hsa-miR-2-3p\t7\t0\n"


@pytest.mark.parametrize(("how", "first"), [("sum", [8, 3]), ("max", [4, 2])])
def test_rows_of_one_name_are_put_together_as_asked(how: str, first: list[int], tmp_path: Path) -> None:
    path = text_file(tmp_path, LOCI)
    kept = load_files("mirna_table", {"matrix": path}, COUNTED)
    assert kept.n_vars == 3
    assert report_of(kept)["shared_names_with_equal_rows"] == 0
    data = load_files("mirna_table", {"matrix": path}, {**COUNTED, "collapse": how})
    assert list(data.var_names) == ["hsa-miR-1-3p", "hsa-miR-2-3p"]
    assert data.X[:, 0].tolist() == first
    assert data.var["precursor"].tolist() == ["hsa-mir-1-1;hsa-mir-1-2", "hsa-mir-2"]


def test_accessions_get_their_names_from_the_gff(tmp_path: Path) -> None:
    gff = text_file(
        tmp_path,
        "##gff-version 3\nchr1\t.\tmiRNA\t1\t22\t.\t+\t.\tID=MIMAT0000076_1;Alias=MIMAT0000076;Name=hsa-miR-21-5p;"
        "Derives_from=MI0000077\n",
        "hsa.gff3",
    )
    path = text_file(tmp_path, "id\ts1\nMIMAT0000076\t4\nMIMAT0000077\t1\n")
    data = load_files("mirna_table", {"matrix": path, "names": gff}, COUNTED)
    assert list(data.var["feature_name"]) == ["hsa-miR-21-5p", "MIMAT0000077"]
    assert report_of(data)["accessions_without_name"] == 1
    twice = text_file(tmp_path, "ID,Name\nMIMAT0000076,hsa-miR-21\nMIMAT0000076,hsa-miR-21-5p\n", "names.csv")
    with pytest.raises(InputError, match="the accession MIMAT0000076 has two names"):
        load_files("mirna_table", {"matrix": path, "names": twice}, COUNTED)
    empty = text_file(tmp_path, "ID,Name\nx,y\n", "none.csv")
    with pytest.raises(InputError, match="no accession .* was found"):
        load_files("mirna_table", {"matrix": path, "names": empty}, COUNTED)


FEATURES = "# Program:featureCounts v2; Command:x\nGeneid\tChr\tStart\tEnd\tStrand\tLength\t"


@pytest.mark.parametrize(
    ("loader", "role", "text", "message"),
    [
        (
            "feature_counts",
            "counts",
            FEATURES + "a/s.bam\tb/s.bam\ng\t1\t1\t2\t+\t2\t3\t4\n",
            r"samples must be unique",
        ),
        ("feature_counts", "counts", FEATURES + "s.bam\ng\t1\t1\t2\t+\t2\t3.5\n", r"must be whole numbers"),
        ("feature_counts", "counts", FEATURES + "s.bam\ng\t1\t1\t2\t+\t2\tlow\n", r"column s\.bam holds 'low'"),
        ("feature_counts", "counts", FEATURES[:-1] + "\ng\t1\t1\t2\t+\t2\n", r"one column per alignment file"),
        ("feature_counts", "counts", "gene\ts\ng\t1\n", r"expected the columns Geneid, Chr"),
        ("excerpt", "s1", "miRNA\tn\nx\t1\n", r"expected the columns multimapAdjustedReadCount"),
        ("excerpt", "s1", excerpt_text(("a", 1.0), ("a", 2.0)), r"labels of the rows must be unique"),
        ("excerpt", "samples", "sample\na\n", r"expected the role counts, or one file per sample"),
        ("mirge", "counts", "miRNA\nx\n", r"got one column"),
        ("mirge", "counts", "miRNA,s1\nhsa-miR-1-3p,1.5\n", r"must be whole numbers"),
        ("mirge", "mapped", "Sequence,s1\nAAA,1\n", r"expected the columns exact miRNA and isomiR miRNA"),
        ("mirge", "data", "x", r"expected exactly one of the roles counts, rpm, mapped"),
        ("mirna_table", "matrix", "id\ts1\nACTB\t4\n", r"no row names a miRNA .* the first are ACTB"),
    ],
)
def test_faults_are_named_in_one_line(loader: str, role: str, text: str, message: str, tmp_path: Path) -> None:
    options = COUNTED if loader == "mirna_table" else {}
    with pytest.raises(InputError, match=message) as caught:
        load_files(loader, {role: text_file(tmp_path, text, "table.csv" if loader == "mirge" else "t.tsv")}, options)
    assert "\n" not in str(caught.value)


def test_options_that_do_not_exist(tmp_path: Path) -> None:
    path = text_file(tmp_path, LOCI)
    with pytest.raises(InputError, match="the option `collapse` must be one of none, sum, max; got 'mean'"):
        load_files("mirna_table", {"matrix": path}, {**COUNTED, "collapse": "mean"})
    with pytest.raises(ScaleError, match="the scale of the values is not declared"):
        load_files("mirna_table", {"matrix": path}, {"orientation": "features_in_rows"})
    with pytest.raises(InputError, match="the option `column` must be one of multimapAdjustedReadCount"):
        load_files("excerpt", {"s1": path}, {"column": "reads"})
    with pytest.raises(InputError, match="the option `isomirs` must be add or drop"):
        load_files("mirge", {"mapped": text_file(tmp_path, MAPPED, "m.csv")}, {"isomirs": "some"})
