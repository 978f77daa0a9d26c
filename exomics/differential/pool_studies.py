"""Effects of several studies pooled feature by feature, or explained by what the studies did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.differential._pooled_rows import pooled_rows, study_provenance
from exomics.differential.design import build_design
from exomics.differential.designs.dose import is_after_randomization
from exomics.differential.studies import AlignedStudies, Study, align_studies
from exomics.errors import InputError
from exomics.results import PooledTable
from exomics.stats.combine_p_values import Combination, Missing, combine_p_values
from exomics.stats.meta_analysis import CombinedEffects, Estimator, Inference, combine_effects
from exomics.stats.meta_regression import MetaRegression, meta_regression

MODERATED = (
    "moderators are properties of studies, not of subjects: an association across studies is observational even where "
    "each study was randomized"
)


def pool_studies(
    studies: Mapping[str, Study],
    *,
    name: str = "pooled",
    by: str = "",
    moderators: pd.DataFrame | None = None,
    formula: str = "",
    method: Estimator = "reml",
    inference: Inference = "hartung_knapp",
) -> PooledTable:
    """Pool one contrast of several studies, feature by feature, or regress it on what the studies did.

    Parameters
    ----------
    studies
        Name -> study. Those of another species bring an ortholog table.
    name
        Of the rows.
    by
        ``feature_id`` or ``feature_name``, see `align_studies`.
    moderators
        Properties of the studies (weeks, modality, intensity), indexed by study, such as `study_moderators` reads off
        their ``study.yaml``; None pools.
    formula
        How they enter, such as ``~ program_weeks + type``; default: all columns.
    method, inference
        See `exomics.stats.meta_analysis.combine_effects`; the default errors are Hartung and Knapp's.

    Returns
    -------
    PooledTable
        One row per feature of any study (``test`` meta): the pooled log2 effect, tau^2, I^2, Q and the prediction
        interval. With moderators one block of rows per coefficient, ``name: term``, and one, ``name: moderators``,
        that tests all of them together. ``status`` not_combined where the studies of a feature do not suffice: of one
        study alone its effect stands there, without a p-value.

    Raises
    ------
    InputError
        If there are fewer than two studies, a contrast is absent or has no effects, or a table names a feature twice.
    DesignError
        If the moderators cannot be told apart in these studies.

    Notes
    -----
    Studies count as independent: two contrasts of one study, or one control group in two, do not belong here.
    Standard errors of moderated tests enter as they are. Across species a pair of orthologs is taken as one feature;
    how certain that is stands beside the result.

    Examples
    --------
    >>> from exomics.results import DifferentialTable, Provenance
    >>> one = pd.DataFrame({column: [np.nan] * 2 for column in DifferentialTable.columns})
    >>> one = one.assign(feature_id=["a", "b"], contrast="training", log2_fold_change=[0.5, 0.1], standard_error=0.1)
    >>> table = DifferentialTable(frame=one.assign(n_samples=10), provenance=Provenance(method="fit"))
    >>> study = Study(table=table, contrast="training")
    >>> pooled = pool_studies({"x": study, "y": study}).frame
    >>> pooled["log2_fold_change"].round(6).tolist(), pooled["n_studies"].tolist()
    ([0.5, 0.1], [2, 2])
    """
    aligned = _with_effects(align_studies(studies, by))
    options: dict[str, str] = {"method": method, "inference": inference}
    if moderators is None:
        found = combine_effects(aligned.effects, aligned.errors, method=method, inference=inference)
        rows, notes = _pooled(aligned, found, name), _narrower(aligned, found, method, inference)
    else:
        if inference == "hartung_knapp_truncated":
            raise InputError("meta-regression has normal or hartung_knapp errors; choose one of them.")
        formula = formula or "~ " + " + ".join(map(str, moderators.columns))
        design = build_design(_ordered(moderators, aligned.studies), formula)
        fitted = meta_regression(aligned.effects, aligned.errors, design.matrix, method=method, inference=inference)
        rows, notes = _regressed(aligned, fitted, design.coefficients, name), _moderator_notes(moderators)
        options["formula"] = formula
    words = f"effects of {len(studies)} studies, taken as independent: {method}, {inference} errors"
    provenance = study_provenance("pool_studies", studies, options, (words, *notes, *aligned.notes))
    return PooledTable(frame=rows, provenance=provenance)


def combine_studies(
    studies: Mapping[str, Study],
    *,
    name: str = "combined",
    by: str = "",
    method: Combination = "stouffer",
    missing: Missing = "other",
) -> PooledTable:
    """Combine the p-values of one contrast, or one omnibus test, of several studies, feature by feature.

    Parameters
    ----------
    studies, name, by
        As of `pool_studies`.
    method, missing
        See `exomics.stats.combine_p_values.combine_p_values`: ``stouffer`` takes the signs of the effects and weights
        each study by the square root of its samples; ``fisher`` takes tests without a sign too.

    Returns
    -------
    PooledTable
        One row per feature of any study, ``test`` is the method; no log2 effect, and nothing on heterogeneity.

    Raises
    ------
    InputError
        As `pool_studies`, or if ``stouffer`` meets a test without a sign.

    Examples
    --------
    >>> from exomics.results import DifferentialTable, Provenance
    >>> one = pd.DataFrame({column: [np.nan] * 2 for column in DifferentialTable.columns})
    >>> one = one.assign(feature_id=["a", "b"], contrast="training", log2_fold_change=0.5, p_value=[0.04, 0.5])
    >>> table = DifferentialTable(frame=one.assign(n_samples=10), provenance=Provenance(method="fit"))
    >>> study = Study(table=table, contrast="training")
    >>> combine_studies({"x": study, "y": study}).frame["p_value"].round(5).tolist()
    [0.00368, 0.34015]
    """
    aligned = align_studies(studies, by)
    signed: dict[str, Any] = {}
    if method == "stouffer":
        signed = {"effects": aligned.effects, "weights": np.sqrt(np.nan_to_num(aligned.sizes))}
    found = combine_p_values(aligned.p_values, method=method, missing=missing, **signed)
    columns = {
        "statistic": found.statistic,
        "degrees_of_freedom": found.degrees_of_freedom,
        "p_value": found.p_value,
        "n_studies": found.n_combined,
    }
    rows = pooled_rows(aligned, name, method, columns, used=~np.isnan(aligned.p_values))
    words = f"p-values of {len(studies)} studies, taken as independent, combined by {method}"
    provenance = study_provenance(
        "combine_studies", studies, {"method": method, "missing": missing}, (words, *aligned.notes)
    )
    return PooledTable(frame=rows, provenance=provenance)


def _with_effects(aligned: AlignedStudies) -> AlignedStudies:
    for column, study in enumerate(aligned.studies):
        if np.isnan(aligned.effects[:, column]).all():
            raise InputError(
                f"the contrast of {study} has no log2 effect to pool; combine p-values instead (method fisher)."
            )
    return aligned


def _ordered(moderators: pd.DataFrame, studies: tuple[str, ...]) -> pd.DataFrame:
    absent = [study for study in studies if study not in moderators.index]
    if absent:
        raise InputError(f"the moderators have no row for {absent[0]}; they must have one for each study.")
    return moderators.loc[list(studies)]


def _moderator_notes(moderators: pd.DataFrame) -> tuple[str, ...]:
    after = [str(name) for name in moderators.columns if is_after_randomization(str(name))]
    words = f"{', '.join(after)}: decided after randomization; an association with it is no effect of it"
    return (MODERATED, words) if after else (MODERATED,)


def _pooled(aligned: AlignedStudies, found: CombinedEffects, name: str) -> pd.DataFrame:
    columns = {
        "log2_fold_change": found.estimate,
        "standard_error": found.standard_error,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "statistic": found.statistic,
        "degrees_of_freedom": _finite(found.degrees_of_freedom),
        "p_value": np.where(found.n_studies > 1, found.p_value, np.nan),
        "tau_squared": found.tau_squared,
        "i_squared": found.i_squared,
        "q": found.q,
        "q_p_value": found.q_p_value,
        "prediction_low": found.prediction_low,
        "prediction_high": found.prediction_high,
        "n_studies": found.n_studies,
        "note": np.where(found.converged | (found.n_studies < 2), "", "tau_squared not converged"),
    }
    return pooled_rows(aligned, name, "meta", columns, used=_used(aligned))


def _narrower(aligned: AlignedStudies, found: CombinedEffects, method: Estimator, inference: str) -> tuple[str, ...]:
    """Where studies agree by chance Hartung and Knapp's error is below the one without it: say how often."""
    if inference != "hartung_knapp":
        return ()
    normal = combine_effects(aligned.effects, aligned.errors, method=method)
    count = int((found.standard_error < normal.standard_error).sum())
    return (
        f"in {count} of {len(aligned.features)} features studies agree by chance, and the error of Hartung and Knapp "
        "is below the one that ignores the estimation of tau_squared; hartung_knapp_truncated never is",
    )


