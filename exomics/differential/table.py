"""From arrays over features and contrasts to the differential table, without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.differential.contrasts import ContrastSet
from exomics.differential.methods import FeatureTests
from exomics.differential.omnibus import OmnibusSet, columns_of
from exomics.stats.multiple_testing import adjust_over_contrasts

OK = "ok"
NOT_ESTIMABLE = "not_estimable"
ALL_MISSING = "all_missing"
ALL_ZERO = "all_zero"
LOW_COUNT = "low_count"


@dataclass(frozen=True)
class TestedFeatures:
    """Ids and names of the features, how many samples hold a value, and ``ok`` or why a feature was not fitted."""

    ids: np.ndarray
    names: np.ndarray
    n_samples: np.ndarray
    status: np.ndarray

    __test__ = False


def differential_frame(
    tests: FeatureTests, contrasts: ContrastSet, features: TestedFeatures, omnibus: OmnibusSet | None = None
) -> pd.DataFrame:
    """The columns of `DifferentialTable`: all features of the first contrast, then of the second, and so on.

    Parameters
    ----------
    tests
        (n_features, n_contrasts) each.
    contrasts
        Names and families of the columns. P values are adjusted (Benjamini-Hochberg) over all rows of a family that
        have one, or those that the method lets enter; a row it leaves out is ``low_count`` and keeps its P value.
    features
        The rows.
    omnibus
        Names and families of the sets of contrasts in ``tests.omnibus``; their rows follow and have no log2 effect.

    Returns
    -------
    DataFrame
        (n_contrasts + n_sets) * n_features rows.
    """
    names, families = columns_of(contrasts, omnibus or OmnibusSet())
    n_features, n_columns = tests.p_value.shape[0], len(names)
    p_value = _with_sets(tests, "p_value")
    entering = p_value if tests.p_to_adjust is None else tests.p_to_adjust
    adjusted = adjust_over_contrasts(entering, pd.factorize(np.array(families, dtype=object))[0])
    return pd.DataFrame(
        {
            "feature_id": np.tile(features.ids, n_columns),
            "feature_name": np.tile(features.names, n_columns),
            "contrast": _each(names, n_features),
            "log2_fold_change": _stacked(_padded(tests.effect, n_columns)),
            "standard_error": _stacked(_padded(tests.standard_error, n_columns)),
            "ci_low": _stacked(_padded(tests.ci_low, n_columns)),
            "ci_high": _stacked(_padded(tests.ci_high, n_columns)),
            "mean_expression": np.tile(tests.mean_expression, n_columns),
            "test": _each(_words(tests), n_features),
            "statistic": _stacked(_with_sets(tests, "statistic")),
            "df_numerator": _stacked(_with_sets(tests, "df_numerator")),
            "degrees_of_freedom": _stacked(_with_sets(tests, "degrees_of_freedom")),
            "p_value": _stacked(p_value),
            "adj_p_value": _stacked(adjusted),
            "family": _each(families, n_features),
            "n_samples": np.tile(features.n_samples, n_columns),
            "status": _status(p_value, entering, features.status, tests.status),
            "note": _notes(tests, n_columns),
        },
        copy=False,
    )


def _with_sets(tests: FeatureTests, name: str) -> FloatArray:
    """An array of the contrasts, one column each, and of the sets after them."""
    n_features, n_contrasts = tests.p_value.shape
    own = getattr(tests, name)
    own = np.full(n_features, np.nan) if own is None else own
    own = np.broadcast_to(own[:, None], (n_features, n_contrasts)) if own.ndim == 1 else own
    return own if tests.omnibus is None else np.hstack([own, getattr(tests.omnibus, name)])


def _words(tests: FeatureTests) -> list[str]:
    words = [tests.test] * tests.p_value.shape[1]
    return words if tests.omnibus is None else words + [tests.omnibus.test] * tests.omnibus.p_value.shape[1]


def _padded(values: FloatArray, n_columns: int) -> FloatArray:
    missing = n_columns - values.shape[1]
    return np.hstack([values, np.full((values.shape[0], missing), np.nan)]) if missing else values


def _stacked(values: FloatArray) -> FloatArray:
    return values.ravel(order="F")


def _each(words: Sequence[str], times: int) -> np.ndarray:
    return np.repeat(np.array(words, dtype=object), times)


def _status(p_values: FloatArray, entering: FloatArray, status: np.ndarray, reported: np.ndarray | None) -> np.ndarray:
    if reported is not None:
        status = np.where((status == OK) & (reported != ""), reported, status)
    words = np.repeat(status[:, None], p_values.shape[1], axis=1)
    words[np.isnan(p_values) & (words == OK)] = NOT_ESTIMABLE
    words[np.isnan(entering) & (words == OK)] = LOW_COUNT
    return words.ravel(order="F")


def _notes(tests: FeatureTests, n_columns: int) -> np.ndarray:
    """The B statistic where it was asked for, as text: the table has no column for it."""
    notes = _each(("",), tests.p_value.shape[0] * n_columns)
    if tests.log_odds is not None:
        odds = _stacked(tests.log_odds)
        notes[: odds.size] = ["" if np.isnan(value) else f"B {value!r}" for value in odds.tolist()]
    return notes
