"""Scores after the rules of their samples: hemolysis, heparin, cell types, timing, declared limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.preprocess import check_hemolysis, normalize_cargo
from exomics.schema import Scale
from exomics.schema.timing import derive_timing
from exomics.scoring import score

MakeSamples = Callable[..., AnnData]
CQ, COUNTS = Scale(kind="log2", quantity="cq"), Scale(kind="counts", quantity="count")
LOG = Scale(kind="log2", quantity="cpm", offset=1.0)
MYOMIRS = ["hsa-miR-1-3p", "hsa-miR-133a-3p", "hsa-miR-133b", "hsa-miR-206", "hsa-miR-486-5p", "hsa-miR-499a-5p"]


def vesicles(make_samples: MakeSamples, differences: list[float]) -> AnnData:
    """Cycles of plasma vesicles with given dCq(miR-23a-3p - miR-451a); the cargo is the same in every sample."""
    names = ["hsa-miR-29a-3p", "cel-miR-39-3p", "hsa-miR-23a-3p", "hsa-miR-451a", "hsa-miR-486-5p"]
    values = np.array([[27.0, 20.0, 20.0 + difference, 20.0, 22.0] for difference in differences])
    return make_samples(values, names, scale=CQ, specimen="plasma_ev", assay="qpcr")


def test_a_hemolyzed_sample_gives_no_cargo_and_says_why(make_samples: MakeSamples) -> None:
    given = vesicles(make_samples, [4.0, 6.0, 8.0])
    before = score(given, "ev.mir29a_cargo").frame
    assert before["score"].tolist() == [-7.0] * 3
    assert before["note"].str.contains("hemolysis not graded").all()
    after = score(check_hemolysis(given), "ev.mir29a_cargo").frame
    assert after["status"].tolist() == ["ok", "ok", "qc_fail"]
    np.testing.assert_array_equal(after["score"], [-7.0, -7.0, np.nan])
    assert after["note"].tolist() == ["", "hemolysis caution", "hemolysis fail"]


def test_caution_is_enough_for_a_mirna_that_red_cells_release(make_samples: MakeSamples) -> None:
    """miR-486-5p speaks of muscle only where no red cell broke; miR-206 is not in red cells."""
    names = [*MYOMIRS, "hsa-miR-23a-3p", "hsa-miR-451a"]
    counts = np.full((3, len(names)), 100.0)
    counts[:, -1] = [100.0, 1600.0, 1600.0]
    given = make_samples(counts, names, scale=COUNTS, specimen="plasma_ev", assay="smallrna")
    given.obs["a414"] = [0.05, 0.1, 0.4]
    frame = score(normalize_cargo(check_hemolysis(given), method="rpm"), "ev.muscle_origin").frame
    states = frame.pivot(index="arm", columns="sample_id", values="status")
    assert states.loc["hsa-miR-486-5p"].tolist() == ["ok", "qc_fail", "qc_fail"]
    assert states.loc["hsa-miR-206"].tolist() == ["ok", "ok", "qc_fail"]
    caution = frame[(frame["arm"] == "hsa-miR-486-5p") & (frame["sample_id"] == "s1")]["note"].item()
    assert caution.startswith("hemolysis caution; red cells release miR-486-5p")


def test_heparin_is_refused_for_rna_and_edta_is_not(make_samples: MakeSamples) -> None:
    given = check_hemolysis(vesicles(make_samples, [3.0, 3.0, 3.0]))
    given.obs["anticoagulant"] = ["EDTA", "Lithium heparin", None]
    frame = score(given, "ev.mir29a_cargo").frame
    assert frame["status"].tolist() == ["ok", "qc_fail", "ok"]
    assert frame["note"].tolist() == ["", "heparin inhibits PCR", ""]


def test_counts_without_a_cut_are_scored_and_the_lack_is_said(make_samples: MakeSamples) -> None:
    names = ["hsa-miR-29a-3p", "cel-miR-39-3p", "hsa-miR-23a-3p", "hsa-miR-451a"]
    given = make_samples(np.full((2, 4), 64.0), names, scale=COUNTS, specimen="plasma_ev", assay="smallrna")
    given.X[1, 3] = 6400.0
    states = {}
    for cut in (None, 5.0):
        graded = check_hemolysis(given, maximum_log2_ratio=cut)
        frame = score(normalize_cargo(graded, method="spike_in"), "ev.mir29a_cargo").frame
        states[cut] = list(zip(frame["status"], frame["note"], strict=True))
    assert states[None] == [("ok", "hemolysis not graded: no cut is calibrated, or a miRNA is missing")] * 2
    assert states[5.0] == [("ok", ""), ("qc_fail", "hemolysis fail")]


def test_the_measure_of_hemolysis_itself_keeps_its_value_and_its_grade(make_samples: MakeSamples) -> None:
    given = vesicles(make_samples, [4.0, 6.0, 8.0])
    given.obs["specimen"] = "serum"
    frame = score(check_hemolysis(given), "ev.hemolysis").frame
    assert frame["score"].tolist() == [4.0, 6.0, 8.0]
    assert frame["note"].tolist() == ["ok (<5)", "caution (5-7)", "fail (>7)"]


# Q12: a shift of macrophages


def cells(make_samples: MakeSamples, spp1_of_tumor_cells: float) -> AnnData:
    """Pseudobulk of macrophages and malignant cells, of which the latter may be full of SPP1; and of a third type."""
    values = np.array([[6.0, 4.0], [0.0, spp1_of_tumor_cells], [1.0, 1.0], [6.5, 4.0]])
    given = make_samples(values, ["CXCL9", "SPP1"], scale=LOG, assay="scrna")
    given.obs["cell_type"] = ["Macrophages", "malignant cell", None, "tumor-associated macrophage"]
    return given


def test_polarity_is_of_macrophages_whatever_malignant_cells_make(make_samples: MakeSamples) -> None:
    low, high = (score(cells(make_samples, level), "mye.cs_polarity").frame for level in (0.0, 12.0))
    totals = [frame[frame["arm"] == "total"] for frame in (low, high)]
    for total in totals:
        assert total["status"].tolist() == ["ok", "not_applicable", "not_applicable", "ok"]
        np.testing.assert_array_equal(total["score"], [2.0, np.nan, np.nan, 2.5])
    assert "defined in macrophage alone; the sample is malignant cell" in totals[0]["note"].iloc[1]
    assert "of unknown cell type (column cell_type)" in totals[0]["note"].iloc[2]


def test_bulk_polarity_is_a_proxy_that_malignant_cells_move_and_sorted_cells_are_none(
    make_samples: MakeSamples,
) -> None:
    values = np.array([[5.0, 2.0], [5.0, 9.0]])  # the second tumor's SPP1 is of its malignant cells
    bulk = score(make_samples(values, ["CXCL9", "SPP1"], scale=LOG), "mye.cs_polarity").frame
    assert bulk.loc[bulk["arm"] == "total", "score"].tolist() == [3.0, -4.0]
    assert bulk["note"].str.startswith("bulk_proxy: also of other cells than macrophage").all()
    sorted_cells = make_samples(values, ["CXCL9", "SPP1"], scale=LOG, specimen="sorted_tam")
    assert not score(sorted_cells, "mye.cs_polarity").frame["note"].str.contains("bulk_proxy").any()


def test_words_of_a_cell_type_are_compared_whole(make_samples: MakeSamples) -> None:
    given = make_samples(
        np.full((4, 6), 5.0), ["TCF7", "LEF1", "SELL", "CCR7", "IL7R", "BCL2"], scale=LOG, assay="scrna"
    )
    given.obs["cell_type"] = ["T.cells.CD8", "Mast cell", "CD4 T cell", "B cells"]
    assert score(given, "imt.memory").frame["status"].tolist() == ["ok", "not_applicable", "ok", "not_applicable"]


# Q13: cachexia on and off exercise


def test_atrogenes_two_hours_after_a_bout_are_acute_and_at_rest_they_are_not(make_samples: MakeSamples) -> None:
    names = ["FBXO32", "TRIM63", "FBXO30", "FBXO21", "UBE2B", "PSMD11"]
    given = make_samples(np.full((4, 6), 5.0), names, scale=LOG, specimen="muscle")
    given.obs["minutes_post_bout"] = [120.0, 48 * 60.0, np.nan, -10.0]
    given.obs = given.obs.join(derive_timing(given.obs)[["timing_class"]])
    frame = score(given, "cac.ups").frame
    assert frame["note"].tolist() == ["acute: sampled 2-24 h, the signature is of >=24 h rest", "", "", ""]
    assert frame["status"].eq("ok").all()


def test_a_signature_of_the_acute_response_at_rest_is_said_too(make_samples: MakeSamples) -> None:
    given = make_samples(np.full((2, 3), 5.0), ["NR4A1", "NR4A3", "FOS"], scale=LOG, specimen="blood")
    given.obs["timing_class"] = ["0-2 h", ">=48 h rest"]
    notes = score(given, "adr.camp_early", allow_layer=True).frame.groupby("sample_id")["note"].first()
    assert "resting: sampled >=48 h rest, the signature is of 0-2 h" in notes["s1"]
    assert "resting" not in notes["s0"]


def test_the_limit_of_gdf15_needs_its_unit(make_samples: MakeSamples) -> None:
    level = Scale(kind="linear", quantity="intensity")
    given = make_samples(np.array([[1499.0], [1500.0]]), ["GDF15"], scale=level, specimen="plasma", assay="protein")
    assert score(given, "cac.gdf15").frame["note"].str.contains("not applied: GDF15 has no unit pg/mL").all()
    given.var["unit"] = "pg/mL"
    assert score(given, "cac.gdf15").frame["note"].tolist() == ["below 1500 pg/mL", "elevated (>= 1500 pg/mL)"]
    log = Scale(kind="log2", quantity="intensity")
    logs = make_samples(np.log2([[1499.0], [1501.0]]), ["GDF15"], scale=log, specimen="plasma", assay="protein")
    logs.var["unit"] = "pg/mL"
    assert score(logs, "cac.gdf15").frame["note"].tolist() == ["below 1500 pg/mL", "elevated (>= 1500 pg/mL)"]
    given.var["unit"] = "NPX"
    assert score(given, "cac.gdf15").frame["note"].str.contains("not applied").all()


@pytest.mark.real_data
def test_serum_vesicles_of_a_cohort_are_graded_by_their_own_cut(reference_folder: Path) -> None:
    """76 sera: miR-451a is 2 to 400 times miR-23a-3p; without a cut none is graded, with one those above fail."""
    table = reference_folder / "exercise" / "Saiki2021_serumEV_miRNA_counts.tsv.gz"
    constants = "specimen:plasma_ev,species:human"
    data = load_files(
        "mirna_table",
        {"matrix": table},
        {"scale": "counts:count", "collapse": "max", "orientation": "features_in_rows", "constants": constants},
    )
    ratio = check_hemolysis(data).obs["hemolysis_log2_ratio"]
    raw = pd.read_csv(table, sep="\t", index_col=0)
    expected = np.log2(
        (raw.filter(like="_hsa-miR-451a", axis=0).max() + 0.5)
        / (raw.filter(regex="_hsa-miR-23a-3p$", axis=0).max() + 0.5)
    )
    np.testing.assert_allclose(ratio, expected, rtol=1e-12)
    cut = float(np.median(ratio))
    graded = normalize_cargo(check_hemolysis(data, maximum_log2_ratio=cut), method="rpm")
    frame = score(graded, "ev.exomir_trained").frame
    failed = frame[frame["sample_id"].isin(ratio.index[ratio > cut])]
    assert set(failed["status"]) == {"qc_fail"}
    assert failed["score"].isna().all()
    assert set(frame.drop(failed.index)["status"]) == {"ok"}
