"""Plain estimators of what a randomized two-arm trial shows, each beside its planted value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy.stats import chi2, norm, t

from exomics._checks import FloatArray
from exomics.preprocess import library_factors, log_cpm
from exomics.schema import keys
from exomics.stats.survival import cox_regression

Row = tuple[Any, ...]
_TPM_OFFSET = 0.01
_TUMOR_SETS = {
    "collagen_1_change": ("collagen I in tumor, change by training", ("COL1A1", "COL1A2")),
    "cd8_change": ("CD8A and CD8B in tumor, change by training", ("CD8A", "CD8B")),
    "cyt_change": ("cytolytic activity (GZMA, PRF1) in tumor, change by training", ("GZMA", "PRF1")),
}


def trial_estimates(*, ev_mirna: AnnData, tumor: AnnData, subjects: pd.DataFrame, truth: pd.DataFrame) -> list[Row]:
    """Rows ``quantity, unit, truth, found, ci_low, ci_high, note``."""
    planted = truth.set_index("quantity")["value"]
    return [
        _ev_row(ev_mirna, float(planted["ev_mir29a_change"])),
        *(_tumor_row(tumor, name, genes, float(planted[key])) for key, (name, genes) in _TUMOR_SETS.items()),
        *_vo2peak_rows(subjects, planted),
        _response_row(subjects, float(planted["response_risk_difference"])),
        *_survival_rows(tumor, subjects, truth),
    ]


def _row(name: str, unit: str, true: float, estimate: tuple[float, float, float], extra: str = "") -> Row:
    found, low, high = estimate
    if not np.isfinite([found, low, high]).all():
        return (name, unit, true, found, low, high, extra or "cannot be estimated")
    holds = "interval holds the truth" if low <= true <= high else "interval misses the truth"
    shown = "includes zero: no evidence of an effect" if low <= 0 <= high else "excludes zero"
    return (name, unit, true, found, low, high, "; ".join(filter(None, [holds, shown, extra])))


def _welch(exercise: FloatArray, control: FloatArray) -> tuple[float, float, float]:
    """Difference of means with Welch's 95 % t interval."""
    if min(len(exercise), len(control)) < 2:
        return (np.nan, np.nan, np.nan)
    parts = np.array([exercise.var(ddof=1) / len(exercise), control.var(ddof=1) / len(control)])
    freedom = parts.sum() ** 2 / (parts**2 / (np.array([len(exercise), len(control)]) - 1)).sum()
    half = t.ppf(0.975, freedom) * np.sqrt(parts.sum())
    difference = float(exercise.mean() - control.mean())
    return (difference, float(difference - half), float(difference + half))


def _difference_in_differences(data: AnnData, values: FloatArray) -> tuple[tuple[float, float, float], int]:
    """Change from baseline to post, exercise minus usual care, over patients with both; and how many those are."""
    frame = data.obs[[keys.SUBJECT_ID, keys.TIME_POINT, keys.ARM]].astype(str).assign(value=values)
    wide = frame.pivot(index=[keys.SUBJECT_ID, keys.ARM], columns=keys.TIME_POINT, values="value").dropna()
    change = (wide["post"] - wide["baseline"]).to_numpy()
    exercise = wide.index.get_level_values(keys.ARM) == "exercise"
    return _welch(change[exercise], change[~exercise]), len(wide)


def _ev_row(ev_mirna: AnnData, true: float) -> Row:
    name = "EV miR-29a-3p, change by training"
    position = np.flatnonzero(ev_mirna.var_names.str.endswith("-miR-29a-3p"))
    if not len(position):
        return (name, "log2", true, np.nan, np.nan, np.nan, "not measured")
    values = np.asarray(log_cpm(library_factors(ev_mirna)).X)[:, position[0]]
    estimate, n = _difference_in_differences(ev_mirna, values)
    return _row(name, "log2", true, estimate, f"{n} patients with both samples")


