"""The forest plot: one estimate per cohort, the pooled one as a diamond, its prediction interval as a line."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from exomics.errors import InputError
from exomics.plotting._style import DOWN, INK, MUTED, SMALL_SIZE, TEXT_SIZE, dress, plain

_POOLED: Final = "pooled_"
_LABELS: Final = {
    "log_hazard_ratio": "Hazard ratio per SD of the score (log scale)",
    "log_odds_ratio": "Odds ratio of response per SD of the score (log scale)",
    "auc": "Area under the ROC curve for response",
}
_RATIOS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_FINE_RATIOS: Final = (0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)


def forest(
    frame: pd.DataFrame, axes: Axes, *, signature_id: str, endpoint: str, metric: str = "log_hazard_ratio"
) -> Axes:
    """Estimates of one signature for one endpoint, cohort by cohort, with the pooled estimate below.

    Parameters
    ----------
    frame
        Frame of a `PerformanceTable`, with or without pooled rows (``cohort_id`` begins with ``pooled_``).
    axes
        Where to draw.
    signature_id, endpoint, metric
        Which rows to show. Log ratios are drawn on the log scale and labeled as ratios.

    Returns
    -------
    Axes
        The same axes. Squares are cohorts, their area grows with precision; whiskers are the intervals of the table;
        the diamond spans the pooled interval; the line through it is the prediction interval. A cohort without
        an estimate keeps its row and says so; a pooled estimate that could not be formed has none.

    Raises
    ------
    InputError
        If no row matches.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import forest
    >>> row = {"signature_id": "s", "endpoint": "os", "metric": "log_hazard_ratio", "cohort_id": "one",
    ...     "estimate": -0.3, "ci_low": -0.5, "ci_high": -0.1, "n_samples": 100, "n_events": 60, "note": ""}
    >>> axes = forest(pd.DataFrame([row]), Figure().subplots(), signature_id="s", endpoint="os")
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['one']
    """
    chosen = frame[(frame["signature_id"] == signature_id) & (frame["endpoint"] == endpoint)]
    rows = chosen[chosen["metric"] == metric]
    if rows.empty:
        raise InputError(
            f"no row has signature {signature_id!r}, endpoint {endpoint!r}, metric {metric!r}; name rows of the table."
        )
    pooled = rows["cohort_id"].str.startswith(_POOLED)
    cohorts, diamonds = rows[~pooled], rows[pooled & rows["estimate"].notna()]
    neutral = 0.5 if metric == "auc" else 0.0
    low, high = _limits(rows, neutral)
    axes.set_xlim(low, high)
    positions = np.arange(len(cohorts), dtype=float)
    _squares(axes, cohorts, positions)
    prediction = chosen[chosen["metric"] == "prediction_interval"]
    bottom = len(cohorts) + 0.3 + np.arange(len(diamonds), dtype=float)
    for (_, row), position in zip(diamonds.iterrows(), bottom, strict=True):
        _diamond(axes, row, position, prediction[prediction["cohort_id"] == row["cohort_id"]])
    every = np.concatenate([positions, bottom])
    _row_texts(axes, pd.concat([cohorts, diamonds]), every, ratio=metric != "auc")
    axes.set_yticks(every, [_row_name(name) for name in (*cohorts["cohort_id"], *diamonds["cohort_id"])])
    axes.set_ylim(float(every.max(initial=0)) + 0.7, -0.7)
    axes.axvline(neutral, color=MUTED, linewidth=0.8)
    dress(axes, x_label=_LABELS.get(metric, plain(metric)), y_label="", title=plain(signature_id, 60), grid="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if metric != "auc":
        _ratio_ticks(axes, low, high)
    return axes


def _row_name(cohort_id: str) -> str:
    return (
        f"Pooled ({cohort_id.removeprefix(_POOLED).upper()})" if cohort_id.startswith(_POOLED) else plain(cohort_id, 28)
    )


def _limits(rows: pd.DataFrame, neutral: float) -> tuple[float, float]:
    ends = rows[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
    finite = ends[np.isfinite(ends)]
    reach = float(np.clip(np.abs(finite - neutral).max(), 0.1, 3.2)) if finite.size else 1.0
    return neutral - 1.1 * reach, neutral + 1.1 * reach


def _squares(axes: Axes, cohorts: pd.DataFrame, positions: np.ndarray) -> None:
    estimate, low, high = (cohorts[name].to_numpy(dtype=float) for name in ("estimate", "ci_low", "ci_high"))
    width = np.where(np.isfinite(high - low), high - low, np.inf)
    precision = (width.min(initial=np.inf) / width) ** 2 if np.isfinite(width).any() else np.zeros(len(width))
    limits = axes.get_xlim()
    drawn = np.isfinite(estimate)
    axes.hlines(
        positions[drawn],
        np.maximum(low, limits[0])[drawn],
        np.minimum(high, limits[1])[drawn],
        color=DOWN,
        linewidth=1.4,
    )
    axes.scatter(
        estimate[drawn], positions[drawn], s=18 + 60 * precision[drawn], color=DOWN, marker="s", zorder=3, linewidths=0
    )
    _arrows(axes, positions[drawn], low[drawn], high[drawn], color=DOWN)


def _arrows(axes: Axes, positions: np.ndarray, low: np.ndarray, high: np.ndarray, *, color: str) -> None:
    """Arrowheads at the edges of the axes, where an interval goes on beyond them."""
    left, right = axes.get_xlim()
    for edge, beyond, marker in ((left, low < left, "<"), (right, high > right, ">")):
        axes.scatter(
            np.full(beyond.sum(), edge), positions[beyond], s=26, color=color, marker=marker, clip_on=False, zorder=3
        )


def _diamond(axes: Axes, row: pd.Series, position: float, prediction: pd.DataFrame) -> None:
    left, right = axes.get_xlim()
    for low, high in prediction[["ci_low", "ci_high"]].dropna().to_numpy(dtype=float):
        dashes = (0, (4, 2))
        axes.hlines(position, max(low, left), min(high, right), color=INK, linewidth=1.0, linestyle=dashes)
        _arrows(axes, np.array([position]), np.array([low]), np.array([high]), color=INK)
    corners_x = [row["ci_low"], row["estimate"], row["ci_high"], row["estimate"]]
    axes.fill(corners_x, [position, position - 0.26, position, position + 0.26], color=INK, linewidth=0, zorder=3)


def _row_texts(axes: Axes, rows: pd.DataFrame, positions: np.ndarray, *, ratio: bool) -> None:
    """The numbers of each row, in a column to the right of the axes."""
    to_axes = axes.get_yaxis_transform()
    for (_, row), position in zip(rows.iterrows(), positions, strict=True):
        color = INK if np.isfinite(row["estimate"]) else MUTED
        axes.text(
            1.03, position, _numbers(row, ratio=ratio), transform=to_axes, va="center", fontsize=TEXT_SIZE, color=color
        )
    head = f"{'ratio' if ratio else 'AUC'} [95 % interval], n (events)"
    axes.text(1.03, -0.75, head, transform=to_axes, va="bottom", fontsize=SMALL_SIZE, color=MUTED)


def _numbers(row: pd.Series, *, ratio: bool) -> str:
    sizes = "n unknown" if pd.isna(row["n_samples"]) else f"n = {int(row['n_samples'])}"
    events = "" if pd.isna(row["n_events"]) else f" ({int(row['n_events'])})"
    if not np.isfinite(row["estimate"]):
        return f"not estimated, {sizes}{events}"
    values = row[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
    estimate, low, high = np.exp(values) if ratio else values
    return f"{estimate:.2f} [{low:.2f}, {high:.2f}], {sizes}{events}"


def _ratio_ticks(axes: Axes, low: float, high: float) -> None:
    candidates = _FINE_RATIOS if high - low < 3 else _RATIOS
    ticks = [float(np.log(value)) for value in candidates if low <= np.log(value) <= high]
    axes.xaxis.set_major_locator(FixedLocator(_thinned(ticks, (high - low) / 9)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.exp(value):.3g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _thinned(ticks: list[float], gap: float) -> list[float]:
    """`ticks` without those nearer than `gap` to one kept before; zero (ratio 1) is always kept."""
    kept: list[float] = []
    for tick in sorted(ticks, key=abs):
        if all(abs(tick - other) >= gap for other in kept):
            kept.append(tick)
    return sorted(kept)
