"""From the declared scale of X to the scale a scorer works on. Nothing is guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.errors import ScaleError
from exomics.schema import Scale
from exomics.scoring._deconvolution import Deconvolution
from exomics.scoring._scorer import Scorer

Method = Scorer | Deconvolution

_LOG_OFFSETS = {"tpm": 1.0, "cpm": 1.0, "intensity": 0.0, "ratio": 0.0, "array": 0.0}
_TOLERANCE = 1e-3
_ADD_UP = ("tpm", "cpm")
_LINEAR = {"tpm": ("TPM", ("tpm",)), "normalized": ("TPM, CPM or normalized counts", ("tpm", "cpm", "count"))}
_LARGEST_LOG = 25.0  # 2^25 is more than 30 million of a million
_LARGEST_LOG_OF_ALL = 64.0  # no detector counts to 2^64
_WHOLE = 5_000
_PANEL = 100


class ScaleDoubtWarning(UserWarning):
    """The values of a panel are unlikely on the scale that is declared, though not impossible."""


def to_working_scale(values: NDArray[Any], scale: Scale, scorer: Method) -> NDArray[Any]:
    """`values` on the scale that `scorer` works on.

    Linear TPM and CPM become ``log2(x + 1)``; linear intensities, ratios and arrays ``log2(x)`` with values that
    are not positive set missing; ``log2(TPM + offset)`` becomes TPM by undoing the logarithm and the declared offset,
    and any log2 value becomes linear in the same way.
    Log values are used as they are, whatever their offset; cycles of qPCR are turned, as ``-Cq``, for ranks too.

    Parameters
    ----------
    values
        (n_samples, n_features) on the declared `scale`.
    scale
        As declared in ``uns["exomics"]["scale"]``.
    scorer
        Scorer or deconvolution; names the scale it works on.

    Returns
    -------
    ndarray
        Of the same shape.

    Raises
    ------
    ScaleError
        If the scorer does not accept the scale, or the values contradict it (negative linear values, infinite values,
        logarithms below that of the offset).

    Examples
    --------
    >>> from exomics.scoring.methods import scorer
    >>> scale = Scale(kind="log2", quantity="tpm", offset=0.5)
    >>> to_working_scale(np.array([[-1.0, 2.0]]), scale, scorer("geomean_tpm")).tolist()
    [[0.0, 3.5]]
    """
    _require_accepted(scale, scorer)
    _require_plausible(values, scale)
    if scorer.works_on == "declared":
        return values
    if scorer.works_on == "any":
        return -values if scale.quantity == "cq" else values
    if scorer.works_on == "log2":
        return log2_values(values, scale, scorer.name)
    if scorer.works_on == "linear":
        return linear_values(values, scale)
    return _as_linear(values, scale, scorer)


def log2_values(values: NDArray[Any], scale: Scale, needed_by: str = "a reference") -> NDArray[Any]:
    """`values` on the log2 scale of the scorers; cycles of qPCR are turned, as ``-Cq``.

    Parameters
    ----------
    values
        (n_samples, n_features) on the declared `scale`.
    scale
        As declared.
    needed_by
        What asks, for the message.

    Raises
    ------
    ScaleError
        If a logarithm of the quantity has no agreed meaning.

    Examples
    --------
    >>> log2_values(np.array([[3.0]]), Scale(kind="linear", quantity="tpm")).tolist()
    [[2.0]]
    """
    if scale.kind == "log2":
        return -values if scale.quantity == "cq" else values
    if scale.kind == "counts":
        raise ScaleError(f"{needed_by} works on log2 values; X is counts: normalize them first (--normalize log_cpm).")
    if scale.quantity not in _LOG_OFFSETS:
        raise ScaleError(f"{needed_by} works on log2 values; a logarithm of {_describe(scale)} has no agreed meaning.")
    shifted = values + _LOG_OFFSETS[scale.quantity]
    return np.log2(np.where(shifted > 0, shifted, np.nan))


def zero_of(scale: Scale) -> float:
    """What a zero becomes on the log2 scale of the scorers; minus infinity where it has no value there."""
    offset = scale.offset if scale.kind == "log2" else _LOG_OFFSETS.get(scale.quantity, 0.0)
    return float(np.log2(offset)) + _TOLERANCE * (scale.kind == "log2") if offset > 0 else -np.inf


def require_declared_levels(largest: NDArray[Any], n_features: int, scale: Scale) -> None:
    """Refuse values whose size contradicts the declared scale: logs declared as TPM or CPM, or the reverse.

    Parameters
    ----------
    largest
        (n_samples,) largest value of each sample; a sample whose largest is not above 0 tells nothing.
    n_features
        Features measured: in a whole transcriptome, TPM and CPM of a sample add up to a million.
    scale
        As declared.

    Raises
    ------
    ScaleError
        If the values of a sample cannot be on that scale; the message says which it seems to be.

    Notes
    -----
    Every sample is looked at by itself: one on another scale would have a score without a word. What contradicts
    nothing passes, in a panel with a doubt (`seem_logarithms`).

    Examples
    --------
    >>> require_declared_levels(np.array([17.2]), 20_000, Scale(kind="log2", quantity="tpm", offset=1.0))
    >>> require_declared_levels(np.array([17.2]), 20_000, Scale(kind="linear", quantity="tpm"))
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.ScaleError: X is declared as linear tpm but its largest value over 20000 features is 17.2, ...
    """
    limit = _LARGEST_LOG if scale.quantity in _ADD_UP else _LARGEST_LOG_OF_ALL
    if scale.kind == "log2" and (largest > limit).any():
        why = "more than a logarithm can be: it seems to be linear; declare it so."
        raise ScaleError(_contradiction(largest, largest > limit, n_features, scale) + why)
    small = (largest > 0) & (largest < _LARGEST_LOG)
    if scale.kind == "linear" and scale.quantity in _ADD_UP and n_features >= _WHOLE and small.any():
        why = "and a sample adds up to a million: it seems to be logarithms; declare kind log2 and the offset."
        raise ScaleError(_contradiction(largest, small, n_features, scale) + why)


def seem_logarithms(largest: NDArray[Any], n_measured: NDArray[Any], scale: Scale) -> NDArray[np.bool_]:
    """Of each sample, whether it is a panel declared as linear TPM or CPM in which no value reaches 25.

    Parameters
    ----------
    largest
        (n_samples,) largest value of each sample.
    n_measured
        (n_samples,) measured features; fewer than 100 tell nothing.
    scale
        As declared.

    Returns
    -------
    ndarray
        (n_samples,) booleans.

    Notes
    -----
    A doubt, no proof: genes that are hardly expressed may all be so low. In the eight cohorts of tumors of the
    manifests no sample was below 25 TPM in 100 features drawn at random (200 draws), nor in any gene set of the
    registry with 30 measured members; the largest logarithm of any was 18.3.

    Examples
    --------
    >>> tpm = Scale(kind="linear", quantity="tpm")
    >>> seem_logarithms(np.array([14.0, 900.0, 14.0]), np.array([300, 300, 20]), tpm).tolist()
    [True, False, False]
    """
    is_linear = scale.kind == "linear" and scale.quantity in _ADD_UP
    return np.asarray(is_linear & (n_measured >= _PANEL) & (largest > 0) & (largest < _LARGEST_LOG))


def _contradiction(largest: NDArray[Any], where: NDArray[np.bool_], n_features: int, scale: Scale) -> str:
    """What was declared and what came, of all samples or of those that contradict it."""
    value = largest.max(initial=-np.inf, where=where)
    few = "" if where.all() else f" in {int(where.sum())} of {len(largest)} samples"
    told = f"its largest value over {n_features} features is {value:.6g}{few}"
    return f"X is declared as {_describe(scale)} but {told}, "


def _require_accepted(scale: Scale, scorer: Method) -> None:
    if scale.kind not in scorer.input_scale:
        raise ScaleError(
            f"{scorer.name} needs values on the scale {' or '.join(scorer.input_scale)}; X is {_describe(scale)}. "
            "Normalize the counts first (exomics preprocess --normalize), or choose a rank-based method."
        )


def _require_plausible(values: NDArray[Any], scale: Scale) -> None:
    if not np.issubdtype(values.dtype, np.floating) or values.size == 0:
        return
    if np.isinf(values).any():
        raise ScaleError(
            f"X holds {int(np.isinf(values).sum())} infinite values; a logarithm of zero? Add an offset first."
        )
    lowest = np.nanmin(values) if not np.isnan(values).all() else 0.0
    if scale.kind in ("linear", "counts") and lowest < 0:
        raise ScaleError(
            f"X is declared as {_describe(scale)} but its smallest value is {lowest:.6g}: declare it as log2."
        )
    if scale.kind == "log2" and scale.offset > 0 and lowest < np.log2(scale.offset) - _TOLERANCE:
        raise ScaleError(
            f"X is declared as {_describe(scale)}, whose smallest possible value is {np.log2(scale.offset):.6g}; "
            f"got {lowest:.6g}. Declare the offset that was used."
        )


def _as_linear(values: NDArray[Any], scale: Scale, scorer: Method) -> NDArray[Any]:
    """Linear values of a quantity that the scorer takes; no quantity can be made of another without lengths."""
    needed, taken = _LINEAR[scorer.works_on]
    if scale.quantity not in taken:
        raise ScaleError(
            f"{scorer.name} needs {needed}; X is {_describe(scale)}. Load such values: X alone does not give them."
        )
    return linear_values(values, scale)


def linear_values(values: NDArray[Any], scale: Scale) -> NDArray[Any]:
    """`values` without the logarithm and the offset that `scale` declares, not below 0; linear ones as they are.

    Examples
    --------
    >>> linear_values(np.array([0.0, 3.0]), Scale(kind="log2", quantity="tpm", offset=1.0)).tolist()
    [0.0, 7.0]
    """
    if scale.kind != "log2":
        return values
    return np.maximum(np.exp2(values.astype(np.float64)) - scale.offset, 0.0)


def _describe(scale: Scale) -> str:
    if scale.kind == "log2" and scale.offset:
        return f"log2({scale.quantity} + {scale.offset:g})"
    return f"{scale.kind} {scale.quantity}"
