"""Cells of 10x files, and their sums by subject and cell type."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from exomics.datasets import load_files
from exomics.errors import InputError, ScaleError, UserError

MARKET = "%%MatrixMarket matrix coordinate integer general\n%\n3 2 3\n1 1 5\n2 2 1\n3 2 7\n"
FEATURES = "1\tA\tGene Expression\n2\tB\tGene Expression\n3\tCD4\tAntibody Capture\n"
BARCODES = "AAC-1\nAAG-1\n"


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def run_of(folder: Path, **texts: str) -> dict[str, Path]:
    """The three files of a run, with the texts given instead of the usual ones."""
    written = {"matrix": MARKET, "features": FEATURES, "barcodes": BARCODES, **texts}
    files = {role: folder / f"{role}.{'mtx' if role == 'matrix' else 'tsv'}" for role in written}
    for role, text in written.items():
        files[role].write_text(text)
    return files


@pytest.fixture(scope="module")
def tenx(reference_folder: Path) -> Path:
    """The public 10x files."""
    return reference_folder / "native" / "10x"


@pytest.mark.real_data
def test_hdf5_and_matrix_market_of_one_run_agree(tenx: Path) -> None:
    folder = tenx / "3.0.0"
    market = {role: folder / "filtered_feature_bc_matrix" / name for role, name in (
        ("matrix", "matrix.mtx.gz"), ("features", "features.tsv.gz"), ("barcodes", "barcodes.tsv.gz"))}  # fmt: skip
    one = load_files("tenx", {"h5": folder / "filtered_feature_bc_matrix.h5"})
    other = load_files("tenx", market)
    assert one.shape == other.shape == (1107, 507)
    assert (one.X != other.X).nnz == 0
    assert list(one.obs_names) == list(other.obs_names)
    assert list(one.var["feature_name"]) == list(other.var["feature_name"])
    assert one.layers["counts"].dtype == np.int64
    assert int(one.X.sum()) == 41549


@pytest.mark.real_data
def test_older_files_and_their_genomes(tenx: Path) -> None:
    folder = tenx / "1.2.0"
    market = folder / "filtered_gene_bc_matrices" / "hg19_chr21"
    files = {"matrix": market / "matrix.mtx", "features": market / "genes.tsv", "barcodes": market / "barcodes.tsv"}
    single = load_files("tenx", {"h5": folder / "filtered_gene_bc_matrices_h5.h5"})
    assert (single.X != load_files("tenx", files).X).nnz == 0
    several = {"h5": folder / "multiple_genomes.h5"}
    with pytest.raises(InputError, match="holds the genomes another_genome, hg19_chr21; choose one with the option"):
        load_files("tenx", several)
    chosen = load_files("tenx", several, {"genome": "hg19_chr21"})
    assert (chosen.X != single.X).nnz == 0
    assert load_files("tenx", several, {"genome": "another_genome"}).var["feature_name"].iloc[0] == "gene_0"


@pytest.mark.real_data
def test_gene_ids_that_are_numbers_stay_text(tenx: Path) -> None:
    files = {role: tenx / "int-ids" / f"{role}.{'mtx' if role == 'matrix' else 'tsv'}" for role in (
        "matrix", "features", "barcodes")}  # fmt: skip
    data = load_files("tenx", files)
    assert list(data.var_names[:2]) == ["574405", "574404"]
    assert data.layers["counts"].sum() == 8


@pytest.mark.slow
@pytest.mark.real_data
def test_scanpy_reads_and_sums_the_same(tenx: Path, tmp_path: Path) -> None:
    """Oracle: the field's own reader, and its aggregation."""
    scanpy = pytest.importorskip("scanpy")
    path = tenx / "3.0.0" / "filtered_feature_bc_matrix.h5"
    ours, theirs = load_files("tenx", {"h5": path}), scanpy.read_10x_h5(path, gex_only=True)
    assert (ours.X != theirs.X).nnz == 0
    assert list(ours.var_names) == list(theirs.var["gene_ids"])
    theirs.var_names_make_unique()
    place = np.arange(theirs.n_obs)
    theirs.obs["subject_id"], theirs.obs["cell_type"] = [f"p{n % 4}" for n in place], [f"t{n % 3}" for n in place]
    theirs.write_h5ad(tmp_path / "cells.h5ad")
    summed = load_files("single_cell", {"h5ad": tmp_path / "cells.h5ad"})
    expected = scanpy.get.aggregate(theirs, by=["subject_id", "cell_type"], func="sum")
    names = [f"{s}|{t}" for s, t in zip(expected.obs["subject_id"], expected.obs["cell_type"], strict=True)]
    aligned = summed[names].X
    sums = expected.layers["sum"]
    np.testing.assert_array_equal(aligned, sums.toarray() if sparse.issparse(sums) else sums)
    assert summed.obs["n_cells"].sum() == theirs.n_obs


