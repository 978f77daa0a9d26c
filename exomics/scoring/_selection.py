"""Which features of differential tables pass a derivation rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.derivation_rule import DerivationRule
from exomics.registry.signature import DOWN, UP

NUMBERS = ("log2_fold_change", "standard_error", "adj_p_value")


def by_feature(frame: pd.DataFrame, rule: DerivationRule) -> pd.DataFrame:
    """One row per feature, one column per contrast and number."""
    missing = [name for name in rule.contrasts if name not in set(frame["contrast"])]
    if missing:
        known = ", ".join(dict.fromkeys(frame["contrast"]))
        raise InputError(f"the rule {rule.id} needs the contrasts {', '.join(missing)}; the tables hold {known}.")
    kept = frame[frame["contrast"].isin(rule.contrasts)]
    repeated = kept[kept.duplicated(["feature_id", "contrast"])]
    if len(repeated):
        raise InputError(
            f"{len(repeated)} features occur twice in a contrast (first: {repeated['feature_id'].iloc[0]}); "
            "pass each table once."
        )
    wide = kept.pivot(index="feature_id", columns="contrast", values=list(NUMBERS))
    names = kept.drop_duplicates("feature_id").set_index("feature_id")["feature_name"]
    wide["feature_name"] = names.reindex(wide.index).fillna("").astype(str).str.strip()
    return wide


def select(wide: pd.DataFrame, rule: DerivationRule) -> pd.DataFrame:
    """The features that pass, with their arm, mean effect, its standard error, and largest adjusted p-value."""
    contrasts = list(rule.contrasts)
    effects = wide["log2_fold_change"][contrasts].to_numpy(dtype=np.float64)
    errors = wide["standard_error"][contrasts].to_numpy(dtype=np.float64)
    adjusted = wide["adj_p_value"][contrasts].to_numpy(dtype=np.float64)
    if rule.significant_digits is not None:
        adjusted = _significant(adjusted, rule.significant_digits)
    with np.errstate(invalid="ignore"):
        passes = (adjusted < rule.adj_p_below).all(axis=1)
        passes &= (np.isfinite(effects) & (np.abs(effects) >= rule.min_abs_log2_fold_change)).all(axis=1)
        up, down = (effects > 0).all(axis=1), (effects < 0).all(axis=1)
    summary = pd.DataFrame(
        {
            "feature_id": wide.index.astype(str),
            "feature_name": wide["feature_name"].astype(str).to_numpy(),
            "arm": np.where(up, UP, np.where(down, DOWN, "")),
            "effect_size": effects.mean(axis=1),
            "effect_se": np.sqrt((errors**2).sum(axis=1)) / len(contrasts),
            "q_value": adjusted.max(axis=1),
        },
        index=wide.index,
    )
    for contrast in contrasts:
        for number in NUMBERS:
            summary[f"{number}|{contrast}"] = wide[number][contrast].astype(np.float64)
    return summary[passes]


def _significant(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    rounded = [float(f"{value:.{digits - 1}e}") for value in values.ravel()]
    return np.array(rounded).reshape(values.shape)
