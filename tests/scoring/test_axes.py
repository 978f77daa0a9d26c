"""Axes: what replicated may be called, which status a pair has, and what a correlation by construction is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.registry import load_signature
from exomics.results import AxisTable, DifferentialTable, Provenance
from exomics.schema import Scale, annotate
from exomics.scoring import axis_scores, rank_axes

PAIRS, CHEMOKINES = load_signature("myo.lr_pairs"), load_signature("imm.cxcr3_axis")
HELD = [load_signature(name) for name in ("imm.cd8", "imm.ifng6", "ctl.stroma")]
GENES = sorted({member.feature_id for one in (PAIRS, CHEMOKINES, *HELD) for member in one.members})


def tumors(n: int = 40, each: int = 1) -> AnnData:
    """Tumors of n subjects, each so many times with next to no noise between them."""
    rng = np.random.default_rng(0)
    values = rng.uniform(4, 9, len(GENES)) + rng.normal(0, 1, (n, len(GENES)))
    values = np.repeat(values, each, axis=0) + np.random.default_rng(1).normal(0, 1e-3, (n * each, len(GENES)))
    obs = pd.DataFrame(
        {"specimen": "tumor", "species": "human", "subject_id": [f"p{at // each}" for at in range(n * each)]}
    )
    obs.index = [f"s{at}" for at in range(n * each)]
    adata = AnnData(np.maximum(values, 0), obs=obs, var=pd.DataFrame({"feature_name": GENES}, index=GENES))
    return annotate(adata, assay="rna", scale=Scale(kind="log2", quantity="tpm", offset=1.0))


def training(*rows: tuple[str, str, float]) -> DifferentialTable:
    """Significant effects of genes in contrasts."""
    empty = dict.fromkeys(DifferentialTable.columns)
    frame = pd.DataFrame(
        [
            empty | {"feature_id": gene, "feature_name": gene, "contrast": contrast, "log2_fold_change": effect,
                     "p_value": 1e-4, "adj_p_value": 1e-3, "status": "ok"}
            for gene, contrast, effect in rows
        ]
    )  # fmt: skip
    return DifferentialTable(frame, Provenance(method="made"))


def ligand(table: AxisTable, name: str) -> pd.Series:
    return table.frame[table.frame["ligand"] == name].iloc[0]


def test_a_ligand_that_one_contrast_lacks_is_not_replicated() -> None:
    found = rank_axes(
        training(("IL15", "F", 1.0), ("IL15", "M", 0.5), ("IL6", "F", 2.0), ("DCN", "F", 1.0), ("DCN", "M", -1.0)),
        tumors(),
        PAIRS,
    )
    assert {name: ligand(found, name)["replicated"] for name in ("IL15", "IL6", "DCN")} == {
        "IL15": "up",
        "IL6": "no",
        "DCN": "no",
    }
    assert found.provenance.notes == ()


def test_with_one_contrast_it_is_said_that_nothing_is_replicated() -> None:
    found = rank_axes(training(("IL6", "F", 2.0)), tumors(), PAIRS)
    assert found.provenance.notes == (
        "one contrast: replicated says that a ligand is significant in it, and nothing more",
    )


def test_the_status_of_a_pair_is_not_that_of_its_first_sample() -> None:
    given = tumors()
    given.X[0, GENES.index("IL6R")] = np.nan
    row = ligand(rank_axes(training(("IL6", "F", 2.0)), given, PAIRS), "IL6")
    assert (row["status"], row["n_samples"]) == ("ok", 39)
    few = ligand(rank_axes(training(("IL6", "F", 2.0)), tumors(3), PAIRS), "IL6")
    assert (few["status"], few["n_samples"]) == ("below_floor", 0)


def test_a_partner_that_is_a_member_of_the_target_is_told() -> None:
    found = rank_axes(training(("CXCL9", "F", 2.0)), tumors(), CHEMOKINES, target="imm.ifng6")
    said = "{0} is a member of imm.ifng6: they go together by construction"
    assert ligand(found, "CXCL9")["note"] == said.format("CXCL9")
    assert ligand(found, "CXCL10")["note"] == "ligand not_measured in the table; " + said.format("CXCL10")
    assert ligand(found, "CXCL11")["note"] == "ligand not_measured in the table"
    other = rank_axes(training(("CXCL9", "F", 2.0)), tumors(), CHEMOKINES, target="imm.cd8")
    assert ligand(other, "CXCL9")["note"] == ""


def test_two_tumors_of_a_subject_are_not_two_subjects() -> None:
    """Each tumor twice, with a little noise: the interval is that of 40, not of 80."""
    once, twice, table = tumors(), tumors(each=2), training(("IL15", "F", 1.0))
    found = rank_axes(table, twice, PAIRS)
    one, two = ligand(rank_axes(table, once, PAIRS), "IL15"), ligand(found, "IL15")
    assert two["n_samples"] == 40
    assert two["p_value"] == pytest.approx(one["p_value"], abs=0.02)
    assert found.provenance.notes[-1] == "tumors of one subject count once, by their mean: n_samples counts subjects"
    twice.obs["subject_id"] = ""
    assert ligand(rank_axes(table, twice, PAIRS), "IL15")["n_samples"] == 80


def test_layers_are_joined_by_subject_or_not_at_all() -> None:
    without = tumors()
    del without.obs["subject_id"]
    with pytest.raises(InputError, match="the samples of tumor_rna have no column subject_id"):
        axis_scores(tumors(), without, PAIRS)
