"""ComBat-seq: batch effects on mean and dispersion of counts, taken out by matching quantiles; counts stay counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics._checks import as_matrix, require_counts
from exomics.errors import InputError
from exomics.stats._nb_algebra import column_products
from exomics.stats._nb_cell_kernels import CellProblem, fit_cells
from exomics.stats._nb_glm import RegressionProblem
from exomics.stats._nb_profile import profile_on_grid
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats.combat import BatchDesign, batch_design
from exomics.stats.negative_binomial import refit
from exomics.stats.optimize import minimize_bounded

__all__ = ["combat_seq"]

FloatArray = NDArray[np.float64]

_PRIOR_COUNT = 1e-4
_FEWEST_COUNTS = 5
_LARGEST_DISPERSION = 4.0
_SMALLEST_DISPERSION = 1e-10
_SMALLEST_MEAN = 1e-6
_RIDGE = 1e-12
_EXPONENTS = np.linspace(-6.0, 6.0, 11)
_FUZZ = 64.0 * np.finfo(np.float64).eps


def combat_seq(counts: ArrayLike, batch: ArrayLike, *, protect: ArrayLike | None = None) -> FloatArray:
    """Adjust counts for known batches; the result is counts again.

    With ``log mu_ijg = alpha_g + X_j b_g + gamma_ig + log N_j`` and dispersion ``phi_ig`` for feature g in batch i, a
    count is replaced by the one at the same quantile of a negative binomial with mean ``mu / exp(gamma_ig)`` and the
    mean dispersion of the batches. Counts of 0 and 1 stay.

    Parameters
    ----------
    counts
        Whole numbers, (n_samples, n_features).
    batch
        Labels (n_samples,), at least 2 levels of at least 2 samples each.
    protect
        Columns (n_samples, n_columns) of effects to keep, constant columns ignored.

    Returns
    -------
    numpy.ndarray
        Adjusted counts, (n_samples, n_features). A feature without counts in some batch stays as it is.

    Raises
    ------
    ScaleError
        If counts are not counts.
    InputError, DesignError
        If a batch is a single sample, or as `exomics.stats.combat.combat`.

    Notes
    -----
    Y. Zhang, G. Parmigiani and W. E. Johnson, NAR Genom. Bioinform. 2, lqaa078 (2020), doi:10.1093/nargab/lqaa078; the
    definitions of ``ComBat_seq`` of sva without shrinkage: common and feature-wise Cox-Reid dispersions per batch (the
    common one where a batch is too small for the protected effects), coefficients with a prior count of 1e-4. Fits
    converge further than edgeR's, so that single counts can differ by 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch = np.repeat([0, 1], 8)
    >>> counts = rng.negative_binomial(10, 10 / (10 + 50.0 * 3.0**batch[:, None] * np.ones((1, 60))))
    >>> counts[:, :30] = rng.poisson(80, size=(16, 30))
    >>> combat_seq(counts, batch).shape
    (16, 60)
    """
    values = as_matrix(counts, "counts")
    require_counts(values)
    model = batch_design(batch, values.shape[0], protect)
    if (model.sizes < 2).any():
        raise InputError("ComBat-seq needs at least 2 samples in every batch; drop or merge batches of one sample.")
    kept = np.flatnonzero(np.all([values[model.numbers == i].any(axis=0) for i in range(model.sizes.size)], axis=0))
    adjusted = values.copy()
    if kept.size:
        part = np.ascontiguousarray(values[:, kept].T)
        adjusted[:, kept] = _adjust(part, model).T
    return adjusted


def _adjust(counts: FloatArray, model: BatchDesign) -> FloatArray:
    """Adjusted counts (n_features, n_samples) of features with counts in every batch."""
    n_batches = model.sizes.size
    by_batch = np.column_stack([_batch_dispersions(counts, model, i) for i in range(n_batches)])
    dispersions = np.ascontiguousarray(by_batch[:, model.numbers])
    offsets = np.broadcast_to(np.log(counts.sum(axis=0)), counts.shape)
    means = _fit(counts, offsets, dispersions, model.design)[1]
    levels = _shrunken(counts, offsets, dispersions, model.design)[:, :n_batches] @ (model.sizes / model.sizes.sum())
    effects = _shrunken(counts, offsets + levels[:, None], dispersions, model.design)[:, :n_batches]
    target = means * np.exp(-effects[:, model.numbers])
    return _match_quantiles(counts, (means, dispersions), (target, by_batch.mean(axis=1)[:, None]))


def _fit(
    counts: FloatArray, offsets: FloatArray, dispersions: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray]:
    coefficients, means = np.empty((counts.shape[0], design.shape[1])), np.empty(counts.shape)
    ridge = np.full(design.shape[1], _RIDGE)
    values, shifts, spread = (np.ascontiguousarray(part, dtype=np.float64) for part in (counts, offsets, dispersions))
    fit_cells(CellProblem(values, shifts, spread, design, column_products(design), ridge), coefficients, means)
    return coefficients, means


def _shrunken(counts: FloatArray, offsets: FloatArray, dispersions: FloatArray, design: FloatArray) -> FloatArray:
    """Coefficients after a small count is added in proportion to the library."""
    libraries = np.exp(offsets)
    prior = _PRIOR_COUNT * libraries / libraries.mean(axis=1, keepdims=True)
    return _fit(counts + prior, np.log(libraries + 2.0 * prior), dispersions, design)[0]


def _batch_dispersions(counts: FloatArray, model: BatchDesign, number: int) -> FloatArray:
    """Feature-wise dispersions in one batch, or the common one where the batch is too small for them."""
    own = model.numbers == number
    part = np.ascontiguousarray(counts[:, own])
    protected = np.hstack([np.ones((int(own.sum()), 1)), model.design[own, model.sizes.size :]])
    rich = part.shape[1] > protected.shape[1] and bool(orthogonalize(np.ascontiguousarray(protected)).kept.all())
    design = np.ascontiguousarray(protected) if rich else np.ones((part.shape[1], 1))
    used = part.sum(axis=1) >= _FEWEST_COUNTS
    if not used.any():
        raise InputError("a batch has no feature with 5 counts, so its dispersion is unknown; drop that batch.")
    problem, start = _profile_problem(part[used], design, np.log(part.sum(axis=0)))

    def loss(root: float) -> float:
        at = np.array([max(root**4, _SMALLEST_DISPERSION)])
        return -float(profile_on_grid(problem, start, at).sum())

    common = minimize_bounded(loss, 0.0, _LARGEST_DISPERSION**0.25, 1e-5) ** 4
    common = max(common, _SMALLEST_DISPERSION)
    found = np.full(part.shape[0], common)
    if rich:
        profile = profile_on_grid(problem, start, common * 2.0**_EXPONENTS)
        found[used] = common * 2.0 ** _highest(profile)
    return found


def _profile_problem(
    counts: FloatArray, design: FloatArray, offsets: FloatArray
) -> tuple[RegressionProblem, FloatArray]:
    """The profile likelihood of features and coefficients to start from."""
    centered = offsets - offsets.mean()
    values = np.ascontiguousarray(counts)
    ridge = np.full(design.shape[1], _RIDGE)
    fit = refit(
        values, design, np.full(len(values), 0.05), centered, penalty=ridge + 1e-10, smallest_mean=_SMALLEST_MEAN
    )
    start = np.ascontiguousarray(np.nan_to_num(fit.coefficients))
    problem = RegressionProblem(
        values, centered, np.zeros(len(values)), design, column_products(design), ridge, _SMALLEST_MEAN
    )
    return problem, start


def _highest(profile: FloatArray) -> FloatArray:
    """Exponent at which a cubic spline through each feature's profile (n_features, n_exponents) is highest."""
    step, values = float(_EXPONENTS[1] - _EXPONENTS[0]), profile.T
    bends = _spline_bends(values, step)
    rise = (values[1:] - values[:-1]) / step - step / 6.0 * (2.0 * bends[:-1] + bends[1:])
    curl = (bends[1:] - bends[:-1]) / step
    root = np.sqrt(np.maximum(bends[:-1] ** 2 - 2.0 * curl * rise, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(bends[:-1] > 0.0, -(bends[:-1] + root) / curl, -2.0 * rise / (bends[:-1] - root))
    at = np.where((at > 0.0) & (at < step), at, 0.0)
    height = values[:-1] + at * (rise + at * (bends[:-1] / 2.0 + at * curl / 6.0))
    places = np.vstack([_EXPONENTS[:-1, None] + at, np.repeat(_EXPONENTS[:, None], at.shape[1], axis=1)])
    best = np.argmax(np.vstack([height, values]), axis=0)
    return np.asarray(places[best, np.arange(best.size)])


def _spline_bends(values: FloatArray, step: float) -> FloatArray:
    """Second derivatives at the knots, the third one continuous at the second and the last but one."""
    n = values.shape[0]
    system = 4.0 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    system[0], system[-1] = 0.0, 0.0
    system[0, :3] = system[-1, -3:] = 1.0, -2.0, 1.0
    right = np.zeros(values.shape)
    right[1:-1] = 6.0 / step**2 * (values[:-2] - 2.0 * values[1:-1] + values[2:])
    return np.asarray(np.linalg.solve(system, right), dtype=np.float64)


def _match_quantiles(
    counts: FloatArray, old: tuple[FloatArray, FloatArray], new: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Counts at the quantiles of the new distributions (means, dispersions) that they have in the old ones."""
    adjusted = counts.copy()
    below = _lower_tail(counts - 1.0, *old)
    moved = (counts > 1) & (np.abs(below - 1.0) >= 1e-4)
    spread = np.broadcast_to(new[1], counts.shape)
    adjusted[moved] = 1.0 + _quantile(below[moved], new[0][moved], spread[moved])
    return adjusted


def _lower_tail(counts: FloatArray, means: FloatArray, dispersions: FloatArray) -> FloatArray:
    """P(count <= counts); 0 below zero."""
    size = 1.0 / dispersions
    share = size / (size + means)
    return np.where(counts < 0, 0.0, special.betainc(size, np.maximum(counts, 0.0) + 1.0, share))


def _quantile(probability: FloatArray, means: FloatArray, dispersions: FloatArray) -> FloatArray:
    """Smallest count whose lower tail reaches the probability, by bisection."""
    wanted = probability * (1.0 - _FUZZ)
    deviation = np.sqrt(means + dispersions * means**2)
    low, high = np.full(means.shape, -1.0), np.ceil(means + 4.0 * deviation + 4.0)
    short = _lower_tail(high, means, dispersions) < wanted
    while short.any():
        low[short], high[short] = high[short], 2.0 * high[short]
        short[short] = _lower_tail(high[short], means[short], dispersions[short]) < wanted[short]
    while True:
        open_ = np.flatnonzero(high - low > 1.0)
        if open_.size == 0:
            return high
        middle = np.floor((low[open_] + high[open_]) / 2.0)
        reached = _lower_tail(middle, means[open_], dispersions[open_]) >= wanted[open_]
        high[open_[reached]] = middle[reached]
        low[open_[~reached]] = middle[~reached]
