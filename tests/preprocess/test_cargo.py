"""Normalizers of cargo: each answers its own question, and a disagreement is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess import apply_step, compare_normalizers, flag_spike_ins, normalize_cargo
from exomics.schema import Scale, annotate, scale_of, steps_of

COUNTS = Scale(kind="counts", quantity="count")


def trial(seed: int = 0, n: int = 12) -> AnnData:
    """Vesicles double after exercise; miR-29a per vesicle falls by a third, the other cargo does not change.

    A spike of fixed amount is added, reads are a fixed total: reads per million of miR-29a fall, its dose rises.
    """
    rng = np.random.default_rng(seed)
    is_post = np.repeat([False, True], n)
    vesicles = np.where(is_post, 2.0, 1.0) * rng.lognormal(0.0, 0.05, size=2 * n)
    per_vesicle = np.tile([300.0, *rng.uniform(50.0, 500.0, size=40)], (2 * n, 1))
    per_vesicle[is_post, 0] *= 2 / 3
    amounts = np.column_stack([vesicles[:, None] * per_vesicle, np.full(2 * n, 2000.0)])
    amounts *= 400_000 / amounts.sum(axis=1, keepdims=True)
    obs = pd.DataFrame(
        {
            "time_point": np.where(is_post, "post", "baseline"),
            "plasma_ml": 0.5,
            "particles_per_ml": vesicles * 1e9,
        },
        index=[f"s{i}" for i in range(2 * n)],
    )
    names = ["hsa-miR-29a-3p", *(f"hsa-miR-{i}" for i in range(1000, 1040)), "cel-miR-39-3p"]
    var = pd.DataFrame({"feature_name": names}, index=[f"f{i}" for i in range(42)])
    return annotate(AnnData(rng.poisson(amounts).astype(float), obs=obs, var=var), assay="smallrna", scale=COUNTS)


def test_composition_falls_while_the_dose_rises_and_this_is_said() -> None:
    found = compare_normalizers(trial(), column="time_point", control="baseline")
    row = found.frame.loc["f0"]
    assert row["rpm_log2_difference"] == pytest.approx(np.log2(2 / 3), abs=0.1)
    assert row["per_ml_log2_difference"] == pytest.approx(np.log2(4 / 3), abs=0.1)
    assert row["per_particle_log2_difference"] == pytest.approx(np.log2(2 / 3), abs=0.1)
    assert row["disagrees"]
    assert "per_ug_protein_t" not in found.frame
    assert "f41" not in found.frame.index  # the spike-in
    assert "disagree in sign" in found.sentence
    assert "rpm tests composition" in found.sentence
    assert found.sentence.startswith("post minus baseline")
    turned = compare_normalizers(trial(), column="time_point", control="post")
    np.testing.assert_array_equal(turned.frame["rpm_log2_difference"], -found.frame["rpm_log2_difference"])


def test_one_normalizer_alone_says_that_none_could_disagree() -> None:
    found = compare_normalizers(trial(), column="time_point", control="baseline", methods=["rpm"])
    assert found.n_disagree == 0
    assert found.sentence.endswith("no other normalizer can be computed here, so that none could disagree.")


def test_without_a_change_nothing_disagrees() -> None:
    given = trial(1)
    given.obs["time_point"] = ["post", "baseline"] * 12
    found = compare_normalizers(given, column="time_point", control="baseline")
    assert found.n_disagree == 0
    assert found.frame["disagrees"].sum() == 0


def test_amounts_follow_their_formula_and_the_scale_is_declared() -> None:
    given = trial()
    counts = given.X.copy()
    for method, expected in {
        "rpm": np.log2((counts + 0.5) / (counts[:, :41].sum(axis=1, keepdims=True) / 1e6)),
        "spike_in": np.log2((counts + 0.5) / counts[:, [41]]),
        "per_ml": np.log2((counts + 0.5) / counts[:, [41]] / 0.5),
        "per_particle": np.log2((counts + 0.5) / counts[:, [41]] / 0.5 / given.obs[["particles_per_ml"]].to_numpy()),
    }.items():
        normalized = apply_step(given, "normalize_cargo", {"method": method})
        np.testing.assert_allclose(normalized.X, expected)
        assert scale_of(normalized) == Scale(kind="log2", quantity="ratio")
        np.testing.assert_array_equal(normalized.layers["counts"], counts)
        assert normalized.var["is_spike_in"].tolist() == [False] * 41 + [True]
    np.testing.assert_array_equal(given.X, counts)


def test_a_sample_without_a_denominator_is_missing_and_counted() -> None:
    given = trial()
    given.obs["plasma_ml"] = [None, 0.0, *[0.5] * 22]
    normalized = normalize_cargo(given, compare="time_point", control="baseline")
    assert np.isnan(normalized.X).all(axis=1).tolist() == [True, True] + [False] * 22
    report = steps_of(normalized)[-1]["report"]
    assert report["n_samples_without_denominator"] == 2
    assert report["tests"] == "delivered dose"
    assert "disagree" in report["comparison"]


def test_cycles_are_amounts_turned_over() -> None:
    var = pd.DataFrame({"feature_name": ["hsa-miR-29a-3p", "hsa-miR-21-5p", "UniSp6"]}, index=list("abc"))
    given = AnnData(np.array([[25.0, 20.0, 18.0], [24.0, np.nan, 18.5]]), obs=pd.DataFrame(index=["s", "t"]), var=var)
    given = annotate(given, assay="qpcr", scale=Scale(kind="log2", quantity="cq"))
    np.testing.assert_allclose(normalize_cargo(given, method="spike_in").X[:, 0], [-7.0, -5.5])
    np.testing.assert_allclose(normalize_cargo(given, method="rpm").X[:, 0], [-2.5, 0.0])


def test_a_spike_in_far_from_its_plate_is_flagged() -> None:
    given = trial()
    given.X[3, 41] //= 4.0
    given.X[8, 41] = 0.0
    given.obs["plate"] = ["p1"] * 12 + ["p2"] * 12
    flagged = flag_spike_ins(given)
    marked = flagged.obs["qc_flag"] != ""
    assert flagged.obs_names[marked].tolist() == ["s3", "s8"]
    assert flagged.obs.loc["s3", "spike_in_shift"] == pytest.approx(-2.0, abs=0.3)


def test_what_cannot_be_normalized_is_refused() -> None:
    given = trial()
    with pytest.raises(InputError, match="takes method=rpm, spike_in, per_ml"):
        normalize_cargo(given, method="per_mouse")
    with pytest.raises(InputError, match="per_ug_protein needs the column ev_protein_ug_per_ml"):
        normalize_cargo(given, method="per_ug_protein")
    with pytest.raises(InputError, match="no spike-in is measured"):
        normalize_cargo(given, spikes=["UniSp6"])
    with pytest.raises(InputError, match="needs two groups in plasma_ml; got 1"):
        compare_normalizers(given, column="plasma_ml", control="0.5")
    with pytest.raises(InputError, match=r"one of the two groups in time_point \(baseline, post\); got ''"):
        normalize_cargo(given, compare="time_point")
    with pytest.raises(ScaleError, match="from counts or cycles"):
        normalize_cargo(normalize_cargo(given))
