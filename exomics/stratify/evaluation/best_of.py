"""What the best of several pipelines is worth, given that it was chosen by the very figures that are reported."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.results import PerformanceTable, PredictionTable, Provenance
from exomics.stats.discrimination import area_under_curve
from exomics.stratify.evaluation.bootstrap import subject_weights
from exomics.stratify.study.features import Study

__all__ = ["best_of"]

FloatArray = NDArray[np.float64]


def best_of(
    study: Study, predictions: PredictionTable, models: tuple[str, ...], *, n_resamples: int = 500, seed: int = 1
) -> PerformanceTable:
    """AUC of "whichever pipeline looks best", with the choice inside the resampling.

    Subjects, and what else stays together, are drawn with replacement; the model with the best AUC among the drawn is
    judged on those that were not.

    Parameters
    ----------
    study
        Of two classes.
    predictions
        Held-out probabilities of all models, as of `cross_validate` of that study.
    models
        Those among which one would choose.
    n_resamples
        Bootstraps, dealt out to the repeats in turn.
    seed
        Of the draws.

    Returns
    -------
    PerformanceTable
        Row ``auc`` of ``best_of_pipelines``: mean and 95 % percentile interval over the subjects left out; the note
        tells how often each model was the best.

    Raises
    ------
    DesignError
        If the outcome has not two classes.
    InputError
        If there are fewer than two models, or one has no predictions.

    Notes
    -----
    Bootstrap bias corrected cross-validation: Tsamardinos, Greasidou and Borboudakis (2018),
    doi:10.1007/s10994-018-5714-4. Reporting the largest of several AUCs instead is optimistic: 0.68 for the best of 20
    settings on noise.

    Examples
    --------
    >>> from exomics.stratify import CrossValidation, cross_validate
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(40)]
    >>> values = pd.DataFrame(generator.normal(size=(40, 4)), index=names)
    >>> labels, groups = pd.Series([0, 1] * 20, index=names), pd.DataFrame({"subject_id": names}, index=names)
    >>> study, models = Study.of(values, labels, groups), ("elastic_net_logistic", "principal_components_logistic")
    >>> found = cross_validate(study, CrossValidation(pipelines=models, n_repeats=1, n_permutations=0))
    >>> best_of(study, found.predictions, models).frame["signature_id"].tolist()
    ['best_of_pipelines']
    """
    if study.kind != "binary":
        raise DesignError("the best of several pipelines is judged for an outcome of two classes.")
    frame = predictions.frame
    absent = [name for name in models if name not in set(frame["model"])]
    if len(models) < 2 or absent:
        raise InputError(f"a best of several needs two models with predictions; got {', '.join(models)}.")
    repeats = [_wide(part, models, study) for _, part in frame.groupby("repeat", sort=True)]
    drawn = subject_weights(study.groups, n_resamples, np.random.default_rng(seed))[1:].astype(np.int64)
    found, chosen = np.full(n_resamples, np.nan), np.zeros(len(models), dtype=int)
    outcome, everyone = study.labels, np.arange(len(study.samples))
    for b, weights in enumerate(drawn):
        probability = repeats[b % len(repeats)]
        inside, outside = np.repeat(everyone, weights), np.flatnonzero(weights == 0)
        if min(np.ptp(outcome[inside]), np.ptp(outcome[outside]) if len(outside) else 0) == 0:
            continue
        best = int(np.argmax(area_under_curve(probability[inside], outcome[inside]).estimate))
        chosen[best] += 1
        found[b] = area_under_curve(probability[outside, best], outcome[outside]).estimate[0]
    low, high = np.nanquantile(found, [0.025, 0.975])
    share = ", ".join(f"{name} {n / chosen.sum():.0%}" for name, n in zip(models, chosen, strict=True))
    row = {"signature_id": "best_of_pipelines", "role": "resampled", "metric": "auc", "estimate": np.nanmean(found)}
    row |= {
        "ci_low": low,
        "ci_high": high,
        "resampling": f"best chosen within {n_resamples} bootstraps by {study.grouped_by}",
    }
    row |= {"note": f"the best was {share}"}
    parameters = {"models": list(models), "n_resamples": n_resamples}
    provenance = Provenance(method="best_of", parameters=parameters, seed=seed, inputs=study.inputs)
    return PerformanceTable(frame=pd.DataFrame([study.base() | row]), provenance=provenance)


def _wide(part: pd.DataFrame, models: tuple[str, ...], study: Study) -> FloatArray:
    """Probabilities (n_samples, n_models) of one repeat, in the order of the study."""
    wide = part.pivot(index="sample_id", columns="model", values="probability")
    return wide.loc[list(study.samples), list(models)].to_numpy(dtype=np.float64)
