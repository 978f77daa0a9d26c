"""The effect of the arm by subgroup, each beside the one test that says whether subgroups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.results import Provenance, SubgroupTable
from exomics.stats.arm_effects import arm_effect, difference_of_effects
from exomics.stats.interactions import Family, interaction_screen
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stratify.trial.columns import TrialColumns, design_notes, outcome_of, require_columns, trained

__all__ = ["subgroup_effects"]

FloatArray = NDArray[np.float64]

_METRICS = {"linear": "mean_difference", "logistic": "log_odds_ratio", "cox": "log_hazard_ratio"}
_MOST_LEVELS = 8
_WHOLE = "all"
_UNKNOWN = "no estimate: fewer than 3 in an arm, no event, or the arm separates the outcome"
_SPLIT = "split at the median to be drawn; the test takes the numbers as they are"


def subgroup_effects(samples: pd.DataFrame, variables: Sequence[str], columns: TrialColumns) -> SubgroupTable:
    """Effect of the arm in all subjects and in each level of each variable, with a test of interaction per variable.

    Parameters
    ----------
    samples
        One row per subject: arm, endpoint, and the variables, known before the arms began.
    variables
        Columns that make subgroups: words, or numbers (split at their median for the estimates alone).
    columns
        Where `samples` holds the rest.

    Returns
    -------
    SubgroupTable
        ``interaction_p_value`` by the linear interaction of numbers, or by Cochran's Q over the levels of words;
        adjusted by Benjamini-Hochberg over the variables of the call.

    Raises
    ------
    DesignError
        If there are not two arms, or a subject comes twice, or is in both.
    InputError
        If a column is missing, or a variable has one level or more than eight.

    Notes
    -----
    "Significant in one subgroup, not in the other" is no difference: only the interaction tests one (Assmann et al.
    2000, doi:10.1016/S0140-6736(00)02039-0).

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> arms, sex = np.tile(["rest", "run"], 100), np.repeat(["f", "m"], 100)
    >>> gain = 2.0 * (arms == "run") * (sex == "f") + generator.normal(size=200)
    >>> sheet = pd.DataFrame({"arm": arms, "sex": sex, "gain": gain})
    >>> table = subgroup_effects(sheet, ["sex"], TrialColumns(endpoint="gain", arm="arm", control="rest"))
    >>> table.frame["estimate"].round(0).abs().tolist(), bool(table.frame["interaction_p_value"].iloc[-1] < 0.001)
    ([1.0, 2.0, 0.0], True)
    """
    require_columns(samples, tuple(variables))
    arm = trained(samples, columns.arm, columns.control)
    family, outcome = outcome_of(samples, columns.endpoint)
    rows = [_row(arm, outcome, family) | {"variable": _WHOLE, "level": _WHOLE}]
    tests: dict[str, float] = {}
    for name in variables:
        levels, note = _levels(samples[name], name)
        part = [
            _row(arm[levels == level], outcome[levels == level], family)
            | {"variable": name, "level": level, "note": note}
            for level in sorted(set(levels) - {""})
        ]
        tests[name] = _interaction(samples[name], (arm, outcome, family), part)
        rows += part
    notes = design_notes(samples, columns)
    frame = _frame(rows, tests, (columns.endpoint, family), notes)
    parameters = {**asdict(columns), "variables": list(variables), "interval": "95 %"}
    return SubgroupTable(frame, Provenance(method="subgroup_effects", parameters=parameters, notes=notes))


def _levels(column: pd.Series, name: str) -> tuple[NDArray[np.str_], str]:
    """The level of each subject, "" where unknown, and a note."""
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 2:
        values, middle = column.to_numpy(dtype=np.float64, na_value=np.nan), float(column.median())
        words = np.where(values > middle, f"above {middle:.3g}", f"up to {middle:.3g}")
        return np.where(np.isfinite(values), words, ""), _SPLIT
    words = column.astype(object).where(column.notna(), "").astype(str).to_numpy().astype(str)
    found = set(words) - {""}
    if not 2 <= len(found) <= _MOST_LEVELS:
        raise InputError(f"{name} must have 2 to {_MOST_LEVELS} levels, or be a number, to make subgroups; "
                         f"it has {len(found)}.")  # fmt: skip
    return words, ""


def _row(arm: FloatArray, outcome: FloatArray, family: Family) -> dict[str, Any]:
    found = arm_effect(arm, outcome, family=family)
    known = np.isfinite(outcome.reshape(len(arm), -1)).all(axis=1)
    events = None if family == "linear" else outcome[known, 1].sum() if family == "cox" else outcome[known].sum()
    return {
        "estimate": found.estimate, "standard_error": found.standard_error, "ci_low": found.ci_low,
        "ci_high": found.ci_high, "n_trained": int(arm[known].sum()), "n_control": int((1.0 - arm[known]).sum()),
        "n_events": pd.NA if events is None else int(events), "note": "",
    }  # fmt: skip


def _interaction(column: pd.Series, trial: tuple[FloatArray, FloatArray, Family], part: list[dict[str, Any]]) -> float:
    arm, outcome, family = trial
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 2:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return float(interaction_screen(values, arm, outcome, family=family).p_value[0])
    return difference_of_effects([row["estimate"] for row in part], [row["standard_error"] for row in part])


def _frame(
    rows: list[dict[str, Any]], tests: dict[str, float], told: tuple[str, Family], notes: tuple[str, ...]
) -> pd.DataFrame:
    endpoint, family = told
    p_values = pd.Series(tests, dtype=np.float64)
    adjusted = p_values.copy()
    adjusted[p_values.notna()] = benjamini_hochberg(p_values.dropna())
    frame = pd.DataFrame(rows).drop(columns="standard_error").assign(endpoint=endpoint, metric=_METRICS[family])
    frame["interaction_p_value"] = frame["variable"].map(p_values)
    frame["interaction_adj_p_value"] = frame["variable"].map(adjusted)
    unknown = np.where(frame["estimate"].isna(), _UNKNOWN, "")
    said = zip(frame["note"], unknown, strict=True)
    frame["note"] = ["; ".join(word for word in (*words, *notes) if word) for words in said]
    return frame
