"""Rows of a performance table: labels, Wald and bootstrap intervals, and follow-up that can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance
from exomics.validation._effects import HALF_WIDTH

Row = dict[str, Any]


class Label(NamedTuple):
    """Whose performance it is; one value of each column of the table.

    ``role`` is ``apparent`` (on the samples of the fit), ``resampled`` or ``external``.
    """

    signature_id: str
    cohort_id: str
    endpoint: str
    role: str = "external"


class Resampling(NamedTuple):
    """Bootstrap of the samples; one value of each."""

    n_resamples: int = 300
    seed: int = 0

    @property
    def word(self) -> str:
        """For the column ``resampling``."""
        return f"bootstrap, {self.n_resamples}" if self.n_resamples else ""


def row(metric: str, estimate: float, low: float = np.nan, high: float = np.nan, note: str = "") -> Row:
    """One row before its label."""
    return {"metric": metric, "estimate": estimate, "ci_low": low, "ci_high": high, "note": note, "resampling": ""}


def wald(metric: str, estimate: float, error: float, note: str = "") -> Row:
    """A row with a 95 % Wald interval."""
    return row(metric, estimate, estimate - HALF_WIDTH * error, estimate + HALF_WIDTH * error, note)


def bootstrap(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]], n: int, resampling: Resampling
) -> dict[str, tuple[float, float]]:
    """Percentile 95 % interval of each quantity of `measure`, which takes indices of samples drawn with replacement.

    Resamples in which a quantity has no value are left out of its interval; with fewer than half left there is none.
    """
    rng = np.random.default_rng(resampling.seed)
    drawn = [_measured(measure, rng.integers(0, n, n)) for _ in range(resampling.n_resamples)]
    table = pd.DataFrame([values for values in drawn if values], dtype=np.float64)
    limits = {}
    for name, values in table.items():
        known = values.dropna()
        enough = 2 * len(known) >= max(resampling.n_resamples, 1)
        limits[str(name)] = tuple(np.quantile(known, [0.025, 0.975])) if enough else (np.nan, np.nan)
    return limits


def _measured(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]], indices: NDArray[np.int64]
) -> Mapping[str, float]:
    try:
        return measure(indices)
    except InputError:  # a resample without events, or without one of the outcomes
        return {}


def with_intervals(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]],
    n: int,
    resampling: Resampling,
    notes: Mapping[str, str] | None = None,
) -> list[Row]:
    """A row of each quantity of all samples, with its bootstrap interval."""
    limits = bootstrap(measure, n, resampling)
    rows = []
    for name, estimate in measure(np.arange(n)).items():
        low, high = limits.get(name, (np.nan, np.nan))
        made = row(name, float(estimate), low, high, (notes or {}).get(name, ""))
        rows.append({**made, "resampling": resampling.word})
    return rows


def performance(
    rows: Sequence[Row], label: Label, *, n_samples: int, n_events: int, provenance: Provenance
) -> PerformanceTable:
    """The table of `rows`; a row may bring its own signature."""
    base = {**label._asdict(), "n_samples": n_samples, "n_events": n_events}
    return PerformanceTable(frame=pd.DataFrame([base | one for one in rows]), provenance=provenance)


def usable_follow_up(time: ArrayLike, event: ArrayLike, *others: ArrayLike) -> tuple[FloatArray, ...]:
    """Time, event and further columns of the samples in which all are known, or one line that says what is wrong."""
    arrays = [np.asarray(values, dtype=np.float64) for values in (time, event, *others)]
    if any(array.shape[:1] != arrays[0].shape for array in arrays) or arrays[0].ndim != 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise InputError(f"one entry per patient is needed in each column; got shapes {shapes}.")
    known = np.all([np.isfinite(array.reshape(len(array), -1)).all(axis=1) for array in arrays], axis=0)
    arrays = [array[known] for array in arrays]
    times, events = arrays[:2]
    if not known.any():
        raise InputError("no patient has a follow-up and all that goes with it; align the tables.")
    if bool((times <= 0.0).any()):
        raise InputError(f"{int((times <= 0.0).sum())} follow-up times are 0 or less; they must be positive.")
    if not events.any():
        raise InputError(f"all {len(times)} patients are censored; without an event nothing can be estimated.")
    return tuple(arrays)
