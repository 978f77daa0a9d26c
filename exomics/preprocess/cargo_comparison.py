"""One difference under several denominators of cargo: composition, dose and loading need not agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess._by_name import positions_of
from exomics.preprocess._cargo import DENOMINATORS, SPIKES, TESTS_WHAT, amounts_per, is_possible
from exomics.preprocess._matrix import listed, obs_labels

_CLEAR = 2.0


class Comparison(NamedTuple):
    """Differences between two groups under several normalizers.

    Attributes
    ----------
    frame
        Shape (n_features, 3 n_normalizers + 1): ``log2_difference``, ``standard_error`` and ``t`` of each normalizer,
        and ``disagrees``, true where two normalizers say clearly (t beyond 2) opposite things.
    n_disagree
        How many features that are.
    sentence
        What to tell the reader.
    """

    frame: pd.DataFrame
    n_disagree: int
    sentence: str


def compare_normalizers(
    adata: AnnData,
    *,
    column: str,
    control: str,
    spikes: str | Sequence[str] = SPIKES,
    methods: Sequence[str] | None = None,
) -> Comparison:
    """The difference of two groups in every feature under every normalizer that can be computed.

    Parameters
    ----------
    adata
        Samples x features: counts, or quantification cycles.
    column
        Column of obs with two groups.
    control
        The group from which the difference is taken: the other minus this one (``post`` minus ``baseline``).
    spikes
        Names of the spike-ins.
    methods
        Normalizers; default those whose spike-ins and columns are there.

    Returns
    -------
    Comparison
        Per feature and normalizer, and whether they disagree.

    Raises
    ------
    InputError
        If there are not two groups, the control is none of them, or a normalizer cannot be computed.

    Notes
    -----
    Welch's t on log2 amounts. When vesicles become more, reads per million of one of them can fall while its amount per
    mL rises: both are right, about different questions.
    """
    labels = obs_labels(adata, column)
    groups = sorted(set(labels))
    if len(groups) != 2:
        raise InputError(f"a comparison needs two groups in {column}; got {len(groups)} ({', '.join(groups[:4])}).")
    if control not in groups:
        raise InputError(f"control must be one of the two groups in {column} ({', '.join(groups)}); got {control!r}.")
    other = next(group for group in groups if group != control)
    spiked = positions_of(adata, listed(spikes))
    chosen = list(methods or [name for name in DENOMINATORS if is_possible(adata, name, spiked)])
    features = [at for at in range(adata.n_vars) if at not in spiked]
    columns: dict[str, FloatArray] = {}
    for name in chosen:
        amounts = amounts_per(adata, name, spiked)[:, features]
        difference, error = _welch(amounts[labels == other], amounts[labels == control])
        columns |= {
            f"{name}_log2_difference": difference,
            f"{name}_standard_error": error,
            f"{name}_t": difference / error,
        }
    t_values = np.column_stack([columns[f"{name}_t"] for name in chosen])
    disagrees = (np.nanmax(t_values, axis=1) > _CLEAR) & (np.nanmin(t_values, axis=1) < -_CLEAR)
    frame = pd.DataFrame(columns, index=adata.var_names[features]).assign(disagrees=disagrees)
    medians = {name: _median(columns[f"{name}_log2_difference"]) for name in chosen}
    said = f"{other} minus {control}, median log2 difference"
    return Comparison(frame, int(disagrees.sum()), _sentence(said, medians, int(disagrees.sum()), len(features)))


def _welch(second: FloatArray, first: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Difference of means and its standard error, shape (n_features,); NaN with fewer than 2 values in a group."""
    parts = [_mean_and_variance(values) for values in (second, first)]
    return parts[0][0] - parts[1][0], np.sqrt(parts[0][1] + parts[1][1])


def _mean_and_variance(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean of each feature, and the variance of that mean."""
    held = ~np.isnan(values)
    n_held = np.where(held.sum(axis=0) >= 2, held.sum(axis=0), np.nan)
    mean = np.where(held, values, 0.0).sum(axis=0) / n_held
    squares = np.where(held, values - mean, 0.0) ** 2
    return mean, squares.sum(axis=0) / (n_held - 1.0) / n_held


def _median(values: FloatArray) -> float:
    held = values[~np.isnan(values)]
    return float(np.median(held)) if held.size else float("nan")


def _sentence(said: str, medians: dict[str, float], n_disagree: int, n_features: int) -> str:
    shown = ", ".join(f"{name} {value:+.2f}" for name, value in medians.items())
    said += f": {shown}"
    if len(medians) == 1:
        return f"{said}; no other normalizer can be computed here, so that none could disagree."
    if max(medians.values()) > 0 > min(medians.values()) or n_disagree:
        said += (
            f"; the normalizers disagree in sign ({n_disagree} of {n_features} features clearly): "
            f"{', '.join(f'{name} tests {TESTS_WHAT[name]}' for name in medians)}"
        )
    return f"{said}."
