"""What a test kernel returns: arrays over features and contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from exomics._checks import FloatArray


class FeatureTests(NamedTuple):
    """One test per feature and contrast; NaN where it cannot be done.

    ``effect, standard_error, statistic, p_value, ci_low, ci_high`` have shape (n_features, n_contrasts);
    ``degrees_of_freedom, mean_expression`` (n_features,). `test` is the word of the column ``test``; `details` holds
    what a report shows beside the table (sample weights, prior), JSON values only.
    """

    test: str
    effect: FloatArray
    standard_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    degrees_of_freedom: FloatArray
    mean_expression: FloatArray
    df_numerator: FloatArray | None
    details: Mapping[str, Any]


def spread_tests(tests: FeatureTests, fitted: np.ndarray) -> FeatureTests:
    """Tests of the features of the mask `fitted`, as tests of all features with NaN for the others."""
    if fitted.all():
        return tests

    def spread(values: FloatArray) -> FloatArray:
        full = np.full((fitted.size, *values.shape[1:]), np.nan)
        full[fitted] = values
        return full

    return _with_arrays(tests, {name: spread(value) for name, value in _arrays(tests).items()})


def join_tests(parts: Sequence[FeatureTests]) -> FeatureTests:
    """Tests of disjoint sets of features, each spread over all of them, as one; the details of each part in a list."""
    joined = {name: np.fmax.reduce([getattr(part, name) for part in parts]) for name in _arrays(parts[0])}
    return _with_arrays(parts[0], joined)._replace(details={"fits": [dict(part.details) for part in parts]})


def _arrays(tests: FeatureTests) -> dict[str, FloatArray]:
    return {name: value for name, value in tests._asdict().items() if isinstance(value, np.ndarray)}


def _with_arrays(tests: FeatureTests, arrays: dict[str, FloatArray]) -> FeatureTests:
    return FeatureTests(**{**tests._asdict(), **arrays})
