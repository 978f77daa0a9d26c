"""Lock a model on all samples of a study, and use it on samples it never saw, one at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.registry.locked_model import LockedModel
from exomics.stratify.evaluation.predictions import inner_folds_of
from exomics.stratify.models.logistic import ElasticNetLogistic
from exomics.stratify.models.search import fit_chosen
from exomics.stratify.pipelines import Pipelines
from exomics.stratify.study.features import Study

__all__ = ["Predicted", "lock", "predict"]

FloatArray = NDArray[np.float64]


class Predicted(NamedTuple):
    """Probability, measured share of the weight, and whether the class is called; one entry per sample (n_samples,).

    A sample below the model's least coverage has the probability NaN and is not called.
    """

    probability: FloatArray
    coverage: FloatArray
    called: NDArray[np.bool_]


def lock(
    study: Study, *, identifier: str, scale: str, inner_folds: int = 5, seed: int = 1, min_coverage: float = 0.8
) -> LockedModel:
    """Fit the elastic net on every sample of a study and write it out as numbers.

    Settings are chosen by inner folds as in `cross_validate`; the threshold is one half, chosen before any result.

    Parameters
    ----------
    study
        What to learn from.
    identifier
        Id of the model.
    scale
        Scale of the features, in words; asked for again when the model is used.
    inner_folds, seed
        Of the choice of settings.
    min_coverage
        Least share of the summed absolute weight that a sample must have measured.

    Returns
    -------
    LockedModel
        Only features with a coefficient.

    Raises
    ------
    DesignError
        If the outcome has not two classes, or nothing was selected: then there is no model to lock.

    Notes
    -----
    Its performance is that of `cross_validate`, never that on its own samples.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(40)]
    >>> labels = np.repeat([0, 1], 20)
    >>> values = pd.DataFrame(generator.normal(size=(40, 3)) + 3 * labels[:, None] * [1, 0, 0], index=names)
    >>> study = Study.of(values, pd.Series(labels, index=names), pd.DataFrame({"subject_id": names}, index=names))
    >>> model = lock(study, identifier="example", scale="log2")
    >>> "0" in model.features, model.threshold
    (True, 0.5)
    """
    if study.kind != "binary":
        raise DesignError(f"a locked model tells two classes apart; the outcome of this study is {study.kind}.")
    inner = inner_folds_of(study, np.arange(len(study.samples)), n_folds=inner_folds, seed=seed)
    chosen = fit_chosen(Pipelines["elastic_net_logistic"].function(seed), study.features, study.labels, inner)
    imputer, model = chosen.pipeline[0], chosen.pipeline[-1]
    columns, coefficients, intercept = _coefficients(model)
    if not len(columns):
        raise DesignError("no feature was selected, so there is no model to lock: an honest null.")
    kept = imputer.kept_[columns]
    values = study.features[:, kept]
    return LockedModel(
        id=identifier,
        version="1.0.0",
        endpoint=study.endpoint,
        positive=study.positive,
        cohort=study.cohort,
        scale=scale,
        intercept=intercept,
        threshold=0.5,
        threshold_rule="one half, chosen before any result",
        n_samples=len(study.samples),
        n_events=int(study.labels.sum()),
        min_coverage=min_coverage,
        features=tuple(study.names[at] for at in kept),
        coefficients=coefficients,
        fills=imputer.medians_[columns],
        means=np.nanmean(values, axis=0),
        deviations=np.nanstd(values, axis=0, ddof=1),
        settings={name: int(value) for name, value in chosen.settings.items()},
    )


def predict(model: LockedModel, features: pd.DataFrame) -> Predicted:
    """Probabilities of samples that the model never saw; each depends on that sample alone.

    ``log odds = intercept + sum_j coefficient_j x_j`` with the training median in place of a missing ``x_j``; coverage
    is the share of ``sum_j |coefficient_j| deviation_j`` over measured features.

    Parameters
    ----------
    model
        As locked or read.
    features
        (n_samples, any features), in the scale that the model names.

    Returns
    -------
    Predicted
        NaN for samples below the least coverage.

    Raises
    ------
    InputError
        If no feature of the model is there, or names repeat.

    Notes
    -----
    Features that the model does not know are not read.

    Examples
    --------
    >>> one = np.ones(1)
    >>> model = LockedModel(id="m", version="1.0.0", endpoint="response", positive="responder", cohort="c",
    ...     scale="log2", intercept=0.0, threshold=0.5, threshold_rule="one half", n_samples=40, n_events=20,
    ...     min_coverage=0.8, features=("CXCL9",), coefficients=one, fills=one, means=one, deviations=one)
    >>> predict(model, pd.DataFrame({"CXCL9": [2.0, np.nan]})).probability.round(4).tolist()
    [0.8808, nan]
    """
    if not features.columns.is_unique:
        raise InputError(
            f"feature {features.columns[features.columns.duplicated()][0]!r} stands twice; name each once."
        )
    measured = [name for name in model.features if name in features.columns]
    if not measured:
        raise InputError(
            f"none of the {len(model.features)} features of {model.id} is there (such as {model.features[0]!r}); check "
            "that both name features in the same way."
        )
    values = features.reindex(columns=list(model.features)).to_numpy(dtype=np.float64, na_value=np.nan)
    weight = np.abs(model.coefficients) * model.deviations
    coverage = np.sum(np.isfinite(values) * weight, axis=1) / weight.sum()
    filled = np.where(np.isfinite(values), values, model.fills)
    probability = 1.0 / (1.0 + np.exp(-(np.sum(filled * model.coefficients, axis=1) + model.intercept)))
    probability[coverage < model.min_coverage] = np.nan
    return Predicted(probability, coverage, probability >= model.threshold)


def _coefficients(model: ElasticNetLogistic) -> tuple[NDArray[np.int64], FloatArray, float]:
    """Columns with a coefficient at the chosen penalty, those coefficients, and the intercept."""
    paths, row = model.paths_, model.position
    entries = slice(paths.offsets[row], paths.offsets[row + 1])
    return paths.indices[entries], paths.values[entries], float(paths.intercepts[0, row])
