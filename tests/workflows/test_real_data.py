"""The workflows on the public data: the published tables to the last digit, and the honest answers in tumors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics._files import write_text
from exomics.registry import read_signature
from exomics.results import DifferentialTable, PerformanceTable, ScoreTable
from tests.shared import made_once

pytestmark = [pytest.mark.slow, pytest.mark.real_data]
WHOLE = ("icb_kim", "icb_cho")
SMALL = ("icb_hugo", "icb_mariathasan", "icb_miao", "icb_nathanson", "icb_padron", "icb_van_allen")
DERIVED = ("trn.motrpac_gn_rna_8w", "trn.motrpac_gn_protein_8w")
NAMED = ("IL6", "FNDC5", "DCN", "IL15", "IL10", "GDF15", "CXCL11")


def _of(workflow: str, factory: pytest.TempPathFactory, mirror: Path) -> Path:
    """Results of a workflow with its own config, run once; what it printed is in ``out.txt``."""
    cache = made_once(factory, "real_cache", lambda _: None)

    def make(folder: Path) -> None:
        places = {"EXOMICS_MIRROR": str(mirror), "EXOMICS_OFFLINE": "1"}
        words = [sys.executable, "-m", "exomics", "run", workflow, "-d", str(folder), "--cores", "2"]
        environment = {"EXOMICS_CACHE": str(cache), **os.environ, **places}
        ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        write_text(folder / "out.txt", ran.stdout)

    return made_once(factory, f"real_{workflow}", make)


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Path:
    """Folder of a run of reproduce_motrpac."""
    return _of("reproduce_motrpac", tmp_path_factory, mirror)


@pytest.fixture(scope="module")
def response(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Path:
    """Folder of a run of exercise_response."""
    return _of("exercise_response", tmp_path_factory, mirror)


def test_all_eight_published_tables_are_reproduced(reproduced: Path) -> None:
    tables = [pd.read_csv(path, sep="\t") for path in sorted((reproduced / "results" / "agreement").glob("*.tsv"))]
    agreement = pd.concat(tables, ignore_index=True)
    assert len(agreement) == 8
    assert dict(zip(agreement["published_file"] + " " + agreement["family"], agreement["rows"], strict=True)) == {
        "motrpac_gn_acetyl trained_vs_SED": 14_112, "motrpac_gn_acetyl MvF": 3_528,
        "motrpac_gn_metabolite trained_vs_SED": 9_720, "motrpac_gn_metabolite MvF": 2_430,
        "motrpac_gn_protein trained_vs_SED": 49_360, "motrpac_gn_protein MvF": 12_340,
        "motrpac_gn_rna trained_vs_SED": 113_608, "motrpac_gn_rna MvF": 28_402,
    }  # fmt: skip
    assert (agreement["rows"] == agreement["rows_matched"]).all()
    equal = agreement[[name for name in agreement.columns if name.startswith("equal_")]]
    assert equal.shape == (8, 6)
    assert (equal == 100.0).all(axis=None)
    assert agreement["max_abs_dz"].max() <= 1e-8


def test_the_comparison_is_printed(reproduced: Path) -> None:
    out = (reproduced / "out.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in out.splitlines() if line.startswith("motrpac_gn_")]
    assert len(rows) == 8
    assert all(row[3:9] == ["100.00"] * 6 for row in rows)
    assert "No table was given" not in out


def _total(folder: Path, cohort: str) -> pd.DataFrame:
    frame = ScoreTable.from_tsv(folder / "results" / "scores" / f"{cohort}.derived.tsv").frame
    return frame[frame["arm"] == "total"]


@pytest.mark.parametrize("cohort", WHOLE)
def test_derived_signatures_are_an_override_in_whole_transcriptomes(cohort: str, response: Path) -> None:
    total = _total(response, cohort)
    assert set(total["signature_id"]) == set(DERIVED)
    assert set(total["status"]) == {"wrong_layer_override"}
    assert total["score"].notna().all()
    assert total["note"].str.contains("exploratory: listed for muscle_").all()


@pytest.mark.parametrize("cohort", SMALL)
def test_derived_signatures_are_below_the_floor_in_small_panels(cohort: str, response: Path) -> None:
    total = _total(response, cohort)
    assert set(total["signature_id"]) == set(DERIVED)
    assert set(total["status"]) == {"below_floor"}
    assert total["score"].isna().all()
    assert (total["n_measured"] < total["n_members"]).all()
    assert (total["n_members"] > 10).all()
    assert total["n_universe"].between(1500, 2200).all()


def test_the_report_says_where_no_number_is_given(response: Path) -> None:
    summary = (response / "results" / "SUMMARY.txt").read_text(encoding="utf-8")
    for signature in DERIVED:
        assert f"{signature} can be scored in 2 of 8 cohorts (icb_kim, icb_cho)" in summary
    assert "below floor" in summary
    assert "exploration" in summary
    page = (response / "results" / "report.html").read_text(encoding="utf-8")
    assert all(cohort in page for cohort in (*WHOLE, *SMALL))


def _row(table: pd.DataFrame, **wanted: str) -> pd.Series:
    chosen = table
    for name, value in wanted.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_cxcl9_and_survival_are_the_known_numbers(response: Path) -> None:
    folder = response / "results" / "associations"
    alone = PerformanceTable.from_tsv(folder / "icb_mariathasan.tsv").frame
    row = _row(alone, signature_id="gene.CXCL9", endpoint="os", metric="log_hazard_ratio")
    assert row["estimate"] == pytest.approx(-0.34739, abs=5e-6)
    assert (row["ci_high"] - row["ci_low"]) / (2 * 1.959963984540054) == pytest.approx(0.08322, abs=5e-6)
    assert row["n_samples"] == 195
    pooled = PerformanceTable.from_tsv(folder / "pooled.tsv").frame
    row = _row(pooled, signature_id="gene.CXCL9", endpoint="os", metric="log_hazard_ratio")
    assert row["cohort_id"] == "pooled_reml"
    assert row["estimate"] == pytest.approx(-0.2987, abs=5e-5)
    assert (row["ci_high"] - row["ci_low"]) / (2 * 1.959963984540054) == pytest.approx(0.0636, abs=5e-5)
    assert _row(pooled, signature_id="gene.CXCL9", endpoint="os", metric="tau_squared")["estimate"] == 0.0
    assert _row(pooled, signature_id="gene.CXCL9", endpoint="os", metric="n_cohorts")["estimate"] == 6


def test_a_derived_signature_stands_beside_random_sets_and_oxphos(response: Path) -> None:
    for cohort in WHOLE:
        frame = PerformanceTable.from_tsv(response / "results" / "associations" / f"{cohort}.tsv").frame
        for signature in DERIVED:
            own = frame[frame["signature_id"] == signature]
            assert {"control_percentile", "empirical_p_value"} <= set(own["metric"])
            assert own["note"].str.contains("exploratory|random matched sets").all()
        assert "tum.oxphos" in set(frame["signature_id"])


def _rounded(values: pd.Series) -> np.ndarray:
    return np.array([float(f"{value:.1e}") for value in values])  # two significant digits, as published


@pytest.mark.parametrize(
    ("study", "digits", "up", "down"),
    [
        ("motrpac_gn_rna", None, 25, 7), ("motrpac_gn_rna", 2, 25, 7),
        ("motrpac_gn_protein", None, 144, 39), ("motrpac_gn_protein", 2, 143, 38),
    ],
)  # fmt: skip
def test_what_changes_in_both_sexes(study: str, digits: int | None, up: int, down: int, response: Path) -> None:
    frame = DifferentialTable.from_tsv(response / "results" / "differential" / f"{study}.tsv").frame
    wide = {name: rows.set_index("feature_id") for name, rows in frame.groupby("contrast")}
    female, male = wide["F_8W - F_SED"], wide["M_8W - M_SED"].reindex(wide["F_8W - F_SED"].index)
    q = [_rounded(rows["adj_p_value"]) if digits else rows["adj_p_value"].to_numpy() for rows in (female, male)]
    called = (q[0] < 0.05) & (q[1] < 0.05)
    signs = np.sign(female["log2_fold_change"]) + np.sign(male["log2_fold_change"])
    assert (int((called & (signs == 2)).sum()), int((called & (signs == -2)).sum())) == (up, down)
    assert int((called & (signs == 0)).sum()) == 0


def test_the_signatures_are_what_changes_carried_to_human(response: Path) -> None:
    for study, selected in (("motrpac_gn_rna", 32), ("motrpac_gn_protein", 183)):
        signature = read_signature(response / "results" / "signatures" / f"{study}.yaml")
        counts = signature.provenance["counts"]
        assert counts["n_selected_up"] + counts["n_selected_down"] == selected
        assert counts["n_opposite_signs"] == 0
        lost = sum(loss["n"] for loss in signature.provenance["losses"])
        assert len(signature.members) + lost >= 0.95 * selected
        assert signature.layers == (f"muscle_{study.rsplit('_', 1)[1]}",)


def test_the_named_myokines_are_an_honest_null(response: Path) -> None:
    frame = DifferentialTable.from_tsv(response / "results" / "differential" / "motrpac_gn_rna.tsv").frame
    frame = frame[frame["contrast"].isin(["F_8W - F_SED", "M_8W - M_SED"])].assign(
        symbol=frame["feature_name"].str.upper()
    )
    named = frame[frame["symbol"].isin(NAMED)]
    assert set(named["symbol"]) == {"FNDC5", "DCN", "IL15"}
    assert (named["adj_p_value"] > 0.05).all()
    erfe = frame[frame["symbol"] == "ERFE"]
    assert (erfe["log2_fold_change"] < -1.0).all()
    assert (erfe["adj_p_value"] < 0.05).all()
    summary = (response / "results" / "SUMMARY.txt").read_text(encoding="utf-8")
    assert "none is raised; no evidence of change for FNDC5, DCN and IL15; ERFE lowered" in summary
    assert "IL6, IL10, GDF15 and CXCL11 not measured, which is not a zero" in summary


def test_the_package_is_verified_and_thanks_its_sources(response: Path) -> None:
    results = response / "results"
    assert "no difference" in (results / "verified.txt").read_text(encoding="utf-8").splitlines()[-1]
    thanks = (results / "package" / "ACKNOWLEDGMENTS.txt").read_text(encoding="utf-8")
    assert "MoTrPAC" in thanks
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "MotrpacRatTraining6moMuscleData R package [0.1.1.1]" in page
