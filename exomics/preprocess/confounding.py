"""Is a condition told apart from a batch? Two factors whose levels never mix cannot be separated by any model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from exomics.errors import DesignError
from exomics.schema import keys

TRAINING = (keys.GROUP, keys.ARM, keys.INTERVENTION, keys.TRAINING_WEEK, keys.TIME_POINT)
_SHOWN = 3


def confounding(condition: pd.Series, batch: pd.Series) -> str:
    """How a condition is confounded with a batch, in words; "" where every two levels can be compared within batches.

    Two levels of the condition can be compared where a chain of batches links them: batch 1 holds both A and B, batch
    2 both B and C. Levels without such a chain differ by the batch as much as by themselves.

    Parameters
    ----------
    condition, batch
        Labels of the samples, (n_samples,); samples without one of them are left out.

    Returns
    -------
    str
        One sentence without a full stop, such as ``training_week is confounded with batch: all samples of 8 are in
        batch S3, which holds no others``.

    Examples
    --------
    >>> weeks = pd.Series([0, 0, 8, 8], name="training_week")
    >>> confounding(weeks, pd.Series(["S1", "S2", "S3", "S3"], name="plex"))
    'training_week is confounded with plex: all samples of 8 are in plex S3, which holds no others'
    >>> confounding(weeks, pd.Series(["S1", "S2", "S1", "S2"], name="plex"))
    ''
    """
    known = (condition.notna() & batch.notna()).to_numpy()
    first, levels = pd.factorize(condition[known].astype(str), sort=True)
    second, batches = pd.factorize(batch[known].astype(str), sort=True)
    if len(levels) < 2:
        return ""
    size = len(levels) + len(batches)
    links = coo_matrix((np.ones(first.size), (first, second + len(levels))), shape=(size, size))
    n_parts, part = connected_components(links, directed=False)
    if n_parts < 2:
        return ""
    parts = [_names(part == one, [*map(str, levels), *map(str, batches)], len(levels)) for one in range(n_parts)]
    members, inside = min(parts, key=lambda names: (len(names[1]), len(names[0]), names))
    head = f"{condition.name} is confounded with {batch.name}: all samples of {_some(members)} are in {batch.name}"
    return f"{head} {_some(inside)}, which hold{'s' if len(inside) == 1 else ''} no others"


def require_separable(obs: pd.DataFrame, batch: str, protect: Sequence[str] = ()) -> None:
    """Raise a `DesignError` if removing `batch` would remove training, or what is protected, with it.

    Parameters
    ----------
    obs
        Samples; the columns of the contract that tell training (group, arm, intervention, training_week, time_point)
        are looked at where they are there.
    batch
        Column of obs.
    protect
        Further columns.

    Raises
    ------
    DesignError
        In the words of `confounding`.

    Examples
    --------
    >>> require_separable(pd.DataFrame({"group": list("aabb"), "batch": list("1212")}), "batch")
    """
    for name in dict.fromkeys([*protect, *TRAINING]):
        if name == batch or name not in obs.columns:
            continue
        found = confounding(obs[name], obs[batch])
        if found:
            raise DesignError(
                f"{found}. Taking {batch} out would take {name} out with it: nothing can tell the two apart. "
                "Compare within batches only, or measure the conditions together."
            )


def _names(chosen: np.ndarray, names: Sequence[str], n_levels: int) -> tuple[list[str], list[str]]:
    """The names of the chosen levels of the condition, and of the batches."""
    found = [(i, names[i]) for i in np.flatnonzero(chosen).tolist()]
    return [name for i, name in found if i < n_levels], [name for i, name in found if i >= n_levels]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
