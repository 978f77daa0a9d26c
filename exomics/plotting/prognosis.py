"""Calibration, net benefit and competing events."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from exomics.plotting._style import (
    INK,
    MARKERS,
    MUTED,
    SERIES,
    SMALL_SIZE,
    dress,
    legend_below,
    plain,
    say_empty,
)
from exomics.stats.competing_risks import CumulativeIncidence

_LINES = ("-", "--", "-.", ":")


def calibration_curve(
    predicted: ArrayLike, observed: ArrayLike, axes: Axes, *, outcome: ArrayLike | None = None, title: str = ""
) -> Axes:
    """Observed against predicted risk, beside the diagonal of a perfect model, with where the predictions lie.

    Parameters
    ----------
    predicted, observed
        Curve of `BinaryCalibration` or `SurvivalCalibration`, (n_samples,).
    axes
        Where to draw.
    outcome
        1 or 0, (n_samples,), for a rug of both; None for one rug.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import calibration_curve
    >>> calibration_curve([0.1, 0.5], [0.2, 0.4], Figure().subplots()).get_xlabel()
    'predicted risk'
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return say_empty(axes, f"{title}: no calibration curve was estimated")
    order = np.argsort(x[known], kind="stable")
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle="--", label="perfect")
    axes.plot(x[known][order], y[known][order], color=SERIES[0], linewidth=1.6, label="model")
    happened = np.zeros(x.shape) if outcome is None else np.asarray(outcome, dtype=np.float64)
    for value, height in ((0.0, 0.0), (1.0, 1.0)):
        chosen = x[known & (happened == value)]
        axes.plot(chosen, np.full(chosen.size, height), "|", color=INK, alpha=0.4, markersize=6, label="_nolegend_")
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.03, 1.03)
    dress(axes, x_label="predicted risk", y_label="observed risk", title=plain(title, 60))
    legend_below(axes)
    return axes


def net_benefit_curves(performance: pd.DataFrame, axes: Axes, *, title: str = "") -> Axes:
    """Net benefit of each model over thresholds, with its interval, beside treating everybody and nobody.

    Parameters
    ----------
    performance
        Frame of a `PerformanceTable` of `exomics.validation.decision_curve`.
    axes
        Where to draw.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import net_benefit_curves
    >>> row = {"signature_id": "model", "metric": "net_benefit@0.2", "estimate": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    >>> net_benefit_curves(pd.DataFrame([row]), Figure().subplots()).get_ylabel()
    'net benefit'
    """
    rows = performance[performance["metric"].str.startswith("net_benefit@")]
    if rows.empty:
        return say_empty(axes, f"{title}: the table has no net benefit")
    rows = rows.assign(threshold=rows["metric"].str.partition("@")[2].astype(float))
    axes.axhline(0.0, color=INK, linewidth=0.8, label="treat nobody")
    for number, (name, part) in enumerate(rows.groupby("signature_id", sort=False)):
        ordered = part.sort_values("threshold")
        everybody = name == "treat_all"
        color = MUTED if everybody else SERIES[number % len(SERIES)]
        line = ":" if everybody else _LINES[number % len(_LINES)]
        label = "treat everybody" if everybody else plain(name)
        axes.plot(ordered["threshold"], ordered["estimate"], color=color, linestyle=line, linewidth=1.6, label=label)
        if not everybody:
            axes.fill_between(
                ordered["threshold"], ordered["ci_low"], ordered["ci_high"], color=color, alpha=0.15, lw=0
            )
    best = float(rows["ci_high"].fillna(rows["estimate"]).max())
    axes.set_ylim(-0.25 * best if best > 0 else None, None)
    dress(axes, x_label="risk at which one would act", y_label="net benefit", title=plain(title, 60), grid="y")
    legend_below(axes)
    return axes


def incidence_curves(incidence: CumulativeIncidence, axes: Axes, *, causes: Mapping[int, str], title: str = "") -> Axes:
    """Cumulative incidence of competing events with their intervals.

    Parameters
    ----------
    incidence
        Of `exomics.stats.competing_risks.cumulative_incidence`.
    axes
        Where to draw.
    causes
        Code -> name.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; what is left to 1 is event-free.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import incidence_curves
    >>> from exomics.stats.competing_risks import cumulative_incidence
    >>> found = cumulative_incidence([1.0, 2.0, 3.0], [1, 2, 0])
    >>> incidence_curves(found, Figure().subplots(), causes={1: "relapse", 2: "death"}).get_ylabel()
    'cumulative incidence'
    """
    time = np.concatenate([[0.0], incidence.time])
    for number, code in enumerate(incidence.causes.tolist()):
        color, marker = SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]
        curve = np.concatenate([[0.0], incidence.incidence[:, number]])
        low, high = (np.concatenate([[0.0], limit[:, number]]) for limit in (incidence.ci_low, incidence.ci_high))
        line = _LINES[number % len(_LINES)]
        name = plain(causes.get(code, f"cause {code}"))
        axes.step(time, curve, where="post", color=color, linestyle=line, linewidth=1.6, label=name)
        axes.fill_between(time, low, high, step="post", color=color, alpha=0.15, linewidth=0)
        axes.plot(time[-1], curve[-1], marker=marker, color=color, markersize=4)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, float(time[-1]))
    dress(axes, x_label="time", y_label="cumulative incidence", title=plain(title, 60), grid="y")
    axes.tick_params(labelsize=SMALL_SIZE)
    legend_below(axes)
    return axes
