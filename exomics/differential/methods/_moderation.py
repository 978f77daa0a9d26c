"""The second half of every limma method: contrasts, moderated variances, moderated t."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import numpy as np

from exomics._checks import FloatArray
from exomics.differential.methods._result import FeatureTests
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import LinearModelFit
from exomics.stats.moderated_tests import moderated_t, t_confidence_interval
from exomics.stats.variance_moderation import squeeze_variances


class Moderation(TypedDict, total=False):
    """Options that every limma method shares.

    ``trend``: the prior variance follows the mean expression. ``robust``: hypervariable features keep their own
    variance. ``contrast_errors``: ``exact`` per feature, or limma's ``classic`` approximation. ``prior``: ``moments``,
    ``likelihood``, or ``auto`` (likelihood where residual df differ, as limma since 3.62). ``optimum``: ``exact``, or
    ``published`` where R's search stops.
    """

    trend: bool
    robust: bool
    contrast_errors: Literal["exact", "classic"]
    prior: Literal["auto", "moments", "likelihood"]
    optimum: Literal["exact", "published"]


MODERATION: Moderation = {
    "trend": False,
    "robust": False,
    "contrast_errors": "exact",
    "prior": "auto",
    "optimum": "exact",
}


def moderate(
    fit: LinearModelFit, contrasts: FloatArray, options: Moderation, *, sample_weights: FloatArray | None = None
) -> FeatureTests:
    """Moderated t tests of contrasts of fitted linear models.

    Parameters
    ----------
    fit
        Of all features.
    contrasts
        (n_coefficients, n_contrasts).
    options
        Those left out are as in `MODERATION`.
    sample_weights
        Quality weights that entered the fit, for the details.

    Returns
    -------
    FeatureTests
        ``standard_error = |effect / t|``: unscaled deviation times posterior standard deviation.
    """
    chosen: Moderation = {**MODERATION, **options}
    effects = fit_contrasts(fit, contrasts, method=chosen["contrast_errors"])
    squeezed = squeeze_variances(
        fit.sigma**2,
        fit.df_residual,
        covariate=fit.mean_expression if chosen["trend"] else None,
        robust=chosen["robust"],
        generation=chosen["prior"],
        optimum=chosen["optimum"],
    )
    tests = moderated_t(effects.estimates, effects.stdev_unscaled, squeezed, df_residual=fit.df_residual)
    low, high = t_confidence_interval(effects.estimates, tests.standard_error, tests.degrees_of_freedom)
    details: dict[str, Any] = {
        "prior_generation": squeezed.generation,
        "prior_df": float(squeezed.df_prior_common),
        "prior_variance_median": float(np.nanmedian(squeezed.var_prior)),
        "n_outlier_variances": int(squeezed.n_outliers),
    }
    if sample_weights is not None:
        details["sample_weights"] = [float(weight) for weight in sample_weights]
    return FeatureTests(
        test="t",
        effect=effects.estimates,
        standard_error=tests.standard_error,
        ci_low=low,
        ci_high=high,
        statistic=tests.statistic,
        p_value=tests.p_value,
        degrees_of_freedom=tests.degrees_of_freedom,
        mean_expression=fit.mean_expression,
        df_numerator=None,
        details=details,
    )
