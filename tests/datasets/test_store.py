"""Files of AnnData, MuData and tables: atomic, the same object the same bytes, nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import read_data, write_data
from exomics.datasets.loaders import Loaders
from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._modalities import by_subject
from exomics.datasets.loading import own_files
from exomics.datasets.store import read_table, write_table
from exomics.errors import InputError
from exomics.schema import Scale, record_step, steps_of, validate


@pytest.fixture
def adata() -> AnnData:
    obs = pd.DataFrame(
        {
            "subject_id": ["p1", "p2", "p3"],
            "study_id": "x",
            "species": "rat",
            "specimen": "muscle",
            "time_point": pd.Categorical(["post", None, "baseline"], categories=["post", "baseline"]),
            "note": ["a", None, "c"],
            "weeks": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "day": pd.to_datetime(["2018-09-03", None, "2018-09-04"]),
            "a/b": [0.1, np.nan, 3.0],
        },
        index=["90217015507", "90218015507", "90219015507"],
    )
    var = pd.DataFrame({"feature_name": ["A", ""], "feature_type": "gene"}, index=["g1", "g2"])
    counts = np.array([[1, 0], [5, 2], [3, 0]])
    manifest = own_files(Loaders["motrpac"], {}, {})
    scale = Scale(kind="counts", quantity="count")
    made = assemble(
        Expression(counts, obs, var), assay="rna", scale=scale, manifest=manifest, report={"dropped": ["x"]}
    )
    return record_step(made, "filter", {"min": 2}, dropped=1)


def test_every_field_survives(adata: AnnData, tmp_path: Path) -> None:
    path = write_data(adata, tmp_path / "new" / "data.h5ad")
    found = read_data(path)
    pd.testing.assert_frame_equal(found.obs, adata.obs)
    pd.testing.assert_frame_equal(found.var, adata.var)
    np.testing.assert_array_equal(found.X, adata.X)
    np.testing.assert_array_equal(found.layers["counts"], adata.layers["counts"])
    assert found.layers["counts"].dtype == np.int64
    assert steps_of(found) == steps_of(adata)
    for key, value in adata.uns["exomics"].items():
        assert str(found.uns["exomics"][key]) == str(value)
    assert list(found.obs["note"].isna()) == [False, True, False]
    assert list(found.obs["day"])[0] == "2018-09-03T00:00:00"
    assert "a_b" in found.obs
    validate(found)
    assert [file.name for file in path.parent.iterdir()] == ["data.h5ad"]


def test_the_same_object_gives_the_same_bytes(adata: AnnData, tmp_path: Path) -> None:
    first = write_data(adata, tmp_path / "first.h5ad").read_bytes()
    second = write_data(adata.copy(), tmp_path / "second.h5ad").read_bytes()
    assert first == second
    again = write_data(read_data(tmp_path / "first.h5ad"), tmp_path / "again.h5ad").read_bytes()
    assert again == first


def test_modalities_survive(adata: AnnData, tmp_path: Path) -> None:
    other = adata[:2].copy()
    mudata = by_subject({"rna": adata, "protein": other})
    found = read_data(write_data(mudata, tmp_path / "data.h5mu"))
    assert list(found.mod) == ["rna", "protein"]
    assert list(found.mod["rna"].obs_names) == ["p1", "p2", "p3"]
    assert list(found.mod["rna"].obs["sample_id"]) == list(adata.obs_names)
    assert found.mod["protein"].uns["exomics"]["scale"]["kind"] == "counts"
    assert list(found.mod["rna"].obs["note"].isna()) == [False, True, False]
    assert (write_data(mudata, tmp_path / "b.h5mu")).read_bytes() == (tmp_path / "data.h5mu").read_bytes()


def test_a_subject_with_two_samples_is_refused(adata: AnnData) -> None:
    adata.obs["subject_id"] = ["p1", "p1", "p3"]
    with pytest.raises(InputError, match=r"modality rna: .* 1 subjects have several samples \(p1\)"):
        by_subject({"rna": adata})


@pytest.mark.parametrize("name", ["data.h5mu", "data.tsv"])
def test_the_suffix_must_fit(adata: AnnData, name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a AnnData is written to a file that ends in \.h5ad"):
        write_data(adata, tmp_path / name)


def test_a_failed_write_leaves_the_old_file(adata: AnnData, tmp_path: Path) -> None:
    path = write_data(adata, tmp_path / "data.h5ad")
    before = path.read_bytes()
    adata.uns["impossible"] = object()
    with pytest.raises(Exception, match="object"):
        write_data(adata, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["data.h5ad"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.h5ad", None, "does not exist"),
        ("data.txt", b"x", r"expected a file that ends in \.h5ad or \.h5mu"),
        ("data.h5ad", b"not HDF5", r"is not a whole \.h5ad file"),
    ],
)
def test_files_that_cannot_be_read_are_named(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_data(path)


def test_a_truncated_file_is_named(adata: AnnData, tmp_path: Path) -> None:
    path = write_data(adata, tmp_path / "data.h5ad")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"data\.h5ad is not a whole"):
        read_data(path)


def test_tables_keep_types_gaps_and_order(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": np.array(["b", None, ""], dtype=object),
            "factor": pd.Categorical(["x", "y", None], categories=["y", "x"], ordered=True),
            "count": pd.array([1, None, 3], dtype="Int64"),
            "value": [0.1, np.nan, -1.0],
            "flag": pd.array([True, None, False], dtype="boolean"),
            "day": np.array(["2018-09-03", "NaT", "1969-12-31"], dtype="datetime64[ms]"),
            "a/b": [1, 2, 3],
        }
    )
    path = write_table(frame, tmp_path / "table.h5")
    pd.testing.assert_frame_equal(read_table(path), frame)
    assert read_table(path)["text"].tolist() == ["b", None, ""]
    named = frame.set_axis(["r1", "r2", "r3"], axis=0)
    pd.testing.assert_frame_equal(read_table(write_table(named, path)), named)
