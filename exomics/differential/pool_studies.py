"""Effects of several studies pooled feature by feature, or explained by what the studies did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.differential.combine import NOT_COMBINED, empty_rows, stacked_rows
from exomics.differential.design import build_design
from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.stats.meta_analysis import CombinedEffects, Estimator, Inference, combine_effects
from exomics.stats.meta_regression import MetaRegression, meta_regression
from exomics.stats.multiple_testing import benjamini_hochberg


def pool_studies(
    tables: Mapping[str, DifferentialTable],
    contrasts: Mapping[str, str] | str,
    *,
    name: str = "pooled",
    moderators: pd.DataFrame | None = None,
    formula: str = "",
    method: Estimator = "reml",
    inference: Inference = "hartung_knapp",
) -> DifferentialTable:
    """Pool one contrast of several studies, feature by feature, or regress it on what the studies did.

    Parameters
    ----------
    tables
        Study -> its differential table; the ids of features mean the same in all (harmonize them first).
    contrasts
        Study -> name of its contrast, or one name for all.
    name
        Of the rows.
    moderators
        Properties of the studies (weeks, modality, intensity), indexed by study; None pools.
    formula
        How they enter, such as ``~ weeks + modality``; default: all columns.
    method, inference
        See `exomics.stats.meta_analysis.combine_effects`; the default errors are Hartung and Knapp's.

    Returns
    -------
    DifferentialTable
        One row per feature of any study (``test`` meta): the pooled log2 effect; tau^2, I^2, Q, the number of studies
        and the prediction interval stand in the note. With moderators one block of rows per coefficient, ``name:
        term``, and one, ``name: moderators``, that tests all of them together. ``status`` not_combined where the
        studies of a feature do not suffice.

    Raises
    ------
    InputError
        If there are fewer than two studies, a contrast is absent, or a table names a feature twice.
    DesignError
        If the moderators cannot be told apart in these studies.

    Notes
    -----
    Studies count as independent: two contrasts of one study, or one control group in two, do not belong here.
    Standard errors of moderated tests enter as they are.

    Examples
    --------
    >>> one = pd.DataFrame({column: [np.nan] * 2 for column in DifferentialTable.columns})
    >>> one = one.assign(feature_id=["a", "b"], contrast="training", log2_fold_change=[0.5, 0.1], standard_error=0.1)
    >>> one = one.assign(n_samples=10)
    >>> study = DifferentialTable(frame=one, provenance=Provenance(method="fit"))
    >>> pooled = pool_studies({"x": study, "y": study}, "training").frame
    >>> pooled["log2_fold_change"].round(6).tolist(), pooled["note"].iloc[0].split(";")[0]
    ([0.5, 0.1], '2 studies')
    """
    if len(tables) < 2:
        raise InputError(f"pooling needs at least two studies; got {len(tables)}.")
    chosen = {study: contrasts if isinstance(contrasts, str) else contrasts.get(study, "") for study in tables}
    parts = {study: _study_rows(table, study, chosen[study]) for study, table in tables.items()}
    features = pd.Index(list(dict.fromkeys(name for part in parts.values() for name in part.index)))
    effects, errors, sizes = (
        np.column_stack([part[column].reindex(features).astype(float) for part in parts.values()])
        for column in ("log2_fold_change", "standard_error", "n_samples")
    )
    names = pd.concat([part["feature_name"] for part in parts.values()]).groupby(level=0, sort=False).first()
    base = empty_rows(features, names.reindex(features), name, name).assign(
        n_samples=np.nansum(np.where(np.isfinite(effects), sizes, 0.0), axis=1).astype(np.int64)
    )
    if moderators is None:
        frame = _pooled(base, combine_effects(effects, errors, method=method, inference=inference))
    else:
        design = build_design(_ordered(moderators, list(tables)), formula or "~ " + " + ".join(moderators.columns))
        if inference == "hartung_knapp_truncated":
            raise InputError("meta-regression has normal or hartung_knapp errors; choose one of them.")
        fitted = meta_regression(effects, errors, design.matrix, method=method, inference=inference)
        frame = _regressed(base, fitted, design.coefficients, name)
    return DifferentialTable(frame=frame, provenance=_provenance(tables, chosen, formula, (method, inference)))


def _study_rows(table: DifferentialTable, study: str, contrast: str) -> pd.DataFrame:
    rows = table.frame[table.frame["contrast"] == contrast]
    if rows.empty:
        known = ", ".join(dict.fromkeys(table.frame["contrast"]))
        raise InputError(f"the table of {study} has no contrast {contrast!r}; it has {known}.")
    repeated = rows.loc[rows["feature_id"].duplicated(), "feature_id"]
    if len(repeated):
        raise InputError(
            f"the table of {study} has {repeated.iloc[0]} twice in {contrast!r}; keep one row per feature."
        )
    if rows["log2_fold_change"].isna().all():
        raise InputError(
            f"{contrast!r} of {study} has no log2 effect to pool; combine p-values with combine_contrasts."
        )
    return rows.set_index("feature_id")


def _ordered(moderators: pd.DataFrame, studies: list[str]) -> pd.DataFrame:
    absent = [study for study in studies if study not in moderators.index]
    if absent:
        raise InputError(f"the moderators have no row for {absent[0]}; they must have one for each study.")
    return moderators.loc[studies]


def _effect_columns(
    base: pd.DataFrame, effect: FloatArray, interval: tuple[FloatArray, FloatArray, FloatArray], p_value: FloatArray
) -> pd.DataFrame:
    error, low, high = interval
    return base.assign(
        log2_fold_change=effect,
        standard_error=error,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        adj_p_value=benjamini_hochberg(p_value),
        test="meta",
        status=np.where(np.isnan(p_value), NOT_COMBINED, "ok"),
    )


def _pooled(base: pd.DataFrame, found: CombinedEffects) -> pd.DataFrame:
    interval = found.standard_error, found.ci_low, found.ci_high
    notes = [
        f"{n} studies; tau_squared {_short(tau)}; i_squared {_short(i)}; q_p_value {_short(q)}; prediction "
        f"{_short(low)} to {_short(high)}{'' if done else '; tau_squared not converged'}"
        for n, tau, i, q, low, high, done in zip(
            found.n_studies,
            found.tau_squared,
            found.i_squared,
            found.q_p_value,
            found.prediction_low,
            found.prediction_high,
            found.converged | (found.n_studies < 2),
            strict=True,
        )
    ]
    rows = _effect_columns(base, found.estimate, interval, found.p_value)
    return rows.assign(statistic=found.statistic, degrees_of_freedom=_finite(found.degrees_of_freedom), note=notes)


def _regressed(base: pd.DataFrame, found: MetaRegression, terms: tuple[str, ...], name: str) -> pd.DataFrame:
    notes = [
        f"{n} studies; tau_squared {_short(tau)}; i_squared {_short(i)}; r_squared {_short(r)}; q_p_value {_short(q)}"
        for n, tau, i, r, q in zip(
            found.n_studies, found.tau_squared, found.i_squared, found.r_squared, found.q_residual_p, strict=True
        )
    ]
    df = _finite(found.degrees_of_freedom)
    blocks = []
    for j, term in enumerate(terms):
        interval = found.standard_error[:, j], found.ci_low[:, j], found.ci_high[:, j]
        rows = _effect_columns(base, found.coefficients[:, j], interval, found.p_value[:, j])
        label = f"{name}: {term}"
        blocks.append(
            rows.assign(
                contrast=label, family=label, statistic=found.statistic[:, j], degrees_of_freedom=df, note=notes
            )
        )
    label = f"{name}: moderators"
    blocks.append(
        base.assign(
            contrast=label,
            family=label,
            test="meta",
            statistic=found.q_moderators,
            df_numerator=found.df_moderators,
            degrees_of_freedom=df,
            p_value=found.q_moderators_p,
            adj_p_value=benjamini_hochberg(found.q_moderators_p),
            status=np.where(np.isnan(found.q_moderators_p), NOT_COMBINED, "ok"),
            note=notes,
        )
    )
    return stacked_rows(blocks)


def _provenance(
    tables: Mapping[str, DifferentialTable], contrasts: Mapping[str, str], formula: str, options: tuple[str, str]
) -> Provenance:
    method, inference = options
    parameters: dict[str, Any] = {
        "contrasts": dict(contrasts),
        "formula": formula,
        "method": method,
        "inference": inference,
        "studies": {study: dict(table.provenance.parameters) for study, table in tables.items()},
    }
    notes = [f"{study}: {note}" for study, table in tables.items() for note in table.provenance.notes]
    return Provenance(
        method="pool_studies",
        parameters=parameters,
        inputs=tuple(entry for table in tables.values() for entry in table.provenance.inputs),
        notes=(f"effects of {len(tables)} studies, taken as independent: {method}, {inference} errors", *notes),
        acknowledgments=tuple(
            dict.fromkeys(words for table in tables.values() for words in table.provenance.acknowledgments)
        ),
    )


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _short(value: float) -> str:
    return "not estimated" if np.isnan(value) else f"{value:.4g}"
