"""Every scorer on input that has no answer: a status with a reason, or one clear line; never a silent number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import UserError
from exomics.registry import Signature
from exomics.schema import Scale
from exomics.scoring import Scorers, score, scorer
from exomics.scoring._scorer import Scorer

ALL = [scorer(name) for name in Scorers.names]
SETS = [spec for spec in ALL if spec.rows == "arms" and spec.name not in ("shannon", "formula", "delta")]
NAMES = [f"G{column}" for column in range(5200)]
MEMBERS = NAMES[:12]

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
each_scorer = pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
of_sets = pytest.mark.parametrize("spec", SETS, ids=lambda spec: spec.name)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """TPM of a whole transcriptome in five samples."""
    raw = np.random.default_rng(1).gamma(0.7, 5.0, size=(5, len(NAMES)))
    return raw / raw.sum(axis=1, keepdims=True) * 1e6


def samples_for(spec: Scorer, values: np.ndarray, make_samples: MakeSamples, **more: object) -> AnnData:
    kind = "linear" if "linear" in spec.input_scale else "log2"
    scale = Scale(kind=kind, quantity="tpm", offset=0.0 if kind == "linear" else 1.0)
    matrix = values if kind == "linear" else np.log2(values + 1)
    return make_samples(matrix, NAMES, scale=scale, **more)


def scores_of(spec: Scorer, samples: AnnData, signature: Signature) -> pd.DataFrame:
    return score(samples, signature, method=spec.name).frame


def require_reasons(frame: pd.DataFrame, statuses: Sequence[str]) -> None:
    """No number, a status that is one of `statuses`, and a note."""
    assert len(frame) > 0
    assert frame["score"].isna().all()
    assert set(frame["status"]) <= set(statuses)
    assert (frame["note"] != "").all()


@of_sets
def test_a_set_of_absent_genes_is_not_measured(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    absent = make_signature([f"X{number}" for number in range(12)])
    require_reasons(scores_of(spec, samples_for(spec, values, make_samples), absent), ["not_measured"])


@of_sets
def test_a_sample_without_any_value_has_no_score(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    holed = values.copy()
    holed[2] = np.nan
    samples = samples_for(spec, holed, make_samples)
    if spec.requires:
        with pytest.raises(UserError, match="takes no missing values"):
            scores_of(spec, samples, make_signature(MEMBERS))
    else:
        frame = scores_of(spec, samples, make_signature(MEMBERS))
        require_reasons(frame[frame["sample_id"] == "s2"], ["not_measured", "below_floor"])


@each_scorer
def test_infinite_values_are_refused_in_one_line(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    endless = values.copy()
    endless[1, 3] = np.inf
    samples = samples_for(spec, endless, make_samples)
    with pytest.raises(UserError) as caught:
        score(samples, suited(spec, make_signature(MEMBERS)), method=spec.name)
    assert "infinite" in str(caught.value)
    assert "\n" not in str(caught.value)


@each_scorer
def test_negative_values_on_a_linear_scale_are_refused(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    logs = np.log2(values + 0.01)
    samples = make_samples(logs, NAMES, scale=Scale(kind="linear", quantity="tpm"))
    with pytest.raises(UserError, match=r"smallest value|seems to be logarithms|needs values on the scale"):
        score(samples, suited(spec, make_signature(MEMBERS)), method=spec.name)


@pytest.mark.parametrize("spec", [spec for spec in SETS if not spec.coverage.housekeeping], ids=lambda spec: spec.name)
def test_a_constant_sample_carries_nothing(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    flat = values.copy()
    flat[4] = 7.0
    frame = scores_of(spec, samples_for(spec, flat, make_samples), make_signature(MEMBERS))
    require_reasons(frame[frame["sample_id"] == "s4"], ["qc_fail"])
    assert set(frame.loc[frame["sample_id"] != "s4", "status"]) == {"ok"}


@pytest.mark.parametrize("spec", [spec for spec in SETS if spec.cohort_dependent], ids=lambda spec: spec.name)
def test_members_that_never_vary_have_no_place_in_a_cohort(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    still = values.copy()
    still[:, :12] = 50.0
    frame = scores_of(spec, samples_for(spec, still, make_samples), make_signature(MEMBERS))
    known = frame["score"].dropna()
    assert spec.requires or known.empty or spec.name == "ulm_neg"  # whose gene-centered zeros are its zero
    assert (frame.loc[frame["score"].isna(), "status"] != "ok").all()


@of_sets
def test_one_gene_is_a_score_or_below_the_floor(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    frame = scores_of(spec, samples_for(spec, values, make_samples), make_signature(["G7"]))
    least = max(spec.coverage.members, 1)
    if least > 1:
        require_reasons(frame, ["below_floor"])
        assert frame["note"].str.contains(f"at least {least} needed").all()
    else:
        assert set(frame["status"]) <= {"ok", "below_floor"}
        assert frame["score"].notna().tolist() == frame["status"].eq("ok").tolist()


@of_sets
def test_a_set_without_members_says_why(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    nothing = make_signature([], availability="empty")
    frame = scores_of(spec, samples_for(spec, values, make_samples), nothing)
    require_reasons(frame, ["not_measured"])
    assert frame["note"].str.contains("no members").all()


@each_scorer
def test_another_species_is_not_scored_by_luck_of_the_names(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    mouse = samples_for(spec, values, make_samples, species="mouse")
    require_reasons(score(mouse, suited(spec, make_signature(MEMBERS)), method=spec.name).frame, ["not_applicable"])


@each_scorer
def test_another_layer_is_refused_or_marked(
    spec: Scorer, values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    muscle = samples_for(spec, values, make_samples, specimen="muscle")
    signature = suited(spec, make_signature(MEMBERS))
    with pytest.raises(UserError, match="do not list the layer muscle_rna"):
        score(muscle, signature, method=spec.name)
    frame = score(muscle, signature, method=spec.name, allow_layer=True).frame
    assert "ok" not in set(frame["status"])


def test_weights_that_cancel_keep_their_contrast_and_zero_weights_are_refused(
    values: np.ndarray, make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    stable = tuple(replace(one, arm="housekeeping") for one in make_signature(NAMES[100:111]).members)
    plain = make_signature(["G1", "G2"])
    weights = [replace(one, weight=weight) for one, weight in zip(plain.members, (1.0, -1.0), strict=True)]
    signature = replace(plain, score="wsum_hk", members=(*weights, *stable))
    samples = samples_for(scorer("wsum_hk"), values, make_samples)
    found = score(samples, signature).frame["score"]
    np.testing.assert_allclose(found, np.log10(values[:, 1] + 1) - np.log10(values[:, 2] + 1), rtol=1e-9)
    with pytest.raises(UserError, match="must be finite and not zero"):
        replace(plain, members=(replace(plain.members[0], weight=0.0),))


def suited(spec: Scorer, signature: Signature) -> Signature:
    """With an expression for the scorer that computes one."""
    if spec.name != "formula":
        return signature
    return replace(signature, score="formula", expression="{G1} / {G2}", input_scale="linear")
