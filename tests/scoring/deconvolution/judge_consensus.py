"""The frozen consensus beside single methods in cohorts whose measured fractions were opened only for this.

    python -m tests.scoring.deconvolution.judge_consensus FOLDER ../shared/data/immune

FOLDER is what `prepare_judges.R` fills. The rule is the last part of `consensus_rule.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.results import DeconvolutionTable
from exomics.scoring.deconvolution import CONSENSUS_TYPES, consensus, deconvolve
from exomics.scoring.deconvolution._consensus_types import said_of
from tests.scoring.deconvolution.cohorts import published_references
from tests.scoring.deconvolution.conftest import TPM, read, samples

JUDGED = Path(__file__).with_name("consensus_judged.tsv")
COLUMNS = {
    "GSE107572": {
        "B cell": "B.cells", "T cell CD4+": "T.cells.CD4", "T cell CD8+": "T.cells.CD8", "NK cell": "NK.cells",
        "monocyte": "Monocytes", "dendritic cell": "Dendritic.cells", "neutrophil": "Neutrophils",
    },
    "GSE127813": {
        "B cell": "B.cells", "T cell": "T.cells", "T cell CD4+": "T.cells.CD4", "T cell CD8+": "T.cells.CD8",
        "NK cell": "NK.cells", "monocyte": "Monocytes", "neutrophil": "Neutrophils",
    },
}  # fmt: skip
SPECIMENS = {"GSE107572": "pbmc", "GSE127813": "blood"}
N_DRAWS, MARGIN, SEED = 2000, 0.10, 11
Drawn = dict[tuple[str, str, str], np.ndarray]  # cohort, cell type, method -> correlation, and its draws


def tables(expression: pd.DataFrame, specimen: str, immune: Path) -> dict[str, DeconvolutionTable]:
    """Every method with a published reference at its defaults, lineage, and the consensus of them."""
    bulk = samples(expression, TPM, specimen=specimen)
    references = published_references(immune)["tpm"]
    found = {name: deconvolve(bulk, method=name, reference=reference) for name, reference in references.items()}
    found["lineage"] = deconvolve(bulk, method="lineage")
    return {**found, "consensus": consensus(list(found.values()))}


def drawn_correlations(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pearson correlation over the samples, then over draws of them; the draws are the same for every method."""
    rng = np.random.default_rng(SEED)
    drawn = np.vstack([np.arange(len(truth)), rng.integers(0, len(truth), (N_DRAWS, len(truth)))])
    a, b = said[drawn], truth[drawn]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray(np.divide((a * b).sum(axis=1), scale, out=np.full(len(drawn), np.nan), where=scale > 0))


def correlations(folder: Path, immune: Path) -> Drawn:
    """Of every cohort, cell type and method that gives it."""
    drawn: Drawn = {}
    for cohort, columns in COLUMNS.items():
        truth = read(folder / f"{cohort}_truth.tsv")
        expression = read(folder / f"{cohort}_expression.tsv")
        for method, table in tables(expression, SPECIMENS[cohort], immune).items():
            for cell_type in CONSENSUS_TYPES:
                said = said_of(table.frame, cell_type, pd.Series(truth.index))
                if cell_type in columns and said is not None and np.ptp(said) > 0:
                    drawn[cohort, cell_type, method] = drawn_correlations(said, truth[columns[cell_type]].to_numpy())
    return drawn


def verdicts(drawn: Drawn) -> Iterator[dict[str, object]]:
    """The consensus beside the best single method, in each cohort and over those that have the type."""
    for cell_type in CONSENSUS_TYPES:
        cohorts = [cohort for cohort, columns in COLUMNS.items() if cell_type in columns]
        for among in [*([cohort] for cohort in cohorts), *([cohorts] if len(cohorts) > 1 else [])]:
            yield from _verdict(drawn, cell_type, among)


def _verdict(drawn: Drawn, cell_type: str, cohorts: list[str]) -> Iterator[dict[str, object]]:
    """Correlations are means over the cohorts, each weighing the same."""
    methods = {method for cohort, name, method in drawn if name == cell_type and cohort in cohorts}
    means = {
        method: np.mean([drawn[cohort, cell_type, method] for cohort in cohorts], axis=0)
        for method in sorted(methods)
        if all((cohort, cell_type, method) in drawn for cohort in cohorts)
    }
    joint = means.pop("consensus", None)
    if joint is None or len(means) < 2:
        return
    best = max(means, key=lambda method: means[method][0])
    gain = joint - means[best]
    low, high = np.nanpercentile(gain[1:], [2.5, 97.5])
    verdict = "inferior" if high < 0 else "non-inferior" if low > -MARGIN else "undecided"
    yield {
        "cohort": " + ".join(cohorts), "cell_type": cell_type, "consensus": joint[0], "best": best,
        "best_r": means[best][0], "gain": gain[0], "gain_low": low, "gain_high": high, "verdict": verdict,
        "single": " ".join(f"{method}={values[0]:.3f}" for method, values in means.items()),
    }  # fmt: skip


def main() -> None:
    """Print the verdicts and write them beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what prepare_judges.R wrote")
    parser.add_argument("immune", type=Path, help="folder of the published references")
    words = parser.parse_args()
    table = pd.DataFrame(verdicts(correlations(words.folder, words.immune)))
    table.round(4).to_csv(JUDGED, sep="\t", index=False)
    sys.stdout.write(f"{table.round(3).to_string(index=False)}\n")


if __name__ == "__main__":
    main()
