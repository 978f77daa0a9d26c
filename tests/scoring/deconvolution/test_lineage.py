"""Lineage genes as a method: planted amounts come back, bad genes lose their weight, globin does not count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.cli.deconvolve import _files
from exomics.errors import InputError
from exomics.schema import Scale
from exomics.scoring.deconvolution import CONSENSUS_TYPES, deconvolve
from exomics.scoring.deconvolution._lineage_genes import GLOBIN, LINEAGE_GENES
from exomics.scoring.deconvolution.lineage import LEUKOCYTES, _weights
from tests.scoring.deconvolution.conftest import TPM, samples
from tests.scoring.deconvolution.learn_reliability import GENES

NAMES = sorted({gene for genes in LINEAGE_GENES.values() for gene in genes})
FILLER = [f"X{number}" for number in range(200)]


def planted(n: int = 30, seed: int = 3, noise: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """TPM (genes x samples) in which every gene follows the amounts of the types that it marks; and those amounts."""
    rng = np.random.default_rng(seed)
    ids = [f"s{row:02d}" for row in range(n)]
    amounts = pd.DataFrame(np.exp(rng.normal(-2, 0.5, (len(LINEAGE_GENES), n))), list(LINEAGE_GENES), ids)
    levels = pd.DataFrame({kind: {gene: level for gene, (_, level) in genes.items()}
                           for kind, genes in LINEAGE_GENES.items()}).reindex(NAMES)  # fmt: skip
    clean = np.exp2(levels).fillna(0.0) @ amounts.loc[levels.columns]
    values = clean * np.exp(rng.normal(0, noise, clean.shape))
    filler = pd.DataFrame(rng.gamma(2, 2000, (len(FILLER), n)), FILLER, ids)
    globin = pd.DataFrame(1.0, list(GLOBIN), ids)
    return pd.concat([values, filler, globin]), amounts


def said(values: pd.DataFrame, specimen: str = "tumor", scale: Scale = TPM) -> pd.DataFrame:
    frame = deconvolve(samples(values, scale, specimen=specimen), method="lineage").frame
    return frame.pivot(index="cell_type", columns="sample_id", values="value").loc[list(LINEAGE_GENES)]


def test_the_genes_are_those_that_the_sources_taught() -> None:
    table = pd.read_csv(GENES, sep="\t").set_index(["cell_type", "gene"])
    told = pd.DataFrame(
        {(kind, gene): numbers for kind, genes in LINEAGE_GENES.items() for gene, numbers in genes.items()}
    ).T
    assert list(told.index) == list(table.index)
    np.testing.assert_allclose(told, table[["specificity", "level"]], atol=0.006)
    assert set(LINEAGE_GENES) == set(CONSENSUS_TYPES)
    assert not set(NAMES) & set(GLOBIN)


@pytest.mark.parametrize("specimen", ["tumor", "pbmc"])
def test_planted_amounts_come_back(specimen: str) -> None:
    values, amounts = planted()
    found = said(values, specimen)
    if specimen == "pbmc":
        amounts = amounts / np.sqrt(amounts.loc[list(LEUKOCYTES)].sum())
    for kind in ("B cell", "NK cell", "monocyte", "neutrophil", "fibroblast"):
        assert np.corrcoef(found.loc[kind], amounts.loc[kind])[0, 1] > 0.9


def test_genes_that_follow_nothing_lose_their_weight() -> None:
    """Half of the genes are noise of another kind: by the agreement of the others they weigh less than a fifth."""
    rng = np.random.default_rng(4)
    amount = rng.normal(size=(40, 1))
    values = np.hstack([amount + rng.normal(0, 0.5, (40, 8)), rng.normal(0, 1, (40, 8))])
    weights = _weights(values, np.ones(16))
    assert weights.sum() == pytest.approx(1)
    assert weights[8:].sum() < 0.2
    assert np.corrcoef(values @ weights, amount[:, 0])[0, 1] > np.corrcoef(values.mean(axis=1), amount[:, 0])[0, 1]
    few = _weights(values[:2], np.arange(1.0, 17))
    np.testing.assert_allclose(few, np.arange(1.0, 17) / np.arange(1.0, 17).sum())
    constant = np.hstack([values, np.ones((40, 1))])
    assert _weights(constant, np.ones(17))[16] == 0


def test_globin_does_not_count_and_other_rna_counts_by_its_root_in_blood() -> None:
    values, _ = planted()
    rng = np.random.default_rng(5)
    flooded = values.copy()
    flooded.loc["HBB"] = values.sum() * rng.uniform(0, 4, values.shape[1])
    np.testing.assert_allclose(said(flooded), said(values), rtol=1e-6)
    diluted = values.copy()
    diluted.loc[FILLER] *= rng.uniform(1, 6, values.shape[1])
    changes = [np.log(said(diluted, kind) / said(values, kind)).loc["NK cell"] for kind in ("tumor", "blood")]
    tumor, blood = (change.std() for change in changes)
    assert blood < 0.6 * tumor


def test_the_specimen_of_the_samples_is_told_and_may_be_overruled() -> None:
    values, _ = planted()
    blood = samples(values, TPM, specimen="blood")
    table = deconvolve(blood, method="lineage")
    assert table.provenance.parameters["specimen"] == "blood"
    told = deconvolve(blood, method="lineage", parameters={"specimen": "tumor"}).frame
    pd.testing.assert_frame_equal(told, deconvolve(samples(values, TPM), method="lineage").frame)
    assert not np.allclose(told["value"], table.frame["value"])


def test_arrays_few_samples_and_missing_genes_are_no_obstacle() -> None:
    values, amounts = planted()
    array = said(np.log2(values + 16), scale=Scale(kind="log2", quantity="array"))
    assert np.corrcoef(array.loc["NK cell"], amounts.loc["NK cell"])[0, 1] > 0.85
    assert said(values.iloc[:, :1]).notna().all(axis=None)
    holed = values.copy()
    first = next(iter(LINEAGE_GENES["NK cell"]))
    holed.loc[first, "s03"] = np.nan
    found, without = (said(table).loc["NK cell"].drop("s03") for table in (holed, values.drop(index=first)))
    np.testing.assert_allclose(found, without, rtol=0.05)
    frame = deconvolve(samples(values.drop(index=list(LINEAGE_GENES["NK cell"])), TPM), method="lineage").frame
    assert set(frame.loc[frame["cell_type"] == "NK cell", "status"]) == {"not_measured"}


def test_a_reference_is_refused() -> None:
    with pytest.raises(InputError, match=r"brings genes of its own; leave out --reference"):
        _files("lineage", ["profiles.tsv"])


def test_blood_without_a_gene_of_a_leukocyte_has_no_values() -> None:
    values = planted()[0].loc[list(LINEAGE_GENES["fibroblast"])]
    assert said(values).loc["fibroblast"].notna().all()
    assert said(values, "blood").isna().all(axis=None)
