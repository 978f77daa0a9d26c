"""What a test kernel returns: arrays over features and contrasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from exomics._checks import FloatArray


class OmnibusTests(NamedTuple):
    """Sets of contrasts tested together; arrays are (n_features, n_sets), `test` the word of the column ``test``."""

    test: str
    statistic: FloatArray
    df_numerator: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray


class FeatureTests(NamedTuple):
    """One test per feature and contrast; NaN where it cannot be done.

    ``effect, standard_error, statistic, p_value, ci_low, ci_high`` have shape (n_features, n_contrasts);
    ``degrees_of_freedom, mean_expression`` (n_features,). `test` is the word of the column ``test``; `details` holds
    what a report shows beside the table (sample weights, prior), JSON values only. `omnibus` are the sets of contrasts
    that were asked for, `log_odds` (n_features, n_contrasts) the B statistic where it was; `status` (n_features,) is
    the word of a feature that the method could not finish, such as ``not_converged``, "" for the others.
    `p_to_adjust` (n_features, n_contrasts + n_sets) are the P values that enter the adjustment, NaN for the others;
    without it all of them do.
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
    omnibus: OmnibusTests | None = None
    log_odds: FloatArray | None = None
    status: np.ndarray | None = None
    p_to_adjust: FloatArray | None = None


def spread_tests(tests: FeatureTests, fitted: np.ndarray) -> FeatureTests:
    """Tests of the features of the mask `fitted`, as tests of all features with NaN for the others."""
    if fitted.all():
        return tests

    def spread(parts: Sequence[np.ndarray]) -> np.ndarray:
        values = parts[0]
        blank = "" if values.dtype == object else np.nan
        full = np.full((fitted.size, *values.shape[1:]), blank, dtype=values.dtype)
        full[fitted] = values
        return full

    return _over_arrays([tests], spread)


def join_tests(parts: Sequence[FeatureTests]) -> FeatureTests:
    """Tests of disjoint sets of features, each spread over all of them, as one; the details of each part in a list."""
    details = {"fits": [dict(part.details) for part in parts]}
    return _over_arrays(list(parts), _first_present)._replace(details=details)


def _first_present(parts: Sequence[np.ndarray]) -> np.ndarray:
    if parts[0].dtype != object:
        return np.asarray(np.fmax.reduce(parts))
    joined = parts[0].copy()
    for part in parts[1:]:
        joined = np.where(joined == "", part, joined)
    return joined


def _over_arrays(parts: list[Any], function: Callable[[Sequence[np.ndarray]], np.ndarray]) -> Any:
    """The first of `parts` with every array, in nested results too, replaced by `function` of that array of each."""
    changed: dict[str, Any] = {}
    for name, value in parts[0]._asdict().items():
        values = [getattr(part, name) for part in parts]
        if isinstance(value, OmnibusTests):
            changed[name] = _over_arrays(values, function)
        elif isinstance(value, np.ndarray):
            changed[name] = function(values)
    return parts[0]._replace(**changed)
