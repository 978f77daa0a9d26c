"""A question answered: its design, contrasts and assumptions, fitted by a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.designs.question import ask
from exomics.differential.run import run_analysis
from exomics.errors import InputError
from exomics.results import DifferentialTable


def fit_question(
    adata: AnnData,
    question: str | Analysis,
    *,
    method: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> DifferentialTable:
    """Answer a question: a training effect, a change, a comparison of arms, a dose and its response.

    Parameters
    ----------
    adata
        Samples x features with a declared scale.
    question
        ``NAME:KEY=VALUE,...`` (see `exomics.differential.designs.ask`), or what a function of
        `exomics.differential.designs` returned.
    method
        Name of one of `exomics.differential.Tests`; "" where the question brings its own.
    parameters
        Of the method.

    Returns
    -------
    DifferentialTable
        See `fit`. What the question assumes and which samples it left out stand first in the notes.

    Raises
    ------
    DesignError
        If the question cannot be asked of these samples.
    InputError
        If no method is named, or another than the question's own.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"subject_id": np.repeat(list("abcdef"), 2), "time_point": ["baseline", "post"] * 6})
    >>> obs.index = [f"s{i:02d}" for i in range(12)]
    >>> values = np.random.default_rng(0).normal(size=(12, 40))
    >>> study = annotate(AnnData(values, obs=obs), assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    >>> fit_question(study, "prepost", method="limma_trend").frame["contrast"].unique().tolist()
    ['post - baseline']
    """
    analysis = ask(adata.obs, question) if isinstance(question, str) else question
    if analysis.method and method and method != analysis.method:
        raise InputError(
            f"this question is answered by {analysis.method}, not by {method}; leave the method out, or choose another "
            "adjustment (arms: adjustment=difference takes any method)."
        )
    given = dict(parameters or {})
    chosen = replace(
        analysis,
        method=analysis.method or method,
        parameters={**analysis.parameters, **given},
        sensitivity=tuple(replace(one, parameters={**one.parameters, **given}) for one in analysis.sensitivity),
    )
    recorded = {"question": question} if isinstance(question, str) else {}
    return run_analysis(adata, chosen, name=chosen.method, recorded=recorded)
