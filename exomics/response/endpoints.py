"""The change of each subject from a sheet, and every reason why it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import DesignError, InputError
from exomics.schema.words import words_of

__all__ = ["ChangeColumns", "Changes", "measure_changes"]

FEWEST = 5


@dataclass(frozen=True, kw_only=True)
class ChangeColumns:
    """Which columns of a sheet hold what; one row per subject.

    Parameters
    ----------
    arm
        Column of the arm.
    control
        Level of `arm` without training.
    trained
        Level of `arm` to compare with it; not needed where there is one. Doses are never pooled: their difference
        would pass for a difference between persons.
    change
        Column of the change, after minus before; or give `before` and `after`.
    before, after
        Columns of the tests before and after; several are averaged, and several before tell the typical error.
    retests
        Columns of two or more tests without training between, for the typical error, where `before` is one.
    subject
        Column of the subject; the index otherwise.
    moderators
        Numeric columns that may explain the response.
    """

    arm: str
    control: str
    trained: str | None = None
    change: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    retests: tuple[str, ...] = ()
    subject: str | None = None
    moderators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The changes of two arms.

    Parameters
    ----------
    subject_id, arm
        (n_subjects,) words.
    trained
        (n_subjects,) whether in the trained arm.
    change
        (n_subjects,) after minus before; NaN where a test is missing.
    before
        (n_subjects,) mean of the tests before; NaN where only the change is known.
    retests
        (n_subjects, n_tests) without training between.
    n_tests
        Tests before and after each change; (0, 0) where only the change is known.
    moderators
        One column each, (n_subjects,) rows.
    """

    subject_id: NDArray[np.object_]
    arm: NDArray[np.object_]
    trained: NDArray[np.bool_]
    change: FloatArray
    before: FloatArray
    retests: FloatArray
    n_tests: tuple[int, int]
    moderators: pd.DataFrame

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Who has a change."""
        return np.isfinite(self.change)

    def of(self, *, trained: bool) -> FloatArray:
        """The changes of one arm, without the missing ones."""
        return self.change[self.measured & (self.trained == trained)]


def measure_changes(frame: pd.DataFrame, columns: ChangeColumns) -> Changes:
    """The change of each subject of the two arms.

    Parameters
    ----------
    frame
        One row per subject.
    columns
        Which column holds what.

    Returns
    -------
    Changes
        ``mean(after) - mean(before)`` over the tests that are there, or the column of the change. Subjects of other
        arms are left out.

    Raises
    ------
    DesignError
        If there is no control arm, no trained arm, or a subject is in both.
    InputError
        If a column is missing or holds no numbers, a subject occurs twice, an arm has fewer than 5 changes, or all of
        its changes are equal.

    Examples
    --------
    >>> sheet = pd.DataFrame({"arm": ["run"] * 5 + ["rest"] * 5, "gain": [3.0, 5, 1, 7, 4, 0, 1, -1, 0, 2]})
    >>> measure_changes(sheet, ChangeColumns(arm="arm", control="rest", change="gain")).of(trained=True).tolist()
    [3.0, 5.0, 1.0, 7.0, 4.0]
    """
    rows = _of_two_arms(frame, columns)
    if bool(columns.change) == bool(columns.before or columns.after) or bool(columns.before) != bool(columns.after):
        raise InputError("give the column of the change, or the columns before and after: one of the two.")
    before, after = (_numbers(rows, names) for names in (columns.before, columns.after))
    mean_before = _row_means(before) if columns.before else np.full(len(rows), np.nan)
    change = _numbers(rows, (columns.change,))[:, 0] if columns.change else _row_means(after) - mean_before
    found = Changes(
        subject_id=_subjects(rows, columns),
        arm=words_of(rows[columns.arm]).to_numpy(dtype=object),
        trained=(words_of(rows[columns.arm]) != columns.control).to_numpy(),
        change=change,
        before=mean_before,
        retests=_numbers(rows, columns.retests or columns.before),
        n_tests=(len(columns.before), len(columns.after)),
        moderators=pd.DataFrame(_numbers(rows, columns.moderators), columns=list(columns.moderators)),
    )
    _require_enough(found)
    return found


def _of_two_arms(frame: pd.DataFrame, columns: ChangeColumns) -> pd.DataFrame:
    named = (columns.arm, columns.subject, columns.change, *columns.before, *columns.after)
    named = (*named, *columns.retests, *columns.moderators)
    absent = [name for name in named if name and name not in frame.columns]
    if absent:
        known = ", ".join(map(str, frame.columns[:12]))
        raise InputError(
            f"the table has no column {', '.join(absent)}; it has {known}. Name the columns as they stand."
        )
    if frame[columns.arm].isna().any():
        raise InputError(
            f"{int(frame[columns.arm].isna().sum())} subjects have no {columns.arm}; every one needs an arm."
        )
    arms = words_of(frame[columns.arm])
    others = [level for level in dict.fromkeys(arms) if level != columns.control]
    if columns.control not in set(arms):
        raise DesignError(
            f"no subject has {columns.arm} {columns.control!r}; the arms are {', '.join(map(repr, others))}. Without a "
            "control arm a response cannot be told from error, regression to the mean and time: nobody is called a "
            "responder."
        )
    if not others:
        raise DesignError(f"every subject has {columns.arm} {columns.control!r}; a trained arm is needed beside it.")
    trained = columns.trained or (others[0] if len(others) == 1 else "")
    if trained not in others:
        raise DesignError(
            f"the arms beside {columns.control!r} are {', '.join(others)}; name the one to compare. They are not "
            "pooled: a difference between doses would pass for a difference between subjects."
        )
    return frame[arms.isin([columns.control, trained])]


def _subjects(rows: pd.DataFrame, columns: ChangeColumns) -> NDArray[np.object_]:
    found = rows[columns.subject] if columns.subject else rows.index.to_series()
    if found.isna().any():
        raise InputError(f"{int(found.isna().sum())} rows have no subject; every row needs one.")
    names = found.astype(str)
    arms = words_of(rows[columns.arm]).groupby(names.to_numpy()).nunique()
    both = arms.index[arms > 1]
    if len(both):
        raise DesignError(
            f"{len(both)} subjects are in both arms ({', '.join(both[:3])}); a crossover, with the column of its "
            "periods named (--period COL), is not analyzed as two arms."
        )
    repeated = names[names.duplicated()].unique()
    if len(repeated):
        shown = ", ".join(repeated[:3])
        raise InputError(f"{len(repeated)} subjects occur more than once ({shown}); one row per subject is needed.")
    return names.to_numpy(dtype=object)


def _numbers(rows: pd.DataFrame, names: tuple[str, ...]) -> FloatArray:
    values = np.full((len(rows), len(names)), np.nan)
    for position, name in enumerate(names):
        numbers = pd.to_numeric(rows[name], errors="coerce")
        wrong = rows[name][(numbers.isna() & rows[name].notna()) | np.isinf(numbers.to_numpy(dtype=np.float64))]
        if len(wrong):
            raise InputError(f"{name} holds {str(wrong.iloc[0])!r}, which is no number; leave a missing value empty.")
        values[:, position] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _row_means(values: FloatArray) -> FloatArray:
    """Means over the tests that are there; NaN where none is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)


def _require_enough(found: Changes) -> None:
    for trained, word in ((True, "trained"), (False, "control")):
        values = found.of(trained=trained)
        if len(values) < FEWEST:
            raise InputError(f"the {word} arm has {len(values)} changes; at least {FEWEST} are needed for a variance.")
        if np.ptp(values) <= 1e-12 * np.abs(values).max():
            raise InputError(f"all changes of the {word} arm are {values[0]:g}; a variance needs values that differ.")
