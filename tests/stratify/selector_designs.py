"""Simulated studies with ten features that matter, and what selectors find there.

``python -m tests.stratify.selector_designs REPEATS SELECTOR...`` prints the operating table at target 0.2 that stands
in ``selector_operating_table.tsv``.

Models of the classes, 100 samples:

* ``null``: labels know nothing of the features;
* ``shift``: ten features of one class are 1 SD higher; true are these ten (marginally; with correlated features others
  have a weight in the best discriminant too);
* ``implied``: features as ``shift`` with classes of random size, then labels drawn anew from the logistic model that
  the shift implies, ``log odds = sum of w_j (x_j - 1/2 shift_j)``, ``w = R^-1 shift``; true as in ``shift``;
* ``logistic``: normal features, ``log odds = sum of ten x_j``; true are the ten coefficients (conditionally).

The ten are the first ten features (``first``), or spread evenly (``spread``).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stratify.selection.selectors import Selectors

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

N_SAMPLES, N_TRUE, TARGET, SEED = 100, 10, 0.2, 20261127
CORRELATIONS = ("independent", "autoregressive", "blocks")
COLUMNS = (
    "selector", "correlation", "model", "place", "n_features", "repeats", "any_selected", "any_selected_error",
    "true_selected", "true_selected_error", "false_share", "false_share_error",
)  # fmt: skip


class Design(NamedTuple):
    """Correlation of the features, model of the classes, place of the ten true features, number of features."""

    correlation: str
    model: str
    place: str
    n_features: int


DESIGNS = [
    Design(correlation, model, place, p)
    for p in (200, 1000)
    for correlation in CORRELATIONS
    for model in ("null", "shift", "implied", "logistic")
    for place in (("first", "spread") if model != "null" and correlation != "independent" else ("first",))
]


@functools.cache
def correlations(kind: str, n_features: int) -> FloatArray:
    """Independent; 0.7 to the power of the distance; or blocks of 20 with 0.5 within."""
    if kind == "independent":
        return np.eye(n_features)
    if kind == "autoregressive":
        return np.asarray(0.7 ** np.abs(np.subtract.outer(np.arange(n_features), np.arange(n_features))))
    return np.kron(np.eye(n_features // 20), np.full((20, 20), 0.5)) + 0.5 * np.eye(n_features)


@functools.cache
def _root(kind: str, n_features: int) -> FloatArray:
    return np.asarray(np.linalg.cholesky(correlations(kind, n_features)))


@functools.cache
def _weights(design: Design) -> FloatArray:
    shift = np.zeros(design.n_features)
    shift[true_features(design)] = 1.0
    return np.asarray(np.linalg.solve(correlations(design.correlation, design.n_features), shift))


def true_features(design: Design) -> IntArray:
    """Positions of the ten."""
    return np.arange(N_TRUE) * (design.n_features // N_TRUE if design.place == "spread" else 1)


def draw(design: Design, generator: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """Features (n_samples, n_features) and labels of one study."""
    x = generator.normal(size=(N_SAMPLES, design.n_features)) @ _root(design.correlation, design.n_features).T
    true, labels = true_features(design), np.repeat([0, 1], N_SAMPLES // 2)
    if design.model == "shift":
        x[:, true] += labels[:, np.newaxis]
    elif design.model == "implied":
        x[:, true] += (generator.random(N_SAMPLES) < 0.5)[:, np.newaxis]
        middle = np.zeros(design.n_features)
        middle[true] = 0.5
        labels = _drawn((x - middle) @ _weights(design), generator)
    elif design.model == "logistic":
        labels = _drawn(x[:, true].sum(axis=1), generator)
    return x, labels


def _drawn(log_odds: FloatArray, generator: np.random.Generator) -> IntArray:
    return (generator.random(len(log_odds)) < 1.0 / (1.0 + np.exp(-log_odds))).astype(np.int64)


def operate(design: Design, select: Callable[..., Any], repeats: int, seed: int) -> FloatArray:
    """Selected, true and false features at the target, shape (repeats, 3)."""
    generator = np.random.default_rng([seed, *map(ord, "".join(map(str, design)))])
    counts = np.empty((repeats, 3))
    for row in counts:
        x, labels = draw(design, generator)
        chosen = np.flatnonzero(select(x, labels, generator=generator).level <= TARGET)
        right = 0 if design.model == "null" else np.isin(chosen, true_features(design)).sum()
        row[:] = len(chosen), right, len(chosen) - right
    return counts


def rates(counts: FloatArray) -> dict[str, float]:
    """Share of studies with any selection, mean true features, mean share of false ones, each with its error."""
    listed, right, wrong = counts.T
    values = {
        "any_selected": (listed > 0).astype(float),
        "true_selected": right,
        "false_share": wrong / np.maximum(1.0, listed),
    }
    root = np.sqrt(len(counts))
    means = {name: float(value.mean()) for name, value in values.items()}
    return means | {f"{name}_error": float(value.std(ddof=1) / root) for name, value in values.items()}


def table(repeats: int, selectors: list[str]) -> Iterator[str]:
    """Lines of the operating table."""
    for design in DESIGNS:
        for name in selectors:
            row = {"selector": name, "repeats": repeats, **design._asdict()}
            row |= rates(operate(design, Selectors[name].function, repeats, SEED))
            yield "\t".join(
                f"{row[column]:.3f}" if isinstance(row[column], float) else str(row[column]) for column in COLUMNS
            )


def main() -> None:
    sys.stdout.write("\t".join(COLUMNS) + "\n")
    for line in table(int(sys.argv[1]), sys.argv[2:]):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
