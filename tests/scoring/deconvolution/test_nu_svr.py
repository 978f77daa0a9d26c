"""nu_svr: planted mixtures, noise that is none, missing and wild features, and its p value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.svm import NuSVR

from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference, Profiles
from exomics.scoring import deconvolve
from exomics.scoring.deconvolution.nu_svr import NUS, mixture_p_values, nu_svr
from tests.scoring.deconvolution.conftest import TPM, samples

PROFILES = np.random.default_rng(1).lognormal(2, 1.2, (150, 5))
TRUTH = np.random.default_rng(2).dirichlet(np.ones(5), 6)
MIXED = TRUTH @ PROFILES.T
NOISY = MIXED * np.random.default_rng(3).lognormal(0, 0.2, MIXED.shape)


def test_planted_shares_come_back() -> None:
    np.testing.assert_allclose(nu_svr(MIXED, PROFILES), TRUTH, atol=0.02)
    found = nu_svr(NOISY, PROFILES)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    assert (found >= 0).all()
    assert np.corrcoef(found.ravel(), TRUTH.ravel())[0, 1] > 0.95


def test_a_type_that_is_absent_gets_next_to_nothing() -> None:
    absent = np.array([[0.5, 0.3, 0.2, 0.0, 0.0]])
    assert nu_svr(absent @ PROFILES.T, PROFILES)[0, 3:].max() < 0.01


def test_wild_features_turn_least_squares_and_not_this() -> None:
    wild = MIXED.copy()
    wild[:, :8] *= 20.0
    assert np.abs(nu_svr(wild, PROFILES) - TRUTH).max() < 0.1
    squares = np.maximum(np.linalg.lstsq(PROFILES, wild.T, rcond=None)[0].T, 0)
    assert np.abs(squares / squares.sum(axis=1, keepdims=True) - TRUTH).max() > 0.2


def test_it_is_the_published_recipe_on_libsvm() -> None:
    X = (PROFILES - PROFILES.mean()) / PROFILES.std(ddof=1)
    for sample, found in zip(NOISY[:3], nu_svr(NOISY[:3], PROFILES), strict=True):
        z = (sample - sample.mean()) / sample.std(ddof=1)
        tried = []
        for nu in NUS:
            weights = np.maximum(NuSVR(nu=nu, kernel="linear", tol=1e-10).fit(X, z).coef_[0], 0)
            shares = weights / weights.sum()
            tried.append((np.sqrt(np.mean((z - X @ shares) ** 2)), shares))
        np.testing.assert_allclose(found, min(tried, key=lambda one: one[0])[1], atol=1e-4)


def test_missing_features_are_left_out_of_their_sample() -> None:
    holes = NOISY.copy()
    holes[1::2, 100:] = np.nan
    holes[2] = np.nan
    holes[4] = 7.0
    found = nu_svr(holes, PROFILES)
    np.testing.assert_array_equal(found[0], nu_svr(NOISY[:1], PROFILES)[0])
    np.testing.assert_allclose(found[1::2], nu_svr(NOISY[1::2, :100], PROFILES[:100]), atol=1e-12)
    assert np.isnan(found[[2, 4]]).all()
    assert np.isnan(nu_svr(NOISY[:, :4], PROFILES[:4])).all()


def test_units_of_samples_and_profiles_do_not_matter() -> None:
    np.testing.assert_allclose(nu_svr(1e3 * NOISY, 7.0 * PROFILES), nu_svr(NOISY, PROFILES), atol=1e-8)


def test_a_mixture_is_told_from_noise() -> None:
    """Mixtures have the least p that the draws allow; of shuffled samples few fall below any level."""
    generator = np.random.default_rng(4)
    shuffled = np.array([generator.permutation(NOISY[at % 6]) for at in range(40)])
    p = mixture_p_values(np.vstack([NOISY, shuffled]), PROFILES, permutations=99, seed=2)
    assert p[:6].tolist() == [0.01] * 6
    assert 0.3 < p[6:].mean() < 0.7
    assert (p[6:] <= 0.05).mean() <= 0.15
    again = mixture_p_values(np.vstack([NOISY, shuffled]), PROFILES, permutations=99, seed=2)
    np.testing.assert_array_equal(p, again)
    kept = nu_svr(np.vstack([NOISY, shuffled]), PROFILES, permutations=99, seed=2)
    np.testing.assert_array_equal(np.isnan(kept[:, 0]), p > 0.05)


def test_bad_input_is_refused() -> None:
    for call in (nu_svr, mixture_p_values):
        with pytest.raises(InputError, match="same value everywhere"):
            call(NOISY, np.ones_like(PROFILES))
        with pytest.raises(InputError, match="must be finite"):
            call(NOISY, np.where(PROFILES > 50, np.nan, PROFILES))
        with pytest.raises(InputError, match="logarithm of zero"):
            call(np.where(NOISY < 5, -np.inf, NOISY), PROFILES)
        with pytest.raises(InputError, match="permutation"):
            call(NOISY, PROFILES, permutations=-1)


def test_it_runs_from_a_reference_and_withholds_what_is_no_mixture() -> None:
    genes = tuple(f"G{row:03d}" for row in range(150))
    types = ("Monocytes", "NK", "Neutrophils", "T cells CD8", "Plasma cells")
    reference = CellReference({"profiles": Profiles(genes, types, PROFILES)})
    rows = np.vstack([MIXED, np.random.default_rng(5).permutation(MIXED[0])])
    bulk = samples(pd.DataFrame(rows.T, list(genes), [f"s{row}" for row in range(7)]), TPM)
    plain = deconvolve(bulk, method="nu_svr", reference=reference).frame
    assert (plain["status"] == "ok").all()
    held = deconvolve(bulk, method="nu_svr", reference=reference, parameters={"permutations": 39}).frame
    withheld = held["sample_id"] == "s6"
    assert set(held.loc[withheld, "status"]) == {"below_floor"}
    assert held.loc[withheld, "value"].isna().all()
    np.testing.assert_array_equal(held.loc[~withheld, "value"], plain.loc[~withheld, "value"])
    assert set(plain["cell_type"]) == {"monocyte", "NK", "neutrophil", "T cell CD8+", "plasma cell"}
