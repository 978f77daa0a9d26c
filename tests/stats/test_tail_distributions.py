"""Tails of t and F against 50-digit arithmetic (mpmath), far beyond the range of a double."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from exomics.stats.f_distribution import f_lower_tail, f_quantile, f_upper_tail, log_f_tails
from exomics.stats.t_distribution import log_t_upper_tail, normal_deviate_of_t, t_quantile, t_tests, t_upper_tail

# statistic, numerator df, denominator df, log upper tail, log lower tail
F_TAILS = [
    (1e6, 2.0, 500.0, -2073.57490221430876, 0.0),
    (50.0, 36.0, 10.86, -17.0970936544422951, -3.75687354790478464e-8),
    (1e-9, 36.0, 10.0, 0.0, -341.064293611706122),
    (1e-9, 3.0, 1e4, -4.37052147340344898e-14, -30.7613089696301843),
    (300.0, 36.0, 9000.0, -3448.82924042672902, 0.0),
    (0.9, 4.0, 7.0, -0.669005204665235749, -0.717886440805846536),
    (1e12, 5.0, 3.2, -43.6470106889497014, -1.10750094691291914e-19),
    (1.2, 200.0, 400.0, -2.73555138564888337, -0.0670571412321314459),
]
# statistic, df, log upper tail, normal deviate with that upper tail
T_TAILS = [
    (80.0, 1e4, -2478.5350073853028, 70.332959930099327),
    (60.0, 1e6, -1801.77951922734309, 59.9460900634972784),
    (45.0, 5e3, -854.64938235815585, 41.2313147601412037),
    (2.0, 5.0, -2.97652316716181212, 1.63552289670034907),
    (1e8, 46.8, -774.94141347729801, 39.2517981673062554),
    (1e20, 20.3, -906.728305042943491, 42.474931405152494),
    (0.003, 46.8625, -0.695530934886923171, 0.00298403941028021626),
    (9.5, 46.8625, -27.8045571260098521, 7.05864220553324584),
]


@pytest.mark.parametrize(("f", "d1", "d2", "log_upper", "log_lower"), F_TAILS)
def test_log_tails_of_f(f, d1, d2, log_upper, log_lower):
    upper, lower = log_f_tails(f, d1, d2)
    assert upper == pytest.approx(log_upper, rel=1e-13, abs=1e-15)
    assert lower == pytest.approx(log_lower, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(("f", "d1", "d2", "log_upper", "log_lower"), F_TAILS)
def test_plain_tails_and_quantiles_of_f(f, d1, d2, log_upper, log_lower):
    assert f_upper_tail(f, d1, d2) == pytest.approx(np.exp(log_upper), rel=2e-13)
    assert f_lower_tail(f, d1, d2) == pytest.approx(np.exp(log_lower), rel=2e-13)
    assert f_quantile(log_upper, log_lower, d1, d2) == pytest.approx(f, rel=1e-12)


@pytest.mark.parametrize("f", [1e-12, 0.3, 1.0, 2.0, 200.0])
def test_infinite_denominator_df_is_chi_squared(f):
    upper, lower = log_f_tails(f, 36.0, np.inf)
    near_upper, near_lower = log_f_tails(f, 36.0, 1e11)
    assert upper == pytest.approx(near_upper, rel=1e-6, abs=1e-9)
    assert lower == pytest.approx(near_lower, rel=1e-6, abs=1e-9)
    assert f_upper_tail(f, 36.0, np.inf) == pytest.approx(special.gammaincc(18.0, 18.0 * f), rel=1e-12)
    assert f_quantile(upper, lower, 36.0, np.inf) == pytest.approx(f, rel=1e-11)


def test_ends_of_f():
    upper, lower = log_f_tails([0.0, np.inf, np.nan], 3.0, 5.0)
    np.testing.assert_array_equal(upper, [0.0, -np.inf, np.nan])
    np.testing.assert_array_equal(lower, [-np.inf, 0.0, np.nan])


@pytest.mark.parametrize(("t", "df", "log_upper", "deviate"), T_TAILS)
def test_tails_and_deviates_of_t(t, df, log_upper, deviate):
    assert log_t_upper_tail(t, df) == pytest.approx(log_upper, rel=1e-13)
    assert normal_deviate_of_t(t, df) == pytest.approx(deviate, abs=1e-12)
    assert normal_deviate_of_t(-t, df) == pytest.approx(-deviate, abs=1e-12)
    assert t_tests(t, df)[0] == pytest.approx(2.0 * np.exp(log_upper), rel=2e-13)


@pytest.mark.parametrize("df", [0.3, 1.0, 2.5, 9.0, 19.0, 20.3, 46.8625, 120.0, 499.0, 5003.7, 9999.0])
def test_tails_of_t_equal_scipy(df):
    t = np.concatenate([np.linspace(-9.0, 9.0, 181), [1e-4, 15.0, 37.0, 1e3, 1e6]])
    np.testing.assert_allclose(t_upper_tail(t, df), special.stdtr(df, -t), rtol=3e-13 + 1e-16 * df)


def test_tail_of_a_tiny_t_with_one_df():
    assert t_upper_tail(1e-9, 1.0) == pytest.approx(0.5 - np.arctan(1e-9) / np.pi, rel=1e-15)


def test_ends_of_t():
    p_value, z = t_tests([0.0, np.inf, -np.inf, np.nan, 1.0, 1.0], [4.0, 4.0, np.inf, 4.0, np.nan, 0.0])
    np.testing.assert_array_equal(p_value, [1.0, 0.0, 0.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(z, [0.0, np.inf, -np.inf, np.nan, np.nan, np.nan])
    assert t_upper_tail(1e150, 0.5) == pytest.approx(special.stdtr(0.5, -1e150), rel=1e-13)


def test_infinite_df_is_normal():
    assert normal_deviate_of_t(1.7, np.inf) == pytest.approx(1.7, abs=1e-14)
    assert log_t_upper_tail(60.0, np.inf) == pytest.approx(special.log_ndtr(-60.0), rel=1e-14)
    assert t_upper_tail(-1.0, np.inf) == pytest.approx(special.ndtr(1.0), rel=1e-15)


def test_quantiles_of_t():
    expected = [1.959963984540054, 2.2281388519862739, 1.959963984540054]  # qt(0.975, c(Inf, 10, Inf)) of R 4.2.2
    np.testing.assert_allclose(t_quantile(0.975, [np.inf, 10.0, np.inf]), expected, rtol=1e-14)
