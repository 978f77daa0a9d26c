"""score: layers, species, scale, coverage and status."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from exomics.errors import InputError, LayerError, RegistryError, ScaleError
from exomics.harmonize import AliasTable, OrthologTable, to_human
from exomics.registry import Member, Signature, load_signature
from exomics.results import ScoreTable
from exomics.schema import Scale
from exomics.scoring import score

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
TPM = Scale(kind="linear", quantity="tpm")
NAMES = [f"G{column}" for column in range(6000)]


def total(table: ScoreTable) -> pd.DataFrame:
    return table.frame[table.frame["arm"] == "total"].set_index(["signature_id", "sample_id"])


def test_scores_are_the_same_on_linear_and_on_logged_tpm(make_samples: MakeSamples) -> None:
    linear = np.array([[3.0, 12.0, 0.0], [0.0, 7.0, 1.0]])
    logged = np.log2(linear + 0.001)
    names = ["GZMA", "PRF1", "X"]
    first = score(make_samples(linear, names, scale=TPM), "imm.cyt").frame["score"]
    scale = Scale(kind="log2", quantity="tpm", offset=0.001)
    second = score(make_samples(logged, names, scale=scale), "imm.cyt").frame["score"]
    np.testing.assert_allclose(first, second, rtol=1e-12)
    assert first[0] == pytest.approx(np.sqrt(3.01 * 12.01))


def test_linear_tpm_is_logged_with_one_added(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    found = score(make_samples(np.array([[3.0, 7.0]]), ["A", "B"], scale=TPM), make_signature(["A", "B"]))
    assert found.frame["score"].tolist() == [2.5]


@pytest.mark.parametrize(
    ("scale", "values", "message"),
    [
        (Scale(kind="counts", quantity="count"), [[1.0, 2.0]], "mean_log2 needs values on the scale linear or log2"),
        (TPM, [[-1.0, 2.0]], "smallest value is -1: declare it as log2"),
        (Scale(kind="log2", quantity="tpm", offset=0.001), [[-12.0, 2.0]], "smallest possible value is -9.96578"),
        (Scale(kind="log2", quantity="tpm", offset=0.0), [[-np.inf, 2.0]], "1 infinite values"),
        (Scale(kind="linear", quantity="value"), [[1.0, 2.0]], "no agreed meaning"),
    ],
)
def test_a_scale_that_does_not_fit_is_refused(
    make_samples: MakeSamples, make_signature: MakeSignature, scale: Scale, values: list, message: str
) -> None:
    with pytest.raises(ScaleError, match=message):
        score(make_samples(np.array(values), ["A", "B"], scale=scale), make_signature(["A", "B"]))


def test_a_geometric_mean_of_tpm_needs_tpm(make_samples: MakeSamples) -> None:
    cpm = make_samples(np.array([[1.0, 2.0]]), ["GZMA", "PRF1"])
    with pytest.raises(ScaleError, match="geomean_tpm needs TPM; X is log2 cpm"):
        score(cpm, "imm.cyt")


def test_an_undeclared_scale_is_refused(make_samples: MakeSamples) -> None:
    samples = make_samples(np.array([[1.0, 2.0]]), ["GZMA", "PRF1"], scale=TPM)
    samples.uns["exomics"].pop("scale")
    with pytest.raises(ScaleError, match="the scale of X is not declared"):
        score(samples, "imm.cyt")


def test_a_wrong_layer_is_refused_unless_it_is_asked_for(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    muscle = make_signature(["A", "B"], ["C"], layers=("muscle_rna",))
    samples = make_samples(np.array([[1.0, 2.0, 5.0]]), ["A", "B", "C"])
    with pytest.raises(LayerError, match=r"tumor_rna \(tst.example is for muscle_rna\)"):
        score(samples, muscle)
    table = score(samples, muscle, allow_layer=True)
    assert set(table.frame["status"]) == {"wrong_layer_override"}
    assert table.frame["note"].str.startswith("exploratory: listed for muscle_rna, scored on tumor_rna").all()
    assert table.provenance.parameters["allow_layer"] is True
    assert total(table)["score"].tolist() == [-3.5]


def test_arms_are_contributions_to_the_total(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(1).normal(size=(4, 6000))
    signature = make_signature(NAMES[:20], NAMES[20:35], score="rank_updown")
    wide = score(make_samples(values, NAMES), signature).frame.pivot(index="sample_id", columns="arm", values="score")
    np.testing.assert_allclose(wide["total"], wide["up"] + wide["down"], rtol=1e-12)
    assert set(wide.columns) == {"total", "up", "down"}


def test_ranks_within_a_panel_are_below_the_floor(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(2).normal(size=(3, 1800))
    signature = make_signature([*NAMES[:20], "ABSENT"], score="rank_updown")
    frame = score(make_samples(values, NAMES[:1800]), signature).frame
    assert set(frame["status"]) == {"below_floor"}
    assert frame["score"].isna().all()
    row = frame.iloc[0]
    assert (row["n_measured"], row["n_members"], row["n_universe"]) == (20, 21, 1800)
    assert "1800 features measured, at least 5000 needed" in row["note"]
    assert "up 20 of 21" in row["note"]


def test_a_panel_without_any_member_is_below_the_floor_too(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(np.ones((1, 10)), NAMES[:10])
    frame = score(samples, make_signature(["X", "Y"], score="rank_updown")).frame
    assert frame["status"].tolist() == ["below_floor"]
    assert "up 0 of 2" in frame["note"][0]


@pytest.mark.parametrize(("n_present", "status"), [(0, "not_measured"), (1, "below_floor"), (2, "ok"), (3, "ok")])
def test_half_of_a_set_must_be_measured(
    make_samples: MakeSamples, make_signature: MakeSignature, n_present: int, status: str
) -> None:
    members = ["A", "B", "C", "D"]
    samples = make_samples(np.ones((1, 5)), [*members[:n_present], *["X1", "X2", "X3", "X4", "X5"][n_present:]])
    row = score(samples, make_signature(members)).frame.iloc[0]
    assert (row["status"], row["coverage"]) == (status, n_present / 4)
    assert np.isnan(row["score"]) == (status != "ok")


def test_one_of_two_members_is_enough_for_a_mean(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    row = score(make_samples(np.array([[4.0]]), ["A"]), make_signature(["A", "B"])).frame.iloc[0]
    assert (row["status"], row["score"], row["n_measured"], row["n_members"]) == ("ok", 4.0, 1, 2)


def test_a_stricter_minimum_of_the_signature_holds(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    strict = make_signature(["A", "B"], min_coverage=1.0)
    row = score(make_samples(np.array([[4.0]]), ["A"]), strict).frame.iloc[0]
    assert row["status"] == "below_floor"


def test_coverage_is_counted_per_sample(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.array([[1.0, 3.0, 5.0], [np.nan, np.nan, 5.0], [np.nan, np.nan, np.nan]])
    frame = score(make_samples(values, ["A", "B", "C"]), make_signature(["A", "B", "C"])).frame
    assert frame["n_measured"].tolist() == [3, 1, 0]
    assert frame["n_universe"].tolist() == [3, 1, 0]
    assert frame["status"].tolist() == ["ok", "below_floor", "not_measured"]
    assert frame["score"].fillna(-1).tolist() == [3.0, -1.0, -1.0]


def test_the_feature_with_the_highest_mean_stands_for_a_name(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    values = np.array([[1.0, 9.0, 2.0], [1.0, 7.0, 2.0]])
    frame = score(make_samples(values, ["A", "A", None]), make_signature(["A", "B"])).frame
    assert frame["score"].tolist() == [9.0, 7.0]
    assert frame["n_universe"].tolist() == [1, 1]
    assert frame["note"].str.contains("1 members measured by several features").all()


def test_an_alias_is_resolved_and_reported(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    rows = pd.DataFrame({"Symbol": ["MARCH1", "MARCHF1"], "Approved.Symbol": ["MARCHF1", "MARCHF1"]})
    aliases = AliasTable.from_frame(rows, source="example")
    samples = make_samples(np.array([[4.0, 1.0]]), ["MARCH1", "X"])
    signature = make_signature(["MARCHF1"])
    assert score(samples, signature).frame["status"].tolist() == ["not_measured"]
    row = score(samples, signature, aliases=aliases).frame.iloc[0]
    assert (row["score"], row["note"]) == (4.0, "MARCHF1 measured as MARCH1")


def test_each_member_of_a_panel_has_its_row(make_samples: MakeSamples) -> None:
    samples = make_samples(np.array([[2.0, 5.0]]), ["IL6", "DCN"], specimen="muscle")
    frame = score(samples, "myo.seed4").frame.set_index("arm")
    assert frame["score"].dropna().to_dict() == {"IL6": 2.0, "DCN": 5.0}
    assert frame["status"].to_dict() == {
        "IL6": "ok",
        "FNDC5": "not_measured",
        "DCN": "ok",
        "IL15": "not_measured",
    }


def test_sparse_counts_are_ranked(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    counts = np.random.default_rng(3).poisson(2.0, size=(2, 6000)).astype(float)
    signature = make_signature(NAMES[:20], score="rank_updown")
    scale = Scale(kind="counts", quantity="count")
    plain = make_samples(counts, NAMES, scale=scale)
    packed = plain.copy()
    packed.X = sparse.csr_matrix(counts)
    pd.testing.assert_frame_equal(score(plain, signature).frame, score(packed, signature).frame)


def test_a_native_list_is_used_in_its_species(make_samples: MakeSamples) -> None:
    mouse = make_samples(np.array([[4.0, 2.0]]), ["Cd8a", "Cd8b1"], species="mouse")
    row = score(mouse, "imm.cd8").frame.iloc[0]
    assert (row["score"], row["species_mapping"]) == (3.0, "native list (mouse)")


@pytest.fixture
def orthologs() -> OrthologTable:
    frame = pd.DataFrame(
        [("COL1A1", "Col1a1", 9), ("COL1A2", "Col1a2", 9)], columns=["human_symbol", "symbol", "support_n"]
    )
    return OrthologTable.from_frame(frame, species="rat", source="example", warn=False)


def test_another_species_needs_a_mapping(make_samples: MakeSamples, orthologs: OrthologTable) -> None:
    rat = make_samples(np.array([[4.0, 2.0]]), ["Col1a1", "Col1a2"], species="rat")
    row = score(rat, "ecm.col1").frame.iloc[0]
    assert (row["status"], np.isnan(row["score"])) == ("not_applicable", True)
    assert "no list for rat" in row["note"]
    mapped = score(rat, "ecm.col1", species_map=orthologs).frame.iloc[0]
    assert (mapped["score"], mapped["species_mapping"]) == (3.0, "human -> rat (example)")
    harmonized = score(to_human(rat, orthologs)[0], "ecm.col1").frame.iloc[0]
    assert (harmonized["score"], harmonized["species_mapping"]) == (3.0, "rat -> human (example)")


def test_members_lost_in_mapping_are_said(make_samples: MakeSamples, orthologs: OrthologTable) -> None:
    rat = make_samples(np.array([[4.0]]), ["Col1a1"], species="rat")
    base = load_signature("ecm.col1")
    wider = replace(base, members=(*base.members, Member(feature_id="NOWHERE")))
    assert "1 of 3 members lost in mapping" in score(rat, wider, species_map=orthologs).frame["note"][0]


def test_a_derived_signature_names_the_mapping_of_its_derivation(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    derived = make_signature(
        ["A"],
        members=(Member(feature_id="A", mapped_from="rat:A1", mapping_type="1:1"),),
        provenance={"orthologs": {"dataset": "ref_orthologs_babelgene"}},
    )
    frame = score(make_samples(np.array([[1.0]]), ["A"]), derived).frame
    assert frame["species_mapping"].tolist() == ["derived: rat -> human (ref_orthologs_babelgene)"]


def test_a_contrast_method_does_not_score_samples(make_samples: MakeSamples) -> None:
    muscle = make_samples(np.array([[1.0]]), ["A"], specimen="muscle")
    with pytest.raises(RegistryError, match="trn.muscle_oxphos has the method 'camera', which does not score samples"):
        score(muscle, "trn.muscle_oxphos")


def test_unusable_requests_are_refused(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.array([[1.0]]), ["A"])
    with pytest.raises(RegistryError, match="no signature is given"):
        score(samples, [])
    with pytest.raises(RegistryError, match="two different signatures are called"):
        score(samples, [make_signature(["A"]), make_signature(["B"])])
    with pytest.raises(InputError, match="no feature has a feature_name"):
        score(make_samples(np.array([[1.0]]), [None]), make_signature(["A"]))
    mixed = make_samples(np.array([[1.0], [2.0]]), ["A"])
    mixed.obs["species"] = ["human", "rat"]
    with pytest.raises(InputError, match="one species; got human, rat"):
        score(mixed, make_signature(["A"]))


def test_a_signature_of_nothing_is_not_measured(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    empty = make_signature([], availability="empty")
    row = score(make_samples(np.array([[1.0]]), ["A"]), empty).frame.iloc[0]
    assert (row["status"], row["n_members"]) == ("not_measured", 0)
    assert "the rule that derives the signature selected none" in row["note"]


def test_the_table_travels_with_what_made_it(make_samples: MakeSamples) -> None:
    samples = make_samples(np.array([[3.0, 12.0]]), ["GZMA", "PRF1"], scale=TPM)
    samples.uns["exomics"]["manifest"] = "icb_kim"
    samples.uns["exomics"]["manifest_sha256"] = "ab" * 32
    samples.uns["exomics"]["acknowledgments"] = np.array(["thank you"], dtype=object)
    found = score(samples, ["imm.cyt", "imm.cd8"]).provenance
    assert found.acknowledgments == ("thank you",)
    assert found.inputs[0] == {"name": "icb_kim", "manifest": "icb_kim", "sha256": "ab" * 32}
    assert [item["name"] for item in found.inputs[1:]] == ["imm.cyt", "imm.cd8"]
    assert all(len(item["sha256"]) == 64 for item in found.inputs[1:])
    marks = [[item[name] for name in ("evidence", "sign_evidence", "timing_class")] for item in found.inputs[1:]]
    assert marks == [["V", "C", "any"], ["V", "C", "any"]]
    assert found.parameters["n_signatures"] == 2
    assert set(found.parameters["methods"]) == {"geomean_tpm", "mean_log2"}


def test_signatures_come_in_the_order_asked_for(make_samples: MakeSamples) -> None:
    samples = make_samples(np.ones((2, 2)), ["GZMA", "PRF1"], scale=TPM)
    asked = ["imm.cd8", "imm.cyt", "ecm.col1", "imm.cyt"]
    found = list(dict.fromkeys(score(samples, asked).frame["signature_id"]))
    assert found == ["imm.cd8", "imm.cyt", "ecm.col1"]


def test_samples_are_streamed_in_blocks(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(12).random((4000, 6000), dtype=np.float32)
    samples = make_samples(values, NAMES)
    signature = make_signature(NAMES[:30], score="ssgsea_es")
    score(samples[:2].copy(), signature)
    tracemalloc.start()
    found = score(samples, signature).frame
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["score"].notna().all()
    assert peak < samples.X.nbytes
