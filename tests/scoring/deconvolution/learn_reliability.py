"""What the consensus rests on, made again: what methods are worth in each source, and how candidates fare.

    python -m tests.scoring.deconvolution.learn_reliability SOURCES ../shared/data/immune

SOURCES is the folder that `prepare_sources.R` fills. Cohorts of 13 sources are deconvolved (half an hour on one core),
``learned_by_source.tsv`` is written beside this file, and each source is judged by the others, by the rule of
`consensus_rule.md`. The numbers that the package uses are made of that table by `test_consensus.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.scoring.deconvolution import CONSENSUS_TYPES, deconvolve
from exomics.scoring.deconvolution._consensus_types import said_of
from exomics.stats.agreement import _standardized
from tests.scoring.deconvolution import lineage_genes
from tests.scoring.deconvolution.candidates import CANDIDATES, Cell, Key, learned
from tests.scoring.deconvolution.cohorts import Cohort, cohort, published_references
from tests.scoring.deconvolution.conftest import ARRAY, TPM, samples
from tests.scoring.deconvolution.sources import CONTEXTS, Source, read_sources

N_COHORTS = 10
BY_SOURCE = Path(__file__).with_name("learned_by_source.tsv")
Said = dict[str, dict[str, np.ndarray]]  # cell type -> method -> value of each sample


def everything_said(made: Cohort) -> Said:
    """What each method says of a cohort."""
    ids = [f"s{row:03d}" for row in range(len(made.values))]
    bulk = samples(pd.DataFrame(made.values.T, made.genes, ids), TPM if made.scale == "tpm" else ARRAY)
    said: Said = {}
    for method, reference in made.references.items():
        frame = deconvolve(bulk, method=method, reference=reference).frame
        for cell_type in CONSENSUS_TYPES:
            values = said_of(frame, cell_type, pd.Series(ids))
            if values is not None and np.isfinite(values).all() and np.ptp(values) > 0:
                said.setdefault(cell_type, {})[method] = values
    return said


def cells_of(sources: dict[str, Source], immune: Path, n_cohorts: int) -> Iterator[Cell]:
    """Every cell type of every cohort that two methods or more give."""
    references = published_references(immune)
    tables = {name: lineage_genes.specificity(source) for name, source in sources.items()}
    specific = {
        left_out: lineage_genes.specific_genes([table for name, table in tables.items() if name != left_out])
        for left_out in sources
    }
    for name, context in [(name, context) for name, contexts in CONTEXTS.items() for context in contexts]:
        for seed in range(1, n_cohorts + 1):
            made = cohort(sources, references, (name, context), seed)
            said = everything_said(made)
            for cell_type in sources[name].judged[context]:
                methods = tuple(sorted(said.get(cell_type, {})))
                if len(methods) > 1:
                    z = np.vstack([_standardized(said[cell_type][method]) for method in methods])
                    genes = lineage_genes.agreement(made, methods, z, (cell_type, specific[name][cell_type]))
                    truth = _standardized(made.truth[cell_type])
                    yield Cell(name, context, cell_type, seed, methods, z, truth, genes)


def by_source(cells: list[Cell]) -> pd.DataFrame:
    """Mean over the cohorts of a source and context of r (``other`` empty), c and s."""
    rows: list[dict[str, object]] = []
    for cell in cells:
        label = {"source": cell.source, "context": cell.context, "cell_type": cell.cell_type}
        rows.extend({**label, "method": m, "other": "", "r": r} for m, r in zip(cell.methods, cell.r, strict=True))
        for i, j, (one, other, _) in cell.pairs():
            rows.append({**label, "method": one, "other": other, "c": cell.c[i, j], "s": cell.s[i, j]})
    keys = ["source", "context", "cell_type", "method", "other"]
    grouped = pd.DataFrame(rows).groupby(keys)
    return grouped.mean().round(4).assign(n_cohorts=grouped.size()).reset_index()


def judged(cells: list[Cell]) -> pd.DataFrame:
    """Correlation of each candidate and of each method alone, cell by cell and cohort by cohort."""
    rows = []
    for source in dict.fromkeys(cell.source for cell in cells):
        told = learned([cell for cell in cells if cell.source != source])
        for cell in (cell for cell in cells if cell.source == source):
            joined = {name: weights(cell, told) @ cell.z for name, weights in CANDIDATES.items()}
            row: dict[str, object] = {name: np.corrcoef(z, cell.truth)[0, 1] for name, z in joined.items()}
            row |= {f"alone:{method}": r for method, r in zip(cell.methods, cell.r, strict=True)}
            rows.append({"source": source, "context": cell.context, "cell_type": cell.cell_type, **row})
    return pd.DataFrame(rows)


def shortfalls(found: pd.DataFrame) -> pd.DataFrame:
    """By cell (source x context x type): the best single method, its mean correlation, and what candidates lack."""
    rows = []
    for key, each in found.groupby(["source", "context", "cell_type"], sort=False):
        alone = each.filter(like="alone:")
        best = alone.mean().idxmax()
        with_it = each[each[best].notna()]
        lacks = with_it[list(CANDIDATES)].rsub(with_it[best], axis=0).mean()
        names: Key = tuple(map(str, key))
        rows.append({"cell": " ".join(names), "best": best.removeprefix("alone:"), "r": alone[best].mean(), **lacks})
    return pd.DataFrame(rows)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """The figures of the rule for each candidate."""
    lacks = shortfalls(found)[list(CANDIDATES)]
    means = found.groupby(["source", "context", "cell_type"])[list(CANDIDATES)].mean().mean()
    rms = np.sqrt((lacks.clip(lower=0) ** 2).mean())
    return pd.DataFrame({"root mean square shortfall": rms, "worst": lacks.max(), "mean correlation": means})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, help="folder of one table per source")
    parser.add_argument("immune", type=Path, help="folder of the published references")
    parser.add_argument("--cohorts", type=int, default=N_COHORTS, help="of each source and context")
    words = parser.parse_args()
    cells = list(cells_of(read_sources(words.sources), words.immune, words.cohorts))
    by_source(cells).to_csv(BY_SOURCE, sep="\t", index=False)
    found = judged(cells)
    of_all = learned(cells)
    spread = "SDs of r, c and e: " + ", ".join(f"{square**0.5:.3f}" for square in (of_all.t2, of_all.u2, of_all.v2))
    told = (shortfalls(found).round(3).to_string(), summary(found).round(4).to_string(), spread)
    sys.stdout.write("\n\n".join(told) + "\n")


if __name__ == "__main__":
    main()
