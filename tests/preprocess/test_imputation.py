"""Imputation as a step: asked for, marked, and the same whatever samples stand beside."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess import apply_step, impute_knn, impute_left_censored
from exomics.schema import Scale, annotate, steps_of


@pytest.fixture
def holed() -> AnnData:
    rng = np.random.default_rng(1)
    values = 20.0 + rng.normal(size=(10, 1)) + rng.normal(0.0, 2.0, size=60) + 0.2 * rng.normal(size=(10, 60))
    values[values < np.quantile(values, 0.15)] = np.nan
    values[:3, 5] = np.nan
    kept = ~np.isnan(values).all(axis=0)
    return annotate(AnnData(values[:, kept]), assay="protein", scale=Scale(kind="log2", quantity="intensity"))


@pytest.mark.parametrize("method", ["qrilc", "min_prob"])
def test_draws_are_low_marked_and_repeatable(holed: AnnData, method: str) -> None:
    missing = np.isnan(holed.X)
    filled = apply_step(holed, "impute_left_censored", {"method": method})
    np.testing.assert_array_equal(filled.layers["imputed"], missing)
    np.testing.assert_array_equal(filled.X[~missing], holed.X[~missing])
    assert filled.X[missing].mean() < np.nanquantile(holed.X, 0.1)
    assert steps_of(filled)[-1]["report"]["n_imputed"] == missing.sum()
    np.testing.assert_array_equal(impute_left_censored(holed, method=method).X, filled.X)  # type: ignore[arg-type]
    assert not np.array_equal(impute_left_censored(holed, method=method, seed=1).X, filled.X)  # type: ignore[arg-type]
    assert np.isnan(holed.X).any()


def test_a_sample_is_drawn_the_same_alone_as_among_others(holed: AnnData) -> None:
    together = impute_left_censored(holed)
    alone = impute_left_censored(holed[[4, 2]].copy())
    np.testing.assert_array_equal(alone.X, together[[4, 2]].X)


def test_neighbors_fill_what_is_missing_at_random(holed: AnnData) -> None:
    filled = impute_knn(holed, n_neighbors=5)
    assert not np.isnan(filled.X).any()
    assert filled.layers["imputed"].sum() == np.isnan(holed.X).sum()


def test_nothing_imputes_by_default_and_counts_are_refused(holed: AnnData) -> None:
    with pytest.raises(InputError, match="method=qrilc or min_prob; got 'mean'"):
        impute_left_censored(holed, method="mean")  # type: ignore[arg-type]
    counts = annotate(AnnData(np.ones((6, 20))), assay="rna", scale=Scale(kind="counts", quantity="count"))
    for step in ("impute_left_censored", "impute_knn"):
        with pytest.raises(ScaleError, match=f"{step} takes log2 values"):
            apply_step(counts, step)
