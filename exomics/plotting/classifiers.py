"""What classifiers do for subjects they never saw, beside the models that need no omics."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import DOWN, INK, MUTED, dress, legend_below, plain

_LABELS: Final = {
    "auc": "area under the ROC curve",
    "pooled_auc": "area under the ROC curve, pooled over cohorts",
    "concordance": "concordance",
}


def model_performance(performance: pd.DataFrame, axes: Axes, *, metric: str = "auc", title: str = "") -> Axes:
    """One row per model: its resampled estimate with the interval, and the apparent one as an open mark.

    Parameters
    ----------
    performance
        Frame of a `PerformanceTable` of `exomics.stratify.cross_validate`.
    axes
        Where to draw; about 0.4 inches of height per row read well.
    metric
        Which rows to show, one per model; areas and concordances have a line at one half.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes. The way from the filled to the open mark is what fitting and judging on the same samples adds.

    Raises
    ------
    InputError
        If no row has the metric.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import model_performance
    >>> row = {"signature_id": "elastic_net_logistic", "role": "resampled", "metric": "auc", "estimate": 0.7,
    ...     "ci_low": 0.6, "ci_high": 0.8}
    >>> model_performance(pd.DataFrame([row]), Figure().subplots()).get_yticklabels()[0].get_text()
    'elastic net logistic'
    """
    rows = performance[performance["metric"] == metric]
    held_out, apparent = (rows[rows["role"] == role].set_index("signature_id") for role in ("resampled", "apparent"))
    if held_out.empty:
        raise InputError(f"no resampled row has the metric {metric!r}; give the performance table of a classifier.")
    height = np.arange(len(held_out), dtype=float)
    axes.hlines(height, held_out["ci_low"], held_out["ci_high"], color=DOWN, linewidth=1.4)
    axes.scatter(held_out["estimate"], height, s=26, color=DOWN, linewidths=0, zorder=3, label="subjects never seen")
    own = apparent["estimate"].reindex(held_out.index).to_numpy()
    if np.isfinite(own).any():
        label = "its own training samples"
        axes.scatter(own, height, s=26, marker="D", facecolors="none", edgecolors=INK, linewidths=1.0, label=label)
    if metric in _LABELS:
        axes.axvline(0.5, color=MUTED, linewidth=0.8)
    axes.set_yticks(height, [plain(str(name).replace("_", " "), 30) for name in held_out.index])
    axes.set_ylim(len(held_out) - 0.4, -0.6)
    label = _LABELS.get(metric, plain(metric.replace("_", " ")))
    dress(axes, x_label=label, y_label="", title=plain(title, 60), grid="x")
    axes.tick_params(axis="y", length=0)
    legend_below(axes, columns=2)
    return axes
