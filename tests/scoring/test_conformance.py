"""What every scorer must do, whatever it computes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import numpy as np
import pytest

from exomics.errors import ScaleError
from exomics.registry import Member, Signature, all_signatures
from exomics.registry.signature_set import SignatureSet
from exomics.schema import Scale
from exomics.scoring import Scorers, score, scorer
from exomics.scoring._scorer import Scorer
from exomics.scoring.scale import to_working_scale
from exomics.stats.rank_scores import within_sample_ranks

ALL = [scorer(name) for name in Scorers.names]
N_FEATURES = 6000
NAMES = [f"G{column}" for column in range(N_FEATURES)]
SCALES = {
    "counts": Scale(kind="counts", quantity="count"),
    "linear": Scale(kind="linear", quantity="tpm"),
    "log2": Scale(kind="log2", quantity="tpm", offset=1.0),
}

each_scorer = pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
MakeSignature = Callable[..., Signature]


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(1).gamma(2.0, 3.0, size=(7, N_FEATURES))


@pytest.fixture
def signatures(make_signature: MakeSignature) -> list[Signature]:
    """One- and two-armed signatures; single members for the scorer that never joins them."""
    stable = tuple(Member(feature_id=f"G{column}", arm="housekeeping") for column in range(5000, 5011))
    two_armed = make_signature(NAMES[3:40], NAMES[60:90], id="tst.two")
    up_only = make_signature(NAMES[100:112], id="tst.up")
    return [
        Signature(**{**vars(found), "members": found.members + stable})
        for found in (two_armed, up_only, make_signature((), NAMES[20:31], id="tst.down"))
    ]


def run(spec: Scorer, values: np.ndarray, signatures: list[Signature], names: list[str]) -> np.ndarray:
    if spec.rows == "members":
        members = [member for found in signatures for member in found.members[:3]]
        signatures = [
            Signature(**{**vars(signatures[0]), "id": f"tst.m{row}", "members": (member,)})
            for row, member in enumerate(members)
            if member.arm != "housekeeping"
        ]
    return spec.function(values, SignatureSet.build(signatures, names), **spec.parameters)


@each_scorer
def test_shape_is_samples_by_signatures(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    scores = run(spec, values, signatures, NAMES)
    n_signatures = 9 if spec.rows == "members" else 3
    assert scores.shape == (7, n_signatures)
    assert np.isfinite(scores[:, :2]).all()


@each_scorer
def test_samples_may_come_in_any_order(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    order = np.random.default_rng(2).permutation(7)
    np.testing.assert_array_equal(
        run(spec, values[order], signatures, NAMES), run(spec, values, signatures, NAMES)[order]
    )


@each_scorer
def test_features_may_come_in_any_order(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    order = np.random.default_rng(3).permutation(N_FEATURES)
    reordered = run(spec, values[:, order], signatures, [NAMES[column] for column in order])
    np.testing.assert_array_equal(reordered, run(spec, values, signatures, NAMES))


@each_scorer
def test_a_sample_scores_the_same_alone(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    together = run(spec, values, signatures, NAMES)
    alone = np.vstack([run(spec, values[[row]], signatures, NAMES) for row in range(7)])
    assert np.array_equal(together, alone, equal_nan=True) is not spec.cohort_dependent


@each_scorer
def test_the_same_input_gives_the_same_bytes(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    first, second = (run(spec, values, signatures, NAMES).tobytes() for _ in range(2))
    assert first == second


@each_scorer
def test_missing_values_are_left_out_not_zero(spec: Scorer, values: np.ndarray, signatures: list[Signature]) -> None:
    missing = values.copy()
    missing[0, 3:6] = np.nan
    missing[1, :112] = np.nan
    scores = run(spec, missing, signatures, NAMES)
    zeros = run(spec, np.nan_to_num(missing), signatures, NAMES)
    first = 3 if spec.rows == "members" else 1
    assert not np.array_equal(scores[0, :first], zeros[0, :first], equal_nan=True)
    if spec.rows == "arms":
        assert np.isnan(scores[1, :2]).all()
    np.testing.assert_array_equal(scores[2:], run(spec, values, signatures, NAMES)[2:])


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
    unchanged = np.allclose(
        run(spec, values, signatures, NAMES), run(spec, same_order, signatures, NAMES), equal_nan=True
    )
    assert unchanged is (spec.works_on == "any")


@each_scorer
def test_missing_features_are_counted(spec: Scorer, make_samples: Callable, make_signature: MakeSignature) -> None:
    samples = make_samples(np.ones((2, 3)), ["A", "B", "C"], scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    found = score(samples, make_signature([f"X{row}" for row in range(11)] + ["A"]), method=spec.name).frame
    counted = found[found["arm"].isin(["total", "A"])]
    if spec.rows == "arms":
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
    contrast_methods = {"camera"}
    assert signature.score in {*Scorers.names, *contrast_methods}
