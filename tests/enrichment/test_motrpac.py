"""The positive control of the field: oxidative phosphorylation rises with training (signature spec, R4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, load, published_differential
from exomics.differential.working_expression import working_expression_of_recipe
from exomics.enrichment import GeneSets, enrich, enrich_expression, resolve_gene_sets, substrates_of
from exomics.harmonize import OrthologTable, TissueRestrictedWarning, load_orthologs
from exomics.harmonize.sites import load_sites
from exomics.results import DifferentialTable, Provenance

pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("from_mirror")]

OXPHOS = "HALLMARK_OXIDATIVE_PHOSPHORYLATION"
P_VALUES = {"rna": ("3e-23", "9e-14"), "protein": ("1e-38", "4e-11")}
FROM_SAMPLES = {"rna": ("9e-23", "2e-13", "4e-02", "1e-01"), "protein": ("3e-36", "1e-10", "6e-03", "2e-01")}
MATRIX = (
    "COL3A1", "COL4A1", "COL4A2", "COL5A2", "FBN1", "SPARC", "LOX", "LOXL2", "SERPINH1", "MMP2", "PDGFRB", "ITGB1",
    "ITGA11", "LAMC2", "PXDN", "ADAMTS9", "COL1A1", "COL1A2", "COL5A1", "COL5A3", "LOXL4", "LAMC1", "NID1", "ADAM12",
    "BMP1", "ELN",
)  # fmt: skip
CONTRASTS = ["F_8W - F_SED", "M_8W - M_SED"]


@pytest.fixture
def orthologs() -> OrthologTable:
    with pytest.warns(TissueRestrictedWarning):
        return load_orthologs("rat", dataset="ref_rat_to_human")


def published(assay: str) -> DifferentialTable:
    frame = published_differential(fetch(f"motrpac_gn_{assay}")["published"], "trained_vs_SED")
    return DifferentialTable(frame.drop(columns="z"), Provenance(method="published"))


def oxphos(frame: pd.DataFrame, **where: float) -> pd.DataFrame:
    rows = frame[(frame["gene_set"] == OXPHOS) & frame["contrast"].isin(CONTRASTS)]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.set_index("contrast").loc[CONTRASTS]


@pytest.mark.parametrize("assay", P_VALUES)
def test_oxidative_phosphorylation_is_up_in_both_sexes_with_the_recorded_p_values(assay, orthologs) -> None:
    found = enrich(published(assay), resolve_gene_sets("hallmark"), method="camera_preranked", mapping=orthologs)
    rows = oxphos(found.frame, inter_gene_correlation=0.01)
    assert tuple(f"{p:.0e}" for p in rows["p_value"]) == P_VALUES[assay]
    assert (rows["effect"] > 0).all()
    assert "restricted to a tissue" in " ".join(found.provenance.notes)
    without, with_more = (oxphos(found.frame, inter_gene_correlation=r)["p_value"] for r in (0.0, 0.2))
    assert (without < 1e-25).all()
    assert (with_more > 1e-4).all()


@pytest.mark.parametrize("assay", P_VALUES)
def test_prerank_agrees(assay, orthologs) -> None:
    found = enrich(published(assay), resolve_gene_sets(f"{OXPHOS}@7.0"), method="prerank", mapping=orthologs)
    rows = oxphos(found.frame)
    assert (rows["statistic"] > 2.5).all()
    assert (rows["p_value"] < 0.005).all()
    assert "CS" in rows["leading_features"].iloc[0].split(";")


@pytest.mark.parametrize("assay", P_VALUES)
def test_camera_on_samples_is_up_in_both_sexes_at_either_correlation(assay, orthologs) -> None:
    """R4 from samples: far below 1e-9 at the preset 0.01; members correlate at 0.3, which leaves only the direction."""
    values = working_expression_of_recipe(load(f"motrpac_gn_{assay}"), f"motrpac_muscle_{assay}")
    sets = resolve_gene_sets(f"{OXPHOS}@7.0")
    preset, estimated = (
        oxphos(enrich_expression(values, sets, mapping=orthologs, parameters={"inter_gene_correlation": r}).frame)
        for r in (0.01, None)
    )
    assert (preset["effect"] > 0.1).all() and (estimated["effect"] == preset["effect"]).all()
    assert estimated["inter_gene_correlation"].between(0.29, 0.32).all()
    found = tuple(f"{p:.0e}" for p in (*preset["p_value"], *estimated["p_value"]))
    assert found == FROM_SAMPLES[assay]


def test_a_finding_of_independent_genes_shrinks_when_their_correlation_counts(orthologs) -> None:
    """Signature spec, R7: 26 matrix genes fall in males at eight weeks; p is 8e-12 at r = 0 and 0.005 at r = 0.2."""
    found = enrich(
        published("rna"), GeneSets("matrix", {"mir29": MATRIX}), method="camera_preranked", mapping=orthologs
    )
    rows = found.frame[found.frame["contrast"] == "M_8W - M_SED"].set_index("inter_gene_correlation")
    assert rows["n_measured"].iloc[0] == 26
    assert (rows["effect"] < 0).all()
    assert (f"{rows.loc[0.0, 'p_value']:.0e}", f"{rows.loc[0.2, 'p_value']:.0e}") == ("8e-12", "5e-03")
    by_t = enrich(
        published("rna"), GeneSets("matrix", {"mir29": MATRIX}), method="kinase_activity", mapping=orthologs,
        parameters={"estimator": "ulm", "names": "feature_name", "rank_by": "statistic", "inter_gene_correlation": 0.0},
    )  # fmt: skip
    statistic = by_t.frame.set_index("contrast")["statistic"]
    assert round(statistic["M_8W - M_SED"], 1) == -7.1


def test_rat_site_numbers_are_mapped_by_table_and_never_copied() -> None:
    """Signature spec, R12: the numbers differ; ACACB S219 is in no row of its own, so it has no human site."""
    table = load_sites()
    mapped, lost = table.to_human(["NP_446309.1_S64", "NP_112279.1_S143", "NP_001099729.2_T247", "XP_017453731.1_S219"])
    assert mapped == {
        "NP_446309.1_S64": "Q13541_S65",
        "NP_112279.1_S143": "P16220_S129",
        "NP_001099729.2_T247": "Q96B36_T246",
    }
    assert lost.n_lost("not in the site table") == 1
    assert "XP_017453731.1_S219" in lost.frame["examples"].iloc[0]
    assert not table.mismatched
    assert len(table.targets) + len(table.without_target) == 21570


def test_kinase_activity_on_rat_sites_uses_human_substrates() -> None:
    """Planted: the substrates of one kinase rise on rat ids, the table of substrates is human; unmapped are counted."""
    sites = load_sites()
    rat = list(sites.targets)[:600] + sorted(sites.without_target)[:50] + ["XP_017453731.1_S219"]
    rng = np.random.default_rng(2)
    statistic = rng.normal(size=len(rat))
    statistic[:8] += 3.0
    frame = pd.DataFrame(
        {"feature_id": rat, "feature_name": "", "contrast": "c", "test": "wald", "statistic": statistic, "p_value": 0.5,
         "adj_p_value": 0.9, "family": "c", "status": "ok", "note": ""}
    )  # fmt: skip
    table = DifferentialTable(frame.reindex(columns=list(DifferentialTable.columns)), Provenance(method="planted"))
    human = [sites.targets[site] for site in rat[:600]]
    pairs = [("PLANTED", site) for site in dict.fromkeys(human[:8])] + [
        ("NULL", site) for site in dict.fromkeys(human[50:80])
    ]
    network: GeneSets = substrates_of(
        pd.DataFrame([(kinase, site, 1) for kinase, site in pairs], columns=["kinase", "substrate", "sign"]),
        name="made",
    )
    found = enrich(table, network, method="kinase_activity", mapping=sites)
    rows = found.frame[found.frame["inter_gene_correlation"] == 0.05].set_index("gene_set")
    assert rows.loc["PLANTED", "p_value"] < 1e-4
    assert rows.loc["NULL", "p_value"] > 0.01
    losses = {loss["what"]: loss for loss in found.provenance.parameters["mapping"]["losses"]}
    assert losses["no human site"]["n"] == 50
    assert losses["not in the site table"]["examples"] == "XP_017453731.1_S219"
    assert found.provenance.parameters["background"] == {"c": 600}


def test_acetylation_sites_are_not_in_the_table_of_phosphosites() -> None:
    mapped, lost = load_sites().to_human(published("acetyl").frame["feature_id"])
    assert mapped == {}
    assert lost.n_lost("not in the site table") == 1764
