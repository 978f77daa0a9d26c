"""What preprocessing dropped, flagged or filled in, step by step, as a report of losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from anndata import AnnData

from exomics.harmonize.report import COLUMNS, LossReport
from exomics.schema import keys, steps_of

_SHOWN = 10


def losses_of(adata: AnnData, *, since: int = 0) -> LossReport:
    """The losses that the steps of `adata` recorded.

    Parameters
    ----------
    adata
        Samples x features, preprocessed.
    since
        How many of its first steps to leave out.

    Returns
    -------
    LossReport
        One row per step and kind: features and samples dropped, samples flagged (with their flags), values filled in,
        samples without a denominator; ``why`` is the step with its parameters. What a step says beside is a note.

    Examples
    --------
    >>> import numpy as np
    >>> from exomics.preprocess.quality import flag_samples
    >>> losses_of(flag_samples(AnnData(np.ones((2, 1))), samples=["1"], reason="thawed")).frame["examples"].tolist()
    ['1 (thawed)']
    """
    steps = steps_of(adata)[since:]
    rows = [row for step in steps for row in _rows(step, adata)]
    notes = [step["report"][name] for step in steps for name in ("note", "comparison") if name in step["report"]]
    return LossReport(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes))


def _rows(step: Mapping[str, Any], adata: AnnData) -> Iterator[tuple[str, int, str, str]]:
    report, why = step["report"], _words(step)
    if report.get("n_dropped"):
        yield "features dropped", report["n_dropped"], why, ", ".join(report["first_dropped"])
    if samples := report.get("dropped"):
        yield "samples dropped", len(samples), why, _listed(samples)
    if samples := report.get("flagged"):
        yield "samples flagged", len(samples), why, _listed({name: _flag(adata, name) for name in samples})
    if report.get("n_imputed"):
        yield "values filled in", report["n_imputed"], why, ""
    if report.get("n_samples_without_denominator"):
        yield "samples without a denominator", report["n_samples_without_denominator"], why, ""


def _words(step: Mapping[str, Any]) -> str:
    chosen = ", ".join(f"{name}={value}" for name, value in step["parameters"].items() if value not in ("", None, []))
    return f"{step['step']} ({chosen})" if chosen else str(step["step"])


def _listed(samples: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({flag})" if flag else name for name, flag in list(samples.items())[:_SHOWN])


def _flag(adata: AnnData, name: str) -> str:
    """The flags of a sample; "" if it was dropped since."""
    return str(adata.obs.loc[name, keys.QC_FLAG]) if name in adata.obs_names else ""
