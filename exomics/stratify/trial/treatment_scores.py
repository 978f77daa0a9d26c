"""Scores of benefit by cross-fitting, and an honest judgment of whether they rank subjects by benefit at all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.results import BenefitGroupTable, BenefitScoreTable, PerformanceTable, Provenance, UpliftTable
from exomics.schema import keys
from exomics.stats.benefit_accuracy import calibrate_benefit, concordance_for_benefit
from exomics.stats.ranked_benefit import RankedEffect, rank_average_effect, uplift_curve, with_normal_interval
from exomics.stats.treatment_effects import effect_scores
from exomics.stratify.study.splits import joined_groups
from exomics.stratify.trial.columns import (
    TrialColumns,
    checked_markers,
    design_notes,
    outcome_of,
    require_columns,
    shared_samples,
    trained,
)
from exomics.stratify.trial.cross_fit import METHODS, CrossFitted, Method, TrialData, cross_fit, survival_gain

__all__ = ["TreatmentScores", "treatment_scores"]

FloatArray = NDArray[np.float64]

_WALD = 1.959963984540054
_NO_EVIDENCE = "no evidence that the score ranks subjects by benefit: the interval covers none"
_RANKS = "the score ranks subjects by benefit"
_NO_BENEFIT = "the score ranks the estimated effect, which the design does not make a benefit"
_AGAINST = "the score ranks subjects against their benefit"
_CONSTANT = "the model gives everybody the same benefit"
_ESTIMATED = "the propensity is estimated: effects are as good as the models of the arm and of the outcome"
_LOG_UNITS = {"logistic": "log odds ratio", "cox": "fall of the log hazard"}


class TreatmentScores(NamedTuple):
    """Scores of the subjects, how well they rank benefit, the uplift curve, and groups; one value of each, no shape."""

    scores: BenefitScoreTable
    performance: PerformanceTable
    uplift: UpliftTable
    groups: BenefitGroupTable


class _Judged(NamedTuple):
    """Everything that the tables are made of; arrays have shape (n_samples,)."""

    trial: TrialData
    found: CrossFitted
    effect: FloatArray
    units: tuple[str, str]
    endpoint: str
    method: str


def treatment_scores(
    markers: pd.DataFrame,
    outcomes: pd.DataFrame,
    columns: TrialColumns,
    *,
    method: Method = "r_learner",
    n_folds: int = 5,
    n_resamples: int = 500,
    seed: int = 0,
) -> TreatmentScores:
    """Predict for every subject what training does for him, by models without him, and judge the predictions.

    Parameters
    ----------
    markers
        (n_samples, n_markers), measured before the arms began; one sample per subject. NaN is imputed in the fold.
    outcomes
        Indexed as `markers`: arm and endpoint, and columns that group subjects.
    columns
        Where `outcomes` holds them.
    method
        ``r_learner`` (benefit in units of the outcome; months up to the horizon for survival) or
        ``modified_covariates`` (log odds ratio, fall of the log hazard).
    n_folds
        Folds; groups of subjects stay together, arms and events are balanced.
    n_resamples
        Bootstrap of the intervals.
    seed
        Of folds and bootstrap.

    Returns
    -------
    TreatmentScores
        Metrics ``average_effect``, ``autoc``, ``qini``, ``c_for_benefit`` and ``calibration_slope``; the note of a
        metric says whether its interval covers none. A score that only prognoses has AUTOC and Qini 0.

    Raises
    ------
    DesignError
        If there are not two arms, a subject comes twice or is in both, or an arm has too few subjects or events.
    InputError
        If a column is missing, no sample is shared, or an option is unknown.

    Notes
    -----
    Tian et al. (2014), doi:10.1080/01621459.2014.951443; Nie and Wager (2021), doi:10.1093/biomet/asaa076; Yadlowsky et
    al. (2025), doi:10.1080/01621459.2024.2393466; van Klaveren et al. (2018), doi:10.1016/j.jclinepi.2017.10.021. Ranks
    are formed within folds and scores are centered there, because folds have models of their own; held-out folds mirror
    their training folds, so without any benefit to rank AUTOC lies slightly below 0, and claims are rarer than the
    level. Survival: jackknife values of the restricted mean, arm by arm;
    models learn from those of their training subjects alone.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(200)]
    >>> m = pd.DataFrame(generator.normal(size=(200, 3)), index=names, columns=["modifies", "prognoses", "noise"])
    >>> arms = np.tile(["usual_care", "exercise"], 100)
    >>> gain = 2.0 * m["modifies"] * (arms == "exercise") + m["prognoses"] + generator.normal(size=200)
    >>> sheet = pd.DataFrame({"arm": arms, "vo2peak": gain}, index=names)
    >>> found = treatment_scores(m, sheet, TrialColumns(endpoint="vo2peak", arm="arm", control="usual_care"))
    >>> found.performance.frame.set_index("metric").loc["autoc", "note"]
    'the score ranks subjects by benefit'
    """
    if method not in METHODS:
        raise InputError(f"the method must be one of {', '.join(METHODS)}; got {method!r}.")
    sheet = outcomes.loc[shared_samples(markers, outcomes)]
    trial, known = _trial_data(markers.loc[sheet.index], sheet, columns)
    sheet = sheet[known]
    found = cross_fit(trial, method, randomized=columns.randomized, n_folds=n_folds, seed=seed)
    effect = effect_scores(trial.gain, trial.arm, found.expected, found.propensity)
    units = _units(trial, method, columns.endpoint)
    judged = _Judged(trial, found, effect, units, columns.endpoint, method)
    caveats = design_notes(sheet, columns)
    notes = (*caveats, *(() if columns.randomized else (_ESTIMATED,)))
    if not known.all():
        notes += (f"{int((~known).sum())} subjects without an outcome are left out",)
    parameters = {**asdict(columns), "method": method, "n_folds": n_folds, "n_resamples": n_resamples}
    parameters |= {"horizon": trial.horizon, "n_markers": markers.shape[1]}
    provenance = Provenance(method="treatment_scores", parameters=parameters, seed=seed, notes=notes)
    return TreatmentScores(
        BenefitScoreTable(_score_rows(judged, sheet, columns.arm), provenance),
        PerformanceTable(_performance_rows(judged, sheet, (n_resamples, seed), (caveats, notes)), provenance),
        UpliftTable(_uplift_rows(judged, n_resamples, seed), provenance),
        BenefitGroupTable(_group_rows(judged), provenance),
    )


def _trial_data(
    markers: pd.DataFrame, sheet: pd.DataFrame, columns: TrialColumns
) -> tuple[TrialData, NDArray[np.bool_]]:
    """The trial as arrays without the subjects whose outcome is unknown, and who is known."""
    arm = trained(sheet, columns.arm, columns.control)
    family, values = outcome_of(sheet, columns.endpoint)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    subjects = sheet[keys.SUBJECT_ID] if keys.SUBJECT_ID in sheet.columns else pd.Series(sheet.index, sheet.index)
    together = require_columns(sheet, columns.group_by).assign(_subject=subjects)
    groups = joined_groups(together.loc[known])
    arm, values, horizon = arm[known], values[known], None
    if family == "cox":
        horizon = _last_followed(values[:, 0], arm) if columns.horizon is None else columns.horizon
        gain, fitted = survival_gain(values, arm, horizon=horizon), values
    else:
        gain = values if not columns.lower_is_better else (1.0 - values if family == "logistic" else -values)
        fitted = gain
    features = checked_markers(markers.loc[known], values, family)
    return TrialData(features, arm, gain, fitted, family, groups, horizon), known


def _last_followed(time: FloatArray, arm: FloatArray) -> float:
    """The last time at which a tenth of both arms is followed."""
    return min(float(np.quantile(time[arm == code], 0.9, method="lower")) for code in (0.0, 1.0))


def _units(trial: TrialData, method: str, endpoint: str) -> tuple[str, str]:
    """Units of the score and of the gain, in words."""
    horizon = trial.horizon
    gains = {"linear": endpoint, "logistic": "probability", "cox": f"months up to {horizon:g}" if horizon else ""}
    gain = gains[trial.family]
    return (_LOG_UNITS.get(trial.family, gain) if method == "modified_covariates" else gain), gain


def _centered(judged: _Judged) -> FloatArray:
    """Scores around their overall mean, fold by fold: the mean of a fold belongs to its model, not to its subjects."""
    score = pd.Series(judged.found.score)
    return np.asarray(score - score.groupby(judged.found.fold).transform("mean") + score.mean(), dtype=np.float64)


def _score_rows(judged: _Judged, sheet: pd.DataFrame, arm: str) -> pd.DataFrame:
    subjects = sheet[keys.SUBJECT_ID] if keys.SUBJECT_ID in sheet.columns else sheet.index
    frame = {
        "sample_id": sheet.index.astype(str), "subject_id": subjects.to_numpy(), "arm": sheet[arm].to_numpy(),
        "method": judged.method, "fold": judged.found.fold + 1, "score": judged.found.score,
        "score_unit": judged.units[0], "rank": judged.found.rank, "outcome": judged.trial.gain,
        "expected_outcome": judged.found.expected, "propensity": judged.found.propensity, "effect_score": judged.effect,
    }  # fmt: skip
    return pd.DataFrame(frame)


def _performance_rows(
    judged: _Judged, sheet: pd.DataFrame, chance: tuple[int, int], told: tuple[tuple[str, ...], tuple[str, ...]]
) -> pd.DataFrame:
    rank, effect = judged.found.rank, judged.effect
    (n_resamples, seed), (caveats, notes) = chance, told
    mean = with_normal_interval(float(effect.mean()), float(effect.std(ddof=1)) / float(np.sqrt(len(effect))))
    measured: dict[str, tuple[RankedEffect, float | None]] = {
        "average_effect": (mean, None),
        "autoc": (rank_average_effect(rank, effect, n_resamples=n_resamples, seed=seed), 0.0),
        "qini": (rank_average_effect(rank, effect, weighting="qini", n_resamples=n_resamples, seed=seed), 0.0),
        "c_for_benefit": (
            concordance_for_benefit(rank, judged.trial.gain, judged.trial.arm, n_resamples=n_resamples, seed=seed),
            0.5,
        ),
    }
    if judged.units[0] == judged.units[1]:
        measured["calibration_slope"] = calibrate_benefit(_centered(judged), effect).slope, 0.0
    studies = sheet[keys.STUDY_ID].astype(str).unique().tolist() if keys.STUDY_ID in sheet.columns else []
    events = {"logistic": judged.trial.gain, "cox": judged.trial.fitted[..., -1]}.get(judged.trial.family)
    common: dict[str, Any] = {
        "signature_id": judged.method, "cohort_id": ",".join(studies), "endpoint": judged.endpoint,
        "role": "resampled", "n_samples": len(rank), "n_events": pd.NA if events is None else int(events.sum()),
    }  # fmt: skip
    made = []
    for metric, (found, none) in measured.items():
        said = "" if none is None else _verdict(found, none, _NO_BENEFIT if caveats else _RANKS)
        resampling = "" if metric in ("average_effect", "calibration_slope") else f"bootstrap, {n_resamples}"
        limits = {"estimate": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high}
        note = "; ".join(word for word in (said, *notes) if word)
        made.append({**common, "metric": metric, **limits, "resampling": resampling, "note": note})
    return pd.DataFrame(made)


def _verdict(found: RankedEffect, none: float, above: str) -> str:
    if not np.isfinite(found.ci_low):
        return _CONSTANT
    if found.ci_low > none:
        return above
    return _AGAINST if found.ci_high < none else _NO_EVIDENCE


def _uplift_rows(judged: _Judged, n_resamples: int, seed: int) -> pd.DataFrame:
    curve = uplift_curve(judged.found.rank, judged.effect, n_resamples=n_resamples, seed=seed)
    frame = {"method": judged.method, "endpoint": judged.endpoint, "share_trained": curve.share, "gain": curve.gain}
    limits = {"ci_low": curve.ci_low, "ci_high": curve.ci_high, "at_random": curve.at_random}
    return pd.DataFrame(frame | limits | {"unit": judged.units[1]})


def _group_rows(judged: _Judged) -> pd.DataFrame:
    found = calibrate_benefit(_centered(judged), judged.effect)
    frame = {
        "method": judged.method, "endpoint": judged.endpoint, "group": np.arange(1, len(found.predicted) + 1),
        "n_samples": found.n_subjects, "predicted": found.predicted, "predicted_unit": judged.units[0],
        "observed": found.observed, "ci_low": found.observed - _WALD * found.standard_error,
        "ci_high": found.observed + _WALD * found.standard_error, "unit": judged.units[1],
    }  # fmt: skip
    return pd.DataFrame(frame)
