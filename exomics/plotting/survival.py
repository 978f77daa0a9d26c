"""Kaplan-Meier curves with the numbers at risk below: of groups, or of the thirds of a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from exomics.plotting._style import (
    INK,
    MUTED,
    SERIES,
    SMALL_SIZE,
    TEXT_SIZE,
    below,
    dress,
    legend_below,
    plain,
    say_empty,
)
from exomics.stats.kaplan_meier import kaplan_meier

_LINES = ("-", "--", ":", "-.")
_THIRDS = ("lowest third", "middle third", "highest third")
_SMALLEST_COHORT = 9
_MOST_GROUPS = 6
_FIRST_ROW = 46.0  # points below the axes
_ROW = 11.0


class _Curve(NamedTuple):
    """What is drawn of one group; arrays of shape (n_times,)."""

    name: str
    time: NDArray[np.float64]
    n_at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_censored: NDArray[np.int64]
    survival: NDArray[np.float64]


def survival_by_tertile(
    frame: pd.DataFrame, axes: Axes, *, horizon_months: float = 36.0, y_label: str = "overall survival", title: str = ""
) -> Axes:
    """Kaplan-Meier curves of the thirds of a score, with the numbers at risk below.

    Parameters
    ----------
    frame
        Columns ``score``, ``time_months``, ``event`` (1 happened, 0 censored); rows with a missing value are left out.
    axes
        Where to draw.
    horizon_months
        Follow-up beyond it is cut.
    y_label
        What survives.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes. Thirds are cut at the cohort's own tertiles for display only: the association is tested
        on the continuous score, and the axes say so. Ticks on a curve are censored patients.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import survival_by_tertile
    >>> frame = pd.DataFrame({"score": range(12), "time_months": range(1, 13), "event": [1, 0] * 6})
    >>> survival_by_tertile(frame, Figure().subplots()).get_xlabel()
    'months'
    """
    rows = frame.dropna(subset=["score", "time_months", "event"])
    if len(rows) < _SMALLEST_COHORT or rows["score"].nunique() < 3:
        return say_empty(axes, f"{title}: {len(rows)} patients with a score and follow-up are too few for thirds")
    third = np.minimum(2, (3 * rows["score"].rank(method="average", pct=True).to_numpy() - 1e-9).astype(int))
    curves = []
    for index, name in enumerate(_THIRDS):
        chosen = rows[third == index]
        found = kaplan_meier(chosen["time_months"].to_numpy(dtype=float), chosen["event"].to_numpy(dtype=float))
        curves.append(_Curve(name, found.time, found.n_at_risk, found.n_events, found.n_censored, found.survival))
    _draw(axes, curves, horizon_months)
    dress(axes, x_label="months", y_label=y_label, title=plain(title, 60), grid="y")
    _say_below(axes, "Thirds are for display; the association is tested on the continuous score.", len(curves))
    return axes


def survival_by_group(
    frame: pd.DataFrame, axes: Axes, *, horizon_months: float | None = None, y_label: str = "survival", title: str = ""
) -> Axes:
    """Kaplan-Meier curves of groups, such as the arms of a trial, with the numbers at risk below.

    Parameters
    ----------
    frame
        Frame of a `CurveTable`: one endpoint.
    axes
        Where to draw.
    horizon_months
        Where the curves are cut; None for the end of follow-up.
    y_label
        What survives.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; ticks on a curve are censored patients.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import survival_by_group
    >>> from exomics.validation import survival_curves
    >>> table = survival_curves(range(1, 13), [1, 0] * 6, ["a", "b"] * 6, endpoint="os")
    >>> survival_by_group(table.frame, Figure().subplots(), horizon_months=12).get_ylabel()
    'survival'
    """
    groups = list(dict.fromkeys(frame["group"]))
    if not 0 < len(groups) <= _MOST_GROUPS:
        return say_empty(axes, f"{title}: {len(groups)} groups; 1 to {_MOST_GROUPS} can be told apart")
    horizon = float(frame["time_months"].max()) if horizon_months is None else horizon_months
    curves = []
    for name in groups:
        part = frame[frame["group"] == name]
        at_risk, events, censored = (part[f"n_{word}"].to_numpy(np.int64) for word in ("at_risk", "events", "censored"))
        time, survival = part["time_months"].to_numpy(), part["survival"].to_numpy()
        curves.append(_Curve(name, time, at_risk, events, censored, survival))
    _draw(axes, curves, horizon)
    return dress(axes, x_label="months", y_label=y_label, title=plain(title, 60), grid="y")


def _draw(axes: Axes, curves: Sequence[_Curve], horizon: float) -> None:
    ticks = np.arange(0.0, horizon + 1e-9, horizon / 6)
    for row, curve in enumerate(curves):
        color, within = SERIES[row], curve.time <= horizon
        events, size = int(curve.n_events[within].sum()), int(curve.n_at_risk[0])
        label = f"{plain(curve.name, 24)} ({events} of {size})"
        time, survival = np.append(0.0, curve.time), np.append(1.0, curve.survival)
        line = _LINES[row % len(_LINES)]
        axes.step(time, survival, where="post", color=color, linestyle=line, linewidth=1.6, label=label)
        censored = (curve.n_censored > 0) & (curve.time < horizon)
        axes.plot(
            curve.time[censored], curve.survival[censored], linestyle="none", marker="|", markersize=5, color=color
        )
        _numbers_at_risk(axes, ticks, curve, row=row, color=color)
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    legend_below(axes, points=_FIRST_ROW + (len(curves) + 0.2) * _ROW, title="events of patients")


def _numbers_at_risk(axes: Axes, ticks: np.ndarray, curve: _Curve, *, row: int, color: str) -> None:
    place = axes.get_xaxis_transform() + below(axes, _FIRST_ROW + row * _ROW)
    later = np.append(curve.n_at_risk, 0)[np.searchsorted(curve.time, ticks)]
    for tick, number in zip(ticks, later, strict=True):
        axes.text(tick, 0.0, str(number), transform=place, ha="center", fontsize=TEXT_SIZE, color=color)
    word = plain(curve.name.removesuffix(" third"), 18)
    head = f"at risk: {word}" if row == 0 else word
    axes.text(-0.06 * ticks[-1], 0.0, head, transform=place, ha="right", fontsize=SMALL_SIZE, color=INK)


def _say_below(axes: Axes, note: str, rows: int) -> None:
    place = axes.transAxes + below(axes, _FIRST_ROW + (rows + 3.6) * _ROW)
    axes.text(0.5, 0.0, note, transform=place, ha="center", fontsize=SMALL_SIZE, color=MUTED)
