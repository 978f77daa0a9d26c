"""What the Wald and the likelihood ratio test share: size factors, dispersions, fits, and counts that were replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import FloatArray, as_matrix, require_counts, require_length
from exomics.differential.methods._result import OmnibusTests
from exomics.errors import InputError
from exomics.stats.independent_filtering import filter_independently
from exomics.stats.negative_binomial import NegativeBinomialFit, fit_negative_binomial
from exomics.stats.negative_binomial_dispersion import Ascent, Dispersions, estimate_dispersions
from exomics.stats.negative_binomial_outliers import (
    cooks_cutoff,
    cooks_distances,
    largest_distance,
    replacement_counts,
    replicates,
)
from exomics.stats.negative_binomial_tests import hypothesis_design, likelihood_ratio_tests
from exomics.stats.negative_binomial_trend import TrendKind
from exomics.stats.size_factors import size_factors

NOT_CONVERGED = "not_converged"
OUTLIER = "count_outlier"
REPLACED_TO_ZERO = "all_zero_without_outliers"


class CountModel(TypedDict, total=False):
    """Options of the negative binomial tests.

    ``size_factors``: ``median_of_ratios``, ``poscounts`` (sparse counts), or ``library_sizes`` (totals times
    normalization factors). ``trend``: of the dispersions, ``parametric``, ``local`` or ``mean``. ``optimum``: the
    trend is drawn through gene-wise dispersions that are ``exact`` maxima, or through ``published`` ones, where
    DESeq2's search stops (see `estimate_dispersions`). ``cooks_filter``: a feature whose fit rests on one count, in
    cells of 3 or more replicates, gets no P value. ``minimum_replicates_for_replacement``: in cells of so many, such
    a count is replaced and the feature fitted again; 0 never. ``independent_filtering``: features of low mean count
    do not enter the adjustment, at the cutoff that gains most rejections at ``filtering_level``. ``max_iterations``:
    of the weighted fits. ``shrinkage``: effects, errors and limits of the Wald test are those of the posterior under
    a prior from all features, ``normal`` or ``adaptive`` (see `shrink_effects`); tests are not changed. ``omnibus``:
    sets of contrasts to be tested together by the likelihood ratio, each (n_coefficients, n_contrasts); the runner
    gives them.
    """

    size_factors: Literal["median_of_ratios", "poscounts", "library_sizes"]
    trend: TrendKind
    optimum: Literal["exact", "published"]
    cooks_filter: bool
    minimum_replicates_for_replacement: int
    independent_filtering: bool
    filtering_level: float
    max_iterations: int
    shrinkage: Literal["none", "normal", "adaptive"]
    omnibus: Sequence[FloatArray]


COUNT_MODEL: CountModel = {
    "size_factors": "median_of_ratios",
    "trend": "parametric",
    "optimum": "exact",
    "cooks_filter": True,
    "minimum_replicates_for_replacement": 7,
    "independent_filtering": True,
    "filtering_level": 0.1,
    "max_iterations": 100,
    "shrinkage": "none",
}


class FittedCounts(NamedTuple):
    """Fits of all features, their dispersions, the word of each feature that has no test, and the details."""

    fit: NegativeBinomialFit
    dispersions: Dispersions
    mean_count: FloatArray
    status: NDArray[Any]
    options: CountModel
    details: dict[str, Any]


def fit_counts(
    counts: ArrayLike, design: ArrayLike, library_sizes: ArrayLike | None, options: CountModel
) -> FittedCounts:
    """Fit every feature with dispersions of its own counts; replace outlying counts where there are replicates.

    Parameters
    ----------
    counts
        Whole numbers (n_samples, n_features).
    design
        (n_samples, n_coefficients).
    library_sizes
        For ``size_factors="library_sizes"``: scaled to geometric mean 1.
    options
        Those left out are as in `COUNT_MODEL`.

    Returns
    -------
    FittedCounts
        Status ``not_converged``, ``count_outlier`` or "".

    Raises
    ------
    ScaleError, DesignError, InputError
        As in `estimate_dispersions`.
    """
    chosen: CountModel = {**COUNT_MODEL, **options}
    values, matrix = as_matrix(counts, "counts"), as_matrix(design, "the design")
    require_counts(values)
    sizes = _size_factors(values, library_sizes, chosen["size_factors"])
    found = estimate_dispersions(values, matrix, size_factors=sizes, trend=chosen["trend"], ascent=_ascent(chosen))
    fit = fit_negative_binomial(
        values, matrix, found.final, size_factors=sizes, max_iterations=chosen["max_iterations"]
    )
    largest, n_replaced, emptied = np.full(values.shape[1], np.nan), 0, np.zeros(values.shape[1], dtype=bool)
    if (replicates(matrix) >= 3).any():
        distances = cooks_distances(fit)
        largest = largest_distance(distances, matrix)
        needed = chosen["minimum_replicates_for_replacement"]
        if needed and (replicates(matrix) >= needed).any():
            fit, found, replaced, emptied = _without_outliers(fit, found, distances, chosen)
            n_replaced = int(replaced.sum())
            if n_replaced:
                distances[:, replicates(matrix) >= needed] = 0.0
                largest = largest_distance(distances, matrix)
    status = np.full(values.shape[1], "", dtype=object)
    status[~fit.converged] = NOT_CONVERGED
    if chosen["cooks_filter"]:
        rests_on_one = largest > cooks_cutoff(matrix)
        status[rests_on_one & ~_several_larger(fit, rests_on_one, matrix)] = OUTLIER
    status[emptied] = REPLACED_TO_ZERO
    mean_count = (fit.problem.counts / sizes).mean(axis=1)
    return FittedCounts(fit, found, mean_count, status, chosen, _details(found, sizes, n_replaced, status))


def _size_factors(values: FloatArray, library_sizes: ArrayLike | None, method: str) -> FloatArray:
    if method == "library_sizes":
        sizes = values.sum(axis=1) if library_sizes is None else np.asarray(library_sizes, dtype=np.float64)
        require_length(sizes, values.shape[0], "library_sizes")
        if not ((sizes > 0).all() and np.isfinite(sizes).all()):
            raise InputError(
                "library sizes must be known and positive in every sample; compute normalization factors first "
                "(exomics preprocess --normalize tmm), or let size_factors be median_of_ratios."
            )
        return np.asarray(sizes / np.exp(np.log(sizes).mean()))
    return size_factors(values, method=method)  # type: ignore[arg-type]


def _ascent(options: CountModel) -> Ascent | None:
    if options["optimum"] not in ("exact", "published"):
        raise InputError(f"optimum must be 'exact' or 'published'; got {options['optimum']!r}.")
    return Ascent() if options["optimum"] == "published" else None


def _without_outliers(
    fit: NegativeBinomialFit, found: Dispersions, distances: FloatArray, options: CountModel
) -> tuple[NegativeBinomialFit, Dispersions, NDArray[np.bool_], NDArray[np.bool_]]:
    """Fit again the features with a replaced count, with the prior of all; which ones, and which are now all zero."""
    needed = options["minimum_replicates_for_replacement"]
    counts, replaced = replacement_counts(fit, distances, minimum_replicates=needed)
    emptied = replaced & ~counts.any(axis=1)
    rows = np.flatnonzero(replaced & ~emptied)
    if not rows.size:
        return fit, found, replaced, emptied
    part, sizes = counts[rows].T, np.exp(fit.problem.offsets)
    again = estimate_dispersions(
        part, fit.problem.design, size_factors=sizes, ascent=_ascent(options), prior=found.prior
    )
    refitted = fit_negative_binomial(
        part, fit.problem.design, again.final, size_factors=sizes, max_iterations=options["max_iterations"]
    )
    merged = {
        name: _put(getattr(fit, name), rows, getattr(refitted, name))
        for name in ("coefficients", "means", "log_likelihood", "iterations", "converged")
    }
    problem = fit.problem._replace(
        counts=counts, dispersions=_put(fit.problem.dispersions, rows, refitted.problem.dispersions)
    )
    arrays = {
        name: _put(value, rows, getattr(again, name)) for name, value in found._asdict().items() if name != "prior"
    }
    return NegativeBinomialFit(**merged, problem=problem), Dispersions(**arrays, prior=found.prior), replaced, emptied


def _put(values: NDArray[Any], rows: NDArray[np.int64], others: NDArray[Any]) -> NDArray[Any]:
    changed = values.copy()
    changed[rows] = others
    return changed


def _several_larger(fit: NegativeBinomialFit, suspected: NDArray[np.bool_], design: FloatArray) -> NDArray[np.bool_]:
    """In a comparison of two groups: three or more counts are larger than the one with the largest distance."""
    spared = np.zeros(suspected.size, dtype=bool)
    rows = np.flatnonzero(suspected)
    if np.unique(design, axis=0).shape[0] != 2 or design.shape[1] != 2 or not rows.size:
        return spared
    counts = fit.problem.counts[rows]
    worst = np.argmax(cooks_distances(fit)[rows], axis=1)
    spared[rows] = (counts > counts[np.arange(rows.size), worst][:, None]).sum(axis=1) >= 3
    return spared


def _details(found: Dispersions, sizes: FloatArray, n_replaced: int, status: NDArray[Any]) -> dict[str, Any]:
    trend = found.prior.trend
    details: dict[str, Any] = {
        "dispersion_trend": trend.kind,
        "dispersion_prior_variance": float(found.prior.variance),
        "dispersion_estimate_variance": float(found.prior.estimate_variance),
        "n_dispersion_outliers": int(found.is_outlier.sum()),
        "n_features_with_replaced_counts": n_replaced,
        "n_not_converged": int((status == NOT_CONVERGED).sum()),
        "n_count_outliers": int((status == OUTLIER).sum()),
        "size_factors": [float(size) for size in sizes],
    }
    if trend.kind == "parametric":
        details["dispersion_trend_coefficients"] = list(trend.coefficients)
    return details


def joint_tests(fitted: FittedCounts, sets: Sequence[FloatArray]) -> OmnibusTests:
    """Likelihood ratio tests that all contrasts of a set are zero, one column per set."""
    design, limit = fitted.fit.problem.design, fitted.options["max_iterations"]
    hypotheses = [hypothesis_design(design, np.asarray(one)) for one in sets]
    found = [likelihood_ratio_tests(fitted.fit, reduced, max_iterations=limit) for reduced in hypotheses]
    bare = fitted.status != ""
    statistic, p_value = (np.column_stack([getattr(one, name) for one in found]) for name in ("statistic", "p_value"))
    statistic[bare], p_value[bare] = np.nan, np.nan
    df = np.broadcast_to([float(one.df) for one in found], p_value.shape).copy()
    return OmnibusTests("lrt", statistic, df, np.full(p_value.shape, np.nan), p_value)


def to_adjust(fitted: FittedCounts, p_values: Sequence[FloatArray]) -> FloatArray | None:
    """The P values that enter the adjustment, columns side by side; NaN where the mean count is below the cutoff."""
    if not fitted.options["independent_filtering"]:
        return None
    level, kept = fitted.options["filtering_level"], []
    for p in np.hstack(p_values).T:
        found = filter_independently(p, fitted.mean_count, level=level)
        kept.append(np.where(found.kept, p, np.nan))
    return np.column_stack(kept)
