"""The fitted documents shipped with the package: gene levels, miRNA levels, variances and correlations."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

FITTED = Path(__file__).with_name("fitted")
ACKNOWLEDGMENT = (
    "Simulated patients. Data used in the preparation of the simulation were obtained from the Molecular Transducers "
    "of Physical Activity Consortium (MoTrPAC) MotrpacRatTraining6moMuscleData R package [0.1.1.1]."
)


@cache
def gene_table() -> pd.DataFrame:
    """One row per human symbol: muscle log2 CPM, tumor log2 TPM, tumor compartment and share, program."""
    return pd.read_csv(FITTED / "genes.tsv", sep="\t", index_col="symbol", keep_default_na=False)


@cache
def mirna_table() -> pd.DataFrame:
    """One row per human mature miRNA: accession, EV level in log2 CPM, 1 if the rat has the same name."""
    return pd.read_csv(FITTED / "mirnas.tsv", sep="\t", index_col="mirna", keep_default_na=False)


def positions(index: pd.Index, names: Iterable[str]) -> NDArray[np.int64]:
    """Where `names` stand in `index`; all of them do."""
    return np.array([index.get_loc(name) for name in names], dtype=np.int64)


@cache
def figures() -> dict[str, Any]:
    """Variance trends, correlations and library sizes of each layer."""
    return dict(yaml.safe_load((FITTED / "reference.yaml").read_text(encoding="utf-8")))
