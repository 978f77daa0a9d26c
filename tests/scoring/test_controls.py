"""Matched controls: the null is uniform, a planted signal stands out, and one seed gives one answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.registry import Signature, load_signature
from exomics.schema import Scale
from exomics.scoring import control_scores, matched_controls, score

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
    found = matched_controls(samples, signature, seed=1, n_sets=20)
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
    signal = matched_controls(samples, make_signature(NAMES[:30]), seed=1, n_sets=199)
    noise = matched_controls(samples, make_signature(NAMES[1000:1030]), seed=1, n_sets=199)
    assert signal.empirical_p(difference)[2] == 1 / 200
    assert noise.empirical_p(difference)[2] > 0.02


def test_controls_match_the_level_of_the_members(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    high = np.argsort(-values.mean(axis=0))[:600:15]
    signature = make_signature([NAMES[column] for column in high])
    found = matched_controls(make_samples(values, NAMES), signature, seed=2, n_sets=50)
    overall = values.mean()
    assert found.controls.mean() > overall + 2.0
    assert abs(found.controls.mean() - found.observed.mean()) < 0.5


def test_correlation_can_be_matched(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(40, 6000)) + 5
    values[:, ::2] += generator.normal(size=(40, 1))
    samples, signature = make_samples(values, NAMES), make_signature(NAMES[:20:2] + NAMES[1:7:2])
    loose = matched_controls(samples, signature, seed=4, n_sets=100)
    tight = matched_controls(samples, signature, seed=4, n_sets=100, match_correlation=True)
    gaps = [np.abs(found.control_correlations - found.correlation).mean() for found in (loose, tight)]
    assert gaps[1] < 0.5 * gaps[0]


def test_one_seed_gives_one_answer(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples, signature = make_samples(values, NAMES), make_signature(NAMES[:10])
    first, second = (matched_controls(samples, signature, seed=5, n_sets=10) for _ in range(2))
    np.testing.assert_array_equal(first.controls, second.controls)
    other = matched_controls(samples, signature, seed=6, n_sets=10)
    assert not np.array_equal(first.controls, other.controls)


def test_features_with_missing_values_are_never_drawn(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    holed = values.copy()
    holed[0, 100:5000] = np.nan
    found = matched_controls(make_samples(holed, NAMES), make_signature(NAMES[:30]), seed=7, n_sets=30)
    assert np.isfinite(found.controls).all()


def test_there_must_be_a_set_to_replace(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(values, NAMES)
    with pytest.raises(InputError, match="none of 2 members is measured in every sample"):
        matched_controls(samples, make_signature(["NONE", "ABSENT"]), seed=1)
    with pytest.raises(InputError, match="no set that a random one could replace"):
        matched_controls(samples, load_signature("myo.seed4"), seed=1)
    with pytest.raises(InputError, match="no list for rat"):
        matched_controls(make_samples(values, NAMES, species="rat"), make_signature(NAMES[:5]), seed=1)


def test_linear_values_are_leveled_on_logs(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    values = np.random.default_rng(8).gamma(1.0, 10.0, size=(5, 6000))
    samples = make_samples(values, NAMES, scale=Scale(kind="linear", quantity="tpm"))
    found = matched_controls(samples, make_signature(NAMES[:10], score="geomean_tpm"), seed=9, n_sets=5)
    assert (found.controls > 0).all()


def test_a_single_gene_has_controls_too(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    found = matched_controls(make_samples(values, NAMES), make_signature([NAMES[0]]), seed=1, n_sets=50)
    assert np.isnan(found.correlation)
    assert found.controls.shape == (40, 50)


def test_housekeeping_and_weights_stay_the_same(make_samples: MakeSamples) -> None:
    profile = load_signature("imm.gep18")
    names = [*NAMES[:2000], *(member.feature_id for member in profile.members)]
    values = np.random.default_rng(2).gamma(2.0, 20.0, size=(6, len(names)))
    samples = make_samples(values, names, scale=Scale(kind="linear", quantity="tpm"))
    found = matched_controls(samples, profile, seed=1, n_sets=30)
    np.testing.assert_array_equal(found.observed, score(samples, profile).frame["score"])
    assert np.isfinite(found.controls).all()


def test_controls_come_as_a_table_beside_the_scores(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    samples = make_samples(values[:3], NAMES)
    chosen = [make_signature(NAMES[:10]), make_signature(["ABSENT"], id="tst.absent")]
    frame = control_scores(samples, chosen, score(samples, chosen), n_sets=4, seed=1)
    assert set(frame["signature_id"]) == {"tst.example"}
    assert frame.groupby("sample_id")["control"].nunique().to_dict() == {"s0": 4, "s1": 4, "s2": 4}
    expected = matched_controls(samples, chosen[0], seed=1, n_sets=4).controls
    np.testing.assert_array_equal(frame["score"], expected.ravel())
