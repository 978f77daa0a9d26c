"""Scores beside what else is known of a subject: one column per signature, and one for its value before."""

from __future__ import annotations

import pandas as pd

from exomics.errors import InputError
from exomics.results import ScoreTable

__all__ = ["require_one_row_each", "with_scores"]

_BEFORE, _AFTER = "baseline", "post"
_LEAST_SHARE = 0.5


def with_scores(frame: pd.DataFrame, scores: ScoreTable, *, subject: str = "subject_id") -> pd.DataFrame:
    """A subject table with the scores of its subjects after (``<signature>``) and before (``<signature>_baseline``).

    Parameters
    ----------
    frame
        One row per subject.
    scores
        Samples at ``baseline`` and ``post``; of one other time point, its value stands under the signature's name. A
        time point that fewer than half as many subjects have as the most frequent one is none of these.
    subject
        Column of `frame` that names the subject.

    Returns
    -------
    DataFrame
        The rows of `frame`; NaN where a subject has no usable sample.

    Raises
    ------
    InputError
        If the column is missing, a subject has two rows or two samples of one time point, there are several time points
        after the first and none is ``post``, or no subject has a score.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> rows = {"sample_id": ["a", "b"], "subject_id": "s1", "time_point": ["baseline", "post"],
    ...         "signature_id": "imm.x", "arm": "total", "score": [1.0, 2.5], "status": "ok"}
    >>> table = ScoreTable(pd.DataFrame(rows).reindex(columns=list(ScoreTable.columns)), Provenance(method="made"))
    >>> with_scores(pd.DataFrame({"subject_id": ["s1"]}), table)[["imm.x_baseline", "imm.x"]].to_numpy().tolist()
    [[1.0, 2.5]]
    """
    if subject not in frame.columns:
        raise InputError(f"the table has no column {subject!r}; name the column of subjects (--subject).")
    require_one_row_each(frame, subject)
    rows = scores.frame[(scores.frame["arm"] == "total") & (scores.frame["subject_id"] != "")]
    keys = ["subject_id", "time_point", "signature_id"]
    if rows.duplicated(keys).any():
        raise InputError("a subject has two samples of one time point; score one of them.")
    after = _after(rows)
    chosen = rows[rows["time_point"].isin([_BEFORE, after])]
    wide = chosen.pivot(index="subject_id", columns=["signature_id", "time_point"], values="score")
    labels = [(str(label[0]), str(label[1])) for label in wide.columns.to_list()]
    names = [name if time == after else f"{name}_{_BEFORE}" for name, time in labels]
    wide.columns = pd.Index(names)
    if not set(wide.index) & set(frame[subject].astype(str)):
        raise InputError(f"no subject of the scores is in the column {subject}; do both spell subjects alike?")
    joined = wide.reindex(frame[subject].astype(str)).set_axis(frame.index)
    return pd.concat([frame.drop(columns=[name for name in names if name in frame.columns]), joined], axis=1)


def _after(rows: pd.DataFrame) -> str:
    """The time point that the scores are read at: ``post``, or the only one beside the baseline."""
    subjects = rows.astype({"time_point": str}).groupby("time_point")["subject_id"].nunique()
    if _AFTER in subjects:
        return _AFTER
    later = subjects.drop(_BEFORE, errors="ignore")
    later = later[later >= _LEAST_SHARE * subjects.max()]
    if len(later) > 1:
        raise InputError(
            f"the scores are of several time points ({', '.join(later.index[:4])}) and none is {_AFTER}; keep one "
            f"beside {_BEFORE}."
        )
    return str(later.index[0]) if len(later) else _BEFORE


def require_one_row_each(frame: pd.DataFrame, subject: str) -> None:
    """Refuse a table in which a subject has two rows: it would count twice.

    Parameters
    ----------
    frame
        With the subjects in a column, or without that column: then nothing is known of them.
    subject
        Name of the column.

    Raises
    ------
    InputError
        If a subject occurs twice.

    Examples
    --------
    >>> require_one_row_each(pd.DataFrame({"subject_id": ["s1", "s1"]}), "subject_id")
    Traceback (most recent call last):
    exomics.errors.InputError: subject_id must be unique, one row per subject; s1 occurs 2 times.
    """
    if subject not in frame.columns:
        return
    counts = frame[subject].dropna().astype(str).value_counts()
    if (counts > 1).any():
        raise InputError(
            f"{subject} must be unique, one row per subject; {counts.index[0]} occurs {counts.iloc[0]} times."
        )
