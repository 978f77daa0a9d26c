"""Estimates beside measured fractions. The consensus was frozen before these truth files were opened; nothing is tuned.

Each figure is logged (pytest -o log_cli=true --log-level=INFO) with its bootstrap interval over donors, beside that of
the authors' own program.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.harmonize import load_aliases
from exomics.registry.cell_reference import CellReference, read_cell_reference
from exomics.results import DeconvolutionTable
from exomics.scoring.cell_types import nearest_measured
from exomics.scoring.deconvolution import consensus, deconvolve
from tests.scoring.deconvolution.conftest import read
from tests.scoring.deconvolution.test_authors_outputs import XCELL_OF_BLOOD

LOG = logging.getLogger(__name__)
pytestmark = pytest.mark.real_data

TRUE_FRACTIONS = {
    "B cell": "B-cells", "T cell CD4+": "CD4+ T-cells", "T cell CD8+": "CD8+ T-cells", "monocyte": "Monocytes",
    "NK cell": "NK cells",
}  # fmt: skip
PUBLISHED = {
    ("mcp_counter", "B cell"): 0.771, ("mcp_counter", "monocyte"): 0.260, ("mcp_counter", "NK cell"): 0.318,
    ("xcell", "B cell"): 0.726, ("xcell", "monocyte"): 0.623, ("xcell", "T cell CD4+"): 0.532,
    ("xcell", "NK cell"): 0.482,
}  # fmt: skip
JOINT_WITH_FLOOR = dict(zip(TRUE_FRACTIONS, (0.804, 0.599, 0.637, 0.527, 0.521), strict=True))
JOINT_WITHOUT_FLOOR = dict(zip(TRUE_FRACTIONS, (0.821, 0.635, 0.646, 0.497, 0.485), strict=True))
INFERIOR = {"monocyte"}
"""What the frozen consensus, the fourth, gave when it was run here for the only time, and the types in which it is
inferior to the best single method, lineage among them. The three before gave, without the floor, 0.802, 0.585, 0.601,
0.432, 0.442; 0.795, 0.588, 0.588, 0.397, 0.429; and 0.778, 0.568, 0.616, 0.424, 0.442; the third, with it, 0.762,
0.532, 0.259, 0.623, 0.482. Who designed the fourth had seen none of them. On this array of 12,027 genes three of four
references fall below our floor of measured genes; the consensus is then of what is left and of lineage genes. Monocytes
are told by xCell alone here (0.623), which in whole blood tells them the wrong way round. Nothing was changed after
this look; see `consensus_rule.md` for two more cohorts."""
STAND_INS = {"B cell": "B lineage", "monocyte": "monocytic lineage"}


def estimates(table: DeconvolutionTable, cell_type: str) -> pd.Series | None:
    """What a method says of a type: itself, the sum of the parts of fractions, or the lineage that stands in."""
    frame = table.frame[table.frame["value"].notna()]
    known = set(frame["cell_type"])
    is_fraction = set(frame["unit"]) == {"fraction"}
    parts = nearest_measured(cell_type, known) if is_fraction or cell_type in known else ()
    parts = parts or tuple({STAND_INS.get(cell_type, "")} & known)
    rows = frame[frame["cell_type"].isin(parts)]
    return rows.groupby("sample_id")["value"].sum() if parts else None


def drawn_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlation over the samples, and over 2,000 bootstrap draws of them, which are the same for any two."""
    rng = np.random.default_rng(11)
    drawn = np.vstack([np.arange(len(first)), rng.integers(0, len(first), (2000, len(first)))])
    a, b = first[drawn], second[drawn]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    return np.asarray((a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)))


def interval(drawn: np.ndarray) -> tuple[float, float, float]:
    """The figure itself, which comes first, and the 95% interval of its draws."""
    return float(drawn[0]), *map(float, np.percentile(drawn[1:], [2.5, 97.5]))


@pytest.fixture(scope="module")
def truth(immune: Path) -> pd.DataFrame:
    return read(immune / "SDY420_PBMC_cytof_truth.tsv.gz")


