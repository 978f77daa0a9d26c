"""Layers side by side, and sites relative to their protein."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import fit, layer_concordance
from exomics.errors import InputError
from exomics.preprocess import subtract_parent_protein
from exomics.results import DifferentialTable
from exomics.schema import Scale, annotate, steps_of

LOG2 = Scale(kind="log2", quantity="ratio")


def layers() -> tuple[AnnData, AnnData]:
    """40 proteins, the first 10 doubled by training, and a site of each; the sites of 5 to 15 change besides."""
    rng = np.random.default_rng(60)
    obs = pd.DataFrame({"subject_id": [f"p{i:02d}" for i in range(20)], "group": ["SED"] * 10 + ["RUN"] * 10})
    amount = rng.normal(0.0, 0.3, (20, 40))
    amount[10:, :10] += 1.0
    genes = [f"G{i:02d}" for i in range(40)]
    protein = AnnData(
        amount + rng.normal(0.0, 0.1, (20, 40)),
        obs=obs.set_index(obs["subject_id"] + "_p"),
        var=pd.DataFrame({"feature_name": genes, "protein_id": genes}, index=genes),
    )
    occupied = amount + rng.normal(0.0, 0.1, (20, 40))
    occupied[10:, 5:15] += 0.8
    site = AnnData(
        occupied,
        obs=obs.set_index(obs["subject_id"] + "_s"),
        var=pd.DataFrame({"feature_name": genes, "protein_id": genes}, index=[f"{gene}_K1" for gene in genes]),
    )
    return annotate(site, assay="acetyl", scale=LOG2), annotate(protein, assay="protein", scale=LOG2)


def analyzed(data: AnnData) -> DifferentialTable:
    return fit(data, design="~ 0 + group", contrasts=["RUN - SED"], method="limma_trend")


def numbered(names: pd.Series) -> set[int]:
    return {int(name[1:3]) for name in names}


def test_sites_beyond_their_protein() -> None:
    sites, proteins = layers()
    order = np.random.default_rng(1).permutation(20)
    relative = subtract_parent_protein(sites[order].copy(), proteins[3:, 2:].copy())
    assert relative.shape == (17, 38)
    own, other = relative.obs.loc["p05_s", "subject_id"], relative.var_names[0]
    assert own == "p05" and other == "G02_K1"
    expected = sites["p05_s", "G02_K1"].X.item() - proteins["p05_p", "G02"].X.item()
    np.testing.assert_allclose(relative["p05_s", "G02_K1"].X.item(), expected)
    report = steps_of(relative)[-1]["report"]
    assert (report["n_samples_without_protein"], report["n_sites_without_protein"]) == (3, 2)
    whole = subtract_parent_protein(sites, proteins)
    frame = analyzed(whole).frame
    assert numbered(frame.loc[frame["adj_p_value"] < 0.01, "feature_id"]) == set(range(5, 15))


def test_missing_values_stay_missing() -> None:
    sites, proteins = layers()
    sites.X[0, 0], proteins.X[1, 1] = np.nan, np.nan
    found = np.argwhere(np.isnan(subtract_parent_protein(sites, proteins).X))
    assert found.tolist() == [[0, 0], [1, 1]]


def test_what_cannot_be_subtracted() -> None:
    sites, proteins = layers()
    with pytest.raises(InputError, match="a subject_id must occur once; p00 occurs 2 times"):
        subtract_parent_protein(with_repeated_subject(sites), proteins)
    doubled = proteins.copy()
    doubled.var["protein_id"] = ["G00", "G00", *doubled.var["protein_id"][2:]]
    with pytest.raises(InputError, match="a protein_id of the proteins must occur once; G00 occurs 2 times"):
        subtract_parent_protein(sites, doubled)
    renamed = proteins.copy()
    renamed.obs["subject_id"] = [f"q{i}" for i in range(20)]
    with pytest.raises(InputError, match="none of the 20 samples is matched"):
        subtract_parent_protein(sites, renamed)
    linear = annotate(proteins, assay="protein", scale=Scale(kind="linear", quantity="intensity"))
    with pytest.raises(InputError, match="the proteins are linear intensity"):
        subtract_parent_protein(sites, linear)


def with_repeated_subject(data: AnnData) -> AnnData:
    changed = data.copy()
    changed.obs["subject_id"] = ["p00", "p00", *changed.obs["subject_id"][2:]]
    return changed


def test_layers_side_by_side() -> None:
    sites, proteins = layers()
    found = layer_concordance(analyzed(proteins), analyzed(sites))
    genes = found.genes
    patterns = {name: numbered(genes.loc[genes["pattern"] == name, "gene"]) for name in set(genes["pattern"])}
    assert patterns["both_up"] >= set(range(10)) and patterns["second_only"] >= set(range(10, 15))
    different = numbered(genes.loc[genes["difference_adj_p_value"] < 0.05, "gene"])
    assert different <= set(range(5, 15)) and len(different) > 5
    summary = found.summary.iloc[0]
    assert summary["n_pairs"] == 40 and summary["pearson"] > 0.6
    assert (
        sum(summary[name] for name in ("both_up", "both_down", "opposite", "first_only", "second_only", "neither"))
        == 40
    )
    swapped = layer_concordance(analyzed(sites), analyzed(proteins)).genes
    np.testing.assert_allclose(swapped["difference"], -genes["difference"])
    np.testing.assert_allclose(swapped["difference_p_value"], genes["difference_p_value"])


def test_layers_that_share_nothing() -> None:
    sites, proteins = layers()
    other = fit(sites, design="~ 0 + group", contrasts=["week8=RUN - SED"], method="limma_trend")
    with pytest.raises(InputError, match="share 0 contrasts"):
        layer_concordance(analyzed(proteins), other)
    with pytest.raises(InputError, match="share 1 contrasts and no feature_id with effects in both"):
        layer_concordance(analyzed(proteins), analyzed(sites), by="feature_id")
    with pytest.raises(InputError, match="joined by feature_name or feature_id; got 'gene'"):
        layer_concordance(analyzed(proteins), analyzed(sites), by="gene")


@pytest.mark.real_data
def test_acetyl_sites_of_the_gastrocnemius_relative_to_their_protein(
    mirror: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exomics.datasets import load

    monkeypatch.setenv("EXOMICS_MIRROR", str(mirror))
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    sites, proteins = load("motrpac_gn_acetyl"), load("motrpac_gn_protein")
    relative = subtract_parent_protein(sites, proteins)
    assert relative.n_obs == 57 and relative.n_vars > 1500
    table = fit(relative, design="~ 0 + group", contrasts=["F_8W - F_SED", "M_8W - M_SED"], method="limma_trend")
    assert table.frame["p_value"].notna().mean() > 0.95
    whole = fit(sites, design="~ 0 + group", contrasts=["F_8W - F_SED", "M_8W - M_SED"], method="limma_trend")
    amount = fit(proteins, design="~ 0 + group", contrasts=["F_8W - F_SED", "M_8W - M_SED"], method="limma_trend")
    both = layer_concordance(amount, whole).summary
    assert (both["spearman"] > 0.0).all() and (both["n_pairs"] > 1500).all()
