"""Quantile normalization against limma, ties and missing values included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.quantile_normalization import quantile_normalize

EXPECTED = Path(__file__).parents[1] / "parity" / "quantile_normalization" / "expected"


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip").to_numpy().T


@pytest.mark.parametrize("name", ["y", "ties", "missing"])
def test_values_equal_limma(name):
    found, expected = quantile_normalize(read(name)), read(f"{name}_expected")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_all_samples_get_one_distribution_and_keep_their_order():
    values = read("y")
    found = quantile_normalize(values)
    np.testing.assert_allclose(
        np.sort(found, axis=1), np.tile(np.sort(values, axis=1).mean(axis=0), (7, 1)), rtol=1e-12
    )
    np.testing.assert_array_equal(np.argsort(found, axis=1), np.argsort(values, axis=1))


@pytest.mark.parametrize("row", [[np.nan, np.nan, 1.0], [np.inf, 1.0, 2.0]])
def test_samples_without_values_are_refused(row):
    with pytest.raises(InputError, match="samples"):
        quantile_normalize([[1.0, 2.0, 3.0], row])
