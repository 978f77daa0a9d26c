"""One analysis fitted in parts of the samples, such as the two sexes, to one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.design import Design, build_design
from exomics.differential.omnibus import Omnibus
from exomics.differential.run import run_analysis
from exomics.differential.settle import has_conditions, with_covariates_settled, without_absent
from exomics.differential.table import LOW_COUNT
from exomics.errors import DesignError
from exomics.preprocess import obs_labels
from exomics.results import DifferentialTable
from exomics.stats.multiple_testing import adjust_within_families


def run_in_parts(
    adata: AnnData,
    analysis: Analysis,
    column: str,
    *,
    name: str,
    notes: Sequence[str] = (),
    recorded: Mapping[str, Any] | None = None,
) -> DifferentialTable:
    """Fit the samples of each value of a column alone, with the contrasts and sets whose conditions they have.

    Parameters
    ----------
    adata
        Samples x features.
    analysis
        Whose contrasts each belong to exactly one part.
    column
        Of obs, such as ``sex``.
    name, notes, recorded
        As of `run_analysis`.

    Returns
    -------
    DifferentialTable
        The rows of all parts; p-values are adjusted over all rows of a family, whatever the part.

    Raises
    ------
    DesignError
        If a contrast or set has its conditions in no part, or in several.

    Examples
    --------
    >>> import numpy as np
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"sex": list("ffffmmmm"), "group": ["f0", "f8"] * 2 + ["m0", "m8"] * 2})
    >>> obs.index = [f"s{i}" for i in range(8)]
    >>> study = AnnData(np.random.default_rng(0).normal(size=(8, 20)), obs=obs)
    >>> study = annotate(study, assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    >>> contrasts = (Contrast("f8 - f0", "f8 - f0"), Contrast("m8 - m0", "m8 - m0"))
    >>> analysis = Analysis(design="~ 0 + group", contrasts=contrasts, method="limma_trend")
    >>> run_in_parts(study, analysis, "sex", name="by sex").frame["n_samples"].unique().tolist()
    [4]
    """
    labels = obs_labels(adata, column)
    parts = {part: with_covariates_settled(adata[labels == part].copy(), analysis) for part in sorted(set(labels))}
    designs = {part: build_design(data.obs, own.design) for part, (data, own) in parts.items()}
    if analysis.leave_out_absent:
        analysis = without_absent(analysis, list(designs.values()))
    homes = _homes(analysis, designs)
    tables = {}
    for part, (data, settled) in parts.items():
        own = replace(
            settled,
            leave_out_absent=False,
            notes=tuple(dict.fromkeys((*settled.notes, *analysis.notes))),
            contrasts=tuple(one for one in analysis.contrasts if homes[one.name] == part),
            omnibus=tuple(one for one in analysis.omnibus if homes[one.name] == part),
        )
        if own.contrasts:
            tables[part] = run_analysis(data, own, name=name, notes=notes, recorded=recorded)
    first = next(iter(tables.values())).provenance
    provenance = replace(
        first,
        parameters={
            **(recorded or {}),
            "samples_by": column,
            "parts": {part: dict(table.provenance.parameters) for part, table in tables.items()},
        },
        inputs=tuple({tuple(entry.items()): entry for t in tables.values() for entry in t.provenance.inputs}.values()),
        notes=_notes(tables, notes, column),
    )
    return DifferentialTable(frame=_adjusted(tables), provenance=provenance)


def _adjusted(tables: Mapping[str, DifferentialTable]) -> pd.DataFrame:
    """The rows of all parts, adjusted together, but for those that a filter of the method left out."""
    frame = pd.concat([table.frame for table in tables.values()], ignore_index=True)
    entering = frame["p_value"].where(frame["status"] != LOW_COUNT).to_numpy(dtype=float)
    return frame.assign(adj_p_value=adjust_within_families(entering, pd.factorize(frame["family"])[0]))


def _homes(analysis: Analysis, designs: Mapping[str, Design]) -> dict[str, str]:
    """The part in which each contrast and set can be evaluated."""
    homes: dict[str, str] = {}
    wanted: list[Contrast | Omnibus] = [*analysis.contrasts, *analysis.omnibus]
    for one in wanted:
        found = [part for part, design in designs.items() if has_conditions(one, analysis, design)]
        if len(found) != 1:
            where = "in none" if not found else f"in {', '.join(found)}"
            raise DesignError(
                f"{one.name!r} must have its conditions in exactly one of the parts {', '.join(designs)}; it has them "
                f"{where}."
            )
        homes[one.name] = found[0]
    return homes


def _notes(tables: Mapping[str, DifferentialTable], shared: Sequence[str], column: str) -> tuple[str, ...]:
    """Notes of all parts; those of one part with its name."""
    every = [table.provenance.notes for table in tables.values()]
    common = [note for note in every[0] if all(note in notes for notes in every)]
    own = [f"{part}: {note}" for part, table in tables.items() for note in table.provenance.notes if note not in common]
    return (*common, f"the samples of each {column} are fitted alone", *own)
