"""What the consensus rests on, made again: what methods are worth in each source, and how candidates fare.

    python -m tests.scoring.deconvolution.learn_reliability SOURCES ../shared/data/immune --jobs 2

SOURCES is the folder that `prepare_sources.R` fills. Cohorts of 13 sources are deconvolved (ten minutes on two cores);
``learned_by_source.tsv`` and ``learned_genes.tsv`` are written beside this file, and each source is judged by the
others, by the rule of `consensus_rule.md`. The numbers that the package uses are those of the tables.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.scoring.deconvolution import CONSENSUS_TYPES, deconvolve
from exomics.scoring.deconvolution._consensus_types import said_of
from exomics.stats.agreement import _standardized
from tests.scoring.deconvolution import lineage_genes
from tests.scoring.deconvolution.candidates import CANDIDATES, VOICE, Cell, learned
from tests.scoring.deconvolution.cohorts import Cohort, cohort, published_references
from tests.scoring.deconvolution.conftest import ARRAY, TPM, samples
from tests.scoring.deconvolution.sources import BULK, CONTEXTS, read_sources

N_COHORTS = 6
BY_SOURCE = Path(__file__).with_name("learned_by_source.tsv")
GENES = Path(__file__).with_name("learned_genes.tsv")
Said = dict[str, dict[str, np.ndarray]]  # cell type -> method -> value of each sample


def everything_said(made: Cohort) -> Said:
    """What each published method says of a cohort."""
    ids = [f"s{row:03d}" for row in range(len(made.values))]
    scale = TPM if made.scale == "tpm" else ARRAY
    bulk = samples(pd.DataFrame(made.values.T, made.genes, ids), scale, specimen=made.specimen)
    said: Said = {}
    for method, reference in made.references.items():
        frame = deconvolve(bulk, method=method, reference=reference).frame
        for cell_type in CONSENSUS_TYPES:
            values = said_of(frame, cell_type, pd.Series(ids))
            if values is not None and np.isfinite(values).all() and np.ptp(values) > 0:
                said.setdefault(cell_type, {})[method] = values
    return said


def cells_of(name: str, folder: Path, immune: Path, n_cohorts: int) -> list[Cell]:
    """Every cell type of every cohort of a source; the lineage genes are those of the other sources."""
    sources, references = read_sources(folder), published_references(immune)
    genes = lineage_genes.genes_of(read_sources(folder, without=name))
    found = []
    for context in CONTEXTS[name]:
        for seed in range(1, n_cohorts + 1):
            made = cohort(sources, references, (name, context), seed)
            said, of_genes = everything_said(made), lineage_genes.said(made, genes)
            for cell_type in sources[name].judged[context]:
                given = said.get(cell_type, {})
                given |= {VOICE: of_genes[cell_type]} if cell_type in of_genes else {}
                if given:
                    z = {method: _standardized(values) for method, values in sorted(given.items())}
                    truth = _standardized(made.truth[cell_type])
                    found.append(Cell(name, context, cell_type, seed, tuple(z), np.vstack(list(z.values())), truth))
    return found


def by_source(cells: list[Cell]) -> pd.DataFrame:
    """Mean correlation with the truth over the cohorts of a source and specimen."""
    rows = [
        {"source": c.source, "specimen": c.context, "cell_type": c.cell_type, "method": method, "r": r}
        for c in cells
        for method, r in zip(c.methods, c.r, strict=True)
    ]
    grouped = pd.DataFrame(rows).groupby(["source", "specimen", "cell_type", "method"])["r"]
    return grouped.agg(r="mean", n_cohorts="size").round(4).reset_index()


def judged(cells: list[Cell]) -> pd.DataFrame:
    """Correlation of each candidate and of each method alone, cell by cell and cohort by cohort."""
    rows = []
    for source in dict.fromkeys(cell.source for cell in cells):
        told = learned([cell for cell in cells if cell.source != source])
        for cell in (cell for cell in cells if cell.source == source and len(cell.published) > 1):
            joined = {name: weights(cell, told) @ cell.z for name, weights in CANDIDATES.items()}
            row: dict[str, object] = {name: np.corrcoef(z, cell.truth)[0, 1] for name, z in joined.items()}
            row |= {f"alone:{method}": r for method, r in zip(cell.methods, cell.r, strict=True) if method != VOICE}
            rows.append({"source": source, "context": cell.context, "cell_type": cell.cell_type, **row})
    return pd.DataFrame(rows)


def shortfalls(found: pd.DataFrame) -> pd.DataFrame:
    """By cell (source x context x type): the best published method, its mean correlation, and what candidates lack."""
    rows = []
    for (source, context, cell_type), each in found.groupby(["source", "context", "cell_type"], sort=False):
        alone = each.filter(like="alone:")
        best = alone.mean().idxmax()
        with_it = each[each[best].notna()]
        lacks = with_it[list(CANDIDATES)].rsub(with_it[best], axis=0).mean()
        label = {"source": source, "context": context, "cell_type": cell_type}
        rows.append({**label, "best": best.removeprefix("alone:"), "r": alone[best].mean(), **lacks})
    return pd.DataFrame(rows)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """The figures of the rule for each candidate, over the cells of bulk sources and over all."""
    lacks = shortfalls(found)
    figures = {}
    for name, kept in (("bulk", lacks["source"].isin(BULK)), ("all", lacks["source"] != "")):
        table = lacks.loc[kept, list(CANDIDATES)]
        figures[f"{name} rms"] = np.sqrt((table.clip(lower=0) ** 2).mean())
        figures[f"{name} worst"] = table.max()
        figures[f"{name} F"] = figures[f"{name} rms"] + figures[f"{name} worst"] / 4
    figures["mean correlation"] = found[list(CANDIDATES)].mean()
    return pd.DataFrame(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, help="folder of one table per source")
    parser.add_argument("immune", type=Path, help="folder of the published references")
    parser.add_argument("--cohorts", type=int, default=N_COHORTS, help="of each source and context")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    words = parser.parse_args()
    genes = pd.concat(lineage_genes.genes_of(read_sources(words.sources)), names=["cell_type", "gene"])
    genes.round(2).reset_index().to_csv(GENES, sep="\t", index=False)
    with ProcessPoolExecutor(words.jobs) as pool:
        parts = pool.map(cells_of, CONTEXTS, repeat(words.sources), repeat(words.immune), repeat(words.cohorts))
        cells = [cell for part in parts for cell in part]
    by_source(cells).to_csv(BY_SOURCE, sep="\t", index=False)
    found = judged(cells)
    told = (shortfalls(found).round(3).to_string(), summary(found).round(4).to_string(), held(cells).to_string())
    sys.stdout.write("\n\n".join(told) + "\n")


def held(cells: list[Cell]) -> pd.Series:
    """Share of the truth within the interval, by context, each source judged by the others."""
    rows = []
    for source in dict.fromkeys(cell.source for cell in cells):
        told = learned([cell for cell in cells if cell.source != source])
        for cell in (cell for cell in cells if cell.source == source and len(cell.methods) > 1):
            rows.append((cell.context, cell.cell_type, cell.held(told)))
    frame = pd.DataFrame(rows, columns=["context", "cell_type", "held"])
    return pd.concat([frame.groupby("context")["held"].mean(), frame.groupby("cell_type")["held"].mean()]).round(3)


if __name__ == "__main__":
    main()