def deconvolved(
    blood: AnnData, references: dict[str, CellReference], floor: dict[str, float]
) -> dict[str, DeconvolutionTable]:
    found = {"mcp_counter": deconvolve(blood, method="mcp_counter", parameters=floor)}
    found["xcell"] = deconvolve(
        blood, method="xcell", reference=references["xcell"], cell_types=XCELL_OF_BLOOD, parameters=floor
    )
    for method in ("quantiseq", "abis"):
        found[method] = deconvolve(blood, method=method, reference=references[method], parameters=floor)
    found["lineage"] = deconvolve(blood, method="lineage", parameters=floor)
    return {**found, "consensus": consensus(list(found.values()))}


@pytest.mark.parametrize("floor", [{}, {"least_coverage": 0.0}], ids=["floor", "no_floor"])
def test_blood_of_104_donors(
    blood: AnnData, references: dict[str, CellReference], truth: pd.DataFrame, floor: dict[str, float]
) -> None:
    """With our floor of measured features, and without any, as the authors' programs run."""
    drawn: dict[tuple[str, str], np.ndarray] = {}
    for method, table in deconvolved(blood, references, floor).items():
        for cell_type, column in TRUE_FRACTIONS.items():
            values = estimates(table, cell_type)
            if values is not None:
                measured = truth.loc[values.index, column]
                drawn[method, cell_type] = drawn_correlations(values.to_numpy(), measured.to_numpy())
    found = {key: interval(values) for key, values in drawn.items()}
    for key, (r, low, high) in found.items():
        beside = f"; authors' program {PUBLISHED[key]:.3f}" if key in PUBLISHED else ""
        LOG.info(f"{key[0]} {key[1]}: r {r:.3f} ({low:.3f} to {high:.3f}){beside}")
    joint = {cell_type: found["consensus", cell_type][0] for cell_type in TRUE_FRACTIONS}
    inferior = set()
    for cell_type in TRUE_FRACTIONS:
        best = max((key for key in found if key[1] == cell_type and key[0] != "consensus"), key=lambda key: found[key])
        gain, low, high = interval(drawn["consensus", cell_type] - drawn[best])
        LOG.info(f"consensus above {best[0]} {cell_type}: {gain:.3f} ({low:.3f} to {high:.3f})")
        inferior |= {cell_type} if high < 0 else set()
    assert inferior == INFERIOR
    assert joint == pytest.approx(JOINT_WITHOUT_FLOOR if floor else JOINT_WITH_FLOOR, abs=0.002)
    for key, r in PUBLISHED.items():
        assert key not in found or found[key][0] == pytest.approx(r, abs=0.0011)
    assert len(found.keys() & PUBLISHED.keys()) == (7 if floor else 5)


def test_tumors_of_4_patients(melanoma: AnnData, immune: Path, references: dict[str, CellReference]) -> None:
    """Four patients and four types pooled: the figure shows that B cells outnumber NK cells, and ranks nobody."""
    lists = [f"resources_quanTIseq_TIL10_{name}.txt" for name in ("TCGA_aberrant_immune_genes", "rmgenes")]
    dropped = [gene for name in lists for gene in read_cell_reference({"dropped": immune / name}).parts["dropped"]]
    reference = replace(references["quantiseq"], parts={**references["quantiseq"].parts, "dropped": tuple(dropped)})
    of_2017 = melanoma[:, ~melanoma.var_names.str.startswith("ATP5")].copy()  # see the test of the authors' output
    found = deconvolve(of_2017, method="quantiseq", reference=reference, aliases=load_aliases())
    flow = read(immune / "racle_melanoma_flow_truth.tsv.gz")
    ours = pd.DataFrame({name: estimates(found, name) for name in flow.columns}).loc[flow.index]
    r, low, high = interval(drawn_correlations(ours.to_numpy().ravel(), flow.to_numpy().ravel()))
    error = float(np.sqrt(((ours - flow) ** 2).to_numpy().mean()))
    LOG.info(f"quantiseq, pooled: r {r:.3f} ({low:.3f} to {high:.3f}), RMSE {error:.3f}; authors' program 0.855, 0.114")
    assert (r, error) == pytest.approx((0.8555, 0.1137), abs=0.001)