def _tumor_row(tumor: AnnData, name: str, genes: tuple[str, ...], true: float) -> Row:
    position = _positions(tumor, genes)
    if not len(position):
        return (name, "log2", true, np.nan, np.nan, np.nan, "not measured")
    values = np.log2(np.asarray(tumor.X)[:, position] + _TPM_OFFSET).mean(axis=1)
    estimate, n = _difference_in_differences(tumor, values)
    return _row(name, "log2", true, estimate, f"{n} patients with both samples")


def _positions(data: AnnData, genes: tuple[str, ...]) -> NDArray[np.int64]:
    """Positions of all `genes`, whatever the case of the species' symbols; none if one is missing."""
    known = {name.upper(): number for number, name in enumerate(data.var_names)}
    found = [known[gene.upper()] for gene in genes if gene.upper() in known]
    return np.array(found if len(found) == len(genes) else [], dtype=np.int64)


def _vo2peak_rows(subjects: pd.DataFrame, planted: pd.Series) -> list[Row]:
    unit = "ml/kg/min"
    before = subjects[["vo2peak_baseline_1", "vo2peak_baseline_2"]]
    after = subjects.filter(regex="^vo2peak_post").mean(axis=1)
    change = (after - before.mean(axis=1)).to_numpy()
    exercise = (subjects[keys.ARM] == "exercise").to_numpy()
    measured = np.isfinite(change)
    trained, control = change[exercise & measured], change[~exercise & measured]
    lost = [int((~measured & arm).sum()) for arm in (exercise, ~exercise)]
    extra = f"without a test after training: {lost[0]} exercise, {lost[1]} usual care"
    retest = (before["vo2peak_baseline_2"] - before["vo2peak_baseline_1"]).dropna()
    variance = _variance_difference(trained, control)
    true = float(planted["vo2peak_response_variance"])
    spread = "no evidence that responses differ" if variance[1] <= 0 else "responses differ"
    return [
        _row("VO2peak, net mean change", unit, float(planted["vo2peak_net_gain"]), _welch(trained, control), extra),
        _positive("VO2peak, typical error", unit, float(planted["vo2peak_typical_error"]), _standard_deviation(retest)),
        _positive("VO2peak, variance of the individual response (signed)", f"({unit})^2", true, variance, spread),
        _positive("VO2peak, SD of the individual response (signed)", unit, true**0.5, _signed_roots(variance), spread),
    ]


def _positive(name: str, unit: str, true: float, estimate: tuple[float, float, float], extra: str = "") -> Row:
    """A row about a spread: excluding zero is no claim of an effect."""
    holds = "interval holds the truth" if estimate[1] <= true <= estimate[2] else "interval misses the truth"
    return (name, unit, true, *estimate, "; ".join(filter(None, [holds, extra])))


def _standard_deviation(retest: pd.Series) -> tuple[float, float, float]:
    """Typical error: SD of the difference of two tests over sqrt(2), with its chi-square interval."""
    freedom = len(retest) - 1
    error = float(retest.std() / np.sqrt(2))
    low, high = error * np.sqrt(freedom / chi2.ppf([0.975, 0.025], freedom))
    return (error, float(low), float(high))


def _variance_difference(trained: FloatArray, control: FloatArray) -> tuple[float, float, float]:
    """V = SD_E^2 - SD_C^2 with SE sqrt(2 (SD_E^4 / (n_E - 1) + SD_C^4 / (n_C - 1))); negative values are kept."""
    if min(len(trained), len(control)) < 2:
        return (np.nan, np.nan, np.nan)
    variances = np.array([trained.var(ddof=1), control.var(ddof=1)])
    freedom = np.array([len(trained), len(control)]) - 1
    half = norm.ppf(0.975) * np.sqrt(2 * (variances**2 / freedom).sum())
    difference = float(variances[0] - variances[1])
    return (difference, float(difference - half), float(difference + half))


def _signed_roots(values: tuple[float, float, float]) -> tuple[float, float, float]:
    found, low, high = (float(np.sign(value) * np.sqrt(abs(value))) for value in values)
    return (found, low, high)


