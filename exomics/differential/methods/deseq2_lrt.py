"""Negative binomial likelihood ratio test of counts: each contrast, or a set of them, against the model without."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics.differential.methods._negative_binomial import COUNT_MODEL, CountModel, fit_counts, joint_tests, to_adjust
from exomics.differential.methods._result import FeatureTests
from exomics.registry.method import MethodSpec


def negative_binomial_lrt(
    counts: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    **options: Unpack[CountModel],
) -> FeatureTests:
    """Likelihood ratio tests of contrasts of counts under a negative binomial model.

    ``2 (l - l0)`` against chi-squared, ``l0`` being the fit where the contrast, or every contrast of a set, is zero, at
    the same dispersion. A set asks whether anything changes: an omnibus test over all weeks of training.

    Parameters
    ----------
    counts
        Whole numbers (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank, with replicates.
    contrasts
        (n_coefficients, n_contrasts); each is tested alone.
    library_sizes
        Effective library sizes, for ``size_factors="library_sizes"`` only.
    **options
        See `CountModel`.

    Returns
    -------
    FeatureTests
        Without effects: a likelihood ratio has none. ``df_numerator`` is 1 for a contrast and the rank of a set.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, there are no replicates, or an option is unknown.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. The reduced design need not be written down: it is what the
    contrasts leave of the full one. Against an intercept alone DESeq2 takes the mean normalized count for the fit; here
    it is the maximum, so the statistic is slightly smaller. Other differences as in `negative_binomial_wald`.

    Examples
    --------
    >>> counts = np.random.default_rng(0).negative_binomial(10, 0.1, size=(8, 300))
    >>> tests = negative_binomial_lrt(counts, np.repeat(np.eye(2), 4, axis=0), [[-1.0], [1.0]])
    >>> tests.test, bool(np.isnan(tests.effect).all()), float(tests.df_numerator[0])
    ('lrt', True, 1.0)
    """
    fitted = fit_counts(counts, design, library_sizes, options)
    single = joint_tests(fitted, [column[:, None] for column in np.asarray(contrasts, dtype=np.float64).T])
    omnibus = joint_tests(fitted, options["omnibus"]) if options.get("omnibus") else None
    empty = np.full(single.p_value.shape, np.nan)
    return FeatureTests(
        test="lrt",
        effect=empty,
        standard_error=empty,
        ci_low=empty,
        ci_high=empty,
        statistic=single.statistic,
        p_value=single.p_value,
        degrees_of_freedom=np.full(fitted.mean_count.size, np.nan),
        mean_expression=fitted.mean_count,
        df_numerator=single.df_numerator[:, 0],
        details=fitted.details,
        omnibus=omnibus,
        status=fitted.status,
        p_to_adjust=to_adjust(fitted, [single.p_value] if omnibus is None else [single.p_value, omnibus.p_value]),
    )


NEGATIVE_BINOMIAL_LRT = MethodSpec(
    name="negative_binomial_lrt",
    kind="test",
    title="negative binomial likelihood ratio test on counts (DESeq2's model): contrasts, and sets of them together",
    function=negative_binomial_lrt,
    reference="10.1186/s13059-014-0550-8",
    license="reference implementation DESeq2: LGPL (>= 3); this code: BSD-3-Clause",
    input_scale=("counts",),
    cohort_dependent=True,
    comparable="none",
    units="none",
    parameters=dict(COUNT_MODEL),
    omnibus="lrt",
)
