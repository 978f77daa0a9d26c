"""The frozen consensus beside single methods in cohorts whose measured fractions were opened only for this.

    python -m tests.scoring.deconvolution.judge_consensus FOLDER ../shared/data/immune

FOLDER is what `prepare_judges.R` fills. The rule is the last part of `consensus_rule.md`. That the donors of SDY420
join the two cohorts, and what weights could do that have seen the fractions, was added after the verdicts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.registry.cell_reference import CellReference
from exomics.results import DeconvolutionTable
from exomics.scoring.deconvolution import CONSENSUS_TYPES, consensus, deconvolve
from exomics.scoring.deconvolution._consensus_types import said_of
from tests.scoring.deconvolution.cohorts import published_references
from tests.scoring.deconvolution.conftest import ARRAY, TPM, read, samples
from tests.scoring.deconvolution.test_against_truth import TRUE_FRACTIONS
from tests.scoring.deconvolution.test_authors_outputs import XCELL_OF_BLOOD

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
FLOORS: dict[str, dict[str, float]] = {"SDY420": {}, "SDY420 without floor": {"least_coverage": 0.0}}
GROUPS = (
    *((name,) for name in COLUMNS), tuple(COLUMNS), *((name,) for name in FLOORS),
    *((*COLUMNS, name) for name in FLOORS),
)  # fmt: skip
N_DRAWS, MARGIN, SEED = 2000, 0.10, 11
N_TRIED = 6000
Said = dict[str, dict[str, tuple[dict[str, np.ndarray], np.ndarray]]]
"""Cohort -> cell type -> value of each sample by method, and the measured fraction of each sample."""


def tables(
    bulk: AnnData, references: Mapping[str, CellReference], types: Sequence[str], floor: Mapping[str, float]
) -> dict[str, DeconvolutionTable]:
    """Every method with a published reference, lineage, and the consensus of them; `types` are those of xCell."""
    found = {
        name: deconvolve(
            bulk, method=name, reference=reference, parameters=floor, cell_types=types if name == "xcell" else ()
        )
        for name, reference in references.items()
    }
    found["lineage"] = deconvolve(bulk, method="lineage", parameters=floor)
    return {**found, "consensus": consensus(list(found.values()))}


def everything_said(folder: Path, immune: Path) -> Said:
    """Of every cohort, cell type and method that gives it."""
    references = published_references(immune)
    said: Said = {}
    for cohort, columns in COLUMNS.items():
        bulk = samples(read(folder / f"{cohort}_expression.tsv"), TPM, specimen=SPECIMENS[cohort])
        found = tables(bulk, references["tpm"], (), {})
        said[cohort] = _beside(found, read(folder / f"{cohort}_truth.tsv"), columns)
    donors = samples(read(immune / "SDY420_PBMC_array_expr.tsv.gz"), ARRAY, specimen="pbmc")
    truth = read(immune / "SDY420_PBMC_cytof_truth.tsv.gz")
    for name, floor in FLOORS.items():
        said[name] = _beside(tables(donors, references["array"], XCELL_OF_BLOOD, floor), truth, TRUE_FRACTIONS)
    return said


def _beside(
    found: dict[str, DeconvolutionTable], truth: pd.DataFrame, columns: Mapping[str, str]
) -> dict[str, tuple[dict[str, np.ndarray], np.ndarray]]:
    beside = {}
    for cell_type in (name for name in CONSENSUS_TYPES if name in columns):
        values = {name: said_of(table.frame, cell_type, pd.Series(truth.index)) for name, table in found.items()}
        told = {name: value for name, value in values.items() if value is not None and np.ptp(value) > 0}
        beside[cell_type] = (told, truth[columns[cell_type]].to_numpy(dtype=np.float64))
    return beside


def drawn_correlations(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pearson correlation over the samples, then over draws of them; the draws are the same for every method."""
    rng = np.random.default_rng(SEED)
    drawn = np.vstack([np.arange(len(truth)), rng.integers(0, len(truth), (N_DRAWS, len(truth)))])
    a, b = said[drawn], truth[drawn]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray(np.divide((a * b).sum(axis=1), scale, out=np.full(len(drawn), np.nan), where=scale > 0))


def verdicts(said: Said) -> Iterator[dict[str, object]]:
    """The consensus beside the best single method that every cohort of a group has; correlations are means over it."""
    drawn = {
        (cohort, cell_type): {name: drawn_correlations(values, truth) for name, values in told.items()}
        for cohort, types in said.items()
        for cell_type, (told, truth) in types.items()
    }
    for cell_type in CONSENSUS_TYPES:
        for cohorts in GROUPS:
            held = [drawn[cohort, cell_type] for cohort in cohorts if (cohort, cell_type) in drawn]
            shared = set.intersection(*(set(one) for one in held)) if len(held) == len(cohorts) else set()
            if {"consensus"} < shared:
                means = {name: np.mean([one[name] for one in held], axis=0) for name in sorted(shared)}
                most = _least_gain_of_weights_that_saw([said[cohort][cell_type] for cohort in cohorts])
                yield {"cohorts": " + ".join(cohorts), "cell_type": cell_type, **_verdict(means), "seen": most}


def _verdict(means: dict[str, np.ndarray]) -> dict[str, object]:
    joint = means.pop("consensus")
    best = max(means, key=lambda name: means[name][0])
    gain = joint - means[best]
    low, high = np.nanpercentile(gain[1:], [2.5, 97.5])
    return {
        "consensus": joint[0], "best": best, "best_r": means[best][0], "gain": gain[0], "gain_low": low,
        "gain_high": high, "verdict": "inferior" if high < 0 else "non-inferior" if low > -MARGIN else "undecided",
        "single": " ".join(f"{name}={values[0]:.3f}" for name, values in means.items()),
    }  # fmt: skip


def _least_gain_of_weights_that_saw(cohorts: Sequence[tuple[dict[str, np.ndarray], np.ndarray]]) -> float:
    """Of fixed weights of the single methods, chosen by the fractions themselves: the most that the least gain over the
    best method of each cohort can be."""
    methods = sorted({name for told, _ in cohorts for name in told} - {"consensus"})
    tried = np.vstack(
        [np.eye(len(methods)), np.random.default_rng(SEED).dirichlet(np.full(len(methods), 0.5), N_TRIED)]
    )
    least = np.full(len(tried), np.inf)
    for told, truth in cohorts:
        z = np.array([_standard(told[name]) if name in told else np.zeros(len(truth)) for name in methods])
        joint = tried @ z
        spread = joint.std(axis=1)
        r = np.divide(joint @ _standard(truth) / len(truth), spread, out=np.full(len(tried), -1.0), where=spread > 1e-9)
        least = np.minimum(least, r - (z @ _standard(truth) / len(truth)).max())
    return float(least.max())


def _standard(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.mean()) / values.std())


def main() -> None:
    """Print the verdicts and write them beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what prepare_judges.R wrote")
    parser.add_argument("immune", type=Path, help="folder of the published references")
    words = parser.parse_args()
    table = pd.DataFrame(verdicts(everything_said(words.folder, words.immune)))
    table.round(4).to_csv(JUDGED, sep="\t", index=False)
    sys.stdout.write(f"{table.round(3).to_string(index=False)}\n")


if __name__ == "__main__":
    main()
