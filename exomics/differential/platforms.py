"""One result per metabolite that several platforms measured: meta-regression over the platforms that agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from scipy import special

from exomics.differential.combine import empty_rows, stacked_rows
from exomics.errors import InputError
from exomics.results import DifferentialTable
from exomics.stats.multilevel_meta_analysis import MultilevelEffects, multilevel_effects
from exomics.stats.multiple_testing import adjust_within_families

META = "meta"
_HALF_WIDTH = float(special.ndtri(0.975))


@dataclass(frozen=True, kw_only=True)
class PlatformPool:
    """How the features of several platforms are brought together.

    Parameters
    ----------
    feature, platform
        Columns of var: what a feature measures (``metabolite_refmet``), and by which platform.
    targeted
        Column of var that tells targeted platforms (true or false); "" if there is none.
    family
        The family whose contrasts are pooled together, one per condition.
    overall
        Contrast whose p-value becomes that of all conditions together; "" for none.
    heterogeneity
        P-value of Cochran's Q below which platforms disagree and are not pooled.
    """

    feature: str
    platform: str
    targeted: str = ""
    family: str = "timewise"
    overall: str = "training"
    heterogeneity: float = 0.001


def pool_platforms(table: DifferentialTable, var: pd.DataFrame, pool: PlatformPool) -> DifferentialTable:
    """Replace the rows of features that several platforms measured by one result each, where the platforms agree.

    Parameters
    ----------
    table
        One row per contrast and feature of a platform.
    var
        Of the data, indexed by feature id, with the columns that `pool` names.
    pool
        What is brought together, and how.

    Returns
    -------
    DifferentialTable
        Rows of features of one platform, as they were. Where the platforms disagree: the rows of the targeted ones, or
        all if none is. Else per contrast of the family one row with the pooled effect (``test`` meta, z; ``feature_id``
        is the name of what was measured), and one in the overall contrast with the chi-squared of all conditions.
        Rows of other contrasts stay as they were. P-values are adjusted again over each family.

    Raises
    ------
    InputError
        If a column is absent, or no row belongs to the family.

    Notes
    -----
    As the MoTrPAC consortium's meta-regression (doi:10.1038/s41586-023-06877-w): four kinds of metabolites, measured
    once; several times with platforms that disagree (P of Q below 0.001) and a targeted one among them, or none; and
    several times alike. Random effects of the platform, and of its kind as well where targeted and untargeted ones
    both measured it and one of the two more than once (there: from three platforms on, identified or not).

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> frame = pd.DataFrame({column: [None] * 2 for column in DifferentialTable.columns})
    >>> frame = frame.assign(feature_id=["a_1", "a_2"], contrast="8W - SED", family="timewise", n_samples=10)
    >>> frame = frame.assign(log2_fold_change=[0.5, 0.7], standard_error=0.1)
    >>> var = pd.DataFrame({"metabolite": "a", "dataset": ["one", "two"]}, index=["a_1", "a_2"])
    >>> table = DifferentialTable(frame, Provenance(method="fit"))
    >>> pooled = pool_platforms(table, var, PlatformPool(feature="metabolite", platform="dataset", overall=""))
    >>> pooled.frame[["feature_id", "log2_fold_change", "n_samples"]].to_numpy().tolist()
    [['a', 0.6, 10]]
    """
    measured = _measured(table.frame, var, pool)
    several = measured[measured.groupby("measured")["platform"].transform("nunique") > 1]
    dropped: set[str] = set()
    made: list[dict[str, Any]] = []
    n_disagree = 0
    for name, part in several.groupby("measured", sort=False):
        found, conditions = _fitted(part)
        if found.q_residual_p < pool.heterogeneity:
            n_disagree += 1
            dropped |= set(part.loc[~part["targeted"], "feature_id"]) if part["targeted"].any() else set()
        else:
            dropped |= set(part["feature_id"])
            made += _rows(str(name), part, (found, conditions), pool)
    note = (
        f"platforms: {several['measured'].nunique()} of {measured['measured'].nunique()} features measured on several; "
        f"{n_disagree} on which they disagree (P of Q < {pool.heterogeneity:g}) kept apart, the targeted ones alone "
        "where there are any"
    )
    return _replaced(table, pool, (dropped, made), note)


def _measured(frame: pd.DataFrame, var: pd.DataFrame, pool: PlatformPool) -> pd.DataFrame:
    """The rows with an effect in the family, and beside each what was measured, by which platform, targeted or not."""
    absent = [name for name in (pool.feature, pool.platform, pool.targeted) if name and name not in var.columns]
    if absent:
        known = ", ".join(map(str, var.columns[:20]))
        raise InputError(f"var has no column {absent[0]!r}, which the platforms are told by; it has {known}.")
    rows = frame[(frame["family"] == pool.family) & frame["log2_fold_change"].notna() & (frame["standard_error"] > 0)]
    if rows.empty:
        raise InputError(f"no effect belongs to the family {pool.family!r}, over which platforms are pooled.")
    of = var.loc[rows["feature_id"]]
    word = of[pool.targeted].astype(str).str.lower() if pool.targeted else pd.Series("", index=of.index)
    rows = rows.assign(
        measured=of[pool.feature].astype(object).to_numpy(),
        platform=of[pool.platform].astype(str).to_numpy(),
        targeted=(word == "true").to_numpy(),
    )
    return rows[rows["measured"].notna() & (rows["measured"] != "")]


def _fitted(part: pd.DataFrame) -> tuple[MultilevelEffects, list[str]]:
    conditions = list(dict.fromkeys(part["contrast"]))
    codes = pd.Index(conditions).get_indexer(part["contrast"])
    platform, kind = (pd.factorize(part[name])[0] for name in ("platform", "targeted"))
    per_kind = part.drop_duplicates("platform")["targeted"].value_counts()
    groupings = [platform, kind] if len(per_kind) > 1 and per_kind.max() > 1 else [platform]
    return multilevel_effects(part["log2_fold_change"], part["standard_error"], codes, groupings), conditions


def _rows(
    name: str, part: pd.DataFrame, fit: tuple[MultilevelEffects, list[str]], pool: PlatformPool
) -> list[dict[str, Any]]:
    found, conditions = fit
    note = f"{part['platform'].nunique()} platforms; P of Q {found.q_residual_p:.4g}"
    note += "" if found.converged else "; variance not converged"
    sizes = part.groupby("contrast")["n_samples"].max()
    shared = {"feature_id": name, "feature_name": name, "test": META, "note": note, "status": "ok"}
    rows: list[dict[str, Any]] = []
    for j, contrast in enumerate(conditions):
        effect, error = float(found.estimate[j]), float(found.standard_error[j])
        rows.append(
            shared
            | {
                "contrast": contrast,
                "family": pool.family,
                "log2_fold_change": effect,
                "standard_error": error,
                "ci_low": effect - _HALF_WIDTH * error,
                "ci_high": effect + _HALF_WIDTH * error,
                "statistic": float(found.statistic[j]),
                "p_value": float(found.p_value[j]),
                "n_samples": int(sizes[contrast]),
            }
        )
    if pool.overall:
        rows.append(
            shared
            | {
                "contrast": pool.overall,
                "family": pool.overall,
                "statistic": found.q_conditions,
                "df_numerator": float(found.df_conditions),
                "p_value": found.q_conditions_p,
                "n_samples": int(sizes.max()),
            }
        )
    return rows


def _replaced(
    table: DifferentialTable, pool: PlatformPool, changes: tuple[set[str], list[dict[str, Any]]], note: str
) -> DifferentialTable:
    dropped, made = changes
    frame = table.frame
    pooled_here = (frame["family"] == pool.family) | (frame["contrast"] == pool.overall)
    kept = frame[~(pooled_here & frame["feature_id"].isin(dropped))]
    blank = empty_rows(pd.Index([""] * len(made)), pd.Series([""] * len(made)), "", "")
    new = pd.DataFrame(made, index=blank.index)
    blank[list(new.columns)] = new
    order = {contrast: i for i, contrast in enumerate(dict.fromkeys(frame["contrast"]))}
    joined = stacked_rows([kept, blank]).sort_values("contrast", key=lambda names: names.map(order), kind="stable")
    joined = joined.reset_index(drop=True)
    codes = pd.factorize(joined["family"])[0]
    joined["adj_p_value"] = adjust_within_families(joined["p_value"].to_numpy(dtype=float), codes)
    provenance = replace(
        table.provenance,
        parameters={**table.provenance.parameters, "platforms": vars(pool)},
        notes=(*table.provenance.notes, note),
    )
    return DifferentialTable(frame=joined, provenance=provenance)
