"""Who benefits, not who does well: markers whose interaction with a randomized arm is not zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exomics.errors import DesignError, InputError
from exomics.results import BenefitTable, Provenance
from exomics.schema import keys
from exomics.stats.interactions import INTERACTION_STATUS, Family, InteractionScreen, interaction_screen
from exomics.stats.multiple_testing import benjamini_hochberg

__all__ = ["benefit"]

FloatArray = NDArray[np.float64]

_WALD = 1.959963984540054
_FITTED = 0
_POSITIVE = "responder"
_NOTES = {
    "too_few": "fewer than 5 samples per coefficient, or fewer than 3 in an arm",
    "constant": "the marker does not vary",
    "not_converged": "the fit runs away: the marker, or the arm, separates the outcome",
}


def benefit(
    markers: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    endpoint: str,
    arm: str,
    control: str,
    covariates: tuple[str, ...] = (),
    level: float = 0.05,
) -> BenefitTable:
    """Test for every marker whether the effect of the arm depends on it.

    ``g(outcome) = a + b arm + c marker + d arm x marker + covariates``: ``d`` is the interaction. A marker is called
    ``predictive`` if the adjusted P value of ``d`` is at most `level`; if not, ``prognostic`` if that of the marker's
    effect over both arms is.

    Parameters
    ----------
    markers
        (n_samples, n_markers), measured before the arms began; one sample per subject.
    outcomes
        Indexed as `markers`: the arm, covariates, and the endpoint: ``<endpoint>_time_months`` and
        ``<endpoint>_event`` (Cox), a column of two values of which one is ``responder`` or 1 (logistic), or numbers
        (linear).
    endpoint
        Name of the outcome.
    arm, control
        Column of the randomized arm, and its level without training.
    covariates
        Numeric columns of `outcomes` to adjust for.
    level
        False discovery rate.

    Returns
    -------
    BenefitTable
        One row per marker, none dropped; P values adjusted by Benjamini-Hochberg over all markers of the call.

    Raises
    ------
    DesignError
        If there are not two arms, or a subject comes twice.
    InputError
        If a column is missing or no sample is shared.

    Notes
    -----
    Kent et al. (2020), doi:10.7326/M18-3667: predictive claims need a test of interaction in randomized data. That the
    arms were randomized cannot be seen here; the caller says so by naming them. Interactions need about four times the
    subjects of a main effect of the same size, so a null is weak evidence of no interaction.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(200)]
    >>> m = pd.DataFrame(generator.normal(size=(200, 2)), index=names, columns=["modifies", "prognoses"])
    >>> arms = np.tile(["usual_care", "exercise"], 100)
    >>> gain = 1.5 * m["modifies"] * (arms == "exercise") + m["prognoses"] + generator.normal(size=200)
    >>> sheet = pd.DataFrame({"arm": arms, "vo2peak": gain}, index=names)
    >>> benefit(m, sheet, endpoint="vo2peak", arm="arm", control="usual_care").frame["verdict"].tolist()
    ['predictive', 'prognostic']
    """
    shared = [name for name in markers.index if name in outcomes.index]
    if not shared:
        raise InputError("markers and outcomes share no sample; index both by sample_id.")
    sheet = outcomes.loc[shared]
    treated = _arms(sheet, arm, control)
    model, values = _outcome(sheet, endpoint)
    beside = _columns(sheet, covariates).astype(np.float64).to_numpy() if covariates else None
    matrix = markers.loc[shared].to_numpy(dtype=np.float64, na_value=np.nan)
    found = interaction_screen(matrix, treated, values, family=model, covariates=beside)
    frame = _frame(found, [str(name) for name in markers.columns], (endpoint, model, level))
    parameters: dict[str, Any] = {
        "endpoint": endpoint, "arm": arm, "control": control, "covariates": list(covariates), "level": level,
        "model": model, "n_markers": len(frame), "interval": "95 %",
    }  # fmt: skip
    return BenefitTable(frame=frame, provenance=Provenance(method="benefit", parameters=parameters))


def _columns(sheet: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    missing = [name for name in names if name not in sheet.columns]
    if missing:
        raise InputError(
            f"the samples have no column {missing[0]!r}; they have {', '.join(map(str, sheet.columns[:15]))}."
        )
    return sheet[list(names)]


def _arms(sheet: pd.DataFrame, arm: str, control: str) -> FloatArray:
    words = _columns(sheet, (arm,))[arm].astype(str)
    levels = sorted(set(words))
    if control not in levels or len(levels) != 2:
        raise DesignError(f"{arm} must have two levels, {control!r} among them; it has {', '.join(levels[:6])}.")
    if keys.SUBJECT_ID in sheet.columns and sheet[keys.SUBJECT_ID].duplicated().any():
        twice = sheet.loc[sheet[keys.SUBJECT_ID].duplicated(), keys.SUBJECT_ID].iloc[0]
        raise DesignError(f"subject {twice} comes twice; keep one sample per subject, taken before the arms began.")
    return np.asarray(words != control, dtype=np.float64)


def _outcome(sheet: pd.DataFrame, endpoint: str) -> tuple[Family, FloatArray]:
    time, event = f"{endpoint}_time_months", f"{endpoint}_event"
    if time in sheet.columns:
        return "cox", _columns(sheet, (time, event)).astype(np.float64).to_numpy()
    column = _columns(sheet, (endpoint,))[endpoint].replace("", pd.NA)
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return ("logistic" if set(column.dropna()) == {0, 1} else "linear"), numbers
    words = column.dropna().astype(str)
    if len(set(words)) != 2 or _POSITIVE not in set(words):
        known = ", ".join(sorted(set(words))[:6])
        raise InputError(f"{endpoint} needs numbers, or two values with {_POSITIVE!r} among them; it has {known}.")
    return "logistic", np.asarray((words == _POSITIVE).astype(float).reindex(sheet.index), dtype=np.float64)


def _frame(found: InteractionScreen, names: list[str], told: tuple[str, str, float]) -> pd.DataFrame:
    endpoint, model, level = told
    adjusted = _adjusted(found.p_value)
    pooled = _adjusted(_prognosis(found))
    words = [INTERACTION_STATUS[code] for code in found.status]
    verdicts = np.where(pooled <= level, "prognostic", "no evidence")
    verdicts = np.where(adjusted <= level, "predictive", verdicts)
    frame = {
        "marker": names,
        "endpoint": endpoint,
        "model": model,
        "interaction": found.interaction,
        "p_value": found.p_value,
        "adj_p_value": adjusted,
        "family": f"{endpoint}: {len(names)} markers",
        "in_control": found.in_control,
        "in_treated": found.in_treated,
        "prognostic_adj_p_value": pooled,
        "n_samples": found.n_samples,
        "verdict": np.where(found.status == _FITTED, verdicts, "not estimated"),
        "note": [_NOTES.get(word, "") for word in words],
    }
    for name, estimate, error in (
        ("", found.interaction, found.standard_error),
        ("in_control_", found.in_control, found.in_control_error),
        ("in_treated_", found.in_treated, found.in_treated_error),
    ):
        frame |= {f"{name}ci_low": estimate - _WALD * error, f"{name}ci_high": estimate + _WALD * error}
    return pd.DataFrame(frame)


def _prognosis(found: InteractionScreen) -> FloatArray:
    """P value of the marker's effect, the two arms (independent samples) weighted by their precision."""
    control, treated = found.in_control_error**-2.0, found.in_treated_error**-2.0
    z = (control * found.in_control + treated * found.in_treated) / np.sqrt(control + treated)
    return np.asarray(2.0 * special.ndtr(-np.abs(z)))


def _adjusted(p_values: FloatArray) -> FloatArray:
    adjusted = np.full(p_values.shape, np.nan)
    known = np.isfinite(p_values)
    adjusted[known] = benjamini_hochberg(p_values[known])
    return adjusted
