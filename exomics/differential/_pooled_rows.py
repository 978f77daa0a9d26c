"""Rows of the pooled table, and the provenance of several studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exomics.differential.combine import NOT_COMBINED
from exomics.differential.studies import AlignedStudies, Study
from exomics.differential.table import OK
from exomics.results import PooledTable, Provenance
from exomics.results._table import TEXT
from exomics.stats.multiple_testing import benjamini_hochberg


def pooled_rows(
    aligned: AlignedStudies, name: str, test: str, columns: Mapping[str, np.ndarray], *, used: np.ndarray
) -> pd.DataFrame:
    """One row per feature: `columns` as given, the others empty.

    Parameters
    ----------
    aligned
        The features.
    name
        Contrast and family of the rows, over which p-values are adjusted.
    test
        Word of the column ``test``.
    columns
        Column -> (n_features,), with ``p_value``.
    used
        (n_features, n_studies): which studies entered.

    Returns
    -------
    DataFrame
        With every column of `PooledTable`; ``status`` not_combined where there is no p-value.
    """
    n_features = len(aligned.features)
    blank = {
        column: "" if kind == TEXT else np.full(n_features, np.nan) for column, kind in PooledTable.columns.items()
    }
    given: dict[str, Any] = {
        "feature_id": aligned.features.to_numpy(),
        "feature_name": aligned.names,
        "contrast": name,
        "family": name,
        "test": test,
        "adj_p_value": benjamini_hochberg(columns["p_value"]),
        "n_samples": np.nansum(np.where(used, aligned.sizes, 0.0), axis=1).astype(np.int64),
        "status": np.where(np.isnan(columns["p_value"]), NOT_COMBINED, OK),
        "ortholog_relation": aligned.relation,
        "ortholog_support": aligned.support,
    }
    return pd.DataFrame({**blank, **given, **columns}, columns=list(PooledTable.columns))


def study_provenance(
    method: str, studies: Mapping[str, Study], options: Mapping[str, Any], notes: Sequence[str]
) -> Provenance:
    """How the studies were combined, and what each of them says of itself.

    Parameters
    ----------
    method
        The verb.
    studies
        Name -> study.
    options
        Parameters of the combination.
    notes
        Of the combination; those of the studies follow, each with its name.

    Returns
    -------
    Provenance
        Inputs and acknowledgments are those of all studies.
    """
    made = {name: study.table.provenance for name, study in studies.items()}
    orthologs = {
        name: {
            "source": study.orthologs.source,
            "species": study.orthologs.species,
            "min_support": study.orthologs.min_support,
            "relations": list(study.relations),
        }
        for name, study in studies.items()
        if study.orthologs is not None
    }
    inherited = [f"{name}: {note}" for name, one in made.items() for note in one.notes]
    return Provenance(
        method=method,
        parameters={
            "contrasts": {name: study.contrast for name, study in studies.items()},
            **options,
            **({"orthologs": orthologs} if orthologs else {}),
            "studies": {name: dict(one.parameters) for name, one in made.items()},
        },
        inputs=tuple(entry for one in made.values() for entry in one.inputs),
        notes=(*notes, *inherited),
        acknowledgments=tuple(dict.fromkeys(words for one in made.values() for words in one.acknowledgments)),
    )