def _regressed(aligned: AlignedStudies, found: MetaRegression, terms: tuple[str, ...], name: str) -> pd.DataFrame:
    shared = {
        "degrees_of_freedom": _finite(found.degrees_of_freedom),
        "tau_squared": found.tau_squared,
        "i_squared": found.i_squared,
        "r_squared": found.r_squared,
        "q": found.q_residual,
        "q_p_value": found.q_residual_p,
        "n_studies": found.n_studies,
    }
    blocks = [
        pooled_rows(
            aligned,
            f"{name}: {term}",
            "meta",
            {
                **shared,
                "log2_fold_change": found.coefficients[:, j],
                "standard_error": found.standard_error[:, j],
                "ci_low": found.ci_low[:, j],
                "ci_high": found.ci_high[:, j],
                "statistic": found.statistic[:, j],
                "p_value": found.p_value[:, j],
            },
            used=_used(aligned),
        )
        for j, term in enumerate(terms)
    ]
    together = {
        **shared,
        "statistic": found.q_moderators,
        "df_numerator": np.full(len(aligned.features), found.df_moderators),
        "p_value": found.q_moderators_p,
    }
    blocks.append(pooled_rows(aligned, f"{name}: moderators", "meta", together, used=_used(aligned)))
    return pd.concat(blocks, ignore_index=True)


def _used(aligned: AlignedStudies) -> np.ndarray:
    """Which studies enter for a feature: those with an effect and a positive error."""
    return np.asarray(np.isfinite(aligned.effects) & (aligned.errors > 0.0))


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)