def test_other_types_of_features_are_left_out_and_counted(tmp_path: Path) -> None:
    files = run_of(tmp_path)
    data = load_files("tenx", files, {"constants": "species:human,specimen:blood", "study": "s1"})
    assert data.X.toarray().tolist() == [[5, 0], [0, 1]]
    assert report_of(data)["dropped_feature_types"] == {"Antibody Capture": 1}
    proteins = load_files("tenx", files, {"feature_type": "Antibody Capture"})
    assert list(proteins.var_names) == ["3"]
    with pytest.raises(InputError, match=r"no feature is of type 'Peaks'; there are Gene Expression, Antibody Capture"):
        load_files("tenx", files, {"feature_type": "Peaks"})


def test_a_sheet_of_the_cells(tmp_path: Path) -> None:
    files = run_of(tmp_path)
    files["cells"] = tmp_path / "cells.csv"
    files["cells"].write_text("donor,code,type\np1,AAG-1,T\np2,GGG-1,B\n")
    data = load_files("tenx", files, {"columns": "subject_id:donor"})
    assert list(data.obs_names) == ["AAG-1"]
    assert list(data.obs["subject_id"]) == ["p1"]
    report = report_of(data)
    assert (report["cells_without_annotation"], report["annotation_without_cell"]) == (1, 1)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"barcodes": "AAC-1\n"}, r"the matrix has 3 genes and 2 cells; the lists name 3 and 1"),
        ({"barcodes": "AAC-1\nAAC-1\n"}, r"the labels of the cells must be unique; .*\(AAC-1\)"),
        ({"features": "1\tA\n1\tB\n3\tC\n"}, r"the labels of the genes must be unique; .*\(1\)"),
        ({"features": "1,A\n2,B\n3,C\n"}, r"expected an id and a name on every line, separated by tabs"),
        ({"features": ""}, r"expected an id and a name on every line"),
        ({"matrix": MARKET[:-9]}, r"matrix\.mtx is not a whole Matrix Market file"),
        ({"matrix": ""}, r"matrix\.mtx is not a whole Matrix Market file"),
        ({"matrix": MARKET.replace("3 2 7", "3 9 7")}, r"matrix\.mtx is not a whole Matrix Market file"),
    ],
)
def test_faults_of_a_run_are_named(texts: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("tenx", run_of(tmp_path, **texts))
    assert "\n" not in str(caught.value)


def test_faults_of_roles_and_scales(tmp_path: Path) -> None:
    files = run_of(tmp_path, matrix=MARKET.replace("integer", "real").replace("1 1 5", "1 1 0.5"))
    with pytest.raises(ScaleError, match="must be whole numbers"):
        load_files("tenx", files)
    with pytest.raises(InputError, match="this loader needs a file of role 'features'"):
        load_files("tenx", {"matrix": files["matrix"]})
    with pytest.raises(InputError, match="expected one of the roles h5, h5ad, or matrix .* got barcodes"):
        load_files("tenx", {"barcodes": files["barcodes"]})
    with pytest.raises(InputError, match=r"barcodes\.tsv is not a whole 10x HDF5 file"):
        load_files("tenx", {"h5": files["barcodes"]})
    (tmp_path / "cut.tsv.gz").write_bytes(gzip.compress(b"AAC-1\nAAG-1\n", mtime=0)[:-6])
    with pytest.raises(InputError, match=r"cut\.tsv\.gz is not a whole text file"):
        load_files("tenx", {**files, "barcodes": tmp_path / "cut.tsv.gz"})


def test_genomes_of_one_newer_file_are_told_apart(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "mixed.h5", "w") as file:
        group = file.create_group("matrix")
        for name, values in (("data", [4, 6]), ("indices", [0, 1]), ("indptr", [0, 1, 2]), ("shape", [2, 2])):
            group[name] = np.array(values)
        group["barcodes"] = np.array([b"AAC-1", b"AAG-1"])
        for name, words in (("id", [b"h1", b"m1"]), ("name", [b"A", b"a"]), ("genome", [b"GRCh38", b"mm10"])):
            group[f"features/{name}"] = np.array(words)
        group["features/feature_type"] = np.array([b"Gene Expression"] * 2)
    files = {"h5": tmp_path / "mixed.h5"}
    with pytest.raises(InputError, match="holds the genomes GRCh38, mm10; choose one with the option `genome`"):
        load_files("tenx", files)
    data = load_files("tenx", files, {"genome": "mm10"})
    assert list(data.var_names) == ["m1"]
    assert data.X.toarray().tolist() == [[0.0], [6.0]]
    assert report_of(data)["dropped_genomes"] == ["GRCh38"]


def test_an_index_beyond_the_matrix_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        group = file.create_group("matrix")
        for name, values in (("data", [1]), ("indices", [99]), ("indptr", [0, 1]), ("shape", [2, 1])):
            group[name] = np.array(values)
        group["barcodes"] = np.array([b"AAC-1"])
        for name in ("id", "name", "feature_type", "genome"):
            group[f"features/{name}"] = np.array([b"a", b"b"])
    with pytest.raises(InputError, match=r"bad\.h5 is not a whole 10x HDF5 file"):
        load_files("tenx", {"h5": tmp_path / "bad.h5"})


@pytest.fixture
def cells_file(tmp_path: Path) -> Path:
    """Sixty cells of three subjects and two types; one subject has no B cell, two cells no type."""
    generator = np.random.default_rng(7)
    counts = sparse.csr_matrix(generator.poisson(1.0, (60, 5)).astype(float))
    subject = np.repeat(["p1", "p2", "p3"], 20)
    kind = np.where(np.arange(60) % 4 == 0, "B", "T").astype(object)
    kind[subject == "p3"] = "T"
    kind[[1, 2]] = None
    obs = pd.DataFrame({"subject_id": subject, "cell_type": kind, "sex": "female", "n_umi": np.arange(60)})
    data = AnnData(np.log1p(counts.toarray()), obs=obs.set_axis([f"c{n}" for n in range(60)]))
    data.layers["counts"] = counts
    data.write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def test_pseudobulk_is_the_sum_of_the_cells(cells_file: Path) -> None:
    data = load_files("single_cell", {"h5ad": cells_file}, {"layer": "counts", "constants": "species:human"})
    assert list(data.obs_names) == ["p1|B", "p1|T", "p2|B", "p2|T", "p3|T"]
    assert list(data.obs["n_cells"]) == [5, 13, 5, 15, 20]
    assert list(data.obs["qc_flag"]) == ["fewer than 10 cells", "", "fewer than 10 cells", "", ""]
    assert list(data.obs["subject_id"]) == ["p1", "p1", "p2", "p2", "p3"]
    assert "n_umi" not in data.obs
    assert set(data.obs["sex"]) == {"female"}
    report = report_of(data)
    assert report["cells_without_sample"] == 2
    assert report["samples_without_cell"] == ["p3|B"]
    counts = load_files("tenx", {"h5ad": cells_file}, {"layer": "counts"})
    typed = counts.obs["cell_type"].notna().to_numpy()
    assert data.X.sum() == counts.X[typed].sum()
    mask = (counts.obs["subject_id"] == "p2").to_numpy() & (counts.obs["cell_type"] == "T").to_numpy()
    np.testing.assert_array_equal(data["p2|T"].X[0], np.asarray(counts.X[mask].sum(axis=0)).ravel())


def test_pseudobulk_refuses_log_values_and_unknown_columns(cells_file: Path) -> None:
    with pytest.raises(ScaleError, match="must be whole numbers"):
        load_files("single_cell", {"h5ad": cells_file})
    with pytest.raises(InputError, match=r"expected the columns donor, cell_type of the cells; donor are missing"):
        load_files("single_cell", {"h5ad": cells_file}, {"layer": "counts", "subject": "donor"})
    with pytest.raises(InputError, match=r"has no layer 'umi'; it has X, counts"):
        load_files("single_cell", {"h5ad": cells_file}, {"layer": "umi"})
    with pytest.raises(InputError, match=r"the option `min_cells` must be a positive number; got 'few'"):
        load_files("single_cell", {"h5ad": cells_file}, {"layer": "counts", "min_cells": "few"})
    by_sex = load_files("single_cell", {"h5ad": cells_file}, {"layer": "counts", "further": "sex", "min_cells": "6"})
    assert by_sex.obs_names[0] == "p1|B|female"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(role=st.sampled_from(["matrix", "features", "barcodes"]), content=st.binary(max_size=80))
def test_any_bytes_give_a_value_or_one_line(role: str, content: bytes, tmp_path: Path) -> None:
    files = run_of(tmp_path)
    files[role].write_bytes(content)
    try:
        load_files("tenx", files)
    except UserError as error:
        assert "\n" not in str(error)
