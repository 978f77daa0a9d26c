"""Expression and signatures on human genes: sums on counts only, and every loss reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from exomics.errors import InputError, ScaleError
from exomics.harmonize import OrthologTable, map_signature, to_human
from exomics.registry import Member, Signature, load_signature
from exomics.schema import Scale, annotate, steps_of

COUNTS = Scale(kind="counts", quantity="count")


@pytest.fixture
def table() -> OrthologTable:
    frame = pd.DataFrame(
        [
            ("CS", "Cs", 9),
            ("ABCB1", "Abcb1a", 7),
            ("ABCB1", "Abcb1b", 7),
            ("H1", "Shared", 5),
            ("H2", "Shared", 5),
            ("LONE", "Lone1", 5),
            ("LONE", "Lone2", 5),
        ],
        columns=["human_symbol", "symbol", "support_n"],
    )
    return OrthologTable.from_frame(frame, species="rat", source="example", warn=False)


def rat(values: list[list[float]], names: list[str | None], scale: Scale) -> AnnData:
    obs = pd.DataFrame({"species": "rat", "specimen": "muscle"}, index=[f"s{row}" for row in range(len(values))])
    var = pd.DataFrame({"feature_name": names}, index=[f"g{column}" for column in range(len(names))])
    return annotate(AnnData(np.array(values), obs=obs, var=var), assay="rna", scale=scale)


NAMES: list[str | None] = ["Abcb1b", "Cs", "Shared", "Unheard", None, "Abcb1a", "Lone2"]


def test_counts_of_one_human_gene_are_summed(table: OrthologTable) -> None:
    given = rat([[1, 2, 3, 4, 5, 6, 7], [10, 20, 30, 40, 50, 60, 70]], NAMES, COUNTS)
    given.layers["counts"] = given.X.copy()
    mapped, lost = to_human(given, table)
    found = dict(zip(mapped.var["human_ortholog"], np.asarray(mapped.X).T.tolist(), strict=True))
    assert found == {"CS": [2.0, 20.0], "LONE": [7.0, 70.0], "ABCB1": [7.0, 70.0]}
    np.testing.assert_array_equal(mapped.layers["counts"], mapped.X)
    row = mapped.var[mapped.var["human_ortholog"] == "ABCB1"].iloc[0]
    assert (row.name, row["feature_name"], row["ortholog_relation"]) == ("g0+g5", "Abcb1b+Abcb1a", "1:n")
    assert lost.n_lost("n:1") == 1
    assert lost.n_lost("no ortholog") == 1
    assert lost.notes[-1] == "1 features have no symbol and were dropped."
    assert "looks restricted to a tissue" in lost.notes[0]


def test_the_step_and_its_losses_are_recorded(table: OrthologTable) -> None:
    mapped, lost = to_human(rat([[1, 2, 3, 4, 5, 6, 7]], NAMES, COUNTS), table)
    (step,) = steps_of(mapped)
    assert step["parameters"] == {"orthologs": "example", "species": "rat", "min_support": 3}
    assert step["report"]["losses"] == lost.to_records()
    assert step["report"]["n_mapped"] == mapped.n_vars


def test_logs_are_never_averaged(table: OrthologTable) -> None:
    log = Scale(kind="log2", quantity="cpm", offset=0.5)
    mapped, lost = to_human(rat([[1, 2, 3, 4, 5, 6, 7]], NAMES, log), table)
    assert mapped.var["human_ortholog"].tolist() == ["CS"]
    assert lost.n_lost("1:n on a log scale") == 3


def test_sparse_counts_are_summed(table: OrthologTable) -> None:
    given = rat([[1, 2, 3, 4, 5, 6, 7]], NAMES, COUNTS)
    given.X = sparse.csr_matrix(given.X)
    mapped, _ = to_human(given, table)
    assert sparse.issparse(mapped.X)
    assert mapped.X.toarray().tolist() == [[2.0, 7.0, 7.0]]


def test_the_given_object_is_not_changed(table: OrthologTable) -> None:
    given = rat([[1, 2, 3, 4, 5, 6, 7]], NAMES, COUNTS)
    before = given.copy()
    to_human(given, table)
    pd.testing.assert_frame_equal(given.var, before.var)
    np.testing.assert_array_equal(given.X, before.X)


def test_unusable_objects_are_refused(table: OrthologTable) -> None:
    human = rat([[1.0]], ["CS"], COUNTS)
    human.obs["species"] = "human"
    with pytest.raises(InputError, match="table is for rat; the samples are human"):
        to_human(human, table)
    with pytest.raises(InputError, match="no feature has a human ortholog"):
        to_human(rat([[1.0]], ["Nothing"], COUNTS), table)
    undeclared = rat([[1.0]], ["Cs"], COUNTS)
    undeclared.uns["exomics"].pop("scale")
    with pytest.raises(ScaleError, match="not declared"):
        to_human(undeclared, table)


@pytest.fixture
def signature() -> Signature:
    layers = ("muscle_rna",)
    unknown = {"muscle_rna": "unknown"}
    members = (
        Member(feature_id="CS", evidence="V"),
        Member(feature_id="ABCB1"),
        Member(feature_id="H1", weight=0.5),
        Member(feature_id="H2", weight=2.0),
        Member(feature_id="NOWHERE", arm="down"),
    )
    return Signature(
        id="trn.example",
        version="1.0.0",
        title="example",
        signature_class="training",
        type="two_arm",
        score="mean_log2",
        species="human",
        feature_namespace="HGNC",
        layers=layers,
        ex_acute=unknown,
        ex_trained=unknown,
        benefit=unknown,
        timing_class="any",
        evidence="C",
        sign_evidence="C",
        source={"text": "example"},
        license="example",
        members=members,
        checks={"n": 5},
    )


def test_several_members_with_one_ortholog_keep_one_weight(signature: Signature, table: OrthologTable) -> None:
    mapped, lost = map_signature(signature, table, "rat")
    assert [(member.feature_id, member.weight) for member in mapped.members] == [("Cs", 1.0), ("Shared", 2.0)]
    assert (mapped.members[0].mapped_from, mapped.members[0].mapping_type) == ("human:CS", "1:1")
    assert mapped.members[0].evidence == "V"
    assert (mapped.species, mapped.feature_namespace) == ("rat", "RGD")
    assert (lost.n_lost("several orthologs"), lost.n_lost("no ortholog")) == (1, 1)


def test_an_ortholog_of_both_arms_has_no_direction(table: OrthologTable) -> None:
    both = (Member(feature_id="H1"), Member(feature_id="H2", arm="down"), Member(feature_id="CS"))
    base = load_signature("imm.cyt")
    mapped, lost = map_signature(_with(base, both), table, "rat")
    assert mapped.features("up") == ("Cs",)
    assert lost.n_lost("in both arms") == 1


def test_a_rat_signature_goes_to_human(table: OrthologTable) -> None:
    base = _with(load_signature("imm.cyt"), (Member(feature_id="Cs"), Member(feature_id="Shared")), "rat")
    mapped, lost = map_signature(base, table, "human")
    assert mapped.features("up") == ("CS",)
    assert lost.n_lost("several orthologs") == 1


def test_a_table_of_another_species_is_refused(table: OrthologTable) -> None:
    with pytest.raises(InputError, match="joins human and rat; asked to map imm.cyt from human to mouse"):
        map_signature(load_signature("imm.cyt"), table, "mouse")


def _with(signature: Signature, members: tuple[Member, ...], species: str = "human") -> Signature:
    return replace(signature, members=members, species=species, native_members={})
