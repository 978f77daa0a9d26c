"""Names of features in the species asked for: human ones, or those of a rat by a table that the caller gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import gene_table, mirna_table
from exomics.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Names:
    """Which of the simulated features are kept, and what they are called."""

    kept: NDArray[np.int64]
    names: tuple[str, ...]


def gene_names(parameters: TrialParameters, symbols: Mapping[str, str] | None) -> Names:
    """Every human symbol; for a rat those that `symbols` maps, the first human gene of a repeated rat symbol.

    Raises
    ------
    InputError
        If the species is not human and there is no table, or it maps nothing.
    """
    human = gene_table().index
    if parameters.species == "human":
        return Names(kept=np.arange(len(human)), names=tuple(human))
    if not symbols:
        raise InputError("a rat trial needs symbols={human symbol: rat symbol}; take it from an ortholog table.")
    mapped = human.to_series().map(dict(symbols)).dropna().drop_duplicates()
    if mapped.empty:
        raise InputError("the symbol table maps none of the simulated genes; its keys must be approved human symbols.")
    return Names(kept=human.get_indexer(mapped.index).astype(np.int64), names=tuple(mapped.astype(str)))


def mirna_names(parameters: TrialParameters) -> Names:
    """Every miRNA; for a rat those whose name the rat has too."""
    table = mirna_table()
    if parameters.species == "human":
        return Names(kept=np.arange(len(table)), names=tuple(table.index))
    kept = np.flatnonzero(table["rat"].to_numpy() == 1)
    return Names(kept=kept, names=tuple(name.replace("hsa-", "rno-", 1) for name in table.index[kept]))


def feature_frame(names: Names, feature_type: str) -> pd.DataFrame:
    """The contract's var."""
    index = pd.Index(names.names, name="feature_id", dtype=object)
    return pd.DataFrame({"feature_name": list(names.names), "feature_type": feature_type}, index=index)
