"""Whatever stands in a sheet or a list of names: an answer for each, or one line for the user; never a traceback."""

from __future__ import annotations

import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st

from exomics.errors import UserError
from exomics.harmonize import (
    GeneTable,
    MetaboliteTable,
    MirnaTable,
    harmonize_phenotypes,
    namespace_of,
    resolve_genes,
    resolve_metabolites,
    resolve_mirnas,
)
from exomics.harmonize.phenotypes import VOCABULARIES
from exomics.harmonize.sites import SiteTable
from exomics.schema.sample_fields import SAMPLE_FIELDS
from exomics.schema.sample_sheet import check_samples
from exomics.schema.study import check_study, template
from exomics.schema.study_fields import FIELDS
from exomics.schema.timing import derive_timing
from tests.harmonize.test_gene_names import HGNC
from tests.harmonize.test_metabolites import FRAME
from tests.harmonize.test_mirna_names import COLUMNS, ROWS

PIECES = st.sampled_from(
    ["hsa", "miR", "mir", "let", "-", ".", "_", "/", "*", "29a", "3p", "5p", "MIMAT0000086", "ENSG00000062480", "|",
     ";", "O75390", "sp", "NP_", "1431", "HMDB00142", "lactate", " acid", "", " ", "\t", "nan", "1-Mar", "ß", "\u202e"]
)  # fmt: skip
NAMES = st.lists(st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=7).map("".join)), min_size=1, max_size=8)
CELLS = st.one_of(st.none(), st.text(max_size=8), st.integers(-3, 10**12), st.floats(), st.booleans())
FEW = settings(max_examples=60, deadline=None)

MIRNAS = MirnaTable.from_frame(pd.DataFrame(ROWS, columns=COLUMNS), species="human", source="example")
GENES = GeneTable.from_frame(HGNC, species="human", source="example")
METABOLITES = MetaboliteTable.from_frame(FRAME, source="example")


@FEW
@given(NAMES)
def test_every_name_has_an_answer(names: list[str]) -> None:
    for resolved, key in (
        (resolve_mirnas(names, MIRNAS), "current_name"),
        (resolve_genes(names, GENES), "symbol"),
        (resolve_metabolites(names, METABOLITES, ids=names[::-1]), "refmet_name"),
    ):
        assert len(resolved) == len(names)
        assert resolved["status"].astype(bool).all()
        known = resolved["status"].isin(["approved", "mapped", "alias", "old_name", "respelled", "accession", "by_id"])
        assert (resolved.loc[known, key] != "").all()
    assert all(namespace_of(name) for name in names)
    mapped, lost = SiteTable({}, frozenset(), frozenset(), "example").to_human(names)
    assert mapped == {}
    assert lost.n_lost("not in the site table") == len(set(names))


@FEW
@given(st.sampled_from(sorted(VOCABULARIES)), st.lists(CELLS, min_size=1, max_size=6))
def test_every_sheet_is_told(column: str, cells: list[object]) -> None:
    obs = pd.DataFrame({column: pd.Series(cells, dtype=object)}).rename(index=str)
    told, report = harmonize_phenotypes(AnnData(pd.DataFrame({"f": [1.0] * len(cells)}).to_numpy(), obs=obs))
    assert told.n_obs == len(cells)
    assert set(report.frame["what"]) <= {"respelled word", "unknown word"}
    again, _ = harmonize_phenotypes(told)
    pd.testing.assert_series_equal(again.obs[column].astype(str), told.obs[column].astype(str))


@FEW
@given(st.sampled_from(sorted(SAMPLE_FIELDS)), st.lists(CELLS, min_size=1, max_size=6))
def test_every_column_is_checked_or_refused(column: str, cells: list[object]) -> None:
    sheet = pd.DataFrame({column: pd.Series(cells, dtype=object)}).rename(index=str)
    try:
        check_samples(sheet)
        derive_timing(sheet)
    except UserError as error:
        assert "\n" not in str(error)


@FEW
@given(
    st.sampled_from(FIELDS),
    st.one_of(CELLS, st.lists(st.integers(), max_size=2), st.dictionaries(st.text(), st.none())),
)
def test_every_value_of_a_study_is_checked_or_refused(field: object, value: object) -> None:
    study = template()
    study[field.group][field.name] = value  # type: ignore[attr-defined]
    try:
        check_study(study)
    except UserError as error:
        assert field.id in str(error)  # type: ignore[attr-defined]


def test_a_list_in_a_field_is_refused() -> None:
    study = template()
    study["fitt"]["type"] = ["walk", "run"]
    with pytest.raises(UserError, match=r"fitt\.type must be one of"):
        check_study(study)
