"""Layers of one study side by side: RNA, protein and modified sites of each gene."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from exomics.errors import InputError
from exomics.results import DifferentialTable
from exomics.stats.multiple_testing import benjamini_hochberg

_FEWEST = 3
CLASSES = ("both_up", "both_down", "opposite", "first_only", "second_only", "neither")


@dataclass(frozen=True)
class LayerConcordance:
    """Two layers side by side.

    Parameters
    ----------
    genes
        One row per contrast and pair of features of one gene: ``gene, contrast, first_id, second_id``, both log2
        effects, errors and adjusted p-values, ``difference`` (first minus second), ``difference_standard_error``,
        ``difference_p_value``, ``difference_adj_p_value``, ``same_direction``, ``pattern``.
    summary
        One row per contrast: ``n_pairs``, Pearson's and Spearman's correlation of the log2 effects, the share of equal
        signs, and the number of pairs of each pattern.
    """

    genes: pd.DataFrame
    summary: pd.DataFrame


def layer_concordance(
    first: DifferentialTable, second: DifferentialTable, *, by: str = "feature_name", significance: float = 0.05
) -> LayerConcordance:
    """Do two layers of a gene change alike? RNA beside protein, or protein beside its modified sites.

    Parameters
    ----------
    first, second
        Tables of two layers with the same names of contrasts. A gene with several features in a layer (sites) gives a
        row for each pair.
    by
        ``feature_name`` (the gene symbol) or ``feature_id``; features without one are left out.
    significance
        Adjusted p-value below which an effect counts as a change in the patterns.

    Returns
    -------
    LayerConcordance
        Patterns: ``both_up, both_down, opposite, first_only, second_only, neither``. The difference is tested by
        ``z = (a - b) / sqrt(se_a^2 + se_b^2)``.

    Raises
    ------
    InputError
        If no contrast or no gene is shared, or `by` is another column.

    Notes
    -----
    Layers of the same animals share their biology, so that their errors are positively correlated and the test of the
    difference is conservative. A gene that changes in one layer only is no proof of a difference: that is what the
    test is for. Effects of different assays (counts, ratios to a pool) are compressed differently.

    Examples
    --------
    >>> columns = {name: [np.nan] * 4 for name in DifferentialTable.columns}
    >>> frame = pd.DataFrame(columns).assign(
    ...     feature_id=list("abcd"),
    ...     feature_name=list("abcd"),
    ...     contrast="training",
    ...     log2_fold_change=[1.0, -1.0, 0.5, 0.2],
    ...     standard_error=0.1,
    ...     adj_p_value=0.01,
    ...     n_samples=8,
    ... )
    >>> from exomics.results import Provenance
    >>> table = DifferentialTable(frame=frame, provenance=Provenance(method="fit"))
    >>> found = layer_concordance(table, table)
    >>> found.summary[["n_pairs", "spearman", "both_up"]].to_numpy().round(6).tolist()
    [[4.0, 1.0, 3.0]]
    """
    if by not in ("feature_name", "feature_id"):
        raise InputError(f"layers are joined by feature_name or feature_id; got {by!r}.")
    shared = [name for name in first.frame["contrast"].unique() if name in set(second.frame["contrast"])]
    pairs = _effects(first, by, "first").merge(_effects(second, by, "second"), on=["gene", "contrast"], sort=False)
    if not shared or pairs.empty:
        raise InputError(
            f"the two tables share {len(shared)} contrasts and no {by} with effects in both; name contrasts and genes "
            "alike."
        )
    error = np.hypot(pairs["first_standard_error"], pairs["second_standard_error"])
    difference = pairs["first_log2_fold_change"] - pairs["second_log2_fold_change"]
    p_value = 2.0 * special.ndtr(-np.abs(difference / error))
    adjusted = np.full(len(pairs), np.nan)
    for contrast in shared:
        rows = (pairs["contrast"] == contrast).to_numpy()
        adjusted[rows] = benjamini_hochberg(p_value[rows])
    signs = [np.sign(pairs[f"{layer}_log2_fold_change"]) for layer in ("first", "second")]
    genes = pairs.assign(
        difference=difference,
        difference_standard_error=error,
        difference_p_value=p_value,
        difference_adj_p_value=adjusted,
        same_direction=signs[0] == signs[1],
        pattern=_patterns(pairs, signs, significance),
    )
    summary = pd.DataFrame([_summary(genes[genes["contrast"] == contrast], contrast) for contrast in shared])
    return LayerConcordance(genes, summary)


def concordance_of_layers(
    layers: Mapping[str, DifferentialTable], *, by: str = "feature_name", significance: float = 0.05
) -> LayerConcordance:
    """Every two of several layers side by side: RNA, protein and modified sites of each gene.

    Parameters
    ----------
    layers
        Name -> table, in the order in which pairs are formed.
    by, significance
        As of `layer_concordance`.

    Returns
    -------
    LayerConcordance
        As of `layer_concordance`, with the columns ``first_layer`` and ``second_layer`` before the others.

    Raises
    ------
    InputError
        If there are fewer than two layers, or two of them share no contrast or gene.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> columns = {name: [np.nan] * 3 for name in DifferentialTable.columns}
    >>> frame = pd.DataFrame(columns).assign(
    ...     feature_id=list("abc"),
    ...     feature_name=list("abc"),
    ...     contrast="training",
    ...     log2_fold_change=[1.0, -1.0, 0.5],
    ...     standard_error=0.1,
    ...     adj_p_value=0.01,
    ...     n_samples=8,
    ... )
    >>> table = DifferentialTable(frame=frame, provenance=Provenance(method="fit"))
    >>> found = concordance_of_layers({"rna": table, "protein": table, "acetyl": table})
    >>> found.summary[["first_layer", "second_layer", "n_pairs"]].to_numpy().tolist()
    [['rna', 'protein', 3], ['rna', 'acetyl', 3], ['protein', 'acetyl', 3]]
    """
    if len(layers) < 2:
        raise InputError(f"layers are compared from two on; got {', '.join(layers) or 'none'}.")
    pairs = list(itertools.combinations(layers, 2))
    found = [layer_concordance(layers[a], layers[b], by=by, significance=significance) for a, b in pairs]
    genes, summary = (
        pd.concat(
            [
                getattr(one, part).assign(first_layer=a, second_layer=b)
                for one, (a, b) in zip(found, pairs, strict=True)
            ],
            ignore_index=True,
        )
        for part in ("genes", "summary")
    )
    return LayerConcordance(_names_first(genes), _names_first(summary))


def _names_first(frame: pd.DataFrame) -> pd.DataFrame:
    names = ["first_layer", "second_layer"]
    return frame[[*names, *(column for column in frame.columns if column not in names)]]


def _effects(table: DifferentialTable, by: str, layer: str) -> pd.DataFrame:
    rows = table.frame[table.frame["log2_fold_change"].notna() & (table.frame[by] != "")]
    columns = ("log2_fold_change", "standard_error", "adj_p_value")
    renamed = {f"{layer}_{name}": rows[name].to_numpy() for name in columns}
    keys = {"gene": rows[by].to_numpy(), "contrast": rows["contrast"].to_numpy()}
    return pd.DataFrame({**keys, f"{layer}_id": rows["feature_id"].to_numpy(), **renamed})


def _patterns(pairs: pd.DataFrame, signs: list[pd.Series], significance: float) -> np.ndarray:
    one, two = (pairs[f"{layer}_adj_p_value"] < significance for layer in ("first", "second"))
    both = one & two
    conditions = [
        both & (signs[0] > 0) & (signs[1] > 0),
        both & (signs[0] < 0) & (signs[1] < 0),
        both,
        one & ~two,
        two & ~one,
    ]
    return np.asarray(np.select(conditions, list(CLASSES[:-1]), CLASSES[-1]), dtype=object)


def _summary(rows: pd.DataFrame, contrast: str) -> dict[str, object]:
    a, b = (rows[f"{layer}_log2_fold_change"].to_numpy(dtype=float) for layer in ("first", "second"))
    enough = len(rows) >= _FEWEST and np.ptp(a) > 0 and np.ptp(b) > 0
    ranks = [pd.Series(values).rank().to_numpy() for values in (a, b)]
    return {
        "contrast": contrast,
        "n_pairs": len(rows),
        "pearson": float(np.corrcoef(a, b)[0, 1]) if enough else np.nan,
        "spearman": float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if enough else np.nan,
        "same_direction": float(rows["same_direction"].mean()) if len(rows) else np.nan,
        **{name: int((rows["pattern"] == name).sum()) for name in CLASSES},
    }
