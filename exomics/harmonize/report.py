"""What was lost on the way: one row per kind of loss, with the number, the reason and examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

_SHOWN = 10
_WIDEST = 60  # a group of proteins can have a hundred members
COLUMNS = ("what", "n", "why", "examples")


@dataclass(frozen=True)
class LossReport:
    """A table of losses and the sentences a reader must see.

    Parameters
    ----------
    frame
        Columns ``what`` (the kind of loss), ``n`` (how many features), ``why``, ``examples`` (up to ten, sorted).
    notes
        Warnings with their numbers.

    Examples
    --------
    >>> report = LossReport.of([("no ortholog", ["Abc1"], "not in the table")])
    >>> report.frame[["what", "n"]].to_numpy().tolist()
    [['no ortholog', 1]]
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, losses: Iterable[tuple[str, Iterable[str], str]], notes: Iterable[str] = ()) -> LossReport:
        """A report of ``(what, features, why)``; kinds with no feature are left out."""
        rows = []
        for what, features, why in losses:
            names = sorted(set(features))
            if names:
                examples = ", ".join(map(_short, names[:_SHOWN]))
                rows.append({"what": what, "n": len(names), "why": why, "examples": examples})
        return cls(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes))

    def __add__(self, other: LossReport) -> LossReport:
        frames = [report.frame for report in (self, other) if len(report.frame)]
        joined = pd.concat(frames, ignore_index=True) if frames else self.frame
        return LossReport(joined, self.notes + other.notes)

    def n_lost(self, what: str) -> int:
        """How many features were lost to `what`; 0 if none were."""
        return int(self.frame.loc[self.frame["what"] == what, "n"].sum())

    def to_records(self) -> list[dict[str, Any]]:
        """The rows as plain mappings, for provenance."""
        return [
            {"what": str(what), "n": int(n), "why": str(why), "examples": str(examples)}
            for what, n, why, examples in self.frame[list(COLUMNS)].to_numpy()
        ]


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST else f"{name[: _WIDEST - 3]}..."
