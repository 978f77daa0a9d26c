"""qPCR: what did not cross the threshold is censored, never a number; what was not run is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def text_file(folder: Path, text: str, name: str = "plate.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


LONG = (
    "Sample Name,Target Name,CT,Plate\n"
    "s1,hsa-miR-451a,20.0,p1\ns1,hsa-miR-451a,20.5,p1\ns1,hsa-miR-23a-3p,25,p1\ns1,cel-miR-39-3p,22,p1\n"
    "s2,hsa-miR-451a,Undetermined,p1\ns2,hsa-miR-451a,38,p1\ns2,hsa-miR-23a-3p,Undetermined,p1\n"
    "s2,cel-miR-39-3p,22.4,p1\ns3,hsa-miR-451a,39.5,p1\ns3,cel-miR-39-3p,24.5,p1\n"
    "NTC,hsa-miR-451a,37,p1\nNTC,cel-miR-39-3p,Undetermined,p1\n,,30,p1\n"
)


def test_undetected_is_censored_and_not_run_is_missing(tmp_path: Path) -> None:
    data = load_files("qpcr", {"cq": text_file(tmp_path, LONG)}, {"limit": 39})
    assert list(data.obs_names) == ["s1", "s2", "s3"]
    assert list(data.var_names) == ["hsa-miR-451a", "hsa-miR-23a-3p", "cel-miR-39-3p"]
    np.testing.assert_array_equal(data.X, [[20.25, 25, 22], [38, np.nan, 22.4], [np.nan, np.nan, 24.5]])
    assert data.layers["censored"].tolist() == [[False] * 3, [False, True, False], [True, False, False]]
    assert data.layers["n_replicates"].tolist() == [[2, 1, 1], [2, 1, 1], [1, 0, 1]]
    assert data.layers["n_censored"].tolist() == [[0, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert not (data.X == 39).any() and not (data.X == 40).any()
    report = report_of(data)
    assert (report["n_censored"], report["n_partly_censored"], report["n_not_measured"]) == (2, 1, 1)
    assert (report["no_template_reactions"], report["lowest_cq_without_template"]) == (2, 37.0)
    assert report["reactions_without_name"] == 1


def test_spike_ins_are_flagged_with_the_samples_in_which_they_are_off(tmp_path: Path) -> None:
    data = load_files("qpcr", {"cq": text_file(tmp_path, LONG)})
    assert data.var["is_spike_in"].tolist() == [False, False, True]
    assert data.obs["qc_flag"].tolist() == ["", "", "spike-in differs by more than 1 cycles"]
    assert report_of(data)["samples_with_spike_in_off"] == ["s3"]
    wide = load_files("qpcr", {"cq": text_file(tmp_path, LONG)}, {"spike_in_range": 3})
    assert set(wide.obs["qc_flag"]) == {""}
    named = load_files("qpcr", {"cq": text_file(tmp_path, LONG)}, {"spike_ins": "hsa-miR-23a-3p"})
    assert named.var["is_spike_in"].tolist() == [False, True, False]
    with pytest.raises(InputError, match="the spike-ins UniSp6 are no targets"):
        load_files("qpcr", {"cq": text_file(tmp_path, LONG)}, {"spike_ins": "UniSp6"})


def test_the_scale_says_cycles(tmp_path: Path) -> None:
    data = load_files("qpcr", {"cq": text_file(tmp_path, LONG)})
    assert data.uns["exomics"]["assay"] == "qpcr"
    assert data.uns["exomics"]["scale"] == {"kind": "log2", "offset": 0.0, "quantity": "cq"}


LAYOUT = "Well,Sample,Target\nA1,s1,IL6\nA2,s1,TNF\nB1,s2,IL6\nB02,s2,TNF\n"


def test_a_grid_and_a_table_of_wells_agree(tmp_path: Path) -> None:
    layout = text_file(tmp_path, LAYOUT, "layout.csv")
    grid = text_file(tmp_path, ",1,2,3\nA,21.5,30,15\nB,22,Undetermined,\n", "grid.csv")
    wells = text_file(tmp_path, "Well,Cq\nA01,21.5\nA02,30\nA03,15\nB01,22\nB02,No Ct\n", "wells.csv")
    one = load_files("qpcr", {"cq": grid, "layout": layout})
    other = load_files("qpcr", {"cq": wells, "layout": layout})
    np.testing.assert_array_equal(one.X, [[21.5, 30], [22, np.nan]])
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(one.layers["censored"], other.layers["censored"])
    with pytest.raises(InputError, match=r"no column of sample and target was found among well, cq"):
        load_files("qpcr", {"cq": grid})
    far = text_file(tmp_path, LAYOUT + "H12,s3,IL6\n", "far.csv")
    with pytest.raises(InputError, match=r"1 wells are not in grid\.csv \(H12\)"):
        load_files("qpcr", {"cq": grid, "layout": far})
    twice = text_file(tmp_path, LAYOUT + "A01,s3,IL6\n", "twice.csv")
    with pytest.raises(InputError, match=r"every line needs a well of its own; \['A1'\]"):
        load_files("qpcr", {"cq": grid, "layout": twice})


def test_the_lines_above_an_instruments_results_are_left_out(tmp_path: Path) -> None:
    text = "* Block Type = 96well\n* Instrument = x\n\n[Results]\nWell\tSample Name\tTarget Name\tCT\nA1\ts1\tIL6\t20\n"
    data = load_files("qpcr", {"cq": text_file(tmp_path, text, "export.txt")})
    assert data.X.tolist() == [[20.0]]
    assert report_of(data)["notes"] == ["4 lines above the header of the results were left out"]


def test_samples_of_a_sheet_and_columns_of_other_names(tmp_path: Path) -> None:
    text = "id;what;cycles\nx1;IL6;20,5\nx2;IL6;21,25\n"
    files = {"cq": text_file(tmp_path, text), "samples": text_file(tmp_path, "tube,donor\nx1,p1\nx2,p2\n", "s.csv")}
    options = {"sample": "id", "target": "what", "cq": "cycles", "columns": "subject_id:donor"}
    data = load_files("qpcr", files, options)
    assert data.X.ravel().tolist() == [20.5, 21.25]
    assert list(data.obs["subject_id"]) == ["p1", "p2"]
    assert "decimal commas were read as points" in report_of(data)["notes"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sample,Target,Cq\ns1,IL6,high\n", r"column Cq holds 'high'"),
        ("Sample,Target,Signal\ns1,IL6,1\n", r"no column of cq was found among Sample, Target, Signal"),
        ("Sample,Target,Cq\nNTC,IL6,30\n", r"no reaction has a sample and a target"),
        (",1,2\nA,20,21\nZ,22,23\n", r"expected the rows of a plate, A to P; got A, Z"),
        ("", r"is empty"),
    ],
)
def test_faults_are_named_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("qpcr", {"cq": text_file(tmp_path, text)})
    assert "\n" not in str(caught.value)


def test_a_limit_is_a_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the option `limit` must be a positive number; got 'none'"):
        load_files("qpcr", {"cq": text_file(tmp_path, LONG)}, {"limit": "none"})
