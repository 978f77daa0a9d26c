"""Each scorer against its published formula, written plainly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import rankdata

from exomics.errors import InputError, RegistryError, ScaleError
from exomics.registry import Signature, load_signature
from exomics.registry.signature_set import SignatureSet
from exomics.scoring import scorer
from exomics.scoring._scorer import Scorer

MakeSignature = Callable[..., Signature]
NAMES = [f"G{column}" for column in range(500)]


def singscore(row: np.ndarray, up: list[int], down: list[int]) -> float:
    """simpleScore of Foroutan et al. 2018: ties take the lowest rank, each direction is normalized and centered."""

    def directed(ranks: np.ndarray, members: list[int]) -> float:
        n_members, n_total = len(members), len(ranks)
        lowest = (n_members + 1) / 2
        highest = (2 * n_total - n_members + 1) / 2
        return (ranks[members].mean() - lowest) / (highest - lowest) - 0.5

    ranks = rankdata(row, method="min")
    total = directed(ranks, up) if up else 0.0
    return total + (directed(len(row) - ranks + 1, down) if down else 0.0)


@pytest.mark.parametrize(("n_up", "n_down"), [(12, 8), (12, 0), (0, 8)])
def test_rank_updown_is_singscore(n_up: int, n_down: int, make_signature: MakeSignature) -> None:
    generator = np.random.default_rng(1)
    values = np.round(generator.normal(size=(5, 500)), 1)
    chosen = generator.permutation(500)
    up, down = chosen[:n_up].tolist(), chosen[n_up : n_up + n_down].tolist()
    signature = make_signature([NAMES[column] for column in up], [NAMES[column] for column in down])
    found = scorer("rank_updown").function(values, SignatureSet.build([signature], NAMES))
    expected = [singscore(row, up, down) for row in values]
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)


def test_rank_updown_leaves_missing_values_out(make_signature: MakeSignature) -> None:
    values = np.random.default_rng(2).normal(size=(1, 500))
    values[0, 100:150] = np.nan
    present = ~np.isnan(values[0])
    signature = make_signature(NAMES[95:105], NAMES[200:206])
    found = scorer("rank_updown").function(values, SignatureSet.build([signature], NAMES))
    position = np.cumsum(present) - 1
    up, down = position[95:100].tolist(), position[200:206].tolist()
    assert found[0, 0] == pytest.approx(singscore(values[0, present], up, down), rel=1e-12)


def test_cytolytic_activity_is_the_published_one() -> None:
    chosen = SignatureSet.build([load_signature("imm.cyt")], ["GZMA", "PRF1"])
    found = scorer("geomean_tpm").function(np.array([[3.0, 12.0]]), chosen)
    assert found[0, 0] == pytest.approx(np.sqrt(3.01 * 12.01), rel=1e-14)
    assert round(found[0, 0], 4) == 6.0125


def test_geomean_refuses_logarithms() -> None:
    chosen = SignatureSet.build([load_signature("imm.cyt")], ["GZMA", "PRF1"])
    with pytest.raises(ScaleError, match="the smallest value is -1"):
        scorer("geomean_tpm").function(np.array([[-1.0, 12.0]]), chosen)


def test_mean_and_ratio_are_plain(make_signature: MakeSignature) -> None:
    values = np.array([[1.0, 2.0, 6.0, 4.0], [1.0, np.nan, 6.0, 4.0]])
    chosen = SignatureSet.build([make_signature(["A", "B", "C"], ["D"])], ["A", "B", "C", "D"])
    assert scorer("mean_log2").function(values, chosen)[:, 0].tolist() == [3.0 - 4.0, 3.5 - 4.0]
    assert scorer("log_ratio").function(values, chosen)[:, 0].tolist() == [3.0 - 4.0, 3.5 - 4.0]
    assert scorer("median_log2").function(values, chosen)[:, 0].tolist() == [2.0 - 4.0, 3.5 - 4.0]


def test_the_weighted_sum_is_relative_to_housekeeping() -> None:
    profile = load_signature("imm.gep18")
    names = [member.feature_id for member in profile.members]
    values = np.random.default_rng(3).gamma(2.0, 20.0, size=(4, len(names)))
    found = scorer("wsum_hk").function(values, SignatureSet.build([profile], names), pseudocount=1.0)
    logs = np.log10(values + 1)
    expected = np.zeros(4)
    for column, member in enumerate(profile.members[:18]):
        expected += member.weight * (logs[:, column] - logs[:, 18:].mean(axis=1))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)


def test_a_weighted_sum_without_housekeeping_has_no_value() -> None:
    profile = load_signature("imm.gep18")
    found = scorer("wsum_hk").function(np.ones((1, 1)), SignatureSet.build([profile], ["CCL5"]))
    assert np.isnan(found).all()


def test_members_are_never_joined(make_signature: MakeSignature) -> None:
    chosen = SignatureSet.build([make_signature(["A", "B"])], ["A", "B"])
    with pytest.raises(InputError, match="never joins members"):
        scorer("per_member").function(np.ones((1, 2)), chosen)


def test_constant_samples_score_the_middle(make_signature: MakeSignature) -> None:
    chosen = SignatureSet.build([make_signature(NAMES[:10], NAMES[10:20])], NAMES)
    flat = np.ones((1, 500))
    assert scorer("ssgsea_es").function(flat, chosen)[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(scorer("rank_updown").function(flat, chosen)).all()


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(RegistryError, match="no scorer is called 'gsea'; known: mean_log2"):
        scorer("gsea")


def test_a_scorer_of_an_unknown_working_scale_is_refused() -> None:
    with pytest.raises(RegistryError, match="works_on"):
        Scorer(name="x", kind="scorer", title="x", function=len, works_on="zscore")
