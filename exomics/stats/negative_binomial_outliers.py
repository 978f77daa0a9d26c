"""Single counts that carry a fit: Cook's distances, their replacement, and which features rest on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics.stats._nb_glm import leverages
from exomics.stats.negative_binomial import NegativeBinomialFit

__all__ = ["cooks_cutoff", "cooks_distances", "largest_distance", "replacement_counts", "replicates"]

FloatArray = NDArray[np.float64]

_SMALLEST_ROBUST_DISPERSION = 0.04
_TRIMS = (1 / 3, 1 / 4, 1 / 8)
_SCALES = (2.04, 1.86, 1.51)
_FOR_CELLS = 3


def replicates(design: FloatArray) -> NDArray[np.int64]:
    """How many samples share the design row of each sample.

    Parameters
    ----------
    design
        (n_samples, n_coefficients).

    Returns
    -------
    ndarray
        ``n_i = sum over j of [x_i = x_j]``, (n_samples,).

    Notes
    -----
    Cells of replicates as in Love et al. (2014), doi:10.1186/s13059-014-0550-8.

    Examples
    --------
    >>> replicates(np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])).tolist()
    [2, 2, 1]
    """
    _, cells, counts = np.unique(design, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(counts[cells.ravel()], dtype=np.int64)


def cooks_cutoff(design: FloatArray) -> float:
    """The distance above which a count is an outlier.

    The 99 % quantile of F with n_coefficients and n_samples - n_coefficients df.

    Parameters
    ----------
    design
        (n_samples, n_coefficients).

    Returns
    -------
    float
        The cutoff of Cook's distances.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8.

    Examples
    --------
    >>> round(cooks_cutoff(np.repeat(np.eye(2), 4, axis=0)), 4)
    10.9248
    """
    n_samples, n_coefficients = design.shape
    return float(special.fdtri(n_coefficients, n_samples - n_coefficients, 0.99))


def cooks_distances(fit: NegativeBinomialFit) -> FloatArray:
    """How far each count pulls its fit: ``(y - m)^2 / (m + a m^2) / p * h / (1 - h)^2``.

    Parameters
    ----------
    fit
        Of all features.

    Returns
    -------
    ndarray
        (n_features, n_samples). ``a`` is a robust moment dispersion, at least 0.04, which an outlier cannot inflate:
        from trimmed variances within cells of 3 or more replicates, else over all samples.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8; Cook (1977), doi:10.1080/00401706.1977.10489493.
    """
    problem = fit.problem
    safe = np.where(fit.converged[:, None], fit.coefficients, 0.0)
    leverage = leverages(problem, safe)
    dispersion = _robust_dispersions(problem.counts / np.exp(problem.offsets), problem.design)
    variance = fit.means + dispersion[:, None] * fit.means**2
    squares = (problem.counts - fit.means) ** 2 / variance
    return np.asarray(squares / problem.design.shape[1] * leverage / (1.0 - leverage) ** 2)


def largest_distance(distances: FloatArray, design: FloatArray) -> FloatArray:
    """Largest Cook's distance of each feature over the samples with 3 or more replicates.

    Parameters
    ----------
    distances
        (n_features, n_samples).
    design
        (n_samples, n_coefficients).

    Returns
    -------
    ndarray
        ``max_i D_gi``, (n_features,); NaN if no sample has replicates.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8.

    Examples
    --------
    >>> largest_distance(np.array([[0.1, 0.4, 0.2, 9.0]]), np.array([[1.0, 0.0]] * 3 + [[1.0, 1.0]])).tolist()
    [0.4]
    """
    judged = replicates(design) >= _FOR_CELLS
    if not judged.any():
        return np.full(distances.shape[0], np.nan)
    return np.asarray(distances[:, judged].max(axis=1))


def replacement_counts(
    fit: NegativeBinomialFit, distances: FloatArray, *, minimum_replicates: int = 7
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Counts with outliers replaced by what the 20 %-trimmed mean of the feature predicts.

    Parameters
    ----------
    fit
        Of all features.
    distances
        Their Cook's distances.
    minimum_replicates
        Only samples with so many replicates can be replaced.

    Returns
    -------
    tuple
        Counts (n_features, n_samples), and which features have a replaced count (n_features,).
    """
    problem = fit.problem
    replaceable = replicates(problem.design) >= minimum_replicates
    outlying = (distances > cooks_cutoff(problem.design)) & replaceable
    sizes = np.exp(problem.offsets)
    predicted = np.floor(np.outer(_trimmed_mean(problem.counts / sizes, 0.2), sizes))
    return np.where(outlying, predicted, problem.counts), np.asarray(outlying.any(axis=1))


def _robust_dispersions(normalized: FloatArray, design: FloatArray) -> FloatArray:
    variance = _robust_variances(normalized, design)
    mean = normalized.mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.fmax((variance - mean) / mean**2, _SMALLEST_ROBUST_DISPERSION)


def _robust_variances(normalized: FloatArray, design: FloatArray) -> FloatArray:
    """Largest over cells with replicates of the scaled, trimmed mean of squared distances to the trimmed mean."""
    _, cells = np.unique(design, axis=0, return_inverse=True)
    sizes = np.bincount(cells.ravel())
    judged = np.flatnonzero(sizes >= _FOR_CELLS)
    groups = [(cells.ravel() == cell, _step_of(int(sizes[cell]))) for cell in judged]
    if not groups:
        groups = [(np.ones(normalized.shape[1], dtype=bool), len(_TRIMS) - 1)]
    found = []
    for members, step in groups:
        part = normalized[:, members]
        squares = (part - _trimmed_mean(part, _TRIMS[step])[:, None]) ** 2
        found.append(_SCALES[step] * _trimmed_mean(squares, _TRIMS[step]))
    return np.asarray(np.max(found, axis=0))


def _step_of(n: int) -> int:
    """Which trim suits a cell of n samples."""
    return 0 if n <= 3 else (1 if n <= 23 else 2)


def _trimmed_mean(values: FloatArray, share: float) -> FloatArray:
    """Mean of each row without the lowest and highest share of its values."""
    n = values.shape[1]
    cut = int(np.floor(n * share))
    return np.asarray(np.sort(values, axis=1)[:, cut : n - cut].mean(axis=1))
