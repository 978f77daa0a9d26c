"""miRNA names: every way in which they are spelled, arms and versions, and pairs of name and id that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize.mirna_names import audit_mirnas, mirna_report, resolve_mirnas
from exomics.harmonize.mirna_table import MirnaTable, load_mirnas
from exomics.schema import Scale, annotate, steps_of

ROWS = [
    ("9.1", "MIMAT0000086", "hsa-miR-29a", "MI0000087", "hsa-mir-29a", "hsa"),
    ("22", "MIMAT0000086", "hsa-miR-29a-3p", "MI0000087", "hsa-mir-29a", "hsa"),
    ("9.1", "MIMAT0004503", "hsa-miR-29a*", "MI0000087", "hsa-mir-29a", "hsa"),
    ("22", "MIMAT0004503", "hsa-miR-29a-5p", "MI0000087", "hsa-mir-29a", "hsa"),
    ("22", "MIMAT0000100", "hsa-miR-29b-3p", "MI0000105", "hsa-mir-29b-1", "hsa"),
    ("22", "MIMAT0000728", "hsa-miR-375-3p", "MI0000783", "hsa-mir-375", "hsa"),
    ("9.1", "MIMAT0000731", "hsa-miR-378", "MI0000786", "hsa-mir-378", "hsa"),
    ("22", "MIMAT0000731", "hsa-miR-378a-5p", "MI0000786", "hsa-mir-378a", "hsa"),
    ("17", "MIMAT0000732", "hsa-miR-378", "MI0000786", "hsa-mir-378a", "hsa"),
    ("22", "MIMAT0000732", "hsa-miR-378a-3p", "MI0000786", "hsa-mir-378a", "hsa"),
    ("22", "MIMAT0000222", "hsa-miR-192-5p", "MI0000234", "hsa-mir-192", "hsa"),
    ("22", "MIMAT0000272", "hsa-miR-215-5p", "MI0000291", "hsa-mir-215", "hsa"),
    ("9.1", "MIMAT0005946", "hsa-miR-1280", "MI0006437", "hsa-mir-1280", "hsa"),
    ("9.1", "MIMAT0000063", "hsa-let-7b", "MI0000063", "hsa-let-7b", "hsa"),
    ("22", "MIMAT0000063", "hsa-let-7b-5p", "MI0000063", "hsa-let-7b", "hsa"),
    ("22", "MIMAT0000123", "mmu-miR-1a-3p", "MI0000139", "mmu-mir-1a-1", "mmu"),
]
COLUMNS = ["version", "accession", "name", "precursor_accession", "precursor_name", "species"]


@pytest.fixture(scope="module")
def table() -> MirnaTable:
    return MirnaTable.from_frame(pd.DataFrame(ROWS, columns=COLUMNS), species="human", source="example")


@pytest.mark.parametrize(
    ("name", "current", "status"),
    [
        ("hsa-miR-29a-3p", "hsa-miR-29a-3p", "approved"),
        ("hsa-miR-29a", "hsa-miR-29a-3p", "old_name"),
        ("hsa-miR-29a*", "hsa-miR-29a-5p", "old_name"),
        ("MIMAT0000086", "hsa-miR-29a-3p", "accession"),
        ("MIMAT9999999", "", "unknown"),
        ("hsa.miR.29a.3p", "hsa-miR-29a-3p", "respelled"),
        ("hsa.miR.29a.", "hsa-miR-29a-5p", "respelled"),
        ("hsa_miR_29a_5p", "hsa-miR-29a-5p", "respelled"),
        ("miR-29a-3p", "hsa-miR-29a-3p", "respelled"),
        ("miR29a-3p", "hsa-miR-29a-3p", "respelled"),
        ("hsa-mir-29a-3p", "hsa-miR-29a-3p", "respelled"),
        ("HSA-MIR-29A-3P", "hsa-miR-29a-3p", "respelled"),
        ("hsa-mir-29a", "", "precursor"),
        ("hsa.mir.29a", "", "precursor"),
        ("mir-29a", "", "precursor"),
        ("hsa-mir-378", "", "precursor"),
        ("MI0000087", "", "precursor"),
        ("hsa-let-7b", "hsa-let-7b-5p", "old_name"),
        ("hsa-mir-29a_hsa-miR-29a-3p", "hsa-miR-29a-3p", "approved"),
        ("hsa-miR-192-5p/215-5p", "hsa-miR-192-5p/hsa-miR-215-5p", "merged"),
        ("hsa-miR-192-5p/999-5p", "", "unknown"),
        ("hsa-miR-378", "", "ambiguous"),
        ("hsa-miR-1280", "hsa-miR-1280", "withdrawn"),
        ("mmu-miR-1a-3p", "", "other_species"),
        ("hsa-miR-29a-7p", "", "unknown"),
        ("GAPDH", "", "unknown"),
        ("", "", "missing"),
    ],
)
def test_every_kind_of_name(table: MirnaTable, name: str, current: str, status: str) -> None:
    row = resolve_mirnas([name], table).iloc[0]
    assert (row["current_name"], row["status"]) == (current, status)


def test_a_name_shared_by_both_levels_follows_its_neighbors(table: MirnaTable) -> None:
    hairpins = resolve_mirnas(["hsa-let-7b", "hsa-mir-29a", "hsa-mir-192"], table)
    assert set(hairpins["status"]) == {"precursor"}
    matures = resolve_mirnas(["hsa-let-7b", "hsa-miR-29a", "hsa-miR-29b-3p"], table)
    assert set(matures["accession"]) == {"MIMAT0000063", "MIMAT0000086", "MIMAT0000100"}


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("hsa-miR-375-3p", "MIMAT0000100", "wrong_pair"),
        ("hsa-miR-29a-5p", "MIMAT0000086", "wrong_pair"),  # the other arm
        ("hsa-miR-29a", "MIMAT0000086", "old_name"),
        ("hsa-miR-378", "MIMAT0000732", "accession"),  # the accession settles it
        ("", "MIMAT0000086", "accession"),
        ("hsa-miR-29a-3p", "", "approved"),
    ],
)
def test_pairs_of_name_and_accession_are_held_together(table: MirnaTable, name: str, code: str, status: str) -> None:
    row = resolve_mirnas([name], table, accessions=[code]).iloc[0]
    assert row["status"] == status
    assert row["accession"] == ("" if status == "wrong_pair" else code or "MIMAT0000086")


def test_a_version_settles_a_name_that_has_moved(table: MirnaTable) -> None:
    found = [
        resolve_mirnas(["hsa-miR-378"], table, version=version)["current_name"].item() for version in ("9.1", "17")
    ]
    assert found == ["hsa-miR-378a-5p", "hsa-miR-378a-3p"]
    with pytest.raises(InputError, match="has the versions 9.1, 17, 22; got '8'"):
        resolve_mirnas(["hsa-miR-378"], table, version="8")


def test_the_audit_drops_nothing_and_says_everything(table: MirnaTable) -> None:
    names = ["hsa-miR-29a", "hsa-miR-29a-3p", "hsa-miR-375-3p", "hsa-mir-29a", "novel-1", None]
    var = pd.DataFrame(
        {"feature_name": names, "accession": ["MIMAT0000086", "", "MIMAT0000100", "MI0000087", "", ""]},
        index=[f"f{i}" for i in range(6)],
    )
    obs = pd.DataFrame({"species": ["human"]}, index=["s"])
    given = annotate(
        AnnData(np.ones((1, 6)), obs=obs, var=var), assay="smallrna", scale=Scale(kind="counts", quantity="count")
    )
    audited, report = audit_mirnas(given, table)
    assert audited.n_vars == 6
    assert audited.var["feature_name"].tolist() == ["hsa-miR-29a-3p"] * 2 + [
        "hsa-miR-375-3p",
        "hsa-mir-29a",
        "novel-1",
        "",
    ]
    assert audited.var["source_name"].tolist() == ["" if name is None else name for name in names]
    examples = dict(zip(report.frame["what"], report.frame["examples"], strict=True))
    assert examples["miRNA old_name"] == "hsa-miR-29a -> hsa-miR-29a-3p"
    assert examples["miRNA wrong_pair"] == "hsa-miR-375-3p"
    assert examples["shared name"] == "hsa-miR-29a-3p"
    assert report.n_lost("miRNA unknown") == report.n_lost("miRNA precursor") == 1
    assert report.notes == (
        "miRBase 22 fits best: 2 of 4 mature names; 2 are not in it.",
        "1 features have no name.",
    )
    assert steps_of(audited)[-1]["report"]["notes"] == list(report.notes)
    assert given.var["feature_name"].tolist() == names


def test_bad_requests(table: MirnaTable) -> None:
    with pytest.raises(InputError, match="expected one accession per name; got 1 for 2 names"):
        resolve_mirnas(["a", "b"], table, accessions=[""])
    with pytest.raises(InputError, match="missing: precursor_name, species"):
        MirnaTable.from_frame(pd.DataFrame(columns=COLUMNS[:-2]), species="human", source="example")
    with pytest.raises(InputError, match="holds no miRNA of rat"):
        MirnaTable.from_frame(pd.DataFrame(ROWS, columns=COLUMNS), species="rat", source="example")
    obs, var = pd.DataFrame({"species": ["rat"]}, index=["s"]), pd.DataFrame({"feature_name": ["x"]}, index=["f"])
    rat = AnnData(np.ones((1, 1)), obs=obs, var=var)
    with pytest.raises(InputError, match="the miRNA table is for human; the samples are rat"):
        audit_mirnas(rat, table)


@pytest.fixture(scope="module")
def mirbase(mirror: Path) -> MirnaTable:
    return load_mirnas("human")


@pytest.mark.real_data
def test_the_pinned_tables_know_the_dossier(mirbase: MirnaTable) -> None:
    """hsa-miR-29a-3p and its family, as miRBase numbers them; miRBase 22 has 2,656 mature human miRNAs."""
    assert len(mirbase.current) == 2656
    assert mirbase.versions[0] == "6"
    found = resolve_mirnas(["hsa-miR-29a", "hsa-miR-29b", "hsa-miR-29c", "hsa-miR-451a", "hsa-miR-23a"], mirbase)
    assert found["accession"].tolist() == [
        "MIMAT0000086", "MIMAT0000100", "MIMAT0000681", "MIMAT0001631", "MIMAT0000078",
    ]  # fmt: skip
    assert resolve_mirnas(["hsa-miR-378"], mirbase)["status"].item() == "ambiguous"


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "by_row", "version", "status", "n"),
    [
        ("exercise/Saiki2021_serumEV_miRNA_counts.tsv.gz", True, "20", "approved", 2734),
        ("tumor/miniACC_miRNASeqGene.tsv.gz", True, "", "precursor", 471),
    ],
)
def test_real_tables_are_recognized(
    mirbase: MirnaTable, reference_folder: Path, file: str, by_row: bool, version: str, status: str, n: int
) -> None:
    names = pd.read_csv(reference_folder / file, sep="\t", usecols=[0]).iloc[:, 0].astype(str)
    found = resolve_mirnas(names, mirbase)
    assert found["status"].value_counts()[status] == n
    note = mirna_report(found, mirbase).notes[0]
    assert note.startswith(f"miRBase {version} fits best" if version else "the names are of hairpins")


@pytest.mark.real_data
def test_lists_of_two_versions_never_pass_in_silence(mirbase: MirnaTable) -> None:
    """2,731 names delivered where 2,656 are expected: the difference is counted."""
    newest = list(mirbase.current.values())
    withdrawn = sorted(set(mirbase.last.values()) - set(newest))[:60]
    made_up = [f"hsa-miR-novel-{i}" for i in range(15)]
    found = resolve_mirnas([*newest, *withdrawn, *made_up], mirbase)
    assert len(found) == 2731
    report = mirna_report(found, mirbase)
    assert report.notes[0] == "miRBase 22 fits best: 2656 of 2731 mature names; 75 are not in it."
    assert report.n_lost("miRNA unknown") == 15
