"""The second half of every limma method: contrasts, moderated variances, and the tests of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import numpy as np

from exomics._checks import FloatArray
from exomics.differential.methods._result import FeatureTests, OmnibusTests
from exomics.errors import InputError
from exomics.stats.contrasts import ContrastFit, fit_contrasts
from exomics.stats.linear_model import LinearModelFit
from exomics.stats.log_odds import log_odds
from exomics.stats.moderated_tests import ModeratedT, moderated_t, t_confidence_interval, threshold_test
from exomics.stats.omnibus import omnibus_f
from exomics.stats.variance_moderation import SqueezedVariances, squeeze_variances


class Moderation(TypedDict, total=False):
    """Options that every limma method shares.

    ``trend``: the prior variance follows the mean expression. ``robust``: hypervariable features keep their own
    variance. ``contrast_errors``: ``exact`` per feature, or limma's ``classic`` approximation. ``prior``: ``moments``,
    ``likelihood``, or ``auto`` (likelihood where residual df differ, as limma since 3.62). ``optimum``: ``exact``, or
    ``published`` where R's search stops. ``minimum_effect``: test against effects up to this size (TREAT) instead of
    against zero. ``log_odds``: also the B statistic. ``omnibus``: sets of contrasts to be tested together by F, each
    (n_coefficients, n_contrasts); the runner gives them.
    """

    trend: bool
    robust: bool
    contrast_errors: Literal["exact", "classic"]
    prior: Literal["auto", "moments", "likelihood"]
    optimum: Literal["exact", "published"]
    minimum_effect: float
    log_odds: bool
    omnibus: Sequence[FloatArray]


MODERATION: Moderation = {
    "trend": False,
    "robust": False,
    "contrast_errors": "exact",
    "prior": "auto",
    "optimum": "exact",
    "minimum_effect": 0.0,
    "log_odds": False,
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
        The standard error is the unscaled deviation times the posterior standard deviation. With a minimum effect the
        test is ``treat``; the error and the confidence limits are those of the effect all the same.

    Raises
    ------
    InputError
        If the minimum effect is negative or not a number.
    """
    chosen: Moderation = {**MODERATION, **options}
    effects = fit_contrasts(fit, contrasts, method=chosen["contrast_errors"])
    squeezed = squeezed_variances(effects, chosen)
    tests = moderate_effects(effects, squeezed, chosen, sample_weights=sample_weights)
    details = dict(tests.details)
    if fit.blocks is not None:
        details["correlation_within_blocks"] = float(fit.blocks.correlation)
    return tests._replace(omnibus=_omnibus(fit, squeezed, chosen), details=details)


def squeezed_variances(effects: ContrastFit, chosen: Moderation) -> SqueezedVariances:
    """The residual variances of all features, moderated as the options say."""
    return squeeze_variances(
        effects.sigma**2,
        effects.df_residual,
        covariate=effects.mean_expression if chosen["trend"] else None,
        robust=chosen["robust"],
        generation=chosen["prior"],
        optimum=chosen["optimum"],
    )


def moderate_effects(
    effects: ContrastFit,
    squeezed: SqueezedVariances,
    chosen: Moderation,
    *,
    sample_weights: FloatArray | None = None,
) -> FeatureTests:
    """Moderated tests of fitted contrasts; all options are given."""
    tests = moderated_t(effects.estimates, effects.stdev_unscaled, squeezed, df_residual=effects.df_residual)
    low, high = t_confidence_interval(effects.estimates, tests.standard_error, tests.degrees_of_freedom)
    word, statistic, p_value = _tested(effects, tests, chosen["minimum_effect"])
    return FeatureTests(
        test=word,
        effect=effects.estimates,
        standard_error=tests.standard_error,
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        p_value=p_value,
        degrees_of_freedom=tests.degrees_of_freedom,
        mean_expression=effects.mean_expression,
        df_numerator=None,
        details=_details(squeezed, sample_weights),
        log_odds=log_odds(tests, effects.stdev_unscaled, squeezed) if chosen["log_odds"] else None,
    )


def _tested(effects: ContrastFit, tests: ModeratedT, minimum: Any) -> tuple[str, FloatArray, FloatArray]:
    if isinstance(minimum, bool) or not isinstance(minimum, int | float):
        raise InputError(f"minimum_effect must be a number of log2 units, such as 0.26; got {minimum!r}.")
    if minimum == 0.0:
        return "t", tests.statistic, tests.p_value
    found = threshold_test(effects.estimates, tests.standard_error, tests.degrees_of_freedom, threshold=float(minimum))
    return "treat", found.statistic, found.p_value


def _omnibus(fit: LinearModelFit, squeezed: SqueezedVariances, chosen: Moderation) -> OmnibusTests | None:
    sets = chosen.get("omnibus", ())
    if not len(sets):
        return None
    found = [omnibus_f(fit, contrasts, squeezed, method=chosen["contrast_errors"]) for contrasts in sets]
    return OmnibusTests(
        "F",
        np.column_stack([one.statistic for one in found]),
        np.column_stack([one.df_numerator for one in found]),
        np.column_stack([one.df_denominator for one in found]),
        np.column_stack([one.p_value for one in found]),
    )


def _details(squeezed: SqueezedVariances, sample_weights: FloatArray | None) -> dict[str, Any]:
    details: dict[str, Any] = {
        "prior_generation": squeezed.generation,
        "prior_df": float(squeezed.df_prior_common),
        "prior_variance_median": float(np.nanmedian(squeezed.var_prior)),
        "n_outlier_variances": int(squeezed.n_outliers),
    }
    if sample_weights is not None:
        details["sample_weights"] = [float(weight) for weight in sample_weights]
    return details
