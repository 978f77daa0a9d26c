"""Scores that would be wrong without a word: one gene under two names, lost signs, dead samples, unknown subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.registry import Member, Signature, load_signature
from exomics.schema import Scale
from exomics.scoring import RandomSets, matched_controls, score

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
NAMES = [f"G{column}" for column in range(6000)]
ALIASES = AliasTable.from_frame(
    pd.DataFrame({"Symbol": ["OLD", "OLDER", "G1"], "Approved.Symbol": ["G1"] * 3}), source="example"
)


@pytest.mark.parametrize("members", [["OLD", "OLDER", "G5"], ["OLD", "G1", "G5"], ["G5", "OLDER", "G1"]])
def test_one_gene_under_two_names_counts_once(
    members: list[str], make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(np.arange(60.0).reshape(2, 30), NAMES[:30])
    row = score(samples, make_signature(members), aliases=ALIASES).frame.iloc[0]
    assert row["score"] == 3.0
    assert (row["n_measured"], row["n_members"], row["coverage"]) == (2, 2, 1.0)
    assert "are one gene (G1), counted once" in row["note"]


def test_one_gene_in_both_arms_has_no_direction(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.arange(60.0).reshape(2, 30), NAMES[:30])
    frame = score(samples, make_signature(["G7", "OLD"], ["G5", "G1"]), aliases=ALIASES).frame
    assert frame.loc[frame["arm"] == "total", "score"].tolist() == [2.0, 2.0]
    assert frame["note"].str.contains(r"OLD, G1 are one gene \(G1\) in opposite arms, left out").all()


def test_the_order_of_the_features_does_not_choose_among_spellings(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    values, names = np.array([[3.0, 5.0, 1.0]]), ["OLDER", "OLD", "X"]
    found = [
        score(make_samples(values[:, order], [names[i] for i in order]), make_signature(["G1"]), aliases=ALIASES)
        for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0])
    ]
    assert [table.frame["score"].item() for table in found] == [5.0, 5.0, 5.0]
    approved = make_samples(np.array([[3.0, 5.0, 9.0]]), ["OLD", "OLDER", "G1"])
    assert score(approved, make_signature(["OLDEST", "G1"]), aliases=ALIASES).frame["score"].tolist() == [9.0]


def test_a_negative_weight_is_never_scored_as_a_positive_one(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    signature = make_signature(["G0", "G1", "G2"])
    turned = replace(signature, members=(replace(signature.members[0], weight=-1.0), *signature.members[1:]))
    samples = make_samples(np.ones((2, 30)), NAMES[:30])
    frame = score(samples, turned).frame
    assert set(frame["status"]) == {"not_applicable"}
    assert frame["score"].isna().all()
    assert frame["note"].str.contains("G0 has a negative weight, and mean_log2 uses no weights").all()
    with pytest.raises(InputError, match="negative weight"):
        matched_controls(samples, turned, RandomSets(seed=1, n_sets=2))


def test_both_arms_of_a_weighted_signature_count(make_samples: MakeSamples) -> None:
    profile = load_signature("imm.gep18")
    stable = [member for member in profile.members if member.arm == "housekeeping"]
    arms = (Member(feature_id="A", weight=2.0, evidence="C"), Member(feature_id="B", arm="down", evidence="C"))
    both = replace(profile, members=(*arms, *stable), checks={}, native_members={})
    names = ["A", "B", *(member.feature_id for member in stable)]
    values = np.array([[99.0, 999.0, *[0.0] * len(stable)]])
    found = score(make_samples(values, names, scale=Scale(kind="linear", quantity="tpm")), both).frame
    assert dict(zip(found["arm"], found["score"], strict=True)) == pytest.approx(
        {"total": 1.0, "up": 4.0, "down": -3.0}
    )


def test_weights_that_sum_to_zero_are_a_contrast(make_samples: MakeSamples) -> None:
    """Nothing is divided by their sum; coverage is of absolute weight, so that half of them is half."""
    profile = load_signature("imm.gep18")
    stable = [member for member in profile.members if member.arm == "housekeeping"]
    pair = (Member(feature_id="A", weight=1.0, evidence="C"), Member(feature_id="B", weight=-1.0, evidence="C"))
    zero = replace(profile, members=(*pair, *stable), checks={})
    names = ["A", "B", *(member.feature_id for member in stable)]
    values = np.array([[999.0, 9.0, *[4.0] * len(stable)], [9.0, np.nan, *[4.0] * len(stable)]])
    frame = score(make_samples(values, names, scale=Scale(kind="linear", quantity="tpm")), zero).frame
    assert frame["score"].tolist()[0] == pytest.approx(2.0)
    assert frame["weight_coverage"].tolist() == [1.0, 0.5]
    assert frame["status"].tolist() == ["ok", "below_floor"]
    assert np.isnan(frame["score"].iloc[1])


def test_a_sample_of_one_value_is_no_score(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(1).normal(size=(3, 6000)) + 9
    values[1] = 0.0
    frame = score(make_samples(values, NAMES), make_signature(NAMES[:10], NAMES[10:20], score="rank_updown")).frame
    dead = frame[frame["sample_id"] == "s1"]
    assert set(dead["status"]) == {"qc_fail"}
    assert dead["score"].isna().all()
    assert set(frame.loc[frame["sample_id"] != "s1", "status"]) == {"ok"}


def test_an_unknown_subject_has_no_name(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.ones((3, 4)), NAMES[:4])
    samples.obs["subject_id"] = pd.Categorical(["p1", None, None])
    assert score(samples, make_signature(["G0"])).frame["subject_id"].tolist() == ["p1", "", ""]


def test_names_of_several_features_are_told_in_the_provenance(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    values = np.array([[1.0, 5.0, 2.0], [9.0, 0.0, 2.0]])
    samples, signature = make_samples(values, ["A", "A", "B"]), make_signature(["A"])
    together, alone = score(samples, signature), score(samples[1].copy(), signature)
    assert together.frame["score"].tolist() == [1.0, 9.0]
    assert alone.frame["score"].tolist() == [9.0]
    assert score(samples[0].copy(), signature).frame["score"].tolist() == [5.0]
    assert together.provenance.parameters["collapsed_names"] == {"feature_name": 1}
    assert "a score may change when samples are added" in together.provenance.notes[0]
    clean = score(make_samples(values, ["A", "C", "B"]), signature).provenance
    assert clean.notes == ()


def test_two_signatures_have_independent_random_sets(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.random.default_rng(2).normal(size=(8, 6000)) + 9, NAMES)
    first, second = (
        matched_controls(samples, make_signature(NAMES[:10], id=f"tst.{name}"), RandomSets(seed=1, n_sets=50))
        for name in "ab"
    )
    again = matched_controls(samples, make_signature(NAMES[:10], id="tst.a"), RandomSets(seed=1, n_sets=50))
    np.testing.assert_array_equal(first.controls, again.controls)
    assert abs(np.corrcoef(first.controls.ravel(), second.controls.ravel())[0, 1]) < 0.2
