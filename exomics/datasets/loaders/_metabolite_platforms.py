"""Metabolites of several platforms side by side: which are the same, and which of them to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import Expression
from exomics.errors import InputError
from exomics.schema import keys

CHOICES: Final = ("keep", "lowest_cv")
POOL_CV: Final = "pool_cv"
PLATFORM: Final = "platform"


def side_by_side(platforms: Mapping[str, Expression]) -> tuple[Expression, dict[str, Any]]:
    """The platforms as one matrix.

    Parameters
    ----------
    platforms
        Name to samples x metabolites; samples of one name are one sample.

    Returns
    -------
    tuple
        Every sample of any platform, missing where a platform has none of it; features called
        ``<metabolite>_<platform>``. And how many samples each platform lacks.
    """
    samples = list(dict.fromkeys(label for held in platforms.values() for label in held.obs.index))
    parts, frames, lacking = [], [], {}
    for name, held in platforms.items():
        place = held.obs.index.get_indexer(pd.Index(samples))
        parts.append(np.where(place[:, None] >= 0, np.asarray(held.values)[place], np.nan))
        lacking[name] = int((place < 0).sum())
        labels = pd.Index([f"{label}_{name}" for label in held.var.index], dtype=object)
        frames.append(held.var.assign(**{PLATFORM: name}).set_axis(labels, axis=0))
    obs = pd.concat([held.obs for held in platforms.values()])
    obs = obs[~obs.index.duplicated()].loc[samples]
    return Expression(np.hstack(parts), obs, pd.concat(frames)), {"samples_lacking": lacking}


def without_redundancy(expression: Expression, choice: str) -> tuple[Expression, dict[str, Any]]:
    """One row per metabolite where that is asked for.

    Parameters
    ----------
    expression
        Samples x features of several platforms; ``feature_name`` is what makes metabolites the same.
    choice
        ``keep`` leaves every row; ``lowest_cv`` keeps, of the rows of one name, the one whose pooled samples vary
        least (the first where none has pools), as the consortium does for its human study.

    Returns
    -------
    tuple
        The rows kept, in their order, and the names measured several times, with what was left out.

    Raises
    ------
    InputError
        If `choice` is neither.
    """
    if choice not in CHOICES:
        raise InputError(f"the option `redundant` must be one of {', '.join(CHOICES)}; got {choice!r}.")
    var = expression.var
    name = var[keys.FEATURE_NAME].where(var[keys.FEATURE_NAME] != "", pd.Series(var.index, index=var.index))
    shared = name.duplicated(keep=False)
    report: dict[str, Any] = {
        "redundant": choice,
        "metabolites_on_several_platforms": sorted(set(name[shared])),
        "rows_on_several_platforms": int(shared.sum()),
    }
    if choice == "keep":
        return expression, report
    cv = var[POOL_CV].to_numpy(dtype=float) if POOL_CV in var else np.full(len(var), np.nan)
    order = np.lexsort((np.arange(len(var)), np.where(np.isnan(cv), np.inf, cv)))
    best = pd.Series(order)[~pd.Series(name.to_numpy()[order]).duplicated().to_numpy()].sort_values().to_numpy()
    left = sorted(set(range(len(var))) - set(best))
    report["rows_left_out"] = [str(label) for label in var.index[left]]
    return Expression(np.asarray(expression.values)[:, best], expression.obs, var.iloc[best]), report
