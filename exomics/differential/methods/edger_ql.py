"""Quasi-likelihood F test of counts: a trended dispersion, and a moderated variance per feature beyond it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray, as_matrix
from exomics.differential.methods._result import FeatureTests, OmnibusTests
from exomics.registry.method import MethodSpec
from exomics.stats.moderated_tests import t_confidence_interval
from exomics.stats.negative_binomial import LOG_TWO
from exomics.stats.quasi_likelihood import QuasiLikelihoodFit, QuasiLikelihoodTests, fit_quasi_likelihood
from exomics.stats.variance_moderation import Generation

NOT_CONVERGED = "not_converged"


def quasi_likelihood_f(
    counts: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    robust: bool = True,
    prior: Generation = "auto",
    omnibus: Sequence[FloatArray] = (),
) -> FeatureTests:
    """Quasi-likelihood F tests of contrasts of counts.

    ``variance = s^2 (mean + a mean^2)`` with ``a`` following the abundance and ``s^2`` moderated per feature;
    ``F = LR / df / s^2``. It keeps its error rate with few replicates, because the uncertainty of ``s^2`` counts.

    Parameters
    ----------
    counts
        Whole numbers (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank, with replicates.
    contrasts
        (n_coefficients, n_contrasts); each is tested alone.
    library_sizes
        Effective library sizes (column sum times normalization factor), (n_samples,); default: the sums of `counts`.
    robust
        Let hypervariable features keep their own variance.
    prior
        ``moments``, ``likelihood``, or ``auto``, as for the limma methods.
    omnibus
        Sets of contrasts to be tested together, each (n_coefficients, n_contrasts); the runner gives them.

    Returns
    -------
    FeatureTests
        Effects in log2 units; ``mean_expression`` is the mean log2 count per million.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, there are no replicates, or an option is unknown.

    Notes
    -----
    Lund et al. (2012), doi:10.1515/1544-6115.1826. At the dispersions of edgeR 3.40 its F and P values come out; the
    trend of the dispersions differs (see `trended_dispersions`). ``standard_error = |effect| / sqrt(F)``. Effects are
    maximum likelihood, where edgeR's table shrinks them by a prior count of 0.125.

    Examples
    --------
    >>> counts = np.random.default_rng(0).negative_binomial(10, 0.1, size=(8, 300))
    >>> tests = quasi_likelihood_f(counts, np.repeat(np.eye(2), 4, axis=0), [[-1.0], [1.0]])
    >>> tests.test, tests.p_value.shape
    ('F', (300, 1))
    """
    values, weights = as_matrix(counts, "counts"), as_matrix(contrasts, "contrasts")
    sizes = values.sum(axis=1) if library_sizes is None else np.asarray(library_sizes, dtype=np.float64)
    found = fit_quasi_likelihood(values, design, library_sizes=sizes, robust=robust, generation=prior)
    single = _omnibus([found.f_tests(column[:, None]) for column in weights.T])
    sets = _omnibus([found.f_tests(one) for one in omnibus]) if len(omnibus) else None
    effect = found.fit.coefficients @ weights / LOG_TWO
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(single.statistic > 0, np.abs(effect) / np.sqrt(single.statistic), np.nan)
    low, high = t_confidence_interval(effect, error, found.df_total)
    return FeatureTests(
        test="F",
        effect=effect,
        standard_error=error,
        ci_low=low,
        ci_high=high,
        statistic=single.statistic,
        p_value=single.p_value,
        degrees_of_freedom=found.df_total,
        mean_expression=found.mean_log_cpm,
        df_numerator=np.ones(effect.shape[0]),
        details=_details(found),
        omnibus=sets,
        status=np.where(found.fit.converged, "", NOT_CONVERGED).astype(object),
    )


def _omnibus(tests: Sequence[QuasiLikelihoodTests]) -> OmnibusTests:
    shape = (tests[0].p_value.size, len(tests))
    return OmnibusTests(
        "F",
        np.column_stack([one.statistic for one in tests]),
        np.broadcast_to([one.df_numerator for one in tests], shape).copy(),
        np.column_stack([one.df_denominator for one in tests]),
        np.column_stack([one.p_value for one in tests]),
    )


def _details(found: QuasiLikelihoodFit) -> dict[str, object]:
    return {
        "prior_generation": found.variances.generation,
        "prior_df": float(found.variances.df_prior_common),
        "dispersion_median": float(np.median(found.fit.problem.dispersions)),
        "n_outlier_variances": int(found.variances.n_outliers),
        "n_not_converged": int((~found.fit.converged).sum()),
    }


QUASI_LIKELIHOOD_F = MethodSpec(
    name="quasi_likelihood_f",
    kind="test",
    title="quasi-likelihood F test on counts (edgeR's model): moderated variance beyond a negative binomial",
    function=quasi_likelihood_f,
    reference="10.1515/1544-6115.1826",
    license="reference implementation edgeR: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("counts",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    parameters={"robust": True, "prior": "auto"},
    omnibus="F",
)
