"""What the consensus rests on, made again: the table of `_reliability.py`, and how candidates fare on judging cohorts.

    python -m tests.scoring.deconvolution.learn_reliability ../shared/data/immune

Cohorts 1 to 50 of each context are learned from, 51 to 100 judge, by the rule of `consensus_rule.md`. It takes some
twenty minutes on one core; `--cohorts N` takes the first N of each instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.scoring.deconvolution import CONSENSUS_TYPES, deconvolve
from exomics.scoring.deconvolution.consensus import _said
from exomics.stats.agreement import _standardized, agreement_mean
from tests.scoring.deconvolution.cohorts import JUDGED, Nominal, cohort, nominal
from tests.scoring.deconvolution.conftest import ARRAY, TPM, samples

SIZES = (12, 20, 30, 40, 60)
N_EACH = 50
Table = dict[tuple[str, str], float]
Said = dict[str, dict[str, np.ndarray]]  # cell type -> method -> value of each sample


def estimates(base: Nominal, context: str, seed: int) -> tuple[Said, dict[str, np.ndarray]]:
    """What each method says of one cohort, and the truth; EPIC takes part in every second cohort."""
    made = cohort(base, context, seed, int(np.random.default_rng(seed).choice(SIZES)))
    ids = [f"s{row:03d}" for row in range(len(made.values))]
    bulk = samples(pd.DataFrame(made.values.T, made.genes, ids), TPM if made.scale == "tpm" else ARRAY)
    said: Said = {}
    for method, reference in made.references.items():
        if method == "epic" and seed % 2:
            continue
        frame = deconvolve(bulk, method=method, reference=reference).frame
        for cell_type in CONSENSUS_TYPES:
            values = _said(frame, cell_type, pd.Series(ids))
            if values is not None and np.isfinite(values).all() and np.ptp(values) > 0:
                said.setdefault(cell_type, {})[method] = values
    return said, made.truth


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def learned(found: list[tuple[str, Said, dict[str, np.ndarray]]]) -> Table:
    """(method, cell type) -> mean correlation with the truth over the cohorts that are judged by this type."""
    each: dict[tuple[str, str], list[float]] = {}
    for context, said, truth in found:
        for cell_type in JUDGED[context]:
            for method, values in said.get(cell_type, {}).items():
                each.setdefault((method, cell_type), []).append(correlation(values, truth[cell_type]))
    return {key: float(np.mean(values)) for key, values in each.items()}


def _equal(z: np.ndarray, prior: np.ndarray) -> np.ndarray:
    return z.mean(axis=0)


def _agreement_squared(z: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The consensus before."""
    if len(z) < 3 or z.shape[1] < 10:
        return z.mean(axis=0)
    apart = [correlation(row, np.delete(z, at, 0).mean(axis=0)) for at, row in enumerate(z)]
    return np.asarray(np.maximum(apart, 0.02) ** 2 @ z)


def _learned_alone(z: np.ndarray, prior: np.ndarray) -> np.ndarray:
    kept = np.clip(prior, 0.2, 0.8)
    return np.asarray(kept / (1 - kept**2) @ z)


def _joined(z: np.ndarray, prior: np.ndarray) -> np.ndarray:
    return agreement_mean(z, prior).value


CANDIDATES: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "equal": _equal, "agreement squared": _agreement_squared, "learned alone": _learned_alone, "joined, 80": _joined,
}  # fmt: skip


def judged(found: list[tuple[str, Said, dict[str, np.ndarray]]], table: Table) -> pd.DataFrame:
    """Mean correlation in each cell (context x type) of the best single method and of each candidate."""
    rows = []
    for number, (context, said, truth) in enumerate(found):
        for cell_type in JUDGED[context]:
            given = said.get(cell_type, {})
            if not given:
                continue
            z = np.vstack([_standardized(values) for values in given.values()])
            prior = np.array([table.get((method, cell_type), 0.5) for method in given])
            each = {name: correlation(join(z, prior), truth[cell_type]) for name, join in CANDIDATES.items()}
            each |= {f"alone:{method}": correlation(values, truth[cell_type]) for method, values in given.items()}
            rows.append({"context": context, "cell_type": cell_type, "cohort": number, **each})
    means = pd.DataFrame(rows).drop(columns="cohort").groupby(["context", "cell_type"], sort=False).mean()
    alone = means.filter(like="alone:")
    return means[list(CANDIDATES)].assign(
        best=alone.max(axis=1), method=alone.idxmax(axis=1).str.removeprefix("alone:")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("immune", type=Path, help="folder of the published references")
    parser.add_argument("--cohorts", type=int, default=N_EACH, help="of each context, learned from and judging")
    words = parser.parse_args()
    base = nominal(words.immune)
    seeds = range(1, words.cohorts + 1)
    learning = [(context, *estimates(base, context, seed)) for seed in seeds for context in JUDGED]
    judging = [(context, *estimates(base, context, N_EACH + seed)) for seed in seeds for context in JUDGED]
    table = learned(learning)
    found = judged(judging, table)
    each = found[list(CANDIDATES)]
    summary = pd.DataFrame({"worst shortfall": each.rsub(found["best"], axis=0).max(), "mean": each.mean()})
    told = (pd.Series(table).unstack(0).round(2), found.round(3), summary.round(3))
    sys.stdout.write("\n\n".join(frame.to_string() for frame in told) + "\n")


if __name__ == "__main__":
    main()
