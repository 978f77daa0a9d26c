"""Truth beside finding: what was planted in the embedded study, and what an analysis made of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy.stats import norm

from exomics._checks import FloatArray
from exomics.datasets import load, load_table
from exomics.datasets.simulate import genes_of
from exomics.errors import InputError
from exomics.results import DifferentialTable
from exomics.validation._trial_estimates import Row, trial_estimates

BoolArray = NDArray[np.bool_]
COLUMNS = ["quantity", "unit", "truth", "found", "ci_low", "ci_high", "note"]
_TRUTH_COLUMNS = ["quantity", "layer", "entity_id", "unit", "value"]


def recovery(
    differential: DifferentialTable, truth_genes: pd.DataFrame, *, contrast: str | None = None, alpha: float = 0.05
) -> pd.DataFrame:
    """Planted log2 changes beside the estimated ones.

    With P the features of a planted change and D the features with ``adj_p_value < alpha``: sensitivity |D n P| / |P|,
    false discovery proportion |D - P| / max(1, |D|), slope of estimate on truth through the origin over P, and the
    share of 95 % intervals that hold the true change, over P and over the rest.

    Parameters
    ----------
    differential
        One contrast, or name it.
    truth_genes
        Columns ``feature_id, log2_fold_change``; a feature that is not listed was not planted.
    contrast
        Contrast of the table to judge.
    alpha
        Level of a discovery.

    Returns
    -------
    DataFrame
        ``quantity, unit, truth, found, ci_low, ci_high, note``. ``truth`` is empty where nothing was planted, only
        aimed at; the note then gives the aim. Intervals of proportions are Wilson's, as if features were independent:
        those of features that move together are wider.

    Raises
    ------
    InputError
        If the contrast is not in the table, or no feature of the table is in the truth.

    Notes
    -----
    A planted feature that was not tested (filtered out) counts in the number of planted features only.

    Examples
    --------
    >>> from exomics.datasets.simulate import TrialParameters, simulate_trial
    >>> from exomics.differential import fit
    >>> from exomics.preprocess import filter_by_expression, library_factors
    >>> trial = simulate_trial(TrialParameters(n_per_arm=10))
    >>> counts = library_factors(filter_by_expression(trial.muscle, group="time_point"))
    >>> design = "~ subject_id + batch + post + exercise_post"
    >>> table = fit(counts, design=design, contrasts=["training=exercise_post"], method="limma_voom")
    >>> found = recovery(table, genes_of(trial.truth.table(), "muscle_rna"))
    >>> found.loc[0, "quantity"], int(found.loc[0, "truth"])
    ('features raised by training', 300)
    """
    rows = _tested(differential, contrast)
    planted = truth_genes.set_index("feature_id")["log2_fold_change"]
    if not rows["feature_id"].isin(planted.index).any():
        raise InputError(
            "no feature of the table is in the truth; give the differential table of the layer whose truth this is."
        )
    true = planted.reindex(rows["feature_id"]).fillna(0.0).to_numpy()
    found = (rows["adj_p_value"] < alpha).to_numpy()
    estimate = rows["log2_fold_change"].to_numpy()
    table = [
        *_numbers(planted.to_numpy(), true, estimate, found),
        *_proportions(rows, true, found, alpha),
        _slope(true, estimate),
    ]
    return pd.DataFrame(table, columns=COLUMNS)


def _tested(differential: DifferentialTable, contrast: str | None) -> pd.DataFrame:
    rows = differential.frame
    named = sorted(set(rows["contrast"]))
    if contrast is None and len(named) != 1:
        raise InputError(f"the table holds {len(named)} contrasts ({', '.join(named[:5])}); name the one to judge.")
    if contrast is not None and contrast not in named:
        raise InputError(f"the table has no contrast {contrast!r}; it has {', '.join(named[:5])}.")
    rows = rows[rows["contrast"] == (contrast or named[0])]
    return rows[rows["status"] == "ok"].reset_index(drop=True)


def _numbers(planted: FloatArray, true: FloatArray, estimate: FloatArray, found: BoolArray) -> list[Row]:
    table: list[Row] = []
    for word, sign in (("raised", 1), ("lowered", -1)):
        right = int((found & (np.sign(estimate) == sign) & (np.sign(true) == sign)).sum())
        tested = int((np.sign(true) == sign).sum())
        number = int((np.sign(planted) == sign).sum())
        note = f"{right} truly {word}, of {tested} such that were tested" if number else f"none was planted as {word}"
        discovered = int((found & (np.sign(estimate) == sign)).sum())
        table.append((f"features {word} by training", "features", number, discovered, np.nan, np.nan, note))
    wrong = int((found & (np.sign(true) * np.sign(estimate) < 0)).sum())
    table.append(("discoveries with the wrong sign", "features", 0, wrong, np.nan, np.nan, ""))
    return table


def _proportions(rows: pd.DataFrame, true: FloatArray, found: BoolArray, alpha: float) -> list[Row]:
    moved = true != 0
    inside = ((rows["ci_low"] <= true) & (true <= rows["ci_high"])).to_numpy()
    table = []
    if moved.any():
        note = f"share of the {int(moved.sum())} planted features found at adjusted p < {alpha:g}"
        table.append(("sensitivity", int((found & moved).sum()), int(moved.sum()), note))
    if found.any():
        table.append(
            ("false discovery proportion", int((found & ~moved).sum()), int(found.sum()), f"aim {alpha:g} or less")
        )
    if moved.any():
        table.append(("coverage of planted changes", int(inside[moved].sum()), int(moved.sum()), "aim 0.95"))
    if not moved.all():
        table.append(("coverage where nothing changes", int(inside[~moved].sum()), int((~moved).sum()), "aim 0.95"))
    shares = [(name, "proportion", np.nan, hits / n, *_wilson(hits, n), note) for name, hits, n, note in table]
    if not found.any():
        note = "no discovery: a null result" + (
            ", although effects were planted" if moved.any() else ", and nothing planted"
        )
        shares.append(("false discovery proportion", "proportion", np.nan, 0.0, np.nan, np.nan, note))
    return shares


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion (1927, doi 10.1080/01621459.1927.10502953)."""
    z = norm.ppf(0.975)
    share = hits / n
    center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, center - half)), float(min(1.0, center + half))


