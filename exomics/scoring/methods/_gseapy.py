"""Values and sets as the package gseapy takes them, and its tables as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError

IntArray = NDArray[np.int64]


def as_peer_input(
    expression: NDArray[Any], columns: IntArray, offsets: IntArray
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Features x samples with names, and the sets that have members, but not every feature: gseapy takes no others."""
    values = np.asarray(expression, dtype=np.float64)
    if np.isnan(values).any():
        raise InputError("gseapy takes no missing values; choose a method of exomics, which leaves them out.")
    n_samples, n_features = values.shape
    names = [f"f{column}" for column in range(n_features)]
    frame = pd.DataFrame(values.T, index=names, columns=[f"s{row}" for row in range(n_samples)])
    sets = {
        f"set{chosen}": [names[column] for column in columns[offsets[chosen] : offsets[chosen + 1]]]
        for chosen in range(len(offsets) - 1)
        if 0 < offsets[chosen + 1] - offsets[chosen] < n_features
    }
    return frame, sets


def from_peer_table(table: pd.DataFrame, n_samples: int, n_sets: int) -> NDArray[np.float64]:
    """(n_samples, n_sets) ES; NaN for a set without members."""
    wide = table.pivot(index="Name", columns="Term", values="ES")
    wide = wide.reindex(index=[f"s{row}" for row in range(n_samples)], columns=[f"set{k}" for k in range(n_sets)])
    return wide.to_numpy(dtype=np.float64)
