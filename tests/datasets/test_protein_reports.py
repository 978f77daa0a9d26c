"""Reports of DIA-NN row by row, and FragPipe's tables below the protein: what is filtered is counted, runs stay."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError

HEAD = (
    "File.Name", "Run", "Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "PG.Quantity", "PG.Normalised",
    "PG.MaxLFQ", "Precursor.Id", "Q.Value", "PG.Q.Value", "Lib.PG.Q.Value", "Precursor.Normalised",
    "First.Protein.Description",
)  # fmt: skip


def row(run: str, group: str, gene: str, quantity: float, *, q: float = 1e-4, group_q: float = 1e-4, one: float = 1):
    file = f"D:\\raw\\{run}.raw"
    told = (file, run, group, group, f"{gene}_HUMAN", gene, quantity * 2, quantity * 3, quantity)
    return dict(zip(HEAD, (*told, f"PEP{one:g}2", q, group_q, 0.05, one, '5"-end "kinase'), strict=True))


ROWS = [
    row("a", "P1;P2", "HPX", 3.5e6, one=10),
    row("a", "P1;P2", "HPX", 3.5e6, one=20),
    row("b", "P1;P2", "HPX", 2.0),
    row("a", "P3", "FTL", 7.0, group_q=0.02),
    row("b", "P3", "FTL", 8.0, q=0.011),
    row("b", "Cont_P4", "ALB", 0.0),
    row("c", "P5", "CS", 5.0, group_q=0.5),
]


def tsv(rows: list[dict[str, Any]]) -> str:
    return "\n".join(["\t".join(HEAD), *("\t".join(map(str, one.values())) for one in rows)]) + "\n"


def written(path: Path, content: str | bytes) -> dict[str, Path]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {"proteins": path}


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def test_a_report_is_filtered_counted_and_pivoted(tmp_path: Path) -> None:
    data = load_files("diann", written(tmp_path / "report.tsv", tsv(ROWS)))
    assert list(data.obs_names) == ["a", "b", "c"]  # c lost every row and stays a sample
    assert list(data.var_names) == ["P1;P2", "Cont_P4"]
    assert data.var["feature_name"].tolist() == ["HPX", "ALB"]
    assert data.var["is_contaminant"].tolist() == [False, True]
    np.testing.assert_array_equal(data.X, [[3.5e6, np.nan], [2, np.nan], [np.nan, np.nan]])
    told = {
        "n_rows": 7, "n_decoy_rows": 0, "n_rows_above_Q.Value_0.01": 1, "n_rows_above_PG.Q.Value_0.01": 2,
        "n_groups_lost": 2, "groups_lost": ["P3", "P5"], "runs_without_value": ["c"], "quantity": "PG.MaxLFQ",
        "zeros_as_missing": 1,
    }  # fmt: skip
    assert told.items() <= report_of(data).items()


def test_parquet_and_text_agree_and_decoys_leave(tmp_path: Path) -> None:
    text = load_files("diann", written(tmp_path / "report.tsv.gz", gzip.compress(tsv(ROWS).encode(), mtime=0)))
    decoy = {**row("a", "P9", "DECOY", 4.0), "Decoy": 1}
    rows = [*({**one, "Decoy": 0} for one in ROWS), decoy]
    frame = polars.DataFrame(rows, schema_overrides={"PG.MaxLFQ": polars.Float32})
    frame.drop("File.Name", "PG.Quantity", "PG.Normalised").write_parquet(tmp_path / "report.parquet")
    parquet = load_files("diann", {"proteins": tmp_path / "report.parquet"})
    np.testing.assert_array_equal(parquet.X, text.X)
    assert list(parquet.var_names) == list(text.var_names)
    assert (report_of(parquet)["n_decoy_rows"], report_of(parquet)["groups_lost"]) == (1, ["P3", "P5", "P9"])


def test_limits_and_quantities_are_chosen(tmp_path: Path) -> None:
    files = written(tmp_path / "report.tsv", tsv(ROWS))
    summed = load_files("diann", files, {"quantity": "Precursor.Normalised"})
    np.testing.assert_array_equal(summed["a", "P1;P2"].X, [[30]])
    loose = load_files("diann", files, {"max_q_value": "0.05", "quantity": "PG.Quantity"})
    np.testing.assert_array_equal(loose[:, "P3"].X[:, 0], [14, 16, np.nan])
    everything = load_files("diann", files, {"q_values": ""})
    assert everything.n_vars == 4
    with pytest.raises(InputError, match=r"none of 7 rows is left; Lib\.PG\.Q\.Value must not exceed 0\.01"):
        load_files("diann", files, {"q_values": "Lib.PG.Q.Value"})
    with pytest.raises(
        InputError, match=r"no column X to filter by; .* among Q\.Value, PG\.Q\.Value, Lib\.PG\.Q\.Value"
    ):
        load_files("diann", files, {"q_values": "X"})
    with pytest.raises(InputError, match="no column holds the quantity 'PG.TopN'"):
        load_files("diann", files, {"quantity": "PG.TopN"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (tsv([*ROWS, row("a", "P1;P2", "HPX", 9.0)]), r"expected one PG\.MaxLFQ per group and run; P1;P2 in a has"),
        (tsv(ROWS).replace("3500000.0", "much"), r"column PG\.MaxLFQ holds 'much'"),
        (tsv(ROWS)[:-40], r"line 8 has 9 fields, the header 15"),
        (tsv(ROWS).replace("\tRun\t", "\tQ.Value\t"), r"labels of the columns must be unique; .*Q\.Value"),
        (tsv([row("a", "", "HPX", 9.0)]), r"expected a Protein\.Group and a Run in every row"),
        ("\t".join(HEAD) + "\n", r"none of 0 rows is left"),
    ],
)
def test_faults_of_a_report_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("diann", written(tmp_path / "report.tsv", text))
    assert "\n" not in str(caught.value)


def test_a_damaged_parquet_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a whole parquet file"):
        load_files("diann", written(tmp_path / "report.parquet", b"PAR1 and no more"))


PEPTIDES = (
    "Peptide Sequence\tModified Sequence\tPrev AA\tNext AA\tStart\tEnd\tStart\tEnd\tCharges\tProtein\tProtein ID\t"
    "Gene\ts 1 Spectral Count\ts 1 Intensity\ts 1 MaxLFQ Intensity\ts 1 Match Type\n"
    "AMK\tAMK\tK\tE\t1\t3\t1\t3\t2,3\tsp|P1|X\tP1\tHPX\t3\t10\t12\tMS/MS\n"
    "AMK\tAM[15.9949]K\tK\tE\t1\t3\t1\t3\t2\tcontam_sp|P2|Y\tP2\tKRT1\t0\t0\t0\tunmatched\n"
)


def test_modified_peptides_are_told_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "combined_modified_peptide.tsv", PEPTIDES)["proteins"]
    data = load_files("fragpipe_peptides", {"peptides": path})
    assert (list(data.obs_names), list(data.var_names)) == (["s 1"], ["AMK", "AM[15.9949]K"])
    np.testing.assert_array_equal(data.X, [[12, np.nan]])
    assert data.var["is_contaminant"].tolist() == [False, True]
    assert set(data.var["feature_type"]) == {"peptide"}
    ions = PEPTIDES.replace("Charges", "Charge").replace("2,3", "3").replace("AM[15.9949]K", "AMK")
    path.write_text(ions)
    assert list(load_files("fragpipe_peptides", {"peptides": path}).var_names) == ["AMK/3", "AMK/2"]
    path.write_text(ions.replace("Next AA", "Compensation Voltage").replace("K\tE\t", "K\t-40\t", 1))
    assert list(load_files("fragpipe_peptides", {"peptides": path}).var_names) == ["AMK/3/-40", "AMK/2/E"]
    path.write_text(PEPTIDES.replace("AM[15.9949]K", "AMK"))
    with pytest.raises(InputError, match=r"labels of the rows must be unique; .*\(AMK\)"):
        load_files("fragpipe_peptides", {"peptides": path})
    path.write_text("Protein\tProtein ID\ta Intensity\nx\tx\t1\n")
    with pytest.raises(InputError, match="expected one of the columns Modified Sequence"):
        load_files("fragpipe_peptides", {"peptides": path})


SITES = (
    "Index\tGene\tProtein\tProtein ID\tPeptide\tBest Localization Probability\ta Localization Probability\t"
    "b Localization Probability\ta Intensity\tb Intensity\n"
    "P1_S22\tHPX\tsp|P1|X\tP1\tAsK\t0.99\t0.99\t\t8\t0\nP1_T25\tHPX\tsp|P1|X\tP1\tAsKt\t0.5\t0.4\t0.5\t3\t4\n"
)


def test_sites_carry_the_best_and_each_sample_s_localization(tmp_path: Path) -> None:
    path = written(tmp_path / "combined_site_STY_79.9663.tsv", SITES)["proteins"]
    data = load_files("fragpipe_sites", {"sites": path})
    assert data.uns["exomics"]["assay"] == "phospho"
    np.testing.assert_array_equal(data.X, [[8, 3], [np.nan, 4]])
    assert data.var["is_localized"].tolist() == [True, False]
    np.testing.assert_array_equal(data.layers["localization_probability"], [[0.99, 0.4], [np.nan, 0.5]])
    assert load_files("fragpipe_sites", {"sites": path}, {"min_localization": 0.4}).var["is_localized"].all()
    other = written(tmp_path / "combined_site_C_57.0214.tsv", SITES)["proteins"]
    with pytest.raises(InputError, match=r"expected the mass of the modification in the file's name"):
        load_files("fragpipe_sites", {"sites": other})
    assert load_files("fragpipe_sites", {"sites": other}, {"assay": "acetyl"}).uns["exomics"]["assay"] == "acetyl"


def test_the_table_of_one_sample_is_not_taken_for_three(tmp_path: Path) -> None:
    text = "Protein\tProtein ID\tTotal Intensity\tUnique Intensity\tRazor Intensity\nsp|P1|X\tP1\t1\t1\t1\n"
    with pytest.raises(InputError, match="expected columns of one of the quantities MaxLFQ Intensity"):
        load_files("fragpipe", written(tmp_path / "protein.tsv", text))
