"""Camera and camera on statistics against limma, its properties, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.competitive_tests import camera, camera_preranked

EXPECTED = Path(__file__).parents[1] / "parity" / "camera" / "expected"
CONTRASTS = ("ba", "cb", "all", "slope")
VARIANTS = {
    "estimated": {},
    "estimated_weighted": {"weights": "values"},
    "estimated_samples": {"weights": "samples"},
    "estimated_trend": {"trend": True},
    "preset": {"inter_gene_correlation": 0.01},
    "preset_weighted": {"inter_gene_correlation": 0.05, "weights": "values"},
}
PRERANKED = {
    "preranked": {},
    "preranked_ranks": {"use_ranks": True},
    "preranked_independent": {"inter_gene_correlation": 0.0},
    "preranked_ranks_independent": {"inter_gene_correlation": 0.0, "use_ranks": True},
    "preranked_each": {"inter_gene_correlation": np.arange(7) * 0.05},
}


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def sets():
    frame = read("sets")
    return [frame.loc[frame["set"] == name, "member"].to_numpy() - 1 for name in dict.fromkeys(frame["set"])]


def inputs():
    return read("values").to_numpy().T, read("design").to_numpy(dtype=float)


def weights(kind):
    return read("weights").to_numpy().T if kind == "values" else read("samples")["arrays"].to_numpy()


def assert_same(found, expected):
    assert found.n_measured.tolist() == expected["n"].tolist()
    assert found.direction.tolist() == expected["direction"].tolist()
    np.testing.assert_allclose(found.p_value, expected["p"], rtol=1e-9)


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_camera_equals_limma(contrast, variant):
    options = dict(VARIANTS[variant])
    if "weights" in options:
        options["weights"] = weights(options["weights"])
    values, design = inputs()
    found = camera(values, design, read("contrasts")[contrast], sets(), **options)
    expected = read(f"{contrast}_{variant}")
    assert_same(found, expected)
    if "inter_gene_correlation" not in options:
        np.testing.assert_array_equal(np.isnan(found.correlation), expected["correlation"].isna())
        np.testing.assert_allclose(found.correlation, expected["correlation"], rtol=1e-9, atol=1e-12)
    else:
        assert (found.correlation == options["inter_gene_correlation"]).all()


@pytest.mark.parametrize("variant", PRERANKED)
def test_preranked_equals_limma(variant):
    found = camera_preranked(read("statistic")["statistic"], sets(), **PRERANKED[variant])
    assert_same(found, read(variant))


def test_results_do_not_depend_on_the_order_of_samples_features_or_units():
    values, design = inputs()
    rng, contrast = np.random.default_rng(0), [-1.0, 1.0, 0.0, 0.0]
    samples, features = rng.permutation(13), rng.permutation(300)
    place = np.argsort(features)
    plain = camera(values, design, contrast, sets())
    moved = camera(
        3.0 * values[np.ix_(samples, features)] + 5.0, design[samples], contrast, [place[members] for members in sets()]
    )
    for ours, theirs in zip(moved, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_reversed_contrast_turns_directions_only():
    values, design = inputs()
    one, other = (camera(values, design, [-s, s, 0.0, 0.0], sets(), weights=weights("values")) for s in (1.0, -2.0))
    assert (one.direction == -other.direction).all()
    np.testing.assert_allclose(one.statistic, -other.statistic, rtol=1e-9)


def test_null_sets_hold_their_level():
    rng = np.random.default_rng(3)
    design = np.repeat(np.eye(2), 5, axis=0)
    values = rng.normal(size=(10, 2000)) + np.repeat(rng.normal(size=(10, 40)), 50, axis=1) * 0.5
    found = camera(values, design, [-1.0, 1.0], np.arange(2000).reshape(40, 50))
    assert 0.1 < found.correlation.mean() < 0.3
    assert (found.p_value < 0.05).mean() <= 0.1
    assert (
        camera(values, design, [-1.0, 1.0], np.arange(2000).reshape(40, 50), inter_gene_correlation=0.0).p_value < 0.05
    ).mean() > 0.3


def test_empty_and_complete_sets_have_no_numbers():
    values, design = inputs()
    for correlation in (None, 0.01):
        found = camera(values, design, [1.0, 0, 0, 0], [[], np.arange(300), [3, 4]], inter_gene_correlation=correlation)
        assert np.isnan(found.p_value).tolist() == [True, True, False]
        assert found.direction[:2].tolist() == [0, 0]
    assert camera_preranked(np.arange(9.0), []).p_value.size == 0


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (InputError, {"expression": np.full((13, 300), np.nan)}),
        (InputError, {"weights": np.zeros((13, 300))}),
        (InputError, {"weights": np.zeros(13), "inter_gene_correlation": 0.01}),
        (InputError, {"sets": [[1, 1]]}),
        (InputError, {"sets": [[300]]}),
        (InputError, {"sets": [np.ones(300, dtype=bool)]}),
        (InputError, {"inter_gene_correlation": 1.0}),
        (DesignError, {"contrast": [0.0, 0, 0, 0]}),
        (DesignError, {"contrast": [1.0, 0]}),
        (DesignError, {"design": np.eye(13)}),
        (DesignError, {"design": np.ones((13, 2))}),
    ],
)
def test_bad_input_is_refused(error, change):
    values, design = inputs()
    given = {"expression": values, "design": design, "contrast": [1.0, -1.0, 0, 0], "sets": sets(), **change}
    with pytest.raises(error):
        camera(**given)


@pytest.mark.parametrize("statistic", [[1.0, np.nan, 2.0], [1.0, 2.0], np.ones((3, 3))])
def test_bad_statistics_are_refused(statistic):
    with pytest.raises(InputError):
        camera_preranked(statistic, [[0]])
