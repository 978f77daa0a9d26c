"""Figures of a differential table: the volcano, and one effect against another."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import (
    DOWN,
    INK,
    MUTED,
    SMALL_SIZE,
    UP,
    callouts,
    count,
    display_names,
    dress,
    legend_below,
    plain,
)

# Call of a pair of effects -> words of the legend, color, marker, opacity.
_CALLS: Final = {
    "none": ("in neither", MUTED, "o", 0.25),
    "one": ("in one", MUTED, "o", 0.8),
    "opposite": ("in both, opposite", INK, "X", 0.9),
    "up": ("in both, up", UP, "^", 0.9),
    "down": ("in both, down", DOWN, "v", 0.9),
}


def volcano(frame: pd.DataFrame, axes: Axes, *, contrast: str, threshold: float = 0.05, n_labels: int = 8) -> Axes:
    """Effect against evidence for one contrast.

    Parameters
    ----------
    frame
        Frame of a `DifferentialTable`.
    axes
        Where to draw.
    contrast
        Contrast to show, as spelled in the table.
    threshold
        Features with an adjusted p-value below it are colored and counted.
    n_labels
        Labels per direction, given to the smallest p-values among the colored features.

    Returns
    -------
    Axes
        The same axes. x is the log2 fold change, y is −log10 of the unadjusted p-value.

    Raises
    ------
    InputError
        If the table has no such contrast.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import volcano
    >>> frame = pd.DataFrame({"feature_id": ["a", "b"], "feature_name": ["A", ""], "contrast": "trained - rest",
    ...     "log2_fold_change": [1.0, -0.2], "p_value": [1e-6, 0.4], "adj_p_value": [1e-5, 0.5]})
    >>> volcano(frame, Figure().subplots(), contrast="trained - rest").get_xlabel()
    'log2 fold change'
    """
    rows = rows_of(frame, contrast).dropna(subset=["log2_fold_change", "p_value"])
    effect = rows["log2_fold_change"].to_numpy()
    evidence = -np.log10(np.maximum(rows["p_value"].to_numpy(), np.finfo(float).tiny))
    called = (rows["adj_p_value"] < threshold).to_numpy()
    reach = _reach(effect, called)
    beyond = np.abs(effect) > reach
    groups = (
        (~called, MUTED, "not called", "o"),
        (called & (effect > 0), UP, "up", "^"),
        (called & (effect < 0), DOWN, "down", "v"),
    )
    for chosen, color, word, marker in groups:
        inside = chosen & ~beyond
        _points(
            axes,
            effect[inside],
            evidence[inside],
            color=color,
            marker=marker,
            label=f"{count(int(chosen.sum()))} {word}",
        )
    _edge_points(axes, np.clip(effect, -reach, reach)[beyond], evidence[beyond])
    axes.set_xlim(-1.7 * reach, 1.7 * reach)
    axes.set_ylim(0, 1.08 * max(float(evidence.max(initial=1.0)), 1.0))
    axes.axvline(0, color=MUTED, linewidth=0.6)
    table = pd.DataFrame({"x": effect, "y": evidence, "label": display_names(rows).to_numpy()})
    for chosen, side in ((called & (effect > 0), "right"), (called & (effect < 0), "left")):
        callouts(axes, table[chosen].nlargest(n_labels, "y"), side=side)
    dress(axes, x_label="log2 fold change", y_label="−log10 p", title=plain(contrast, 60))
    legend_below(axes, columns=4, title=f"of {count(len(rows))} features, q < {threshold:g}")
    return axes


def effect_comparison(
    frame: pd.DataFrame, axes: Axes, *, contrasts: tuple[str, str], threshold: float = 0.05, n_labels: int = 6
) -> Axes:
    """Effects of one contrast against those of another, with the counts of features called in both.

    Parameters
    ----------
    frame
        Frame of a `DifferentialTable`.
    axes
        Where to draw.
    contrasts
        The contrast on x and the contrast on y, such as the female and the male effect.
    threshold
        A feature is called in a contrast when its adjusted p-value is below it.
    n_labels
        Labels for features called in both with the same sign, per direction, by their smaller absolute effect.

    Returns
    -------
    Axes
        The same axes; the corners hold the counts of features called in both contrasts, by sign; r is Pearson's
        correlation over all features measured in both.

    Raises
    ------
    InputError
        If a contrast is not in the table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import effect_comparison
    >>> one = pd.DataFrame({"feature_id": ["a", "b"], "feature_name": ["A", "B"], "contrast": "f",
    ...     "log2_fold_change": [1.0, -1.0], "adj_p_value": [0.01, 0.9]})
    >>> both = pd.concat([one, one.assign(contrast="m")])
    >>> axes = effect_comparison(both, Figure().subplots(), contrasts=("f", "m"))
    >>> [text.get_text() for text in axes.texts][:2]
    ['both up: 1', 'both down: 0']
    """
    table = paired_effects(frame, contrasts, threshold=threshold)
    reach = _pairs(axes, table)
    axes.set_xlim(-1.5 * reach, 1.5 * reach)
    axes.set_ylim(-1.5 * reach, 1.5 * reach)
    axes.plot([-1.2 * reach, 1.2 * reach], [-1.2 * reach, 1.2 * reach], color=MUTED, linewidth=0.6, linestyle="--")
    axes.axhline(0, color=MUTED, linewidth=0.6)
    axes.axvline(0, color=MUTED, linewidth=0.6)
    _corners(axes, table)
    for name, side in (("up", "right"), ("down", "left")):
        chosen = table[table["call"] == name].assign(least=table[["x", "y"]].abs().min(axis=1))
        callouts(axes, chosen.nlargest(n_labels, "least"), side=side)
    title = f"r = {table['x'].corr(table['y']):.2f} over {count(len(table))} features"
    dress(
        axes,
        x_label=f"log2 fold change, {plain(contrasts[0])}",
        y_label=f"log2 fold change, {plain(contrasts[1])}",
        title=title,
    )
    legend_below(axes, title=f"q < {threshold:g}")
    return axes


def rows_of(frame: pd.DataFrame, contrast: str) -> pd.DataFrame:
    """The rows of one contrast, or an `InputError` that lists the contrasts there are."""
    rows = frame[frame["contrast"] == contrast]
    if rows.empty:
        known = ", ".join(map(str, pd.unique(frame["contrast"])[:8])) or "none"
        raise InputError(f"no row has the contrast {contrast!r}; the table has {known}. Name one of these.")
    return rows


def paired_effects(frame: pd.DataFrame, contrasts: tuple[str, str], *, threshold: float) -> pd.DataFrame:
    """One row per feature with an effect in both contrasts: ``x``, ``y``, ``label`` and ``call``.

    ``call`` is ``up`` or ``down`` (adjusted p below `threshold` in both, same sign), ``opposite`` (both, other sign),
    ``one`` or ``none``.
    """
    first, second = (rows_of(frame, contrast).set_index("feature_id") for contrast in contrasts)
    shared = first.index.intersection(second.index)
    first, second = first.loc[shared], second.loc[shared]
    table = pd.DataFrame(
        {
            "x": first["log2_fold_change"],
            "y": second["log2_fold_change"],
            "label": first["feature_name"].where(first["feature_name"].astype(bool), first.index.to_series()),
            "n_called": (first["adj_p_value"] < threshold).astype(int)
            + (second["adj_p_value"] < threshold).astype(int),
        }
    ).dropna(subset=["x", "y"])
    same_sign = np.where(table["x"] * table["y"] < 0, "opposite", np.where(table["x"] > 0, "up", "down"))
    table["call"] = np.where(table["n_called"] == 2, same_sign, np.where(table["n_called"] == 1, "one", "none"))
    return table


def _points(
    axes: Axes, x: np.ndarray, y: np.ndarray, *, color: str, marker: str, label: str, alpha: float = 0.6
) -> None:
    size = 9 if marker == "o" else 20
    axes.scatter(x, y, s=size, color=color, marker=marker, alpha=alpha, linewidths=0, label=label, rasterized=True)


def _edge_points(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Features beyond the shown range, as open circles at its edge."""
    if len(x):
        axes.scatter(
            x, y, s=14, facecolors="none", edgecolors=MUTED, linewidths=0.8, label=f"{count(len(x))} beyond the axis"
        )


