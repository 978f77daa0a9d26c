"""What every scorer must do, whatever it computes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from exomics.errors import InputError, ScaleError
from exomics.registry import Member, Signature, all_signatures
from exomics.registry.signature_set import SignatureSet
from exomics.schema import Scale
from exomics.scoring import Scorers, score, scorer
from exomics.scoring._feature_reference import own_reference
from exomics.scoring._scorer import Scorer
from exomics.scoring.methods import NO_SCORERS
from exomics.scoring.scale import to_working_scale
from exomics.stats.rank_scores import within_sample_ranks

ALL = [scorer(name) for name in Scorers.names]
OWN = [spec for spec in ALL if not spec.requires]
FROZEN = [spec for spec in ALL if spec.has_frozen_form]
N_FEATURES = 6000
NAMES = [f"G{column}" for column in range(N_FEATURES)]
SCALES = {
    "counts": Scale(kind="counts", quantity="count"),
    "linear": Scale(kind="linear", quantity="tpm"),
    "log2": Scale(kind="log2", quantity="tpm", offset=1.0),
}

each_scorer = pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
own_scorer = pytest.mark.parametrize("spec", OWN, ids=lambda spec: spec.name)
MakeSignature = Callable[..., Signature]


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return np.random.default_rng(1).gamma(2.0, 3.0, size=(7, N_FEATURES))


@pytest.fixture
def signatures(make_signature: MakeSignature) -> list[Signature]:
    """One- and two-armed signatures, with housekeeping features."""
    stable = tuple(Member(feature_id=f"G{column}", arm="housekeeping") for column in range(5000, 5011))
    two_armed = make_signature(NAMES[3:40], NAMES[60:90], id="tst.two")
    up_only = make_signature(NAMES[100:112], id="tst.up")
    down_only = make_signature((), NAMES[20:31], id="tst.down")
    return [replace(found, members=found.members + stable) for found in (two_armed, up_only, down_only)]


def suited(spec: Scorer, signatures: list[Signature]) -> list[Signature]:
    """Single members for a scorer that never joins them, an expression for one that computes it."""
    if spec.rows == "members":
        members = [member for found in signatures for member in found.members[:3]]
        return [replace(signatures[0], id=f"tst.m{row}", members=(one,)) for row, one in enumerate(members)]
    if spec.name == "formula":
        first, second = (found.members[0].feature_id for found in signatures[:2])
        text = f"{{{first}}} / log2({{{second}}} + 1)"
        members = (Member(feature_id=first), Member(feature_id=second))
        return [
            replace(found, score="formula", expression=text, input_scale="linear", members=members)
            for found in signatures
        ]
    return signatures


def run(
    spec: Scorer, values: np.ndarray, signatures: list[Signature], names: list[str] = NAMES, **more: object
) -> np.ndarray:
    index = SignatureSet.build(suited(spec, signatures), names)
    baseline = {"baseline": np.sqrt(values)} if spec.needs_baseline else {}
    return spec.function(values, index, **spec.parameters, **baseline, **more)


def require_same(spec: Scorer, found: np.ndarray, expected: np.ndarray) -> None:
    """To the last bit; a sum over samples or over the whole assay may round otherwise in another order."""
    if spec.cohort_dependent:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    else:
        np.testing.assert_array_equal(found, expected)


@each_scorer
def test_shape_is_samples_by_signatures(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    scores = run(spec, values, signatures)
    n_signatures = 9 if spec.rows == "members" else 3
    assert scores.shape == (7, n_signatures)
    assert np.isfinite(scores[:, :2]).all()


@own_scorer
def test_samples_may_come_in_any_order(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    order = np.random.default_rng(2).permutation(7)
    require_same(spec, run(spec, values[order], signatures), run(spec, values, signatures)[order])


@own_scorer
def test_features_may_come_in_any_order(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    order = np.random.default_rng(3).permutation(N_FEATURES)
    reordered = run(spec, values[:, order], signatures, [NAMES[column] for column in order])
    require_same(spec, reordered, run(spec, values, signatures))


@each_scorer
def test_a_sample_scores_the_same_without_the_others_if_it_says_so(
    spec: Scorer, values: np.ndarray, signatures: list[Signature]
) -> None:
    together, fewer = run(spec, values, signatures)[:4], run(spec, values[:4], signatures)
    assert np.array_equal(together, fewer, equal_nan=True) is not spec.cohort_dependent
    if not spec.cohort_dependent:
        np.testing.assert_array_equal(run(spec, values[[2]], signatures), together[[2]])


@pytest.mark.parametrize("spec", FROZEN, ids=lambda spec: spec.name)
def test_a_sample_scores_the_same_alone_against_a_frozen_reference(
    spec: Scorer, values: np.ndarray, signatures: list[Signature]
) -> None:
    cohort = np.random.default_rng(9).gamma(2.0, 3.0, size=(30, N_FEATURES))
    moments = own_reference(cohort, 0.0)
    frozen = replace(moments, quantiles=np.quantile(cohort, np.linspace(0, 1, 21), axis=0))
    together = run(spec, values, signatures, reference=frozen)
    alone = np.vstack([run(spec, values[[row]], signatures, reference=frozen) for row in range(7)])
    assert np.isfinite(together[:, :2]).all()
    np.testing.assert_array_equal(alone, together)


@each_scorer
def test_the_same_input_gives_the_same_bytes(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    first, second = (run(spec, values, signatures).tobytes() for _ in range(2))
    assert first == second


@own_scorer
def test_missing_values_are_left_out_not_zero(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    missing = values.copy()
    missing[0, 3:6] = np.nan
    missing[1, :112] = np.nan
    scores = run(spec, missing, signatures)
    first = 3 if spec.rows == "members" else 1
    if spec.name != "shannon":  # a zero adds nothing to an entropy
        zeros = run(spec, np.nan_to_num(missing), signatures)
        assert not np.array_equal(scores[0, :first], zeros[0, :first], equal_nan=True)
    if spec.rows == "arms" and spec.name != "shannon":
        assert np.isnan(scores[1, :2]).all()
    if not spec.cohort_dependent:
        np.testing.assert_array_equal(scores[2:], run(spec, values, signatures)[2:])


@pytest.mark.parametrize("spec", [spec for spec in ALL if spec.requires], ids=lambda spec: spec.name)
def test_a_package_that_takes_no_missing_values_gets_none(
    spec: Scorer, values: np.ndarray, signatures: list[Signature]
) -> None:
    missing = values.copy()
    missing[0, 0] = np.nan
    with pytest.raises(InputError, match="gseapy takes no missing values"):
        run(spec, missing, signatures)


@each_scorer
@pytest.mark.parametrize("kind", ["counts", "linear", "log2"])
def test_a_scale_it_does_not_take_is_refused(spec: Scorer, kind: str, values: np.ndarray) -> None:
    if kind in spec.input_scale:
        assert to_working_scale(values, SCALES[kind], spec).shape == values.shape
    else:
        with pytest.raises(ScaleError, match=f"{spec.name} needs values on the scale"):
            to_working_scale(values, SCALES[kind], spec)


@each_scorer
def test_rank_scorers_see_only_the_order(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    same_order = within_sample_ranks(values).astype(np.float64)
    unchanged = np.allclose(run(spec, values, signatures), run(spec, same_order, signatures), equal_nan=True)
    assert unchanged is (spec.works_on == "any")


@each_scorer
def test_missing_features_are_counted(spec: Scorer, make_samples: Callable, make_signature: MakeSignature) -> None:
    samples = make_samples(np.ones((2, 3)), ["A", "B", "C"], scale=SCALES["linear"])
    found = score(samples, make_signature([f"X{row}" for row in range(11)] + ["A"]), method=spec.name).frame
    counted = found[found["arm"].isin(["total", "A"])]
    if spec.name == "shannon":
        assert set(found["status"]) == {"ok"}  # every feature counts, whatever the members
    elif spec.rows == "arms":
        assert counted[["n_measured", "n_members"]].drop_duplicates().to_numpy().tolist() == [[1, 12]]
        assert set(counted["status"]) == {"below_floor"}
        assert counted["score"].isna().all()
        assert counted["note"].str.contains("up 1 of 12").all()
    else:
        assert set(found["status"]) == {"ok", "not_measured"}


@each_scorer
def test_it_is_documented(spec: Scorer) -> None:
    text = inspect.getdoc(spec.function) or ""
    assert re.search(r"``.*=.*``", text), "a formula"
    assert "(n_samples, n_signatures)" in text, "shapes"
    assert "Source:" in text, "a source"
    assert spec.reference in text, "the reference of the declaration"
    assert ">>>" in text, "an example"
    assert re.fullmatch(r"10\.\d{4,}/\S+", spec.reference)


@pytest.mark.parametrize("signature", all_signatures(), ids=lambda signature: signature.id)
def test_every_shipped_signature_names_a_known_method(signature: Signature) -> None:
    assert signature.score in {*Scorers.names, *NO_SCORERS}