def _slope(true: FloatArray, estimate: FloatArray) -> Row:
    x, y = true[true != 0], estimate[true != 0]
    name = "slope of estimated on true log2 change"
    if not len(x):
        return (name, "log2 per log2", np.nan, np.nan, np.nan, np.nan, "nothing was planted: no slope")
    note = f"over {len(x)} planted features; no interval, because features move together"
    return (name, "log2 per log2", 1.0, float(x @ y / (x @ x)), np.nan, np.nan, note)


def recover_trial(*, ev_mirna: AnnData, tumor: AnnData, subjects: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Planted effects of training on the patients beside what plain estimators find.

    Changes are differences in differences (post minus before, exercise minus usual care, Welch's t interval) over
    patients with both samples; response heterogeneity is the *signed* difference of the variances of the VO2peak
    change; survival is one Cox model with arm, response, stage, and the planted markers.

    Parameters
    ----------
    ev_mirna, tumor
        AnnData of the embedded study, or of `simulate_trial`.
    subjects
        Its patients.
    truth
        Its truth in long form.

    Returns
    -------
    DataFrame
        ``quantity, unit, truth, found, ci_low, ci_high, note``; the note says whether the interval holds the truth and
        whether it excludes no effect.

    Raises
    ------
    InputError
        If the truth lacks a column.

    Notes
    -----
    Deviation from the true levels: estimates use measured expression, so a marker's log hazard ratio is weakened by its
    measurement error.
    """
    missing = [name for name in _TRUTH_COLUMNS if name not in truth.columns]
    if missing:
        raise InputError(
            f"the truth lacks {', '.join(missing)}; give the table that `exomics load embedded_truth` writes."
        )
    rows = trial_estimates(ev_mirna=ev_mirna, tumor=tumor, subjects=subjects, truth=truth)
    return pd.DataFrame(rows, columns=COLUMNS)


def recover_embedded(
    differential: DifferentialTable, truth: pd.DataFrame, *, layer: str = "muscle_rna", contrast: str | None = None
) -> pd.DataFrame:
    """`recovery` of a differential table of the embedded study, followed by `recover_trial` of the study itself.

    Parameters
    ----------
    differential
        Made from ``embedded_muscle_rna`` (or the dataset of `layer`).
    truth
        What ``load_table("embedded_truth")`` gives.
    layer
        Layer of the differential table.
    contrast
        Contrast of the table to judge; not needed if it has one.

    Returns
    -------
    DataFrame
        ``quantity, unit, truth, found, ci_low, ci_high, note``.

    Raises
    ------
    InputError
        If the truth is that of another trial than the registered one.
    """
    registered = load_table("embedded_truth")
    same = len(truth) == len(registered) and (truth["entity_id"].fillna("").to_numpy() == registered["entity_id"]).all()
    if not same or not np.allclose(truth["value"], registered["value"], rtol=1e-12, atol=1e-12):
        raise InputError(
            "this truth is not that of the registered embedded study; judge another trial with recover_trial."
        )
    trial = recover_trial(
        ev_mirna=load("embedded_ev_mirna"),
        tumor=load("embedded_tumor_rna"),
        subjects=load_table("embedded_subjects"),
        truth=truth,
    )
    return pd.concat([recovery(differential, genes_of(truth, layer), contrast=contrast), trial], ignore_index=True)
