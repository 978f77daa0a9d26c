"""Who benefits, not who does well: markers whose interaction with a randomized arm is not zero."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exomics.errors import InputError
from exomics.results import BenefitTable, Provenance
from exomics.stats.effect_shrinkage import shrink_effects
from exomics.stats.interactions import INTERACTION_STATUS, InteractionScreen, interaction_screen
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stratify.trial.columns import (
    TrialColumns,
    checked_markers,
    design_notes,
    numbers_in,
    outcome_of,
    shared_samples,
    trained,
)

__all__ = ["TrialColumns", "benefit"]

FloatArray = NDArray[np.float64]

_WALD = 1.959963984540054
_FITTED = 0
_FEWEST_FOR_PRIOR = 10
_NO_CLAIM = "interaction only"  # the design does not support that the marker predicts benefit
_NOTES = {
    "too_few": "fewer than 5 samples per coefficient, or fewer than 3 in an arm",
    "constant": "the marker does not vary",
    "one_outcome": "in an arm nobody has the event, or everybody has it: the arm alone separates the outcome",
    "not_converged": "the fit runs away: the marker separates the outcome",
}


def benefit(
    markers: pd.DataFrame, outcomes: pd.DataFrame, columns: TrialColumns, *, level: float = 0.05
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
        Indexed as `markers`: the arm, covariates, and the endpoint.
    columns
        Where `outcomes` holds them: Cox, logistic or linear models, as the endpoint is.
    level
        False discovery rate.

    Returns
    -------
    BenefitTable
        One row per marker, none dropped; P values adjusted by Benjamini-Hochberg over all markers of the call.

    Raises
    ------
    DesignError
        If there are not two arms, a subject comes twice or is in both, or all are censored.
    InputError
        If a column is missing or holds a word, no sample is shared, a time is not positive, or a marker is endless or
        a copy of the outcome.

    Notes
    -----
    Kent et al. (2020), doi:10.7326/M18-3667: predictive claims need a test of interaction in randomized data. That the
    arms were randomized cannot be seen here; the caller says so. Interactions need about four times the subjects of a
    main effect of the same size, so a null is weak evidence of no interaction. The largest of many estimates
    exaggerate; what to expect of them is ``shrunken_interaction``, as `exomics.stats.effect_shrinkage.shrink_effects`.
    Samples taken after the arms began, and arms that were not randomized, are told in the notes; the verdict is then
    ``interaction only``.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(200)]
    >>> m = pd.DataFrame(generator.normal(size=(200, 2)), index=names, columns=["modifies", "prognoses"])
    >>> arms = np.tile(["usual_care", "exercise"], 100)
    >>> gain = 1.5 * m["modifies"] * (arms == "exercise") + m["prognoses"] + generator.normal(size=200)
    >>> sheet = pd.DataFrame({"arm": arms, "vo2peak": gain}, index=names)
    >>> trial = TrialColumns(endpoint="vo2peak", arm="arm", control="usual_care")
    >>> benefit(m, sheet, trial).frame["verdict"].tolist()
    ['predictive', 'prognostic']
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"the false discovery rate must lie between 0 and 1; got {level:g}.")
    shared = shared_samples(markers, outcomes)
    sheet = outcomes.loc[shared]
    arm = trained(sheet, columns.arm, columns.control)
    model, values = outcome_of(sheet, columns.endpoint)
    beside = np.column_stack([numbers_in(sheet, name) for name in columns.covariates]) if columns.covariates else None
    matrix = checked_markers(markers.loc[shared], values, model)
    found = interaction_screen(matrix, arm, values, family=model, covariates=beside)
    notes = design_notes(sheet, columns)
    frame = _frame(found, [str(name) for name in markers.columns], (columns.endpoint, model, level))
    if notes:
        frame["verdict"] = frame["verdict"].replace("predictive", _NO_CLAIM)
    frame["note"] = ["; ".join(word for word in (note, *notes) if word) for note in frame["note"]]
    parameters: dict[str, Any] = {
        **asdict(columns), "level": level, "model": model, "n_markers": len(frame), "interval": "95 %",
    }  # fmt: skip
    return BenefitTable(frame=frame, provenance=Provenance(method="benefit", parameters=parameters, notes=notes))


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
        "shrunken_interaction": _shrunken(found),
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


def _shrunken(found: InteractionScreen) -> FloatArray:
    """Posterior means of the interactions; NaN with too few markers to learn a prior from."""
    if (found.status == _FITTED).sum() < _FEWEST_FOR_PRIOR:
        return np.full(found.interaction.shape, np.nan)
    return shrink_effects(found.interaction, found.standard_error).effect


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
