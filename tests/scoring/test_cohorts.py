"""The mirrored tumor cohorts: what can be scored in them, what cannot, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, load, published_differential
from exomics.harmonize import load_aliases, load_orthologs
from exomics.registry import Signature
from exomics.results import DifferentialTable, Provenance
from exomics.schema import keys
from exomics.scoring import derive, score

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
def test_cytolytic_activity_separates_responders_as_published(cohort: str, reference_folder: Path) -> None:
    path = reference_folder / "tumor" / "ref_ICB_CXCL9_by_cohort.tsv"
    published = pd.read_csv(path, sep="\t", index_col="cohort").rename(index=str.lower)
    samples = load(f"icb_{cohort}")
    scores = score(samples, "imm.cyt").frame["score"].to_numpy()
    response = samples.obs[keys.RESPONSE].astype(str).to_numpy()
    responders, others = scores[response == "responder"], scores[response == "non_responder"]
    pairs = responders[:, None] - others
    area = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert area == pytest.approx(published.loc[cohort, "AUC_CYT_R"], abs=1e-6)
