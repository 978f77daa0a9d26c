"""Long work in units, so that it can be watched, interrupted, and taken up where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Uninterrupted", "Work"]

FloatArray = NDArray[np.float64]


class Work(Protocol):
    """Who does the units of long work: makes each once, or brings what an interrupted run had made."""

    def begin(self, stage: str, n_units: int) -> None:
        """A stage of `n_units` units begins."""

    def once(self, unit: str, make: Callable[[], FloatArray]) -> FloatArray:
        """What `make` gives for the unit of that name; `make` is not called if it is known."""


class Uninterrupted:
    """Makes every unit and tells nobody.

    Examples
    --------
    >>> Uninterrupted().once("fold 1", lambda: np.ones(2)).tolist()
    [1.0, 1.0]
    """

    def begin(self, stage: str, n_units: int) -> None:
        """Nothing is told."""

    def once(self, unit: str, make: Callable[[], FloatArray]) -> FloatArray:
        """What `make` gives."""
        return make()
