"""What a locked model says of samples it never saw, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.locked_model import LockedLinear, LockedModel, LockedTrees
from exomics.stratify.locking._evaluated import Evaluated
from exomics.stratify.locking._linear_values import of_linear
from exomics.stratify.locking._tree_values import of_trees

__all__ = ["Predicted", "predict"]

FloatArray = NDArray[np.float64]

_EVALUATIONS: Mapping[type[LockedModel], Callable[[Any, FloatArray], Evaluated]] = {
    LockedLinear: of_linear,
    LockedTrees: of_trees,
}


class Predicted(NamedTuple):
    """What is said of each sample.

    ``told`` (n_samples, n_classes) holds probabilities of the classes; of survival, of an event by each time of the
    baseline (n_samples, n_times). ``coverage`` (n_samples,) is the measured share of the weight, ``measured``
    (n_samples, n_parts) says which parts a sample has, and ``called`` (n_samples,) is the class, or the event, that is
    called, "" for none. A sample below the least coverage has NaN and is not called.
    """

    told: FloatArray
    coverage: FloatArray
    measured: NDArray[np.bool_]
    called: NDArray[np.str_]

    @property
    def probability(self) -> FloatArray:
        """Of the second of two classes, or of an event by the last time, (n_samples,)."""
        return self.told[:, -1]


def predict(model: LockedModel, features: pd.DataFrame) -> Predicted:
    """Probabilities of samples that the model never saw; each depends on that sample alone.

    Linear models: ``intercept + sum_j coefficient_j x_j`` with the fill in place of a missing ``x_j``, then the link. A
    part of which a sample has no feature is left out of its sum; coverage is the share of ``sum_j spread_j s_j`` over
    the measured features of the other parts, ``spread_j`` the range of the coefficients of a feature (of one, its size)
    and ``s_j`` its deviation.

    Trees: ``intercept + sum_t v_t``, ``v_t`` the value of the leaf that the sample reaches in tree t, then the link;
    coverage is the share of the summed gain of all splits that belongs to measured features.

    Parameters
    ----------
    model
        As locked or read.
    features
        (n_samples, any features), in the scales that the model names; ``<block>:<feature>`` for several blocks.

    Returns
    -------
    Predicted
        NaN for samples below the least coverage.

    Raises
    ------
    InputError
        If no feature of the model is there, or names repeat.

    Notes
    -----
    Features that the model does not know are not read. Survival: ``1 - exp(-H_0(t) exp(log hazard))``. In trees a
    missing value follows the side that its split names: what was learned, if values were missing in training, else the
    side with more training samples, which is no more than a fill. So either way it lowers the coverage.

    Examples
    --------
    >>> from exomics.registry.locked_model import Part
    >>> one = np.ones(1)
    >>> model = LockedLinear(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.0,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=one, deviations=one)
    >>> predict(model, pd.DataFrame({"CXCL9": [2.0, np.nan]})).probability.round(4).tolist()
    [0.8808, nan]
    """
    values = _values(model, features)
    told, coverage, measured = _EVALUATIONS[type(model)](model, values)
    told[~(coverage >= max(model.min_coverage, 1e-12))] = np.nan
    return Predicted(told, coverage, measured, _called(model, told))


def _values(model: LockedModel, features: pd.DataFrame) -> FloatArray:
    if not features.columns.is_unique:
        raise InputError(
            f"feature {features.columns[features.columns.duplicated()][0]!r} stands twice; name each once."
        )
    if not set(model.features) & set(features.columns):
        raise InputError(
            f"none of the {len(model.features)} features of {model.id} is there (such as {model.features[0]!r}); check "
            "that both name features in the same way."
        )
    values = features.reindex(columns=list(model.features)).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _called(model: LockedModel, told: FloatArray) -> NDArray[np.str_]:
    known = np.isfinite(told[:, -1])
    if model.threshold is None:
        likeliest = np.array(model.classes)[np.argmax(np.nan_to_num(told), axis=1)]
        return np.where(known, likeliest, "")
    return np.where(known & (told[:, -1] >= model.threshold), model.positive or "event", "")
