"""Figures of a score table: scores by response, coverage by cohort, the place among random matched sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import (
    DOWN,
    GRID,
    INK,
    MUTED,
    PAPER,
    SMALL_SIZE,
    TEXT_SIZE,
    UP,
    WARNING,
    below,
    dress,
    legend_below,
    plain,
    say_empty,
)

_RESPONSE_GROUPS = (("non_responder", DOWN, "o", "no response"), ("responder", UP, "^", "response"))


def score_by_response(frame: pd.DataFrame, axes: Axes, *, signature_id: str) -> Axes:
    """Every score as a point over a box, by the trial's own response label, cohort by cohort.

    Parameters
    ----------
    frame
        Columns ``cohort_id``, ``signature_id``, ``score``, ``response`` (``responder``, ``non_responder``; anything
        else is left out). Scores are shown in units of the cohort's standard deviation, as scores of different
        cohorts have no common scale.
    axes
        Where to draw.
    signature_id
        Which signature.

    Returns
    -------
    Axes
        The same axes. Boxes are quartiles with the median; whiskers reach 1.5 interquartile ranges.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import score_by_response
    >>> frame = pd.DataFrame({"cohort_id": "one", "signature_id": "s", "score": [1.0, 2.0, 3.0, 4.0],
    ...     "response": ["responder", "responder", "non_responder", "non_responder"]})
    >>> axes = score_by_response(frame, Figure().subplots(), signature_id="s")
    >>> [label.get_text().splitlines()[0] for label in axes.get_xticklabels()]
    ['n = 2', 'n = 2']
    """
    groups = [group for group, *_ in _RESPONSE_GROUPS]
    chosen = frame[frame["signature_id"] == signature_id].dropna(subset=["score"])
    within = chosen.groupby("cohort_id", sort=False)["score"]
    chosen = chosen.assign(standard=(chosen["score"] - within.transform("mean")) / within.transform("std"))
    rows = chosen[chosen["response"].isin(groups)]
    if rows.empty:
        return say_empty(axes, f"{signature_id}: no cohort has both a score and a response label")
    ticks: list[float] = []
    labels: list[str] = []
    for index, (cohort, part) in enumerate(rows.groupby("cohort_id", sort=False)):
        for offset, (group, color, marker, name) in zip((-0.2, 0.2), _RESPONSE_GROUPS, strict=True):
            values = part.loc[part["response"] == group, "standard"].to_numpy()
            _strip_and_box(
                axes,
                values,
                index + offset,
                color=color,
                marker=marker,
                label=name if index == 0 else None,
            )
            ticks.append(index + offset)
            labels.append(f"n = {len(values)}")
        _below_tick(axes, index, plain(cohort))
    axes.set_xticks(ticks, labels)
    axes.set_xlim(-0.6, index + 0.6)
    dress(axes, x_label="", y_label="score (SD within the cohort)", title=plain(signature_id, 60), grid="y")
    axes.tick_params(axis="x", length=0, labelsize=SMALL_SIZE)
    legend_below(axes, columns=2)
    return axes


def _below_tick(axes: Axes, position: float, label: str) -> None:
    place = axes.get_xaxis_transform() + below(axes, 27)
    axes.text(position, 0.0, label, transform=place, ha="center", fontsize=TEXT_SIZE, color=INK, fontweight="bold")


def _strip_and_box(
    axes: Axes, values: np.ndarray, position: float, *, color: str, marker: str, label: str | None
) -> None:
    if values.size == 0:
        return
    ink = {"color": INK, "linewidth": 0.9}
    axes.boxplot(
        values,
        positions=[position],
        widths=0.3,
        showfliers=False,
        manage_ticks=False,
        medianprops={"color": INK, "linewidth": 1.6},
        boxprops=ink,
        whiskerprops=ink,
        capprops=ink,
    )
    spread = np.resize([0.0, 0.06, -0.06, 0.1, -0.1, 0.03, -0.03], values.size)[
        np.argsort(np.argsort(values, kind="stable"))
    ]
    axes.scatter(
        position + spread, values, s=12, color=color, marker=marker, alpha=0.65, linewidths=0, zorder=3, label=label
    )


def coverage_bars(frame: pd.DataFrame, axes: Axes) -> Axes:
    """Members measured of members asked for, one bar per cohort and signature; bars below the floor are hatched.

    Parameters
    ----------
    frame
        Columns ``cohort_id``, ``signature_id``, ``n_measured``, ``n_members``, ``status`` (of the scores).
    axes
        Where to draw; about 0.25 inches of height per row read well.

    Returns
    -------
    Axes
        The same axes; the text of a row gives the counts and the status where it is not ``ok``.

    Raises
    ------
    InputError
        If the table is empty.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import coverage_bars
    >>> row = {"cohort_id": "one", "signature_id": "s", "n_measured": 4, "n_members": 32, "status": "below_floor"}
    >>> frame = pd.DataFrame([row])
    >>> coverage_bars(frame, Figure().subplots()).texts[0].get_text()
    '4 of 32, below floor'
    """
    if frame.empty:
        raise InputError("a coverage figure needs at least one cohort and signature; the table is empty.")
    rows = frame.reset_index(drop=True)
    positions = np.arange(len(rows), dtype=float)
    share = (rows["n_measured"] / rows["n_members"].where(rows["n_members"] > 0)).astype(float).fillna(0.0).to_numpy()
    below = ~rows["status"].isin(["ok", "wrong_layer_override"]).to_numpy()
    axes.barh(positions, np.ones(len(rows)), color=GRID, height=0.7, linewidth=0)
    filled: dict[str, Any] = {"color": DOWN, "linewidth": 0.0, "label": "scored"}
    hatched: dict[str, Any] = {
        "color": PAPER,
        "edgecolor": UP,
        "hatch": "////",
        "linewidth": 1.0,
        "label": "not scored",
    }
    for chosen, style in ((~below, filled), (below, hatched)):
        if chosen.any():  # the legend names what is drawn
            axes.barh(positions[chosen], share[chosen], height=0.7, **style)
    for position, row in zip(positions, rows.itertuples(index=False), strict=True):
        status = "" if row.status == "ok" else f", {str(row.status).replace('_', ' ')}"
        axes.text(
            1.02,
            position,
            f"{row.n_measured} of {row.n_members}{plain(status)}",
            va="center",
            fontsize=TEXT_SIZE,
            color=INK,
        )
    axes.set_yticks(
        positions,
        [f"{plain(row.cohort_id, 24)} · {plain(row.signature_id, 24)}" for row in rows.itertuples(index=False)],
    )
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    dress(axes, x_label="members measured", y_label="")
    axes.tick_params(axis="y", length=0)
    legend_below(axes, columns=2)
    return axes


def control_null(frame: pd.DataFrame, axes: Axes, *, observed: float, x_label: str, title: str = "") -> Axes:
    """Where the signature's estimate stands among the estimates of random matched sets.

    Parameters
    ----------
    frame
        Column ``estimate``: one row per random set, of the same cohort, endpoint and metric as `observed`.
    axes
        Where to draw.
    observed
        The signature's estimate.
    x_label
        What the estimates are, with their unit.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; the band holds the central 95 % of the random sets.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import control_null
    >>> frame = pd.DataFrame({"estimate": range(100)})
    >>> axes = control_null(frame, Figure().subplots(), observed=90.5, x_label="log hazard ratio per SD")
    >>> sorted(axes.get_legend_handles_labels()[1])[-1]
    'signature, 91st percentile'
    """
    estimates = frame["estimate"].dropna().to_numpy()
    if estimates.size == 0 or not np.isfinite(observed):
        return say_empty(axes, "no estimate to compare with random matched sets")
    low, high = np.quantile(estimates, [0.025, 0.975])
    axes.axvspan(low, high, color=WARNING, alpha=0.15, linewidth=0, label="central 95 % of the sets")
    axes.hist(
        estimates,
        bins=min(40, max(10, int(np.sqrt(estimates.size)))),
        color=MUTED,
        alpha=0.7,
        linewidth=0,
        label=f"{estimates.size:,} random matched sets",
    )
    percentile = 100 * np.mean(estimates <= observed)
    axes.axvline(
        observed, color=UP, linewidth=2.0, label=f"signature, {_ordinal(int(np.floor(percentile)))} percentile"
    )
    dress(axes, x_label=plain(x_label, 60), y_label="random sets", title=plain(title, 60), grid="y")
    legend_below(axes, columns=1)
    return axes


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
