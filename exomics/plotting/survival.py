"""Kaplan-Meier curves by tertile of a score: a picture of an association that is tested on the continuous score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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
from exomics.stats.survival import KaplanMeier, censor_at, kaplan_meier

_LINES = ("-", "--", ":")
_NAMES = ("lowest third", "middle third", "highest third")
_SMALLEST_COHORT = 9
_FIRST_ROW = 46.0  # points below the axes
_ROW = 11.0


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
    time, event = censor_at(
        rows["time_months"].to_numpy(dtype=float), rows["event"].to_numpy(dtype=float), horizon_months
    )
    ticks = np.arange(0.0, horizon_months + 1e-9, horizon_months / 6)
    for index in range(3):
        chosen = third == index
        label = f"{_NAMES[index]} ({int(event[chosen].sum())} of {int(chosen.sum())})"
        curve = kaplan_meier(time[chosen], event[chosen])
        _curve(axes, curve, horizon=horizon_months, color=SERIES[index], line=_LINES[index], label=label)
        at_risk = [int((time[chosen] >= tick).sum()) for tick in ticks]
        _numbers_at_risk(axes, ticks, at_risk, row=index, color=SERIES[index])
    axes.set_xlim(0, horizon_months)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(ticks)
    dress(axes, x_label="months", y_label=y_label, title=plain(title, 60), grid="y")
    legend_below(axes, points=_FIRST_ROW + 3.2 * _ROW, title="events of patients")
    note = "Thirds are for display; the association is tested on the continuous score."
    axes.text(
        0.5,
        0.0,
        note,
        transform=axes.transAxes + below(axes, _FIRST_ROW + 6.6 * _ROW),
        ha="center",
        fontsize=SMALL_SIZE,
        color=MUTED,
    )
    return axes


def _curve(axes: Axes, curve: KaplanMeier, *, horizon: float, color: str, line: str, label: str) -> None:
    time, survival = np.concatenate([[0.0], curve.time]), np.concatenate([[1.0], curve.survival])
    axes.step(time, survival, where="post", color=color, linestyle=line, linewidth=1.6, label=label)
    censored = (curve.n_censored > 0) & (curve.time < horizon)
    axes.plot(curve.time[censored], curve.survival[censored], linestyle="none", marker="|", markersize=5, color=color)


def _numbers_at_risk(axes: Axes, ticks: np.ndarray, numbers: list[int], *, row: int, color: str) -> None:
    place = axes.get_xaxis_transform() + below(axes, _FIRST_ROW + row * _ROW)
    for tick, number in zip(ticks, numbers, strict=True):
        axes.text(tick, 0.0, str(number), transform=place, ha="center", fontsize=TEXT_SIZE, color=color)
    head = f"at risk: {_NAMES[row].split()[0]}" if row == 0 else _NAMES[row].split()[0]
    axes.text(-0.06 * ticks[-1], 0.0, head, transform=place, ha="right", fontsize=SMALL_SIZE, color=INK)
