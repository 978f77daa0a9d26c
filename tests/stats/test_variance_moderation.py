"""Both generations of the variance prior against limma, and on inputs where limma stops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from exomics.errors import InputError
from exomics.stats.variance_moderation import squeeze_variances

EXPECTED = Path(__file__).parents[1] / "parity" / "variance_prior" / "expected"
INPUTS = pd.read_csv(EXPECTED / "inputs.tsv.gz", sep="\t", float_precision="round_trip")
FIELDS = ("var_prior", "df_prior", "var_post")
# Relative agreement. Brent's stop of the likelihood is known to the noise of a flat optimum only.
TOLERANCE = {"moments": 1e-10, "likelihood": 1e-8}


def reference_cases(generation):
    table = pd.read_csv(EXPECTED / f"{generation}.tsv.gz", sep="\t", float_precision="round_trip")
    return [(generation, *key, group) for key, group in table.groupby(["case", "trend", "robust"], sort=False)]


def case_id(value):
    return "" if isinstance(value, pd.DataFrame) else str(value)


def simulated(n, df, df_prior, seed=0):
    rng = np.random.default_rng(seed)
    df = np.broadcast_to(np.asarray(df, dtype=float), (n,))
    return df_prior / rng.chisquare(df_prior, n) * rng.chisquare(df) / df


@pytest.mark.parametrize(
    ("generation", "case", "trend", "robust", "expected"),
    [*reference_cases("moments"), *reference_cases("likelihood")],
    ids=case_id,
)
def test_equals_limma(generation, case, trend, robust, expected):
    inputs = INPUTS[INPUTS["case"] == case]
    squeezed = squeeze_variances(
        inputs["variance"],
        inputs["df"],
        covariate=inputs["covariate"] if trend else None,
        robust=robust,
        generation=generation,
        optimum="published",
    )
    for field in FIELDS:
        np.testing.assert_array_equal(np.isnan(getattr(squeezed, field)), expected[field].isna(), err_msg=field)
        np.testing.assert_allclose(getattr(squeezed, field), expected[field], rtol=TOLERANCE[generation], err_msg=field)


def test_every_option_has_reference_cases():
    counts = {generation: len(reference_cases(generation)) for generation in TOLERANCE}
    assert counts == {"moments": 126, "likelihood": 128}


@pytest.mark.parametrize(("df", "generation"), [([4, 4, 0, 4, 4], "moments"), ([4, 4, 5, 4, 4], "likelihood")])
def test_generation_follows_the_residual_df(df, generation):
    assert squeeze_variances([0.5, 1.0, 2.0, 1.5, 0.7], df).generation == generation


def test_exact_optimum_has_the_higher_likelihood():
    d = np.tile([3.0, 5.0, 9.0], 100)
    s2 = simulated(300, d, 6.0)

    def log_likelihood(squeezed):
        d0 = squeezed.df_prior_common
        f = s2 / squeezed.var_prior
        return float(
            np.sum(-(d + d0) / 2 * np.log1p(d * f / d0) + d / 2 * np.log(d * f / d0) - special.betaln(d / 2, d0 / 2))
        )

    exact = squeeze_variances(s2, d, optimum="exact")
    published = squeeze_variances(s2, d, optimum="published")
    assert exact.df_prior_common != published.df_prior_common
    assert exact.df_prior_common == pytest.approx(published.df_prior_common, rel=2e-3)
    assert log_likelihood(exact) > log_likelihood(published)


@pytest.mark.parametrize("generation", ["moments", "likelihood"])
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("trend", [False, True])
def test_order_of_features_does_not_matter(generation, robust, trend):
    rng = np.random.default_rng(3)
    d = rng.choice([3.0, 5.0, 9.0], 120)
    s2, covariate, order = simulated(120, d, 6.0), rng.normal(size=120), rng.permutation(120)
    s2[:3] *= 200.0
    options = {"robust": robust, "generation": generation}
    one = squeeze_variances(s2, d, covariate=covariate if trend else None, **options)
    other = squeeze_variances(s2[order], d[order], covariate=covariate[order] if trend else None, **options)
    np.testing.assert_allclose(one.var_post[order], other.var_post, rtol=1e-9)


@pytest.mark.parametrize("generation", ["moments", "likelihood"])
@pytest.mark.parametrize("robust", [False, True])
def test_scale_of_the_data_does_not_matter(generation, robust):
    d = np.tile([3.0, 5.0, 9.0], 40)
    s2 = simulated(120, d, 6.0)
    s2[:2] *= 300.0
    one = squeeze_variances(s2, d, robust=robust, generation=generation)
    other = squeeze_variances(s2 * 2.0**30, d, robust=robust, generation=generation)
    np.testing.assert_allclose(one.var_post * 2.0**30, other.var_post, rtol=1e-9)
    np.testing.assert_allclose(one.df_prior, other.df_prior, rtol=1e-9)


def test_posterior_lies_between_variance_and_prior():
    d = np.tile([3.0, 5.0, 9.0], 40)
    s2 = simulated(120, d, 6.0)
    squeezed = squeeze_variances(s2, d)
    assert (squeezed.var_post >= np.minimum(s2, squeezed.var_prior)).all()
    assert (squeezed.var_post <= np.maximum(s2, squeezed.var_prior)).all()


@pytest.mark.parametrize("generation", ["auto", "moments", "likelihood"])
def test_fewer_than_three_features_are_not_squeezed(generation):
    squeezed = squeeze_variances([0.5, 2.0], [4.0, 5.0], generation=generation)
    assert squeezed.generation == "none"
    np.testing.assert_array_equal(squeezed.var_post, [0.5, 2.0])
    np.testing.assert_array_equal(squeezed.df_prior, 0.0)


@pytest.mark.parametrize("generation", ["auto", "moments", "likelihood"])
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("trend", [False, True])
class TestHopelessInput:
    def squeeze(self, s2, d, generation, robust, trend):
        covariate = np.arange(len(s2)) if trend else None
        return squeeze_variances(s2, d, covariate=covariate, robust=robust, generation=generation)

    def test_no_informative_variance(self, generation, robust, trend):
        squeezed = self.squeeze([np.nan, np.inf, np.nan, -1.0], [4.0, 5.0, 4.0, 4.0], generation, robust, trend)
        assert np.isnan(squeezed.var_post).all()
        assert np.isnan(squeezed.df_prior_common)

    def test_no_residual_df(self, generation, robust, trend):
        squeezed = self.squeeze([1.0, np.nan, 2.0, 3.0], np.zeros(4), generation, robust, trend)
        assert np.isnan(squeezed.var_post).all()

    def test_one_informative_variance_is_kept(self, generation, robust, trend):
        squeezed = self.squeeze([2.0, np.nan, np.nan, 1.0], [4.0, 5.0, 4.0, 0.0], generation, robust, trend)
        assert squeezed.df_prior_common == 0.0
        np.testing.assert_array_equal(squeezed.var_post[:2], [2.0, np.nan])

    def test_all_zero(self, generation, robust, trend):
        squeezed = self.squeeze(np.zeros(6), [4.0, 5.0, 4.0, 4.0, 6.0, 5.0], generation, robust, trend)
        assert squeezed.var_post.shape == (6,)

    def test_bad_variances_stay_alone(self, generation, robust, trend):
        d = np.tile([3.0, 5.0, 9.0], 20)
        s2 = simulated(60, d, 6.0)
        s2[[0, 1, 2]] = [np.inf, np.nan, 0.0]
        d[3] = 0.0
        squeezed = self.squeeze(s2, d, generation, robust, trend)
        assert np.isinf(squeezed.var_post[0])
        assert np.isnan(squeezed.var_post[1])
        assert np.isfinite(squeezed.var_post[2:]).all()
        assert squeezed.var_post[3] == squeezed.var_prior[3]


@pytest.mark.parametrize("generation", ["moments", "likelihood"])
@pytest.mark.parametrize("robust", [False, True])
def test_missing_covariate_costs_one_feature(generation, robust):
    d = np.tile([3.0, 5.0, 9.0], 20)
    s2, covariate = simulated(60, d, 6.0), np.linspace(-1, 1, 60)
    covariate[4] = np.nan
    with_gap = squeeze_variances(s2, d, covariate=covariate, robust=robust, generation=generation)
    kept = np.arange(60) != 4
    without = squeeze_variances(s2[kept], d[kept], covariate=covariate[kept], robust=robust, generation=generation)
    assert np.isnan(with_gap.var_post[4])
    np.testing.assert_array_equal(with_gap.var_post[kept], without.var_post)


@pytest.mark.parametrize("generation", ["moments", "likelihood"])
@pytest.mark.parametrize("robust", [False, True])
def test_infinite_covariate_is_moved_next_to_the_finite_ones(generation, robust):
    d = np.tile([3.0, 5.0, 9.0], 20)
    s2, covariate = simulated(60, d, 6.0), np.linspace(-1, 1, 60)
    moved = covariate.copy()
    covariate[4], moved[4] = -np.inf, -2.0
    one = squeeze_variances(s2, d, covariate=covariate, robust=robust, generation=generation)
    other = squeeze_variances(s2, d, covariate=moved, robust=robust, generation=generation)
    np.testing.assert_array_equal(one.var_post, other.var_post)


def test_winsorizing_nothing_is_not_robust():
    s2 = simulated(60, 6.0, 6.0)
    robust = squeeze_variances(s2, 6.0, robust=True, winsor_tail=(0.0, 0.0))
    np.testing.assert_array_equal(robust.var_post, squeeze_variances(s2, 6.0).var_post)


def test_one_sided_winsorizing():
    s2 = simulated(400, 6.0, 6.0)
    s2[0] = 1e4
    squeezed = squeeze_variances(s2, 6.0, robust=True, winsor_tail=(0.0, 0.1))
    assert 4.0 < squeezed.df_prior_common < 9.0
    assert squeezed.n_outliers >= 1
    assert squeezed.df_prior[0] < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], 4.0), "must be a vector"),
        (([1.0, 2.0, 3.0], [4.0, 5.0]), "same length"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        squeeze_variances(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariate": [1.0]}, "one per feature"),
        ({"winsor_tail": (0.5, 0.1)}, "proportions"),
        ({"generation": "new"}, "generation must be"),
        ({"optimum": "best"}, "optimum one of"),
    ],
)
def test_options_that_do_not_exist_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        squeeze_variances([1.0, 2.0, 3.0], 4.0, **options)
