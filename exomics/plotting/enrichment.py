"""The running sum of one set down a ranking."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.enrichment.names import MEAN_EXPRESSION, Mapping, map_names, one_per_name
from exomics.enrichment.statistics import signed_scores
from exomics.errors import InputError
from exomics.plotting._style import DOWN, INK, MUTED, UP, count, dress, plain
from exomics.plotting.differential import rows_of
from exomics.stats.running_sum import rank_features, running_sum_curve, running_sum_scores

_STRIP = 0.06


def running_sum(
    frame: pd.DataFrame,
    axes: Axes,
    *,
    contrast: str,
    members: Iterable[str],
    title: str = "",
    mapping: Mapping | None = None,
) -> Axes:
    """The weighted running sum of one set over the ranking of one contrast, as `prerank` computes it.

    Parameters
    ----------
    frame
        Frame of a `DifferentialTable`; features rank by the normal deviate of their test. Of the features of one name
        the one with the highest mean expression counts.
    axes
        Where to draw.
    contrast
        The contrast.
    members
        Members of the set, as ``feature_name`` spells them, or as `mapping` maps it.
    title
        Name of the set.
    mapping
        Ortholog table, when the members are human and the features are not.

    Returns
    -------
    Axes
        The same axes: the sum, its largest deviation (ES) as a dot, the leading members shaded, a tick per member.

    Raises
    ------
    InputError
        If the contrast is not in the table, or fewer than one member is measured.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import running_sum
    >>> frame = pd.DataFrame({"contrast": "c", "feature_name": list("ABCD"), "test": "wald", "p_value": 0.1,
    ...     "statistic": [4.0, 3.0, 2.0, -1.0], "degrees_of_freedom": np.nan,
    ...     "mean_expression": 5.0})
    >>> running_sum(frame, Figure().subplots(), contrast="c", members=["A", "D"], title="set").get_title(loc="left")
    'set: ES 0.80, 2 members'
    """
    rows = rows_of(frame, contrast)
    scores = signed_scores(rows, "z")
    names = map_names(rows["feature_name"].to_numpy(dtype=object), mapping).names
    measured = np.isfinite(scores) & (names != "") & rows["p_value"].notna().to_numpy()
    means = rows["mean_expression"].to_numpy(dtype=np.float64)
    measured[measured] = one_per_name(names[measured], means[measured], MEAN_EXPRESSION)
    held = np.flatnonzero(np.isin(names[measured], np.array(list(members), dtype=object)))
    if not 0 < held.size < measured.sum():
        raise InputError(
            f"{held.size} members of the set are among the {int(measured.sum())} features of {contrast!r}; "
            "name measured ones."
        )
    ranking = rank_features(scores[measured])
    found = running_sum_scores(ranking, held, [0, held.size])
    _draw(axes, running_sum_curve(ranking, held), ranking.place[held], ranking.place[found.leading_columns])
    head = f"ES {found.score[0]:.2f}, {count(held.size)} members"
    label = f"rank of {count(int(measured.sum()))} features, {plain(contrast)} up to the left"
    return dress(axes, x_label=label, y_label="running sum", title=f"{plain(title, 50)}: {head}" if title else head)


def _draw(axes: Axes, curve: np.ndarray, ranks: np.ndarray, leading: np.ndarray) -> None:
    turn = int(np.argmax(np.abs(curve)))
    color = UP if curve[turn] >= 0 else DOWN
    axes.axhline(0, color=MUTED, linewidth=0.6)
    axes.axvspan(leading.min() + 1, leading.max() + 1, color=color, alpha=0.12, linewidth=0, label="leading members")
    axes.plot(np.arange(curve.size + 1), np.concatenate([[0.0], curve]), color=color, linewidth=1.4)
    axes.plot([turn + 1], [curve[turn]], marker="o", color=color, markersize=5)
    low, high = min(float(curve.min()), 0.0), max(float(curve.max()), 0.0)
    strip = _STRIP * (high - low)
    axes.vlines(ranks + 1, low - 2 * strip, low - strip, color=INK, linewidth=0.5)
    axes.set_ylim(low - 2.4 * strip, high + strip)
    axes.set_xlim(0, curve.size)