def _reach(effect: np.ndarray, called: np.ndarray) -> float:
    """Half-width of the shown effects: every called feature and 99.9 % of all, lest a few far ones flatten the rest."""
    size = np.abs(effect)
    if size.size == 0:
        return 1.0
    most = max(float(size[called].max(initial=0.0)), float(np.quantile(size, 0.999, method="lower")))
    widest = float(size.max())
    reach = widest if widest <= 1.5 * most else most
    return 1.02 * reach if reach > 0 else 1.0


def _pairs(axes: Axes, table: pd.DataFrame) -> float:
    """Draw paired effects by call and return the half-width of the range; pairs beyond it stand at its edge."""
    effects, calls = table[["x", "y"]].to_numpy(dtype=float), table["call"].to_numpy()
    reach = _reach(effects.ravel(), np.repeat(calls != "none", 2))
    beyond = (np.abs(effects) > reach).any(axis=1)
    for name, (words, color, marker, alpha) in _CALLS.items():
        inside = (calls == name) & ~beyond
        label = f"{count(int((calls == name).sum()))} {words}"
        _points(axes, effects[inside, 0], effects[inside, 1], color=color, marker=marker, label=label, alpha=alpha)
    _edge_points(axes, *np.clip(effects[beyond], -reach, reach).T)
    return reach


def _corners(axes: Axes, table: pd.DataFrame) -> None:
    opposite = table[table["call"] == "opposite"]
    corners = (
        (0.98, 0.985, "right", "top", f"both up: {count(int((table['call'] == 'up').sum()))}"),
        (0.02, 0.015, "left", "bottom", f"both down: {count(int((table['call'] == 'down').sum()))}"),
        (0.02, 0.985, "left", "top", f"down, up: {count(int((opposite['x'] < 0).sum()))}"),
        (0.98, 0.015, "right", "bottom", f"up, down: {count(int((opposite['x'] > 0).sum()))}"),
    )
    for x, y, horizontal, vertical, text in corners:
        axes.text(
            x,
            y,
            text,
            transform=axes.transAxes,
            ha=horizontal,
            va=vertical,
            fontsize=SMALL_SIZE + 1,
            color=INK,
            fontweight="bold",
        )
