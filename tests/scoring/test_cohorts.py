"""The mirrored tumor cohorts: what can be scored in them, what cannot, and why."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from exomics.datasets import fetch, load, published_differential
from exomics.harmonize import load_aliases, load_orthologs
from exomics.registry import Signature
from exomics.results import DifferentialTable, Provenance
from exomics.scoring import derive, score
from exomics.validation import associate

PANELS = ("hugo", "mariathasan", "miao", "nathanson", "padron", "van_allen")
WHOLE = ("kim", "cho")

pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("mirror")]


@pytest.fixture(scope="module")
def derived(mirror: Path) -> Signature:
    path = fetch("motrpac_gn_rna", roles=["published"], progress=False)["published"]
    frame = published_differential(path, "trained_vs_SED")[list(DifferentialTable.columns)]
    table = DifferentialTable(frame, Provenance(method="published"))
    return derive(table, "motrpac_gn_rna_8w_both_sexes", orthologs=load_orthologs("rat")).signature


@pytest.mark.parametrize("cohort", PANELS)
def test_the_derived_signature_is_below_the_floor_in_every_panel(cohort: str, derived: Signature) -> None:
    frame = score(load(f"icb_{cohort}"), derived, allow_layer=True, aliases=load_aliases()).frame
    assert set(frame["status"]) == {"below_floor"}
    assert frame["score"].isna().all()
    assert frame["n_universe"].between(1700, 1900).all()
    assert frame["note"].str.contains("at least 5000 needed").all()


@pytest.mark.parametrize("cohort", WHOLE)
def test_the_derived_signature_is_exploratory_in_a_whole_transcriptome(cohort: str, derived: Signature) -> None:
    frame = score(load(f"icb_{cohort}"), derived, allow_layer=True, aliases=load_aliases()).frame
    assert set(frame["status"]) == {"wrong_layer_override"}
    assert frame["score"].notna().all()
    assert frame["species_mapping"].str.startswith("derived: rat -> human").all()


@pytest.mark.parametrize("cohort", [*PANELS, *WHOLE])
def test_tumor_signatures_are_covered_in_every_cohort(cohort: str) -> None:
    frame = score(load(f"icb_{cohort}"), ["imm.cyt", "imm.ifng6", "ecm.col1"]).frame
    assert set(frame["status"]) == {"ok"}


@pytest.mark.parametrize("cohort", PANELS)
def test_cxcl9_and_cytolytic_activity_are_associated_as_published(cohort: str, reference_folder: Path) -> None:
    path = reference_folder / "tumor" / "ref_ICB_CXCL9_by_cohort.tsv"
    published = pd.read_csv(path, sep="\t", index_col="cohort").rename(index=str.lower).loc[cohort]
    samples = load(f"icb_{cohort}")
    found = associate(score(samples, ["imm.cyt", "gene:CXCL9"]), samples.obs, cohort_id=cohort).frame
    estimates = found.set_index(["signature_id", "endpoint", "metric"])["estimate"]
    assert estimates["imm.cyt", "response", "auc"] == pytest.approx(published["AUC_CYT_R"], abs=1e-6)
    assert estimates["gene.CXCL9", "response", "auc"] == pytest.approx(published["AUC_CXCL9_R"], abs=1e-6)
    assert estimates["gene.CXCL9", "os", "log_hazard_ratio"] == pytest.approx(published["cox_logHR"], abs=1e-6)
    odds = estimates["gene.CXCL9", "response", "log_odds_ratio"]
    assert odds == pytest.approx(-published["logit_NR_coef"], abs=1e-5)
