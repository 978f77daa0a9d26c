"""Both models of miRNA activity, fitted by the tool: stroma is taken out, repression is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import Analysis, parse_contrast
from exomics.enrichment import NonTargets
from exomics.enrichment.mirna import ASSUMED
from exomics.errors import InputError
from exomics.registry import load_signature
from exomics.schema import Scale, annotate
from exomics.validation.mirna_models import mirna_models

MATRIX, OTHER = (load_signature(name).features("up") for name in ("ev.mir29_ecm", "ev.mir29_nonecm"))
STROMA = load_signature("ctl.stroma").features("up")
GENES = [*MATRIX, *OTHER, *STROMA, *(f"G{at:04d}" for at in range(1200))]
ASKED = Analysis(method="limma_trend", design="~ 0 + arm", contrasts=(parse_contrast("training=run - sit"),))
N = 60


def tumors(*, dilution: float = 0.0, repression: float = 0.0, cells: float = 0.0, seed: int = 7) -> AnnData:
    """Training thins fibroblasts by `dilution`, represses targets by `repression`, and adds tumor cells (`cells`).

    Purity follows the tumor cells, which hold the targets outside the matrix. Genes of stroma hardly vary otherwise:
    what a covariate measures with error, it takes out in part.
    """
    rng = np.random.default_rng(seed)
    run = np.repeat([1.0, 0.0], N // 2)
    fibroblasts, purity = rng.normal(0, 0.6, N) + dilution * run, rng.normal(0, 0.5, N) + cells * run
    noise = np.where(np.isin(GENES, STROMA), 0.1, 0.5)
    values = rng.uniform(6, 14, len(GENES)) + rng.normal(0, 1, (N, len(GENES))) * noise
    holds = np.isin(GENES, [*MATRIX, *STROMA])
    values += np.outer(fibroblasts, holds) + np.outer(purity, np.isin(GENES, OTHER))
    values += repression * np.outer(run, np.isin(GENES, [*MATRIX, *OTHER]))
    obs = pd.DataFrame(
        {"specimen": "tumor", "species": "human", "arm": np.where(run == 1, "run", "sit"), "purity": purity},
        index=[f"s{at}" for at in range(N)],
    )
    adata = AnnData(values, obs=obs, var=pd.DataFrame({"feature_name": GENES}, index=GENES))
    return annotate(adata, assay="rna", scale=Scale(kind="log2", quantity="cpm", offset=1.0))


def verdicts(adata: AnnData, *adjust: str) -> dict[str, str]:
    found = mirna_models(adata, ASKED, adjust=adjust, non_targets=NonTargets(200)).frame
    assert found["contrast"].unique().tolist() == ["training"]
    return dict(zip(found["model"], found["verdict"], strict=True))


@pytest.mark.parametrize(
    ("planted", "unadjusted", "adjusted"),
    [
        ({"dilution": -1.0}, "matrix targets alone fall: stroma, not miRNA", "no evidence of a change in activity"),
        ({"repression": -0.4}, "both sets of targets fall: activity up", "both sets of targets fall: activity up"),
    ],
)
def test_stroma_is_taken_out_and_repression_stays(planted: dict[str, float], unadjusted: str, adjusted: str) -> None:
    told = verdicts(tumors(**planted), "ctl.stroma")
    assert told == {"unadjusted": unadjusted, "adjusted": adjusted}


@pytest.mark.parametrize("seed", range(3))
def test_without_repression_no_activity_is_claimed(seed: int) -> None:
    """Fibroblasts that differ by chance are stroma in the unadjusted row, and nothing in the adjusted one."""
    told = verdicts(tumors(seed=seed), "ctl.stroma")
    assert "activity up" not in told["unadjusted"] and "activity down" not in told["unadjusted"]
    assert told["adjusted"] == "no evidence of a change in activity"


def test_fewer_fibroblasts_and_fewer_tumor_cells_look_like_a_mirna_until_both_are_in_the_model() -> None:
    given = tumors(dilution=-1.0, cells=-1.0)
    told = verdicts(given, "ctl.stroma")
    assert told["unadjusted"] == "both sets of targets fall: activity up"
    assert told["adjusted"].startswith("targets outside the matrix alone fall")
    assert "fall" not in verdicts(given, "ctl.stroma", "purity")["adjusted"]


def test_the_correlation_between_targets_is_that_of_the_samples() -> None:
    """Planted: fibroblasts carry 0.36 of 0.61 of the variance of the matrix, purity half of that of the others."""
    table = mirna_models(tumors(), ASKED, adjust=("ctl.stroma", "purity"), non_targets=NonTargets(50))
    frame = table.frame.set_index(["model", "targets"])
    between, p_values = frame["inter_gene_correlation"], frame["p_value_correlated"]
    assert abs(between["unadjusted", "matrix"] - 0.59) < 0.15
    assert abs(between["unadjusted", "other"] - 0.5) < 0.15
    assert between["adjusted"].max() < 0.1
    assert p_values["unadjusted", "matrix"] > 5 * frame.loc[("unadjusted", "matrix"), "p_value"]
    assert set(table.provenance.parameters["inter_gene_correlation"]) == {
        f"{model} {targets}" for model in ("unadjusted", "adjusted") for targets in ("matrix", "other")
    }
    assumed = mirna_models(tumors(), ASKED, inter_gene_correlation=0.1, non_targets=NonTargets(50))
    assert set(assumed.frame["inter_gene_correlation"]) == {0.1}
    assert "the correlation between targets is taken to be 0.1, not estimated" in assumed.provenance.notes


def test_a_correlation_that_no_samples_tell_is_not_taken_to_be_none() -> None:
    given = tumors()
    for at, column in enumerate(np.flatnonzero(given.var_names.isin(MATRIX))):
        given.X[at % N, column] = np.nan
    frame = mirna_models(given, ASKED, non_targets=NonTargets(50)).frame
    assert set(frame.loc[frame["targets"] == "matrix", "inter_gene_correlation"]) == {ASSUMED}
    assert (frame.loc[frame["targets"] == "other", "inter_gene_correlation"] != ASSUMED).all()


def test_the_table_says_what_was_fitted() -> None:
    table = mirna_models(tumors(), ASKED, adjust=("ctl.stroma", "purity"), non_targets=NonTargets(50))
    assert table.provenance.parameters["adjusted_design"] == "~ 0 + arm + ctl_stroma + purity"
    assert table.provenance.notes[-1].startswith("adjusted for ctl.stroma, purity on tumor_rna: limma_trend")
    assert not any("not adjusted" in note for note in table.provenance.notes)


def test_what_cannot_be_adjusted_for_is_refused() -> None:
    given = tumors()
    with pytest.raises(InputError, match="name what to adjust for"):
        mirna_models(given, ASKED, adjust=())
    with pytest.raises(InputError, match="ecm.col1 holds COL1A1, COL1A2, targets themselves"):
        mirna_models(given, ASKED, adjust=["ecm.col1"])
    given.obs["purity"] = 0.5
    with pytest.raises(InputError, match="purity has one value in all samples"):
        mirna_models(given, ASKED, adjust=["purity"])
    given.obs["purity"] = [np.nan, *np.linspace(0, 1, N - 1)]
    with pytest.raises(InputError, match="purity is missing in 1 of 60 samples"):
        mirna_models(given, ASKED, adjust=["purity"])
