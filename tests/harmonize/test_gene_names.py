"""Identifiers of genes and proteins, in every namespace and spelling, and what is said of those that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.errors import InputError
from exomics.harmonize import GeneTable, harmonize, load_genes, name_features, namespace_of, resolve_genes
from exomics.schema import steps_of

HGNC = pd.DataFrame(
    {
        "symbol": ["CS", "HK2", "H2AC18", "CALM1", "CALM2"],
        "entrez_id": [1431.0, 3099.0, 8337.0, 801.0, 805.0],  # as a column with gaps is read
        "ensembl_gene_id": [f"ENSG0000006248{i}" for i in range(5)],
        "uniprot_ids": ["O75390", "P52789", "Q6FI13", "P0DP23", "P0DP23|P0DP24"],
        "refseq_accession": ["NM_004077", "NM_000189", None, "NM_006888", "NM_001743"],
    }
)


def one_sample(var: pd.DataFrame, species: str = "human") -> AnnData:
    return AnnData(np.ones((1, len(var))), obs=pd.DataFrame({"species": [species]}, index=["s"]), var=var)


@pytest.fixture(scope="module")
def table() -> GeneTable:
    return GeneTable.from_frame(HGNC, species="human", source="example")


@pytest.mark.parametrize(
    ("identifier", "symbol", "status"),
    [
        ("ENSG00000062480", "CS", "mapped"),
        ("ENSG00000062480.19", "CS", "other_version"),
        ("ENSG00000062480.19_CS", "CS", "other_version"),
        ("CS|1431", "CS", "mapped"),
        ("1431", "CS", "mapped"),
        ("NM_004077.3", "CS", "other_version"),
        ("O75390-2", "CS", "other_version"),
        ("sp|O75390|CISY_HUMAN", "CS", "mapped"),
        ("O75390;Q99999", "CS", "mapped"),
        ("O75390;P52789", "", "several"),
        ("tr|A0A0A0A0A0|X_HUMAN;sp|P52789|HXK2_HUMAN", "HK2", "mapped"),  # a group as MaxQuant writes it
        ("CON__P00761;sp|O75390-2|CISY_HUMAN", "CS", "other_version"),
        ("REV__sp|O75390|CISY_HUMAN", "", "symbol"),
        ("P0DP23", "", "several"),
        ("P0DP24", "CALM2", "mapped"),
        ("H2AC18", "", "symbol"),  # spelled like an accession
        ("ENSG00000999999", "", "unknown"),
        ("99999", "", "unknown"),
        ("GAPDH", "", "symbol"),
        ("", "", "missing"),
        ("nan", "", "missing"),
    ],
)
def test_every_spelling_of_an_identifier(table: GeneTable, identifier: str, symbol: str, status: str) -> None:
    row = resolve_genes([identifier], table).iloc[0]
    assert (row["symbol"], row["status"]) == (symbol, status)


def test_namespaces_are_told_apart() -> None:
    spellings = {"ensembl": "ENSRNOT00000012345.2", "refseq": "XP_017453731.1", "uniprot": "A0A0G2JW90", "entrez": "24"}
    assert [namespace_of(text) for text in spellings.values()] == list(spellings)
    assert {namespace_of(text) for text in ("Cs", "MIR29A", "NP_1", "ENSG1", "")} == {"symbol"}


def test_names_that_are_there_are_kept_and_differences_said(table: GeneTable) -> None:
    ids = ["ENSG00000062480.1", "ENSG00000062481", "ENSG00000062483", "ENSG00000999999"]
    names = ["ENSG00000062480.1", "HXK2", None, "KEPT"]
    given = AnnData(
        np.ones((1, 4)), obs=pd.DataFrame(index=["s"]), var=pd.DataFrame({"feature_name": names}, index=ids)
    )
    named, report = name_features(given, table)
    assert named.var["feature_name"].tolist() == ["CS", "HXK2", "CALM1", "KEPT"]
    assert list(named.var_names) == ids
    examples = dict(zip(report.frame["what"], report.frame["examples"], strict=True))
    assert examples == {
        "unknown identifier": "ENSG00000999999",
        "other version": "ENSG00000062480.1",
        "named otherwise": "HXK2 (HK2)",
    }
    assert report.notes == ("3 of 4 features have a gene in example.",)
    assert steps_of(named)[-1]["report"]["n_mapped"] == 3


def test_names_that_are_no_symbols_are_replaced_when_asked(table: GeneTable) -> None:
    var = pd.DataFrame(
        {"feature_name": ["Citrate", "HXK2", "KRT1"], "uniprot": ["O75390", "P52789", "CON__P04264"]}, index=list("abc")
    )
    named, report = name_features(one_sample(var), table, column="uniprot", rename=True)
    assert named.var["feature_name"].tolist() == ["CS", "HK2", "KRT1"]
    assert named.var["source_symbol"].tolist() == ["Citrate", "HXK2", "KRT1"]
    assert report.frame[["what", "examples"]].to_numpy().tolist() == [["renamed", "Citrate -> CS, HXK2 -> HK2"]]
    assert report.notes[1] == "1 features, such as CON__P04264, are spelled like no identifier; their names stay."
    with pytest.raises(InputError, match="harmonization approve has no option rename; it has none"):
        harmonize(one_sample(var), "approve", rename=True)


def test_long_groups_are_shown_in_short(table: GeneTable) -> None:
    group = ";".join(f"Q9999{i}" for i in range(10))
    _, report = name_features(one_sample(pd.DataFrame(index=["O75390", group])), table)
    assert report.frame["examples"].tolist() == [f"{group[:57]}..."]


MANE = (
    "#NCBI_GeneID\tEnsembl_Gene\tHGNC_ID\tsymbol\tname\tRefSeq_nuc\tRefSeq_prot\tEnsembl_nuc\tEnsembl_prot\t"
    "MANE_status\tGRCh38_chr\tchr_start\tchr_end\tchr_strand\n"
    "GeneID:1431\tENSG00000062485.19\tHGNC:2422\tCS\tcitrate synthase\tNM_004077.3\tNP_004068.2\t"
    "ENST00000351328.8\tENSP00000342056.3\tMANE Select\t12\t1\t2\t-\n"
)


def test_a_file_of_ones_own_names_refseq_proteins(tmp_path: Path) -> None:
    path = tmp_path / "mane.txt"
    path.write_text(MANE)
    genes = load_genes("human", dataset=str(path))
    given = ["NP_004068", "NP_004068.2", "NM_004077.3", "ENSP00000342056", "1431", "XP_011536823.1"]
    found = resolve_genes(given, genes)
    assert found["symbol"].tolist() == [*["CS"] * 5, ""]
    assert found["status"].tolist() == ["other_version", "mapped", "mapped", "other_version", "mapped", "unknown"]
    with pytest.raises(InputError, match=r"no table of rat genes: .*MANE's summary"):
        load_genes("rat", dataset=str(path))
    with pytest.raises(InputError, match=r"absent\.tsv .*does not exist"):
        load_genes("human", dataset="absent.tsv")


def test_numbers_that_became_floats_are_read(table: GeneTable) -> None:
    given = AnnData(
        np.ones((1, 2)), obs=pd.DataFrame(index=["s"]), var=pd.DataFrame({"entrez": [1431.0, np.nan]}, index=["a", "b"])
    )
    named, _ = name_features(given, table, column="entrez")
    assert named.var["feature_name"].tolist() == ["CS", ""]


def test_bad_requests(table: GeneTable) -> None:
    given = one_sample(pd.DataFrame(index=["x"]), species="rat")
    with pytest.raises(InputError, match="the gene table example is for human; the samples are rat"):
        name_features(given, table)
    given.obs["species"] = "human"
    with pytest.raises(
        InputError,
        match=r"none of 1 identifiers \(such as 'x'\) is in example; it holds entrez, ensembl.*They look like symbols",
    ):
        name_features(given, table)
    with pytest.raises(InputError, match="var has no column 'entrez'"):
        name_features(given, table, column="entrez")
    with pytest.raises(InputError, match="no table of human genes"):
        GeneTable.from_frame(pd.DataFrame({"a": [1]}), species="human", source="example")
    with pytest.raises(InputError, match="species must be one of"):
        GeneTable.from_frame(HGNC, species="dog", source="example")


@pytest.mark.real_data
def test_rat_proteins_and_genes_are_named_as_published(mirror: Path) -> None:
    """The package's own symbols are the truth; the ortholog table agrees where it knows the gene."""
    proteins = load("motrpac_gn_protein")
    symbols = proteins.var["feature_name"].astype(str)
    found = resolve_genes(proteins.var_names, load_genes("rat", dataset="motrpac_gn_protein"))
    assert (found["symbol"].to_numpy() == symbols.to_numpy()).mean() == 1.0
    genes = load("motrpac_gn_rna")
    found = resolve_genes(genes.var_names, load_genes("rat"))
    known = (found["symbol"] != "").to_numpy()
    agree = found["symbol"].to_numpy()[known] == genes.var["feature_name"].astype(str).to_numpy()[known]
    assert known.sum() == 12756
    assert agree.mean() > 0.97
