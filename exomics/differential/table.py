"""From arrays over features and contrasts to the differential table, without a loop over rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.differential.contrasts import ContrastSet
from exomics.differential.methods import FeatureTests
from exomics.stats.multiple_testing import adjust_over_contrasts

OK = "ok"
NOT_ESTIMABLE = "not_estimable"
ALL_MISSING = "all_missing"
ALL_ZERO = "all_zero"


@dataclass(frozen=True)
class TestedFeatures:
    """Ids and names of the features, how many samples hold a value, and ``ok`` or why a feature was not fitted."""

    ids: np.ndarray
    names: np.ndarray
    n_samples: np.ndarray
    status: np.ndarray

    __test__ = False


def differential_frame(tests: FeatureTests, contrasts: ContrastSet, features: TestedFeatures) -> pd.DataFrame:
    """The columns of `DifferentialTable`: all features of the first contrast, then of the second, and so on.

    Parameters
    ----------
    tests
        (n_features, n_contrasts) each.
    contrasts
        Names and families of the columns. P values are adjusted (Benjamini-Hochberg) over all rows of a family that
        have one.
    features
        The rows.

    Returns
    -------
    DataFrame
        n_contrasts * n_features rows.
    """
    n_features, n_contrasts = tests.p_value.shape
    families = list(dict.fromkeys(contrasts.families))
    codes = np.array([families.index(family) for family in contrasts.families])
    adjusted = adjust_over_contrasts(tests.p_value, codes)
    numerator = np.full(n_features, np.nan) if tests.df_numerator is None else tests.df_numerator
    return pd.DataFrame(
        {
            "feature_id": np.tile(features.ids, n_contrasts),
            "feature_name": np.tile(features.names, n_contrasts),
            "contrast": _each(contrasts.names, n_features),
            "log2_fold_change": _stacked(tests.effect),
            "standard_error": _stacked(tests.standard_error),
            "ci_low": _stacked(tests.ci_low),
            "ci_high": _stacked(tests.ci_high),
            "mean_expression": np.tile(tests.mean_expression, n_contrasts),
            "test": _each((tests.test,), n_features * n_contrasts),
            "statistic": _stacked(tests.statistic),
            "df_numerator": np.tile(numerator, n_contrasts),
            "degrees_of_freedom": np.tile(tests.degrees_of_freedom, n_contrasts),
            "p_value": _stacked(tests.p_value),
            "adj_p_value": _stacked(adjusted),
            "family": _each(contrasts.families, n_features),
            "n_samples": np.tile(features.n_samples, n_contrasts),
            "status": _status(tests.p_value, features.status),
            "note": _each(("",), n_features * n_contrasts),
        },
        copy=False,
    )


def _stacked(values: FloatArray) -> FloatArray:
    return values.ravel(order="F")


def _each(words: tuple[str, ...], times: int) -> np.ndarray:
    return np.repeat(np.array(words, dtype=object), times)


def _status(p_values: FloatArray, status: np.ndarray) -> np.ndarray:
    words = np.repeat(status[:, None], p_values.shape[1], axis=1)
    words[np.isnan(p_values) & (words == OK)] = NOT_ESTIMABLE
    return words.ravel(order="F")
