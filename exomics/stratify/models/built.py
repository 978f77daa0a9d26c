"""What a pipeline is built as."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.pipeline import Pipeline

__all__ = ["Built"]


class Built(NamedTuple):
    """A pipeline of one step after another, and the values of its parameters to be tried (one of each combination).

    A pipeline that is ``stacked`` chooses within itself, by the inner folds that its last step is fitted with. None of
    these are arrays: each field is one value of its kind.
    """

    pipeline: Pipeline
    grid: dict[str, list[Any]]
    stacked: bool = False
