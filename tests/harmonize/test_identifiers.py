"""Symbols: aliases, ambiguous and damaged ones, and versions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import AliasTable, LossReport, approve_symbols, load_aliases, resolve_symbols, strip_versions
from exomics.schema import Scale, annotate, steps_of


@pytest.fixture
def aliases() -> AliasTable:
    rows = [("CS", "CS"), ("MARCH1", "MARCHF1"), ("MARCHF1", "MARCHF1"), ("GIF", "MIF"), ("GIF", "MT3"), ("MT3", "MT3")]
    rows += [("TWICE", "TWICE"), ("TWICE", "OTHER")]
    return AliasTable.from_frame(pd.DataFrame(rows, columns=["Symbol", "Approved.Symbol"]), source="example")


@pytest.mark.parametrize(
    ("symbol", "approved", "status"),
    [
        ("CS", "CS", "approved"),
        ("MARCH1", "MARCHF1", "alias"),
        ("GIF", "", "ambiguous"),
        ("TWICE", "TWICE", "approved"),
        ("3-Mar", "MARCHF3", "spreadsheet_date"),
        ("1-Mar", "", "spreadsheet_date"),
        ("Sep-02", "SEPTIN2", "spreadsheet_date"),
        ("2.31E+13", "", "spreadsheet_date"),
        ("NOPE", "", "unknown"),
        ("", "", "missing"),
        ("nan", "", "missing"),
    ],
)
def test_every_kind_of_symbol(aliases: AliasTable, symbol: str, approved: str, status: str) -> None:
    row = resolve_symbols([symbol], aliases).iloc[0]
    assert (row["approved_symbol"], row["status"]) == (approved, status)


def test_both_spellings_are_kept_and_reported(aliases: AliasTable) -> None:
    names = ["MARCH1", "GIF", "1-Mar", "NOPE", None]
    given = AnnData(np.ones((1, 5)), var=pd.DataFrame({"feature_name": names}, index=list("abcde")))
    given = annotate(given, assay="rna", scale=Scale(kind="counts", quantity="count"))
    renamed, report = approve_symbols(given, aliases)
    assert renamed.var["feature_name"].tolist() == ["MARCHF1", "GIF", "1-Mar", "NOPE", ""]
    assert renamed.var["source_symbol"].tolist() == ["MARCH1", "GIF", "1-Mar", "NOPE", ""]
    examples = dict(zip(report.frame["what"], report.frame["examples"], strict=True))
    assert examples["alias replaced"] == "MARCH1 -> MARCHF1"
    assert examples["ambiguous alias"] == "GIF (MIF or MT3)"
    assert examples["spreadsheet date"] == "1-Mar (unclear?)"
    assert report.notes == ("1 features have no symbol.",)
    assert steps_of(renamed)[0]["step"] == "approve_symbols"
    assert given.var["feature_name"].tolist() == names


def test_only_human_symbols_are_approved(aliases: AliasTable) -> None:
    obs = pd.DataFrame({"species": ["rat"]}, index=["s"])
    rat = AnnData(np.ones((1, 1)), obs=obs, var=pd.DataFrame({"feature_name": ["Cs"]}, index=["a"]))
    with pytest.raises(InputError, match="holds human symbols; the samples are rat"):
        approve_symbols(rat, aliases)


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(InputError, match="missing: Symbol, Approved.Symbol"):
        AliasTable.from_frame(pd.DataFrame({"a": [1]}), source="example")


def test_versions_are_stripped_from_ensembl_ids_only() -> None:
    given = ["ENSG00000182378.15_PAR_Y", "ENST00000456328.2", "AC012345.6", "ENSMUSG00000000001"]
    assert strip_versions(given) == ["ENSG00000182378_PAR_Y", "ENST00000456328", "AC012345.6", "ENSMUSG00000000001"]


def test_reports_add_up() -> None:
    first, second = LossReport.of([("a", ["x", "x", "y"], "why")], ["n1"]), LossReport.of([("b", [], "why")], ["n2"])
    joined = first + second
    assert (joined.n_lost("a"), joined.n_lost("b"), joined.notes) == (2, 0, ("n1", "n2"))
    assert (second + second).frame.empty


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_the_pinned_table_knows_renamed_genes() -> None:
    table = load_aliases()
    assert [table.approved(name) for name in ("DUPD1", "VNN3", "C14orf159")] == ["DUSP29", "VNN3P", "DGLUCY"]
    assert not table.is_known("MGC40069")
