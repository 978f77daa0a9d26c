"""The members of a signature: effect and interval of each, contrast by contrast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.plotting._style import INK, MARKERS, MUTED, SERIES, SMALL_SIZE, dress, legend_below, plain
from exomics.plotting.differential import rows_of


def member_effects(
    frame: pd.DataFrame, axes: Axes, *, members: Sequence[str], contrasts: Sequence[str], n_shown: int = 32
) -> Axes:
    """Effects and intervals of the members of a signature, one row per member and one marker per contrast.

    Parameters
    ----------
    frame
        Frame of a `DifferentialTable`.
    axes
        Where to draw; about 0.2 inches of height per shown member read well.
    members
        Feature ids, as in the table. Those with the largest mean absolute effect are shown.
    contrasts
        Contrasts to show, at most six.
    n_shown
        Largest number of rows; the title says how many of the members are shown.

    Returns
    -------
    Axes
        The same axes, members sorted by their mean effect.

    Raises
    ------
    InputError
        If a contrast is not in the table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import member_effects
    >>> frame = pd.DataFrame({"feature_id": ["a", "b"], "feature_name": ["A", ""], "contrast": "trained",
    ...     "log2_fold_change": [1.0, -0.5], "ci_low": [0.5, -0.9], "ci_high": [1.5, -0.1]})
    >>> axes = member_effects(frame, Figure().subplots(), members=["a", "b"], contrasts=["trained"])
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['b', 'A']
    """
    chosen = pd.concat([rows_of(frame, contrast) for contrast in contrasts])
    chosen = chosen[chosen["feature_id"].isin(list(members))]
    mean_effect = chosen.groupby("feature_id")["log2_fold_change"].mean().dropna()
    shown = mean_effect[mean_effect.abs().rank(ascending=False, method="first") <= n_shown].sort_values(kind="stable")
    names = chosen.drop_duplicates("feature_id").set_index("feature_id")["feature_name"].reindex(shown.index)
    labels = [plain(name or feature) for feature, name in names.items()]
    offsets = np.linspace(-0.18, 0.18, len(contrasts)) if len(contrasts) > 1 else np.zeros(1)
    for index, (contrast, offset) in enumerate(zip(contrasts, offsets, strict=True)):
        rows = chosen[chosen["contrast"] == contrast].set_index("feature_id").reindex(shown.index)
        height = np.arange(len(shown)) + offset
        color = SERIES[index % len(SERIES)]
        axes.hlines(height, rows["ci_low"], rows["ci_high"], color=color, linewidth=1.0, alpha=0.8)
        axes.scatter(
            rows["log2_fold_change"],
            height,
            s=16,
            color=color,
            marker=MARKERS[index % len(MARKERS)],
            label=plain(contrast),
            zorder=3,
            linewidths=0,
        )
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(np.arange(len(shown)), labels)
    axes.set_ylim(-0.8, len(shown) - 0.2)
    total = len(set(members))
    title = f"{len(shown)} of {total} members" + (", largest mean effects" if len(shown) < total else "")
    dress(axes, x_label="log2 fold change (95 % interval)", y_label="", title=title, grid="both")
    axes.tick_params(axis="y", labelsize=SMALL_SIZE, length=0, colors=INK)
    legend_below(axes, columns=2)
    return axes
