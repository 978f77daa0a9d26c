"""Counts that the sentences and tables of the report share."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from exomics.plotting.differential import paired_effects, rows_of
from exomics.publish.report.content import Study


@dataclass(frozen=True)
class Calls:
    """Features called in one contrast, or in both of two: by the adjusted p-value, and by it rounded to two digits."""

    contrast: str
    tested: int
    up: int
    down: int
    opposite: int
    up_rounded: int
    down_rounded: int


def calls_of(study: Study, threshold: float) -> list[Calls]:
    """One row per shown contrast and, for two contrasts, one for the features called in both."""
    frame = study.differential.frame
    rounded = frame.assign(adj_p_value=two_digits(frame["adj_p_value"]))
    rows = [_one(frame, rounded, contrast, threshold) for contrast in study.shown]
    return rows if len(study.shown) < 2 else [*rows, _both(frame, rounded, (study.shown[0], study.shown[1]), threshold)]


def two_digits(values: pd.Series) -> pd.Series:
    """Values rounded to two significant digits, as published tables round them.

    Examples
    --------
    >>> two_digits(pd.Series([0.0496, 0.0504, 1.0])).tolist()
    [0.05, 0.05, 1.0]
    """
    return values.map(lambda value: float(f"{value:.2g}"), na_action="ignore")


def _one(frame: pd.DataFrame, rounded: pd.DataFrame, contrast: str, threshold: float) -> Calls:
    exact, coarse = (rows_of(table, contrast) for table in (frame, rounded))
    up, down = _signs(exact, threshold)
    up_rounded, down_rounded = _signs(coarse, threshold)
    tested = int(exact["p_value"].notna().sum())
    return Calls(contrast, tested, up, down, 0, up_rounded, down_rounded)


def _signs(rows: pd.DataFrame, threshold: float) -> tuple[int, int]:
    called = rows.loc[rows["adj_p_value"] < threshold, "log2_fold_change"]
    return int((called > 0).sum()), int((called < 0).sum())


def _both(frame: pd.DataFrame, rounded: pd.DataFrame, contrasts: tuple[str, str], threshold: float) -> Calls:
    exact, coarse = (paired_effects(table, contrasts, threshold=threshold)["call"] for table in (frame, rounded))
    counts, counts_rounded = exact.value_counts(), coarse.value_counts()
    return Calls(
        contrast=f"both {contrasts[0]} and {contrasts[1]}",
        tested=len(exact),
        up=int(counts.get("up", 0)),
        down=int(counts.get("down", 0)),
        opposite=int(counts.get("opposite", 0)),
        up_rounded=int(counts_rounded.get("up", 0)),
        down_rounded=int(counts_rounded.get("down", 0)),
    )