def _response_row(subjects: pd.DataFrame, true: float) -> Row:
    """Difference of the response rates with the hybrid score interval (Newcombe 1998, method 10)."""
    exercise = (subjects[keys.ARM] == "exercise").to_numpy()
    responder = (subjects[keys.RESPONSE] == "responder").to_numpy()
    rates, lows, highs = zip(*(_score_interval(responder[arm]) for arm in (exercise, ~exercise)), strict=True)
    difference = rates[0] - rates[1]
    low = difference - np.hypot(rates[0] - lows[0], highs[1] - rates[1])
    high = difference + np.hypot(highs[0] - rates[0], rates[1] - lows[1])
    return _row("response, difference in probability", "probability", true, (difference, float(low), float(high)))


def _score_interval(hits: NDArray[np.bool_]) -> tuple[float, float, float]:
    n, z = len(hits), norm.ppf(0.975)
    share = float(hits.mean())
    center, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (share, float((center - half) / (1 + z**2 / n)), float((center + half) / (1 + z**2 / n)))


def _survival_rows(tumor: AnnData, subjects: pd.DataFrame, truth: pd.DataFrame) -> list[Row]:
    """One Cox model with every planted term; markers are standardized log2 TPM before training."""
    baseline = tumor[(tumor.obs[keys.TIME_POINT] == "baseline").to_numpy()]
    patients = subjects.set_index(keys.SUBJECT_ID).loc[baseline.obs[keys.SUBJECT_ID].astype(str)]
    planted = _planted_hazards(truth)
    terms = _cox_terms(baseline, patients, planted)
    fit = cox_regression(
        np.column_stack(list(terms.values())),
        patients[keys.OVERALL_SURVIVAL_TIME].to_numpy(dtype=float),
        patients[keys.OVERALL_SURVIVAL_EVENT].to_numpy(dtype=float),
    )
    half = norm.ppf(0.975) * fit.standard_error
    extra = f"Cox model of {len(terms)} terms, {fit.n_events} events"
    extra += "" if fit.status == "converged" else f": {fit.status}"
    rows = []
    for role, name, unit, value in planted:
        term = f"{name} x exercise" if role == "predictive" else name
        label = f"overall survival, log hazard ratio of {term}"
        if term not in terms:
            rows.append((label, unit, value, np.nan, np.nan, np.nan, "not measured"))
            continue
        number = list(terms).index(term)
        estimate = float(fit.log_hazard_ratio[number])
        rows.append(_row(label, unit, value, (estimate, estimate - half[number], estimate + half[number]), extra))
    return rows


def _planted_hazards(truth: pd.DataFrame) -> list[tuple[str, str, str, float]]:
    """Role, name, unit and log hazard ratio of every planted term."""
    rows = truth[truth["quantity"].str.startswith("log_hazard_ratio_")]
    roles = rows["quantity"].str.removeprefix("log_hazard_ratio_")
    return list(zip(roles, rows["entity_id"], rows["unit"], rows["value"].astype(float), strict=True))


def _cox_terms(
    baseline: AnnData, patients: pd.DataFrame, planted: list[tuple[str, str, str, float]]
) -> dict[str, FloatArray]:
    """Columns of the model by name: arm, response, stage, each measured marker, and its product with the arm."""
    exercise = np.asarray(patients[keys.ARM] == "exercise", dtype=np.float64)
    terms: dict[str, FloatArray] = {
        "exercise": exercise,
        "responder": np.asarray(patients[keys.RESPONSE] == "responder", dtype=np.float64),
        "stage_IV": np.asarray(patients["stage"] == "IV", dtype=np.float64),
    }
    for role, name, _, _ in planted:
        position = _positions(baseline, (name,))
        if role not in {"prognostic", "predictive"} or not len(position):
            continue
        level = np.log2(np.asarray(baseline.X)[:, position[0]] + _TPM_OFFSET)
        terms.setdefault(name, (level - level.mean()) / level.std())
        if role == "predictive":
            terms[f"{name} x exercise"] = terms[name] * exercise
    return terms
