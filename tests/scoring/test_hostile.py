"""Scores that would be wrong without a word: one gene under two names, lost signs, dead samples, unknown subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.harmonize import AliasTable, OrthologTable
from exomics.registry import Member, Signature, load_signature
from exomics.schema import Scale
from exomics.scoring import RandomSets, fit_reference, matched_controls, score

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
    samples = make_samples(np.arange(60.0).reshape(2, 30) / 4, NAMES[:30])
    row = score(samples, make_signature(members), aliases=ALIASES).frame.iloc[0]
    assert row["score"] == 0.75
    assert (row["n_measured"], row["n_members"], row["coverage"]) == (2, 2, 1.0)
    assert "are one gene (G1), counted once" in row["note"]


def test_one_gene_in_both_arms_has_no_direction(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.arange(60.0).reshape(2, 30) / 4, NAMES[:30])
    frame = score(samples, make_signature(["G7", "OLD"], ["G5", "G1"]), aliases=ALIASES).frame
    assert frame.loc[frame["arm"] == "total", "score"].tolist() == [0.5, 0.5]
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


@pytest.mark.parametrize("method", ["mean_z", "zscore", "axis_min"])
def test_one_sample_alone_has_no_score_that_depends_on_others(
    method: str, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    frame = score(make_samples(np.array([[1.0, 2.0]]), ["A", "B"]), make_signature(["A", "B"]), method=method).frame
    assert frame["score"].isna().all()
    assert frame["note"].str.contains("needs other samples, or a frozen reference").all()


def test_a_limit_holds_at_the_limit_on_a_log_scale_too(make_samples: MakeSamples) -> None:
    levels = np.log2(np.array([[1500.0], [1499.0]]))
    plasma = make_samples(levels, ["GDF15"], specimen="plasma", assay="protein",
                          scale=Scale(kind="log2", quantity="intensity"))  # fmt: skip
    plasma.var["unit"] = "pg/mL"
    told = score(plasma, "cac.gdf15").frame["note"].tolist()
    assert told == ["elevated (>= 1500 pg/mL)", "below 1500 pg/mL"]


def test_equal_means_are_decided_by_the_id_not_by_the_order(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(np.array([[1.0, 3.0], [3.0, 1.0]]), ["A", "A"]), make_signature(["A"])
    found = [score(samples[:, order].copy(), signature).frame["score"].tolist() for order in ([0, 1], [1, 0])]
    assert found == [[1.0, 3.0], [1.0, 3.0]]


@pytest.mark.parametrize(
    ("subjects", "times", "known"),
    [
        ([None, None, "p"], ["baseline", "post", "post"], []),
        (["p", "p", "p"], ["baseline", "baseline", "post"], []),
        (["p", "q", "p"], ["baseline", "baseline", "post"], [2]),
    ],
)
def test_a_change_needs_one_baseline_of_a_known_subject(
    subjects: list[str | None],
    times: list[str],
    known: list[int],
    make_samples: MakeSamples,
    make_signature: MakeSignature,
) -> None:
    """Two patients without a name are not one patient, and of two baselines nobody says which it is."""
    samples = make_samples(np.array([[1.0], [5.0], [9.0]]), ["A"])
    samples.obs["subject_id"], samples.obs["time_point"] = subjects, times
    frame = score(samples, make_signature(["A"], score="delta")).frame
    assert np.flatnonzero(frame["score"].notna()).tolist() == known
    assert frame.loc[frame["score"].isna(), "note"].str.contains("no baseline sample of the subject, or several").all()


def test_a_complex_that_lost_a_subunit_in_mapping_is_not_whole(make_samples: MakeSamples) -> None:
    """The second subunit of the receptor has no ortholog: the first does not stand for the complex."""
    pairs = load_signature("myo.lr_pairs")
    kept = tuple(one for one in pairs.members if one.group == "IL6-IL6R+IL6ST")
    axis = replace(pairs, id="tst.il6", members=kept, checks={}, layers=("tumor_rna",))
    frame = pd.DataFrame([("IL6", "Il6", 9), ("IL6R", "Il6r", 9)], columns=["human_symbol", "symbol", "support_n"])
    table = OrthologTable.from_frame(frame, species="mouse", source="example", warn=False)
    mouse = make_samples(np.random.default_rng(4).normal(5, 1, (6, 2)), ["Il6", "Il6r"], species="mouse")
    found = score(mouse, axis, species_map=table).frame
    assert found["score"].isna().all()
    assert set(found["n_members"]) == {3}
    assert found["note"].str.contains("1 of 3 members lost in mapping").all()


@pytest.mark.parametrize("species", ["human", "mouse", "rat"])
def test_what_has_one_name_in_every_species_is_scored_in_all(species: str, make_samples: MakeSamples) -> None:
    counts = make_samples(
        np.array([[5.0, 5.0]]), ["a", "b"], scale=Scale(kind="counts", quantity="count"), specimen="feces",
        assay="metagenome", species=species,
    )  # fmt: skip
    assert score(counts, "mic.alpha").frame["score"].tolist() == pytest.approx([np.log(2.0)])
    serum = make_samples(np.array([[9.0]]), ["Formic acid"], specimen="serum", assay="metabolite", species=species)
    assert score(serum, "mic.formate").frame["score"].tolist() == [9.0]
    panel = make_samples(np.array([[9.0]]), ["Lactic acid"], specimen="serum", assay="metabolite", species=species)
    assert score(panel, "mic.formate").frame["status"].tolist() == ["not_measured"]
    fasting = {"specimen": "plasma", "assay": "phenotype", "scale": Scale(kind="linear", quantity="value")}
    names = ["glucose_mmol_L", "insulin_uU_mL"]
    homa = score(make_samples(np.array([[5.0, 9.0]]), names, species=species, **fasting), "sys.homa_ir").frame
    assert homa["status"].tolist() == ["ok" if species == "human" else "not_applicable"]


def test_only_a_fasting_subject_has_an_index_of_the_fasting_state(make_samples: MakeSamples) -> None:
    names, scale = ["glucose_mmol_L", "insulin_uU_mL"], Scale(kind="linear", quantity="value")
    values = np.array([[5.0, 9.0]] * 3)
    plasma = make_samples(values, names, specimen="plasma", assay="phenotype", scale=scale)
    assert score(plasma, "sys.homa_ir").frame["note"].str.contains("fasting not stated").all()
    plasma.obs["fasting_hours"] = [12.0, 2.0, np.nan]
    frame = score(plasma, "sys.homa_ir").frame
    assert frame["status"].tolist() == ["ok", "not_applicable", "ok"]
    assert frame["score"].fillna(-1).tolist() == [2.0, -1.0, 2.0]
    assert frame["note"].tolist()[0] == ""
    assert "fasted less than 8 h" in frame["note"][1]
    assert "fasting not stated" in frame["note"][2]


def test_resting_levels_say_when_nobody_stated_the_rest(make_samples: MakeSamples) -> None:
    protein = Scale(kind="log2", quantity="npx")
    plasma = make_samples(np.random.default_rng(1).normal(5, 1, (3, 4)), ["TNF", "IL6", "IL1B", "CRP"],
                          specimen="plasma", assay="protein", scale=protein)  # fmt: skip
    assert score(plasma, "sys.inflammation").frame["note"].str.contains("rest not stated").all()
    plasma.obs["timing_class"] = ">=24 h rest"
    assert not score(plasma, "sys.inflammation").frame["note"].str.contains("rest not stated").any()


@pytest.mark.parametrize("level", [np.nan, 0.0])
@pytest.mark.parametrize("method", ["mean_z", "zscore", "plage", "gsva", "ulm_neg"])
def test_a_dead_sample_does_not_move_the_scores_of_the_others(
    method: str, level: float, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    values = np.random.default_rng(5).normal(6.0, 2.0, size=(5, len(NAMES))).clip(0.0)
    holed = values.copy()
    holed[2] = level
    signature = make_signature(NAMES[:12], NAMES[20:31])
    found = score(make_samples(holed, NAMES), signature, method=method).frame
    rest = score(make_samples(values[[0, 1, 3, 4]], NAMES), signature, method=method).frame
    is_dead = (found["sample_id"] == found["sample_id"].iloc[2]).to_numpy()
    assert not set(found["status"][is_dead]) & {"ok"}
    np.testing.assert_allclose(found["score"][~is_dead], rest["score"], rtol=1e-9)
    assert rest["score"].notna().all()
    frozen, without = (fit_reference(make_samples(of, NAMES), "x").frame for of in (holed, values[[0, 1, 3, 4]]))
    pd.testing.assert_frame_equal(frozen, without)


@pytest.mark.parametrize("method", ["mean_z", "plage", "gsva", "axis_min"])
def test_a_cohort_of_dead_samples_has_no_scores(
    method: str, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(np.full((3, 6000), 2.0), NAMES), make_signature(NAMES[:12])
    assert set(score(samples, signature, method=method).frame["status"]) == {"qc_fail"}
    with pytest.raises(InputError, match="two samples whose features differ; got 0"):
        fit_reference(samples, "x")


def test_an_axis_has_no_down_arm_to_lose(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.random.default_rng(6).gamma(2.0, 2.0, size=(4, 30)), NAMES[:30])
    frame = score(samples, make_signature(["G1", "G2"], ["G3"]), method="axis_min").frame
    assert set(frame["status"]) == {"not_applicable"}
    assert frame["note"].str.contains("a down arm, which does not enter axis_min: its sign would be lost").all()


def test_a_score_over_housekeeping_says_where_none_is_listed(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(np.full((2, 3), 40.0) + np.arange(3), NAMES[:3], scale=Scale(kind="linear", quantity="tpm"))
    for method in ("wsum_hk", "dcq"):
        frame = score(samples, make_signature(["G1", "G2"]), method=method).frame
        assert set(frame["status"]) == {"below_floor"}
        assert frame["note"].str.contains("lists no housekeeping features").all()


@pytest.mark.parametrize("method", ["mean_log2", "shannon"])
def test_a_dead_sample_fails_by_any_method(
    method: str, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    values = np.random.default_rng(7).gamma(2.0, 2.0, size=(2, 30))
    values[1] = 0.0
    samples = make_samples(values, NAMES[:30], scale=Scale(kind="linear", quantity="tpm"))
    assert score(samples, make_signature(["G1", "G2"]), method=method).frame["status"].tolist() == ["ok", "qc_fail"]


@pytest.mark.parametrize("method", ["gseapy_ssgsea", "gseapy_gsva"])
def test_a_set_that_a_package_does_not_take_has_a_status(
    method: str, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    """Of every feature there is nothing left to rank the set against: gseapy raises an error of its own."""
    samples = make_samples(np.arange(1.0, 4.0)[:, None], NAMES[:1])
    frame = score(samples, make_signature(NAMES[:12]), method=method).frame
    assert set(frame["status"]) == {"below_floor"}
    assert frame["score"].isna().all()


def test_a_masked_value_is_missing(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.array([[1.0, 5.0, 3.0], [1.0, 5.0, 3.0]]), NAMES[:3])
    samples.X = np.ma.masked_array(samples.X, mask=[[False, False, False], [False, True, False]])
    frame = score(samples, make_signature(["G0", "G1"])).frame
    assert (frame["score"].tolist(), frame["n_measured"].tolist()) == ([3.0, 1.0], [2, 1])


def test_a_sample_of_no_known_species_is_counted(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.ones((3, 3)), NAMES[:3])
    samples.obs["species"] = ["human", None, None]
    with pytest.raises(InputError, match="2 samples have no species; set obs"):
        score(samples, make_signature(["G1"]))


@pytest.mark.parametrize("offset", [np.inf, np.nan, -1.0])
def test_an_offset_is_a_number(offset: float) -> None:
    with pytest.raises(ScaleError, match="the offset of a scale must be a number, not negative"):
        Scale(kind="log2", quantity="tpm", offset=offset)


def test_no_samples_are_one_clear_line(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    samples = make_samples(np.ones((2, 3)), NAMES[:3])
    with pytest.raises(InputError, match="expected samples of one specimen; got no samples at all"):
        score(samples[:0], make_signature(["G1"]))
