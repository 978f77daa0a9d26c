"""P values of several contrasts of a table combined into further rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.results import DifferentialTable
from exomics.stats.combine_p_values import Combination, Missing, combine_p_values
from exomics.stats.multiple_testing import benjamini_hochberg

NOT_COMBINED = "not_combined"


def combine_contrasts(
    table: DifferentialTable,
    name: str,
    contrasts: Sequence[str],
    *,
    method: Combination = "fisher",
    missing: Missing = "other",
    family: str = "",
    fewest: int = 2,
) -> DifferentialTable:
    """Add rows that combine the p-values of several contrasts of a table, such as those of the two sexes.

    Parameters
    ----------
    table
        Differential table.
    name
        Of the new rows.
    contrasts
        Names of contrasts of the table, from samples that do not overlap.
    method, missing
        See `exomics.stats.combine_p_values.combine_p_values`; Stouffer takes the signs of the effects and weights
        each test by the square root of its samples.
    family
        Of the new rows; default: one of their own.
    fewest
        How many contrasts must be named; 1 lets a single one stand for itself.

    Returns
    -------
    DifferentialTable
        The rows of `table`, then one per feature: ``test`` is the method; no log2 effect.

    Raises
    ------
    InputError
        If a contrast is not there, or `name` is.

    Examples
    --------
    >>> from exomics.differential import fit_question
    >>> from exomics.schema import Scale, annotate
    >>> from anndata import AnnData
    >>> obs = pd.DataFrame({"week": ["0", "8"] * 8, "sex": ["f", "f", "m", "m"] * 4})
    >>> obs.index = [f"s{i}" for i in range(16)]
    >>> study = AnnData(np.random.default_rng(0).normal(size=(16, 30)), obs=obs)
    >>> study = annotate(study, assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    >>> fitted = fit_question(study, "training_effect:training=week,within=sex", method="limma_trend")
    >>> combine_contrasts(fitted, "either sex", ["f: 8 - 0", "m: 8 - 0"]).frame["test"].iloc[-1]
    'fisher'
    """
    known = list(dict.fromkeys(table.frame["contrast"]))
    absent = [contrast for contrast in contrasts if contrast not in known]
    if absent or name in known or len(contrasts) < fewest:
        problem = f"there is no contrast {absent[0]!r}" if absent else f"the name {name!r} is taken"
        problem = problem if absent or name in known else f"{fewest} contrasts or more are needed"
        raise InputError(f"cannot combine: {problem}; the table has {', '.join(known)}.")
    parts = [table.frame[table.frame["contrast"] == contrast].set_index("feature_id") for contrast in contrasts]
    first = parts[0]
    p_values = np.column_stack([part["p_value"].reindex(first.index) for part in parts])
    sizes = np.column_stack([part["n_samples"].reindex(first.index).astype(float) for part in parts])
    effects = np.column_stack([part["log2_fold_change"].reindex(first.index) for part in parts])
    signed = {"effects": effects, "weights": np.sqrt(np.nan_to_num(sizes))} if method == "stouffer" else {}
    found = combine_p_values(p_values, method=method, missing=missing, **signed)
    rows = empty_rows(first.index, first["feature_name"], name, family or name).assign(
        test=method,
        statistic=found.statistic,
        degrees_of_freedom=found.degrees_of_freedom,
        p_value=found.p_value,
        adj_p_value=benjamini_hochberg(found.p_value),
        mean_expression=first["mean_expression"].to_numpy(),
        n_samples=np.nansum(np.where(np.isnan(p_values), 0.0, sizes), axis=1).astype(np.int64),
        status=np.where(np.isnan(found.p_value), NOT_COMBINED, "ok"),
        note=[f"{n} of {len(contrasts)} p-values" for n in found.n_combined],
    )
    note = f"{name}: p-values of {', '.join(contrasts)} combined by {method}; {_missing_words(missing)}"
    recorded = {"name": name, "contrasts": list(contrasts), "method": method, "missing": missing}
    parameters = dict(table.provenance.parameters)
    parameters["combined"] = [*parameters.get("combined", []), recorded]
    provenance = replace(table.provenance, parameters=parameters, notes=(*table.provenance.notes, note))
    return DifferentialTable(frame=stacked_rows([table.frame, rows]), provenance=provenance)


def empty_rows(features: pd.Index, names: pd.Series, contrast: str, family: str) -> pd.DataFrame:
    """Rows with every column, no number yet."""
    frame = pd.DataFrame(np.nan, index=range(len(features)), columns=list(DifferentialTable.columns), dtype=object)
    return frame.assign(
        feature_id=features.to_numpy(),
        feature_name=names.to_numpy(),
        contrast=contrast,
        family=family,
        n_samples=0,
        note="",
        status="ok",
    )


def stacked_rows(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames one below the other, column by column: columns without a value do not decide a type."""
    columns = list(DifferentialTable.columns)
    return pd.DataFrame({name: [value for frame in frames for value in frame[name]] for name in columns})


def _missing_words(missing: str) -> str:
    return "where one is missing the others stand alone" if missing == "other" else "a missing one counts as 1"
