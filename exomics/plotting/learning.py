"""How performance grows with the number of subjects to learn from."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import DOWN, INK, MUTED, dress, legend_below, plain


def learning_curve(performance: pd.DataFrame, axes: Axes, *, title: str = "") -> Axes:
    """Performance by the number of training subjects, and what the fitted curve says of all and of twice as many.

    Parameters
    ----------
    performance
        Frame of a `PerformanceTable` with the rows of `exomics.stratify.evaluation.learning_curve`.
    axes
        Where to draw.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes: filled marks with their intervals, open marks for the fit.

    Raises
    ------
    InputError
        If the table has no rows of a learning curve.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import learning_curve
    >>> rows = [{"metric": f"auc@{n}", "estimate": 0.9 - 3 / n, "ci_low": 0.5, "ci_high": 0.95} for n in (20, 40, 80)]
    >>> learning_curve(pd.DataFrame(rows), Figure().subplots()).get_xlabel()
    'training subjects'
    """
    parts = performance["metric"].str.extract(r"^(?P<fitted>fitted_)?(?P<measure>auc|concordance)@(?P<size>\d+)$")
    rows = performance.assign(size=pd.to_numeric(parts["size"]), fitted=parts["fitted"].notna(), word=parts["measure"])
    rows = rows.dropna(subset=["size"]).sort_values("size")
    if rows.empty:
        raise InputError("no row belongs to a learning curve; give the table of a plan with learning_curve.")
    for fitted, color, filled, label in ((False, DOWN, DOWN, "judged"), (True, INK, "none", "fitted curve")):
        chosen = rows[rows["fitted"] == fitted]
        axes.vlines(chosen["size"], chosen["ci_low"], chosen["ci_high"], color=color, linewidth=1.2)
        axes.scatter(
            chosen["size"], chosen["estimate"], s=26, facecolors=filled, edgecolors=color, label=label, zorder=3
        )
    axes.axhline(0.5, color=MUTED, linewidth=0.8)
    measure = "area under the ROC curve" if (rows["word"] == "auc").all() else "concordance"
    dress(axes, x_label="training subjects", y_label=measure, title=plain(title, 60), grid="y")
    legend_below(axes, columns=2)
    return axes
