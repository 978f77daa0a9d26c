"""The cell types of a consensus, and what a method says of each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.scoring._deconvolution import FRACTION
from exomics.scoring.cell_types import nearest_measured

CONSENSUS_TYPES = (
    "B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "monocyte", "macrophage", "dendritic cell",
    "neutrophil", "fibroblast", "endothelial cell",
)  # fmt: skip
_STAND_INS = {
    "B cell": "B lineage", "monocyte": "monocytic lineage", "macrophage": "monocytic lineage",
    "dendritic cell": "dendritic cell myeloid",
}  # fmt: skip


def said_of(rows: pd.DataFrame, cell_type: str, samples: pd.Series) -> FloatArray | None:
    """What one method says of a cell type in each sample; None where it says nothing."""
    known = rows[rows["value"].notna()]
    measured = set(known["cell_type"])
    is_fraction = known["unit"].eq(FRACTION).all()
    below = nearest_measured(cell_type, measured) if is_fraction else ()
    stand_in = _STAND_INS.get(cell_type, "")
    chosen = (cell_type,) if cell_type in measured else below or ((stand_in,) if stand_in in measured else ())
    if not chosen:
        return None
    wide = rows[rows["cell_type"].isin(chosen)].pivot(index="sample_id", columns="cell_type", values="value")
    return np.asarray(wide.reindex(samples).sum(axis=1, min_count=len(chosen)).to_numpy(dtype=np.float64))
