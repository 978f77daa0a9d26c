"""The folder of a benchmark run: every input is made once, kept as a file, and read by both sides."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import inputs
from tests.benchmarks.inputs import CountStudy, ScoreStudy
from tests.benchmarks.sides import PythonSide, RSide, Side, has_r

_has_r = cache(has_r)


@dataclass(frozen=True)
class Workspace:
    """Inputs and peers of a run.

    Parameters
    ----------
    folder
        Where inputs are kept.
    tiny
        Sizes for tests instead of those of performance.md.
    peers
        Whether peers are started at all.
    """

    folder: Path
    tiny: bool = False
    peers: bool = True

    def size(self, full: int, tiny: int) -> int:
        """`full`, or `tiny` in tests."""
        return tiny if self.tiny else full

    def counts(self, name: str, make: Callable[[], CountStudy]) -> CountStudy:
        """A study of counts that is made once."""
        folder = self.folder / name
        if not (folder / "counts.npy").is_file():
            inputs.write_counts(folder, make())
        return inputs.read_counts(folder)

    def simulated_counts(self, n_features: int, n_samples: int) -> CountStudy:
        """Negative binomial counts with the gastrocnemius' levels, ten groups, eight contrasts."""
        return self.counts(
            f"counts_{n_features}_{n_samples}", lambda: inputs.simulated_counts(n_features, n_samples, seed=1)
        )

    def scores(self, n_samples: int, *, n_sets: int = 50) -> ScoreStudy:
        """float32 log expression of 20,000 features, and sets of 15 to 200 of them."""
        n_features = self.size(20_000, 400)
        folder = self.folder / f"scores_{n_samples}"
        if not (folder / "expression.npy").is_file():
            inputs.write_scores(folder, n_features, n_samples, n_sets)
        return inputs.read_scores(folder)

    def array(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """An array that is made once."""
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, make())
        return np.load(path)

    def r_peer(self, task: str, folder: Path, *packages: str, share: float = 1.0) -> RSide | None:
        """A task of peers.R, or None where R or a package is not installed."""
        return RSide(task, folder, share=share) if self.has_r(*packages) else None

    def has_r(self, *packages: str) -> bool:
        """Whether R and `packages` are there and peers are wanted."""
        return self.peers and _has_r(*packages)

    def python_peer(self, package: str, function: Callable[[], Any], *, share: float = 1.0) -> Side | None:
        """A call into another package, or None where it is not installed."""
        installed = self.peers and importlib.util.find_spec(package) is not None
        return PythonSide(function, share=share) if installed else None
