"""Q11: a training signature of rats in human tumors, with planted truth, and what must be lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.harmonize import OrthologTable, TissueRestrictedWarning, map_signature, to_human
from exomics.registry import load_signature, read_signature
from exomics.results import DifferentialTable, Provenance
from exomics.schema import Scale
from exomics.scoring import derive, score
from tests.shared import must

MakeSamples = Callable[..., AnnData]
RULE, SOURCE = "motrpac_gn_rna_8w_both_sexes", "ref_orthologs_babelgene"
UP, DOWN = [f"UP{at:02d}" for at in range(30)], [f"DOWN{at:02d}" for at in range(20)]
LOST = {"Abcb1a": "ABCB1", "Abcb1b": "ABCB1", "Cxcl8l": "CXCL8", "Ratonly": "", "Turncoat": "TURNCOAT"}
"""Two genes of one human gene, one that no rodent has, one without any, and one that falls in males."""

HUMAN = [*UP, *DOWN, "ABCB1", "CXCL8", "TURNCOAT", *(f"G{at}" for at in range(6000))]
TPM = Scale(kind="linear", quantity="tpm")
N = 30
TRAINED = np.repeat([False, True], N // 2)


def pairs(*genes: str) -> pd.DataFrame:
    listed = [(gene, gene.capitalize(), 9) for gene in genes]
    listed += [(human, rat, 9) for rat, human in LOST.items() if human]
    return pd.DataFrame(listed, columns=["human_symbol", "symbol", "support_n"]).assign(taxon_id=10116)


@pytest.fixture
def orthologs() -> OrthologTable:
    return OrthologTable.from_frame(pairs(*UP, *DOWN), species="rat", source=SOURCE, warn=False)


@pytest.fixture
def muscle() -> DifferentialTable:
    """Trained against sedentary rats of both sexes; the members and the lost are far below 0.05, 500 others are not."""
    signs = dict.fromkeys([gene.capitalize() for gene in UP] + list(LOST), (1.0, 1.0))
    signs |= dict.fromkeys([gene.capitalize() for gene in DOWN], (-1.0, -1.0)) | {"Turncoat": (1.0, -1.0)}
    signs |= {f"Rest{at}": (0.0, 0.0) for at in range(500)}
    rows = [
        {"feature_id": gene, "feature_name": gene, "contrast": contrast, "log2_fold_change": signs[gene][at],
         "standard_error": 0.1, "p_value": 1e-6 if signs[gene][at] else 0.5, "status": "ok",
         "adj_p_value": 1e-4 if signs[gene][at] else 0.9}
        for gene in signs
        for at, contrast in enumerate(("F_8W - F_SED", "M_8W - M_SED"))
    ]  # fmt: skip
    return DifferentialTable(
        pd.DataFrame(rows).reindex(columns=list(DifferentialTable.columns)), Provenance(method="planted")
    )


def tumors(make_samples: MakeSamples, effect: float) -> AnnData:
    """Half of the tumors as training would make them: log2 levels of the members moved by `effect`."""
    values = np.random.default_rng(4).normal(6, 1, (N, len(HUMAN)))
    values[np.ix_(TRAINED, np.arange(len(UP)))] += effect
    values[np.ix_(TRAINED, len(UP) + np.arange(len(DOWN)))] -= effect
    return make_samples(values, HUMAN)


@pytest.mark.parametrize(("effect", "sign"), [(0.8, 1), (-0.8, -1), (0.0, 0)])
def test_what_is_planted_is_found_in_its_direction_and_nothing_else(
    effect: float, sign: int, muscle: DifferentialTable, orthologs: OrthologTable, make_samples: MakeSamples
) -> None:
    signature = derive(muscle, RULE, orthologs=orthologs).signature
    table = score(tumors(make_samples, effect), signature, allow_layer=True).frame
    total = table[table["arm"] == "total"]
    assert set(total["species_mapping"]) == {f"derived: rat -> human ({SOURCE})"}
    assert set(total["status"]) == {"wrong_layer_override"}
    assert (total["coverage"] == 1.0).all()
    trained, rest = (total["score"][which].to_numpy() for which in (TRAINED, ~TRAINED))
    error = np.sqrt((trained.var(ddof=1) + rest.var(ddof=1)) / (N // 2))
    t = (trained.mean() - rest.mean()) / error
    assert sign * t > 6 if sign else abs(t) < 3


def test_only_genes_with_one_human_ortholog_and_one_sign_become_members(
    muscle: DifferentialTable, orthologs: OrthologTable
) -> None:
    found = derive(muscle, RULE, orthologs=orthologs)
    assert set(found.signature.features("up")) == set(UP)
    assert set(found.signature.features("down")) == set(DOWN)
    assert {member.mapped_from for member in found.signature.members} == {
        f"rat:{gene.capitalize()}" for gene in UP + DOWN
    }
    lost = {kind: found.losses.n_lost(kind) for kind in ("opposite signs", "no ortholog", "no single ortholog")}
    assert lost == {"opposite signs": 1, "no ortholog": 2, "no single ortholog": 2}
    assert found.losses.notes == (orthologs.restriction,)  # the table of this test lists no immune gene


def test_a_table_of_one_tissue_warns_and_the_signature_says_so(muscle: DifferentialTable) -> None:
    with pytest.warns(TissueRestrictedWarning, match="0 of 9 MCP-counter NK genes"):
        restricted = OrthologTable.from_frame(pairs(*UP), species="rat", source=SOURCE)
    found = derive(muscle, RULE, orthologs=restricted)
    assert found.signature.features("down") == ()
    assert "Do not map immune sets with it" in found.losses.notes[0]


def test_two_rat_genes_of_one_human_gene_are_summed_before_the_logarithm(
    make_samples: MakeSamples, orthologs: OrthologTable
) -> None:
    rat = make_samples(
        np.array([[3.0, 12.0, 1.0], [0.0, 0.0, 1.0]]), ["Abcb1a", "Abcb1b", "Up00"], scale=TPM, species="rat"
    )
    mapped, _ = to_human(rat, orthologs)
    found = score(mapped, "gene:ABCB1").frame
    assert found["score"].tolist() == [4.0, 0.0]  # log2(15 + 1); the mean of logarithms is 2.85
    assert found["species_mapping"].str.startswith("rat -> human").all()


def test_human_genes_that_no_rodent_has_are_dropped_and_never_a_zero(make_samples: MakeSamples) -> None:
    """KIR genes and GNLY; the table names a rat gene for GNLY, wrongly."""
    whole = load_signature("imm.mcp")
    names = {member.feature_id for member in whole.members}
    frame = pairs(*names).assign(support_n=9)
    table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    mapped, lost = map_signature(whole, table, "rat")
    gone = names - {member.mapped_from.removeprefix("human:") for member in mapped.members}
    assert {"KIR2DL1", "KIR2DL3", "KIR2DL4", "KIR3DL1", "KIR3DS1", "GNLY", "FCGR3B", "KLRC3", "KLRC4"} == gone
    assert lost.n_lost("no ortholog") == len(gone)
    genes = [member.feature_id for member in mapped.members]
    values = np.full((2, len(genes)), 5.0)
    values[:, 0] = 6.0
    rat = make_samples(values, genes, scale=Scale(kind="log2", quantity="tpm", offset=1.0), species="rat")
    rows = score(rat, whole, species_map=table).frame.drop_duplicates("arm").set_index("arm")
    assert rows.loc["Cytotoxic", ["score", "n_measured", "n_members"]].tolist() == [5.0, 4, 7]
    assert rows.loc["NK", ["status", "n_measured", "n_members"]].tolist() == ["below_floor", 4, 9]
    assert np.isnan(rows.loc["NK", "score"])
    assert rows["note"].str.contains("9 of 110 members lost in mapping").all()


@pytest.mark.filterwarnings("ignore::exomics.harmonize.TissueRestrictedWarning")
def test_the_command_tells_every_loss_and_writes_the_signature(
    muscle: DifferentialTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exomics.harmonize.orthologs.datasets.load_table", lambda name, **_: pairs(*UP, *DOWN))
    muscle.to_tsv(tmp_path / "rat.tsv")
    said = must("derive", tmp_path / "rat.tsv", "-o", tmp_path / "human.yaml", "--rule", RULE)
    assert "selected: 34 up, 20 down" in said
    assert "lost: 1 opposite signs (significant in every contrast, but not with one sign): Turncoat" in said
    assert "lost: 2 no ortholog" in said
    assert "lost: 2 no single ortholog (the rule keeps 1:1 only): Abcb1a, Abcb1b" in said
    assert "30 up, 20 down" in said
    assert set(read_signature(tmp_path / "human.yaml").features("up")) == set(UP)
