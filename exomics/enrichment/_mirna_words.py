"""What two sets of targets, in and outside the matrix, say together of a miRNA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exomics._checks import FloatArray

LARGE = 2.0
"""log2: no miRNA does that."""

_ALPHA = 0.05
VERDICTS = {
    (1, 1): "both sets of targets fall: activity up",
    (-1, -1): "both sets of targets rise: activity down",
    (0, 0): "no evidence of a change in activity",
    (1, 0): "matrix targets alone fall: stroma, not miRNA",
    (-1, 0): "matrix targets alone rise: stroma, not miRNA",
    (0, 1): "targets outside the matrix alone fall: no agreement, no claim",
    (0, -1): "targets outside the matrix alone rise: no agreement, no claim",
    (1, -1): "the two sets move in opposite directions: no claim",
    (-1, 1): "the two sets move in opposite directions: no claim",
}
_ALIKE = "matrix targets alone {}, but the two sets do not differ: no claim"
_TOO_LARGE = "both sets of targets {} by too much for a miRNA: no claim"


def verdict_of(both: Sequence[Mapping[str, Any]], p_value_difference: float) -> str:
    """The verdict on the rows of the two sets; that one alone is significant is no difference between them."""
    if any(row["status"] != "ok" for row in both):
        return "no verdict: fewer than ten targets of a set are measured"
    moved = (_direction(both[0]), _direction(both[1]))
    word = "fall" if moved[0] > 0 else "rise"
    if moved[0] and not moved[1] and not p_value_difference < _ALPHA:
        return _ALIKE.format(word)
    if moved[0] == moved[1] != 0 and max(abs(row["mean_log2_fold_change"]) for row in both) >= LARGE:
        return _TOO_LARGE.format(word)
    return VERDICTS[moved]


def _direction(row: Mapping[str, Any]) -> int:
    p_values: FloatArray = np.array([row["p_value_correlated"], row["empirical_p_value"]])
    return int(np.sign(row["statistic"])) if (p_values < _ALPHA).all() else 0
