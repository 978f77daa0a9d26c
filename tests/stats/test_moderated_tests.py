"""Moderated t, F, threshold tests and log odds against limma."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.log_odds import log_odds
from exomics.stats.moderated_tests import moderated_f, moderated_t, t_confidence_interval, threshold_test, total_df
from exomics.stats.variance_moderation import squeeze_variances

EXPECTED = Path(__file__).parents[1] / "parity" / "moderated_tests" / "expected"


class Reference:
    """One limma fit: the table, its matrices, and our moderated tests of it."""

    def __init__(self, case: str) -> None:
        self.table = pd.read_csv(EXPECTED / f"{case}.tsv.gz", sep="\t", float_precision="round_trip")
        self.correlation = pd.read_csv(EXPECTED / f"{case}_correlation.tsv.gz", sep="\t").to_numpy()
        self.df_residual = self.table["df_residual"].to_numpy()
        self.squeezed = squeeze_variances(
            self.table["sigma"] ** 2,
            self.df_residual,
            robust=case == "robust",
            generation="moments",
            optimum="published",
        )
        self.tests = moderated_t(
            self.matrix("effect"), self.matrix("unscaled"), self.squeezed, df_residual=self.df_residual
        )

    def matrix(self, name: str) -> np.ndarray:
        return self.table[[column for column in self.table if column.startswith(f"{name}.")]].to_numpy()


@pytest.fixture(scope="module", params=["plain", "robust", "infinite_df"])
def reference(request):
    return Reference(request.param)


def assert_close(ours, theirs, tolerance=1e-12):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=1e-13)


def test_prior_is_infinite_where_it_should_be():
    assert np.isinf(Reference("infinite_df").squeezed.df_prior_common)
    assert np.isfinite(Reference("plain").squeezed.df_prior_common)


def test_t_equals_limma(reference):
    assert np.isnan(reference.tests.statistic).any() == np.isnan(reference.matrix("t")).any()
    assert_close(reference.tests.statistic, reference.matrix("t"))
    assert_close(reference.tests.p_value, reference.matrix("p"))
    assert_close(reference.tests.z, reference.matrix("z"))
    assert_close(reference.tests.degrees_of_freedom, reference.table["df_total"])


def test_f_equals_limma(reference):
    df = reference.df_residual + reference.squeezed.df_prior
    ours = moderated_f(reference.tests.statistic, reference.correlation, df)
    assert_close(ours.statistic, reference.table["F"])
    assert_close(ours.p_value, reference.table["F_p"])
    np.testing.assert_array_equal(ours.df_numerator, 2.0)


def test_f_with_one_correlation_per_feature(reference):
    t, n = reference.tests.statistic, len(reference.table)
    df = reference.df_residual + reference.squeezed.df_prior
    common = moderated_f(t, reference.correlation, df)
    each = moderated_f(t, np.broadcast_to(reference.correlation, (n, 3, 3)), df)
    assert_close(each.statistic, common.statistic)
    assert_close(each.p_value, common.p_value)


def test_f_of_a_feature_without_correlation_is_missing():
    correlation = np.stack([np.eye(2), np.full((2, 2), np.nan)])
    ours = moderated_f(np.ones((2, 2)), correlation, 5.0)
    np.testing.assert_array_equal(ours.statistic, [1.0, np.nan])


def test_f_of_one_contrast_is_t_squared():
    ours = moderated_f([[3.0], [0.0]], [[1.0]], 7.0)
    np.testing.assert_allclose(ours.statistic, [9.0, 0.0])
    np.testing.assert_array_equal(ours.df_numerator, 1.0)


def test_threshold_test_equals_treat(reference):
    ours = threshold_test(
        reference.matrix("effect"), reference.tests.standard_error, reference.tests.degrees_of_freedom, threshold=1.0
    )
    assert_close(ours.statistic, reference.matrix("treat_t"))
    assert_close(ours.p_value, reference.matrix("treat_p"))


def test_threshold_zero_is_the_t_test(reference):
    tests = reference.tests
    ours = threshold_test(reference.matrix("effect"), tests.standard_error, tests.degrees_of_freedom, threshold=0.0)
    assert_close(ours.statistic, tests.statistic)
    assert_close(ours.p_value, tests.p_value)


def test_log_odds_equal_limma(reference):
    ours = log_odds(reference.tests, reference.matrix("unscaled"), reference.squeezed)
    assert_close(ours, reference.matrix("lods"), 1e-11)


def test_confidence_limits(reference):
    low, high = t_confidence_interval(
        reference.matrix("effect"), reference.tests.standard_error, reference.tests.degrees_of_freedom
    )
    assert_close(low, reference.matrix("low"), 1e-11)
    np.testing.assert_allclose((low + high) / 2.0, reference.matrix("effect"), atol=1e-12)


def test_one_contrast_as_vector_or_matrix(reference):
    effect, unscaled = reference.matrix("effect"), reference.matrix("unscaled")
    one = moderated_t(effect[:, 0], unscaled[:, 0], reference.squeezed, df_residual=reference.df_residual)
    np.testing.assert_array_equal(one.z, reference.tests.z[:, 0])


def test_total_df_is_capped_at_the_pooled_df():
    np.testing.assert_array_equal(total_df([2.0, 3.0, np.nan], [1.0, 10.0, 1.0]), [3.0, 5.0, np.nan])


def test_input_that_does_not_fit_is_refused(reference):
    with pytest.raises(InputError, match="one per feature"):
        moderated_t([1.0], [1.0], reference.squeezed, df_residual=4.0)
    with pytest.raises(InputError, match="features x contrasts"):
        moderated_f([1.0, 2.0], np.eye(2), 4.0)
    with pytest.raises(InputError, match="between 0 and 1"):
        t_confidence_interval([1.0], [1.0], 3.0, level=95)
    with pytest.raises(InputError, match="non-negative"):
        threshold_test([1.0], [1.0], 3.0, threshold=-1.0)
    with pytest.raises(InputError, match="proportion"):
        log_odds(reference.tests, reference.matrix("unscaled"), reference.squeezed, proportion=0.0)
