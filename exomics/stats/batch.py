"""Take known batch effects out of log values, as fitted beside the groups that are to stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_length
from exomics.errors import DesignError, InputError
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats.linear_model import as_expression, fit_linear_models

FloatArray = NDArray[np.float64]


def remove_batch_effect(
    expression: ArrayLike,
    batch: ArrayLike | None = None,
    *,
    second_batch: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    group: ArrayLike | None = None,
    design: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> FloatArray:
    """Subtract batch effects and covariates from log values, keeping the differences that a design describes.

    Each feature is fitted by ``design + batch``, batches coded to sum to zero, and ``batch @ coefficients`` is
    subtracted. A batch coefficient that the values present of a feature cannot estimate counts as zero.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features); NaN is missing and stays.
    batch, second_batch
        Labels of one or two factors to remove, each (n_samples,). Levels are taken in sorted order.
    covariates
        Continuous covariates to remove, (n_samples,) or (n_samples, n_covariates).
    group
        Labels (n_samples,) of conditions whose means are protected; goes before `design`.
    design
        Design matrix of the effects to protect. Default: an intercept.
    weights
        As in `linear_model.fit_linear_models`.

    Returns
    -------
    numpy.ndarray
        The adjusted values, (n_samples, n_features).

    Raises
    ------
    DesignError
        If the batches cannot be told from what is to be protected.
    InputError
        If nothing is to be removed, or lengths disagree.

    Notes
    -----
    Equal to limma's ``removeBatchEffect`` (3.62, whose `group` older versions ignore without a word), except that
    confounding of batch with the protected design is an error here. Degrees of freedom are not adjusted by a later fit:
    for a test of our own, put batch into the design instead.

    Examples
    --------
    >>> remove_batch_effect([[1.0], [2.0], [5.0], [6.0]], ["a", "a", "b", "b"]).round(6).ravel().tolist()
    [3.0, 4.0, 3.0, 4.0]
    """
    values = as_expression(expression)
    n_samples = values.shape[0]
    removed = _removed_columns(n_samples, batch, second_batch, covariates)
    protected = _protected_columns(n_samples, group, design)
    n_protected = protected.shape[1]
    kept = orthogonalize(np.column_stack([protected, removed])).kept
    if int(kept[n_protected:].sum()) < int(orthogonalize(removed).kept.sum()):
        raise DesignError(
            "the batches are confounded with the conditions to protect: some batch differences are also differences "
            "between conditions. Leave batch uncorrected, or put it into the design and drop what cannot be estimated."
        )
    removed = removed[:, kept[n_protected:]]
    full = np.column_stack([protected, removed])
    effects = fit_linear_models(values, full, weights=weights).coefficients[:, n_protected:]
    return values - removed @ np.nan_to_num(effects, nan=0.0).T


def _removed_columns(
    n_samples: int, batch: ArrayLike | None, second_batch: ArrayLike | None, covariates: ArrayLike | None
) -> FloatArray:
    parts = [_sum_coded(labels, n_samples) for labels in (batch, second_batch) if labels is not None]
    if covariates is not None:
        columns = np.asarray(covariates, dtype=np.float64).reshape(len(np.asarray(covariates)), -1)
        require_length(columns, n_samples, "covariates")
        if not np.isfinite(columns).all():
            raise InputError("covariates must be finite; impute missing ones or drop those samples.")
        parts.append(columns)
    if not parts:
        raise InputError("there is nothing to remove; give batch, second_batch or covariates.")
    return np.column_stack(parts)


def _sum_coded(labels: ArrayLike, n_samples: int) -> FloatArray:
    """One column per level but the last, whose samples carry -1 in all."""
    require_length(labels, n_samples, "batch")
    levels, numbers = np.unique(np.asarray(labels), return_inverse=True)
    if levels.size < 2:
        raise InputError(f"batch must have at least 2 levels; all samples carry {levels.tolist()}.")
    coded = np.vstack([np.eye(levels.size - 1), -np.ones(levels.size - 1)])
    return coded[numbers.reshape(-1)]


def _protected_columns(n_samples: int, group: ArrayLike | None, design: ArrayLike | None) -> FloatArray:
    if group is not None:
        require_length(group, n_samples, "group")
        numbers = np.unique(np.asarray(group), return_inverse=True)[1].reshape(-1)
        return np.eye(int(numbers.max()) + 1)[numbers]
    if design is None:
        return np.ones((n_samples, 1))
    model = as_matrix(design, "the design")
    if model.shape[0] != n_samples or not np.isfinite(model).all():
        raise DesignError(f"the design must have {n_samples} rows, one per sample, all finite; got {model.shape}.")
    return np.ascontiguousarray(model[:, orthogonalize(np.ascontiguousarray(model)).kept])
