"""What every question reads of obs: columns that are there, complete, and samples paired by subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics.errors import DesignError
from exomics.schema import keys

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Who was sampled when: the columns of subject and time, and the two times that are compared.

    Parameters
    ----------
    subject, time
        Columns of obs.
    before, after
        Values of `time`.
    """

    subject: str = keys.SUBJECT_ID
    time: str = keys.TIME_POINT
    before: str = "baseline"
    after: str = "post"


class Pairs(NamedTuple):
    """Samples of two visits, in the order of obs, and what was left out, in words.

    `samples` has the columns ``subject``, ``post`` (0 before, 1 after) and, of pairs, ``baseline_sample``.
    """

    samples: pd.DataFrame
    notes: tuple[str, ...]


def labels_of(obs: pd.DataFrame, name: str) -> pd.Series:
    """A complete column of obs as text; a `DesignError` where it is absent or a sample has no value."""
    column = column_of(obs, name)
    return column.astype(str)


def column_of(obs: pd.DataFrame, name: str) -> pd.Series:
    """A complete column of obs."""
    if name not in obs.columns:
        raise DesignError(f"obs has no column {name!r}; it has {', '.join(map(str, obs.columns[:20]))}.")
    missing = obs.index[obs[name].isna()]
    if len(missing):
        raise DesignError(
            f"{name} is missing in {len(missing)} of {len(obs)} samples ({some(missing)}); drop those samples."
        )
    return obs[name]


def numbers_of(obs: pd.DataFrame, name: str) -> pd.Series:
    """A complete column of obs as finite numbers with at least two values."""
    column = pd.to_numeric(column_of(obs, name), errors="coerce").astype(np.float64)
    wrong = obs.index[~np.isfinite(column)]
    if len(wrong):
        raise DesignError(f"{name} must hold numbers; {len(wrong)} samples have none ({some(wrong)}).")
    if column.nunique() < 2:
        raise DesignError(f"{name} has one value ({column.iloc[0]:g}) in these {len(obs)} samples; nothing to compare.")
    return column


def levels_of(obs: pd.DataFrame, name: str, control: str) -> list[str]:
    """The levels of a column, `control` first, the others in the order of a categorical, of numbers, or of text."""
    column = column_of(obs, name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        ordered = [level for level in column.cat.categories if (column == level).any()]
    else:
        ordered = sorted(column.unique())
    levels = [str(level) for level in ordered]
    if control not in levels:
        raise DesignError(f"{name} has no level {control!r}; its levels: {', '.join(levels)}.")
    if len(levels) < 2:
        raise DesignError(f"{name} has one level ({control}) in these {len(obs)} samples; nothing to compare.")
    return [control, *(level for level in levels if level != control)]


def visits_of(obs: pd.DataFrame, visits: Visits) -> Pairs:
    """Samples at either visit, with the columns ``subject`` and ``post``; a subject has each visit once at most."""
    times = labels_of(obs, visits.time)
    levels_of(obs, visits.time, visits.before)
    if visits.after not in set(times):
        raise DesignError(f"{visits.time} has no level {visits.after!r}; its levels: {', '.join(sorted(set(times)))}.")
    chosen = obs[times.isin([visits.before, visits.after])]
    frame = pd.DataFrame(
        {
            "subject": labels_of(chosen, visits.subject),
            "post": (times[chosen.index] == visits.after).astype(np.float64),
        }
    )
    repeated = frame[frame.duplicated(["subject", "post"])]
    if not repeated.empty:
        first = repeated.iloc[0]
        raise DesignError(
            f"{first['subject']} has more than one sample at {visits.after if first['post'] else visits.before}; "
            "average them or choose one."
        )
    other = len(obs) - len(frame)
    note = f"{other} samples at other times than {visits.before} and {visits.after} are not used"
    return Pairs(frame, (note,) if other else ())


def pairs_of(obs: pd.DataFrame, visits: Visits) -> Pairs:
    """Samples of subjects who have both visits."""
    frame, notes = visits_of(obs, visits)
    both = frame["subject"].map(frame["subject"].value_counts()) == 2
    if not both.any():
        raise DesignError(f"no {visits.subject} has a sample at both {visits.before} and {visits.after}.")
    paired = frame[both].copy()
    before = pd.Series(paired.index[paired["post"] == 0], index=paired.loc[paired["post"] == 0, "subject"])
    paired["baseline_sample"] = paired["subject"].map(before).to_numpy()
    alone = frame.index[~both]
    note = f"{len(alone)} samples without a partner at the other visit are not used ({some(alone)})"
    return Pairs(paired, (*notes, note) if len(alone) else notes)


def with_covariates(formula: str, covariates: Sequence[str]) -> str:
    """The formula with covariates added, names that are no plain words in backticks."""
    return " + ".join([formula, *(quoted(name) for name in covariates)])


def varying_within(obs: pd.DataFrame, subject: pd.Series, covariates: Sequence[str]) -> tuple[list[str], list[str]]:
    """Covariates that change within a subject, and those that do not: differences within subjects take these out."""
    within = [
        name for name in covariates if (column_of(obs, name).loc[subject.index].groupby(subject).nunique() > 1).any()
    ]
    return within, [name for name in covariates if name not in within]


def constant_note(names: Sequence[str]) -> list[str]:
    """What is said of covariates that the comparison of each subject with itself takes out."""
    return (
        [f"constant within subjects, so taken out by comparing each with itself: {', '.join(names)}"] if names else []
    )


def quoted(name: str) -> str:
    """A name as a formula or a contrast spells it."""
    return name if name.isidentifier() else f"`{name}`"


def some(names: Sequence[object] | pd.Index) -> str:
    """The first three, and how many more."""
    listed = [str(name) for name in names]
    return ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
