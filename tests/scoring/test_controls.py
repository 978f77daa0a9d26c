"""Matched controls: the null is uniform, a planted signal stands out, and one seed gives one answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.registry import Member, Signature, load_signature
from exomics.schema import Scale
from exomics.scoring import MatchedControls, RandomSets, control_scores, fit_reference, matched_controls, score

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
NAMES = [f"G{column}" for column in range(6000)]
GROUP = np.repeat([0, 1], 20)


def difference(scores: np.ndarray) -> np.ndarray:
    return scores[GROUP == 1].mean(axis=0) - scores[GROUP == 0].mean(axis=0)


@pytest.fixture
def values() -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.normal(size=(40, 6000)) + generator.normal(5.0, 2.0, size=6000)


def test_the_observed_score_is_the_score(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(values, NAMES)
    signature = make_signature(NAMES[:30], NAMES[50:70], score="rank_updown")
    found = matched_controls(samples, signature, RandomSets(seed=1, n_sets=20))
    table = score(samples, signature).frame
    np.testing.assert_array_equal(found.observed, table.loc[table["arm"] == "total", "score"])
    assert found.controls.shape == (40, 20)
    assert found.sample_ids == tuple(samples.obs_names)


def test_a_planted_difference_stands_out_and_noise_does_not(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    planted = values.copy()
    planted[np.ix_(GROUP == 1, np.arange(30))] += 1.0
    samples = make_samples(planted, NAMES)
    signal = matched_controls(samples, make_signature(NAMES[:30]), RandomSets(seed=1, n_sets=199))
    noise = matched_controls(samples, make_signature(NAMES[1000:1030]), RandomSets(seed=1, n_sets=199))
    assert signal.empirical_p(difference)[2] == 1 / 200
    assert noise.empirical_p(difference)[2] > 0.02


def test_controls_match_the_level_of_the_members(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    high = np.argsort(-values.mean(axis=0))[:600:15]
    signature = make_signature([NAMES[column] for column in high])
    found = matched_controls(make_samples(values, NAMES), signature, RandomSets(seed=2, n_sets=50))
    overall = values.mean()
    assert found.controls.mean() > overall + 2.0
    assert abs(found.controls.mean() - found.observed.mean()) < 0.5


def test_correlation_can_be_matched(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(40, 6000)) + 5
    values[:, ::2] += generator.normal(size=(40, 1))
    samples, signature = make_samples(values, NAMES), make_signature(NAMES[:20:2] + NAMES[1:7:2])
    loose = matched_controls(samples, signature, RandomSets(seed=4, n_sets=100))
    tight = matched_controls(samples, signature, RandomSets(seed=4, n_sets=100, match_correlation=True))
    gaps = [np.abs(found.control_correlations - found.correlation).mean() for found in (loose, tight)]
    assert gaps[1] < 0.2 * gaps[0]


def test_members_that_move_together_stand_out_only_among_sets_that_do_not(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    """A module like any other: without matched correlation its p-values are small, and the table says so."""
    shares, told = [], []
    for match in (False, True):
        p_values, notes = [], []
        for seed in range(12):
            generator = np.random.default_rng(seed)
            modules = np.repeat(generator.normal(size=(10, 40)), 50, axis=1)
            samples = make_samples(generator.normal(8.0, 1.0, size=(10, 2000)) + 1.5 * modules, NAMES[:2000])
            signature = make_signature(NAMES[350:370])
            draw = RandomSets(seed=seed, n_sets=120, match_correlation=match)
            found = control_scores(samples, [signature], score(samples, signature), draw=draw).p_values()
            p_values.append(found["p_value"].to_numpy())
            notes.append(found["note"].str.contains("p is too small").all())
        shares.append((np.concatenate(p_values) < 0.05).mean())
        told.append(np.mean(notes))
    assert shares[0] > 0.3
    assert shares[1] < 0.15
    assert told[0] == 1.0
    assert told[1] < 0.25  # some module is the tightest of all


def test_one_seed_gives_one_answer(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(values, NAMES), make_signature(NAMES[:10])
    first, second = (matched_controls(samples, signature, RandomSets(seed=5, n_sets=10)) for _ in range(2))
    np.testing.assert_array_equal(first.controls, second.controls)
    other = matched_controls(samples, signature, RandomSets(seed=6, n_sets=10))
    assert not np.array_equal(first.controls, other.controls)


def test_features_with_missing_values_are_never_drawn(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    holed = values.copy()
    holed[0, 100:5000] = np.nan
    found = matched_controls(make_samples(holed, NAMES), make_signature(NAMES[:30]), RandomSets(seed=7, n_sets=30))
    assert np.isfinite(found.controls).all()


def test_there_must_be_a_set_to_replace(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(values, NAMES)
    with pytest.raises(InputError, match="none of 2 members is measured in every sample"):
        matched_controls(samples, make_signature(["NONE", "ABSENT"]), RandomSets(seed=1))
    with pytest.raises(InputError, match="no set that a random one could replace"):
        matched_controls(samples, load_signature("myo.seed4"), RandomSets(seed=1))
    with pytest.raises(InputError, match="no list for rat"):
        matched_controls(make_samples(values, NAMES, species="rat"), make_signature(NAMES[:5]), RandomSets(seed=1))


def test_linear_values_are_leveled_on_logs(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(8).gamma(1.0, 10.0, size=(5, 6000))
    samples = make_samples(values, NAMES, scale=Scale(kind="linear", quantity="tpm"))
    found = matched_controls(samples, make_signature(NAMES[:10], score="geomean_tpm"), RandomSets(seed=9, n_sets=5))
    assert (found.controls > 0).all()


def test_a_single_gene_has_controls_too(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    found = matched_controls(make_samples(values, NAMES), make_signature([NAMES[0]]), RandomSets(seed=1, n_sets=50))
    assert np.isnan(found.correlation)
    assert found.controls.shape == (40, 50)


def test_housekeeping_and_weights_stay_the_same(make_samples: MakeSamples) -> None:
    profile = load_signature("imm.gep18")
    names = [*NAMES[:2000], *(member.feature_id for member in profile.members)]
    values = np.random.default_rng(2).gamma(2.0, 20.0, size=(6, len(names)))
    samples = make_samples(values, names, scale=Scale(kind="linear", quantity="tpm"))
    found = matched_controls(samples, profile, RandomSets(seed=1, n_sets=30))
    np.testing.assert_array_equal(found.observed, score(samples, profile).frame["score"])
    assert np.isfinite(found.controls).all()


def test_controls_come_as_a_table_beside_the_scores(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(values[:3], NAMES)
    chosen = [make_signature(NAMES[:10]), make_signature(["ABSENT"], id="tst.absent")]
    frame = control_scores(samples, chosen, score(samples, chosen), draw=RandomSets(seed=1, n_sets=4)).scores()
    assert set(frame["signature_id"]) == {"tst.example"}
    assert frame.groupby("sample_id")["control"].nunique().to_dict() == {"s0": 4, "s1": 4, "s2": 4}
    expected = matched_controls(samples, chosen[0], RandomSets(seed=1, n_sets=4)).controls
    np.testing.assert_array_equal(frame["score"], expected.ravel())


# a p-value for every score


def p_values(samples: AnnData, chosen: list[Signature], n_sets: int = 99, **how: object) -> pd.DataFrame:
    draw = RandomSets(seed=1, n_sets=n_sets)
    return control_scores(samples, chosen, score(samples, chosen, **how), draw=draw, **how).p_values()  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["mean_log2", "rank_updown", "ssgsea_es", "zscore"])
def test_a_raised_set_stands_out_in_its_samples_and_nowhere_else(
    method: str, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    planted = values.copy()
    planted[:3, :30] += 2.5
    planted[3:6, :30] -= 2.5
    frame = p_values(make_samples(planted, NAMES), [make_signature(NAMES[:30])], method=method)
    frame = frame.set_index("sample_id").loc[[f"s{row}" for row in range(40)]]
    assert (frame["p_value"].iloc[:6] == 0.02).all()
    assert (frame["control_percentile"].iloc[:3] == 100).all()
    assert (frame["control_percentile"].iloc[3:6] == 0).all()
    assert (frame["p_value"].iloc[6:] > 0.02).mean() > 0.8
    assert (frame["adj_p_value"] >= frame["p_value"]).all()


def test_without_a_signal_p_values_are_uniform(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    """Genes of one level, each sample drawn anew: whatever stands out in one sample is chance."""
    samples = make_samples(np.random.default_rng(12).normal(5, 1, size=(400, 600)), NAMES[:600])
    found = p_values(samples, [make_signature(NAMES[:15])])["p_value"].to_numpy()
    for level in (0.1, 0.3, 0.5, 0.8):
        assert abs((found <= level + 1e-9).mean() - level) < 4 * np.sqrt(level * (1 - level) / 400)


def test_every_row_of_the_score_table_has_a_p_value_or_a_reason(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    family = [Member(feature_id=NAMES[at], group="first" if at < 25 else "second") for at in range(20, 40)]
    chosen = [
        make_signature(NAMES[:10], NAMES[10:20], id="tst.arms"),
        make_signature([], id="tst.family", type="gene_set_family", members=tuple(family)),
        make_signature(NAMES[40:44], id="tst.each", score="per_member"),
        make_signature(["ABSENT"], id="tst.absent"),
        make_signature(NAMES[:599], id="tst.large"),
    ]
    samples = make_samples(values[:4, :1000], NAMES[:1000])
    table = score(samples, chosen)
    frame = p_values(samples, chosen)
    keys = ["sample_id", "signature_id", "arm"]
    assert frame[keys].to_numpy().tolist() == table.frame[keys].to_numpy().tolist()
    by_arm = frame[frame["sample_id"] == "s0"].set_index(["signature_id", "arm"])
    assert by_arm.loc["tst.arms", "p_value"].notna().tolist() == [True] * 3
    assert by_arm.loc["tst.family", "p_value"].notna().to_dict() == {"first": True, "second": True}
    assert "member by member" in by_arm.loc[("tst.each", "G40"), "note"]
    assert by_arm.loc[("tst.absent", "total"), "note"] == "not scored: not_measured"
    assert "share a stratum with only" in by_arm.loc[("tst.large", "total"), "note"]
    is_reason = frame["note"].ne("") & ~frame["note"].str.contains("p is too small")
    assert frame.loc[is_reason, ["p_value", "control_median"]].isna().all(axis=None)
    alone = matched_controls(samples, chosen[0], RandomSets(seed=1, n_sets=99))
    np.testing.assert_array_equal(frame.loc[frame["signature_id"].eq("tst.arms"), "p_value"][:4], alone.p_values())


def test_parts_get_random_sets_only_where_they_are_wanted(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(values[:3], NAMES), make_signature(NAMES[:10], NAMES[10:20])
    table = score(samples, signature)
    found = [
        control_scores(samples, [signature], table, draw=RandomSets(seed=1, n_sets=4, of_parts=of_parts))
        for of_parts in (True, False)
    ]
    assert [len(one.found) for one in found] == [3, 1]
    pd.testing.assert_frame_equal(found[0].scores(), found[1].scores())


def test_the_p_value_is_the_share_of_controls_as_far_out() -> None:
    controls = np.arange(1.0, 20.0)[None]
    found = MatchedControls(("a",), np.array([18.0]), controls, 0.1, np.zeros(19), 1).p_values()
    assert found.tolist() == [2 * (1 + 2) / 20]  # 18 and 19 are at or above
    missing = MatchedControls(("a",), np.array([np.nan]), controls, 0.1, np.zeros(19), 1).p_values()
    assert np.isnan(missing).all()


def test_controls_are_scored_against_the_frozen_reference(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    reference = fit_reference(make_samples(values[10:], NAMES), "others")
    few, signature = make_samples(values[:2], NAMES), make_signature(NAMES[:30], score="zscore")
    found = p_values(few, [signature], reference=reference)
    np.testing.assert_array_equal(found["score"], score(few, signature, reference=reference).frame["score"])
    alone = p_values(few[[0]].copy(), [signature], reference=reference)
    assert alone["score"].item() == found["score"].iloc[0]


def test_a_sample_without_values_takes_no_controls_from_the_others(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    holed, signature = values[:4].copy(), make_signature(NAMES[:12])
    holed[2] = np.nan
    samples = make_samples(holed, NAMES)
    found, rest = p_values(samples, [signature]), p_values(samples[[0, 1, 3]].copy(), [signature])
    pd.testing.assert_frame_equal(found.drop(index=2).reset_index(drop=True), rest, check_dtype=False)
    assert found.loc[2, "note"] == "not scored: not_measured"
    with pytest.raises(InputError, match="none of 12 members is measured in every sample"):
        matched_controls(samples[[2]].copy(), signature, RandomSets(seed=1))


@pytest.mark.parametrize("n_samples", [1, 2])
def test_too_few_samples_have_no_correlation_to_match(
    n_samples: int, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(values[:n_samples], NAMES), make_signature(NAMES[:12])
    frame = p_values(samples, [signature])
    assert frame["p_value"].notna().all()
    assert frame[["member_correlation", "control_correlation"]].isna().all(axis=None)
    with pytest.raises(InputError, match=f"to match correlations takes 3 samples or more; got {n_samples}"):
        matched_controls(samples, signature, RandomSets(seed=1, match_correlation=True))


def test_what_is_no_score_of_a_set_has_no_random_match(make_samples: MakeSamples) -> None:
    pairs = make_samples(
        np.random.default_rng(1).normal(5, 1, (6, 40)), [*NAMES[:36], "CXCL9", "CXCL10", "CXCL11", "CXCR3"]
    )
    for signature, method, said in (
        ("imm.mcp", None, "a family of 10 sets"),
        ("mic.alpha", "mean_log2", "every feature is a member"),
        ("trn.vo2peak", None, "delta is no score of a set"),
        ("sys.homa_ir", None, "formula is no score of a set"),
    ):
        with pytest.raises(InputError, match=said):
            matched_controls(pairs, load_signature(signature), RandomSets(seed=1), method=method)
    frame = p_values(pairs, [load_signature("imm.cxcr3_axis")])
    assert frame["p_value"].isna().all()
    assert frame["note"].str.contains("no score of a set|a family of").all()
    with pytest.raises(InputError, match="at least one random set"):
        RandomSets(seed=1, n_sets=0)
